//! A stand-in for AWS on this machine, and the stack's tables, queues and bucket in it, made by their own template.

use std::{
    env,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use aws::Resources;

const STORAGE: &str = include_str!("../../../storage.yaml");

/// Who a request comes from: nobody checks it.
const NOBODY: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=none";

/// Where the stand-in is, and its process if it is this test's own.
pub struct StandIn {
    pub url: String,
    process: Option<Child>,
}

impl StandIn {
    /// The one that runs for all tests, or one of this test's own.
    pub async fn find() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        if let Ok(url) = env::var("MINISTACK_URL") {
            return Self { url, process: None };
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/.tools/aws/bin/ministack"))
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("IOT_MTLS_ENABLED", "0")
            .env("LOG_LEVEL", "WARNING")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("MiniStack is installed: run tests/run aws");
        let stand_in = Self { url: format!("http://127.0.0.1:{port}"), process: Some(process) };
        let health = format!("{}/_ministack/health", stand_in.url);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while reqwest::get(&health).await.is_err() {
            assert!(tokio::time::Instant::now() < deadline, "MiniStack does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stand_in
    }

    /// A stack of its own name, empty.
    pub async fn stack(&self) -> Resources {
        let name = format!("t{}", hex::encode(rand::random::<[u8; 8]>()));
        self.ask(&[("Action", "CreateStack"), ("StackName", &name), ("TemplateBody", STORAGE)]).await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            let answer = self.ask(&[("Action", "DescribeStacks"), ("StackName", &name)]).await;
            if answer.contains("CREATE_COMPLETE") {
                let output = |key: &str| {
                    let from = answer.find(&format!("<OutputKey>{key}</OutputKey>")).unwrap();
                    let value = answer[from..].split_once("<OutputValue>").unwrap().1;
                    Some(value.split_once("</OutputValue>").unwrap().0.to_owned())
                };
                return Resources::read(|variable| match variable {
                    "RECORDS_TABLE" => output("RecordsTable"),
                    "KEYS_TABLE" => output("KeysTable"),
                    "PASSING_TABLE" => output("PassingTable"),
                    "LEASES_TABLE" => output("LeasesTable"),
                    "COMMAND_QUEUES" => output("CommandQueues"),
                    "DEAD_COMMANDS_QUEUE" => output("DeadCommandsQueue"),
                    "SOCKETS_QUEUE" => output("SocketsQueue"),
                    "FILES_BUCKET" => output("FilesBucket"),
                    _ => None,
                });
            }
            assert!(!answer.contains("FAILED") && !answer.contains("ROLLBACK"), "{answer}");
            assert!(tokio::time::Instant::now() < deadline, "{answer}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many items a table has.
    pub async fn items(&self, table: &str) -> u64 {
        let request = reqwest::Client::new()
            .post(&self.url)
            .header("authorization", NOBODY.replace("cloudformation", "dynamodb"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", "DynamoDB_20120810.Scan")
            .body(serde_json::json!({"TableName": table, "Select": "COUNT"}).to_string());
        let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        answer["Count"].as_u64().unwrap()
    }

    async fn ask(&self, form: &[(&str, &str)]) -> String {
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC)))
            .collect();
        let request = reqwest::Client::new()
            .post(&self.url)
            .header("authorization", NOBODY)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        request.send().await.unwrap().text().await.unwrap()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
