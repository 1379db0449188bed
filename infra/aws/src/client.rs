//! One client for each service, all on one pool of connections.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// Tries of a request that is throttled or fails, with waits that grow and jitter.
const ATTEMPTS: u32 = 8;

/// How long one try may take, but for those that wait on purpose.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The way to AWS, or to whatever `AWS_ENDPOINT_URL` names.
#[derive(Clone, Debug)]
pub struct Clients {
    config: SdkConfig,
}

impl Clients {
    /// Reads the credentials' places, region and endpoint from the environment. Asks nothing of anybody yet.
    pub async fn from_environment() -> Self {
        let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).operation_attempt_timeout(ATTEMPT).build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(Duration::from_millis(50)))
            .timeout_config(timeouts)
            .load()
            .await;
        Self { config }
    }

    /// The same with another endpoint and credentials of no worth, for a stand-in on this machine.
    pub fn to(endpoint: &str) -> Self {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(endpoint)
            .region(aws_config::Region::new("us-east-1"))
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
                // What stand-ins know, and check the signatures of links by.
                aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "stand-in"),
            ))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .build();
        Self { config }
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// A stand-in has one host name for all buckets.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let stand_in = self.config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&self.config).force_path_style(stand_in).build())
    }

    /// The way to the open sockets of the API at `endpoint`.
    pub(crate) fn sockets(&self, endpoint: &str) -> aws_sdk_apigatewaymanagement::Client {
        let config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.config).endpoint_url(endpoint).build();
        aws_sdk_apigatewaymanagement::Client::from_conf(config)
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }
}
