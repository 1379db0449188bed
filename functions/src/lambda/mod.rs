//! The endpoints at Lambda: a request is an event there, and everything is kept elsewhere.

mod config;
mod gateway;
pub mod http;
mod missed;
pub mod socket;

use std::sync::Arc;

use ai::Timing;
use anyhow::Result;
use aws::{Bucket, Clients, Counters, Figures, Outcomes, Queues, Records, Resources};
use domain::{
    pipeline::{Intake, Links},
    ports::{Clock, Ids, RandomIds, SystemClock},
};
use fetch::{Fetcher, Webhooks};
use lambda_http::{LambdaEvent, lambda_runtime, service_fn};
use process::{Settings, telemetry};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::config::{Config, LONGEST, secrets};
use crate::{Api, ApiConfig};

/// A function that has started, with the parts of the stack it needs.
struct Function {
    api: Api,
    clients: Clients,
    resources: Resources,
}

impl Function {
    /// Reads the settings, secrets included, and begins to log. Fails without the settings that it `needs` besides those that both do.
    async fn start(name: &'static str, parts: &[&'static str], needs: &[&'static str]) -> Result<Self> {
        rustls::crypto::ring::default_provider().install_default().map_err(|_| anyhow::anyhow!("TLS was set up twice"))?;
        let clients = Clients::from_environment().await;
        let variable = |name: &str| std::env::var(name).ok();
        let secrets = secrets(&clients, variable).await?;
        let mut settings = Settings::new(move |name| secrets.get(name).cloned().or_else(|| variable(name)));
        for needed in needs {
            settings.needed(needed);
        }
        let config = Config::read(&mut settings);
        let config = settings.finish(config)?;
        let resources = Resources::read(variable);
        resources.need(parts)?;
        telemetry::start(&config.telemetry, name)?;
        Ok(Self { api: api(config, &clients, &resources), clients, resources })
    }
}

/// The endpoints over a stack's parts.
fn api(config: Config, clients: &Clients, resources: &Resources) -> Api {
    let records = Arc::new(Records::new(clients, resources));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn Ids> = Arc::new(RandomIds);
    let ready = CancellationToken::new();
    // There is nothing to take up here.
    ready.cancel();
    Api {
        devices: records.clone(),
        messages: records.clone(),
        bulks: records.clone(),
        templates: records.clone(),
        aliases: records.clone(),
        people: records.clone(),
        events: records.clone(),
        deliveries: records.clone(),
        media: Arc::new(Bucket::new(clients, resources)),
        links: Links::new(format!("{}/api/whatsapp", config.public_url), config.link_secret),
        fetcher: Fetcher::new(config.outside.reach()),
        webhooks: Webhooks::new(config.outside.reach(), config.webhook_secret),
        providers: config.outside.providers(Timing { attempt: LONGEST, deadline: LONGEST, ..Timing::default() }),
        limits: Arc::new(Counters::new(clients, resources)),
        intake: Intake {
            messages: records.clone(),
            bulks: records.clone(),
            aliases: records.clone(),
            commands: Arc::new(Queues::new(clients, resources)),
            replies: Arc::new(Outcomes::new(clients, resources)),
            clock: clock.clone(),
            ids: ids.clone(),
        },
        statistics: Arc::new(Figures::new(clients, resources, &records)),
        subscription: None,
        clock: clock.clone(),
        ids,
        config: ApiConfig {
            api_token: config.api_token,
            jwt_secret: config.jwt_secret,
            max_file_bytes: config.max_file_bytes,
            max_request_bytes: Some(gateway::MAX_REQUEST),
            rate_limits: config.rate_limits,
            public_url: config.public_url,
            public_ws_url: config.public_ws_url,
            send_wait: config.send_wait,
            replies_to_sends: false,
            version: env!("CARGO_PKG_VERSION").into(),
        },
        metrics: None,
        ready,
        started_at: clock.now(),
        closing: CancellationToken::new(),
        sockets: TaskTracker::new(),
    }
}

/// Answers events until Lambda ends the process.
async fn serve<E, A, F>(answer: impl Fn(E) -> F + Clone) -> Result<()>
where
    E: for<'de> serde::Deserialize<'de>,
    A: serde::Serialize,
    F: Future<Output = Result<A>>,
{
    let handler = service_fn(move |event: LambdaEvent<E>| answer(event.payload));
    lambda_runtime::run(handler).await.map_err(anyhow::Error::from_boxed)
}
