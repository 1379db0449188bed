//! One machine: the API, the session host and the embedded adapters in one process.

pub mod config;
mod secrets;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use ai::Timing;
use anyhow::{Context, Result};
use axum::{Router, serve::ListenerExt};
use domain::{
    pipeline::{Intake, Links},
    ports::{Clock, Ids, RandomIds, SystemClock},
};
use embedded::{FolderMedia, InProcessLimits, InProcessPush, InProcessReplies, Store};
use fetch::{Fetcher, Webhooks};
use functions::{Api, ApiConfig};
use process::metrics;
use session_host::{Host, Network, Ports, Tenure, deliver, replies};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::config::Config;

/// How long requests in hand may take when the program stops.
const REQUESTS_IN_HAND: Duration = Duration::from_secs(10);

/// How long a model may take whose answer a caller waits for.
const IN_PERSON: Duration = Duration::from_secs(25);

/// How often the store is rid of what nobody needs any more.
const PRUNE: Duration = Duration::from_secs(3600);

/// A running warta.
pub struct Warta {
    /// Where the API listens.
    pub api: SocketAddr,
    /// Where the WebSocket listens.
    pub socket: SocketAddr,
    /// The file that holds the API token, if it was not set.
    pub token_file: Option<PathBuf>,
    host: Host,
    store: Store,
    closing: CancellationToken,
    sockets: TaskTracker,
    servers: Vec<JoinHandle<()>>,
}

impl Warta {
    /// Opens the data folder, takes up every device and listens.
    pub async fn start(config: Config, network: Network) -> Result<Self> {
        metrics::handle();
        let store = Store::open(&config.data_dir)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(RandomIds);
        let secret = |set: Option<String>, name: &str| match set {
            Some(secret) => Ok(secret),
            None => secrets::kept(&config.data_dir, name, &*ids),
        };
        let token_file = config.api_token.is_none().then(|| config.data_dir.join("api-token"));
        let api_token = secret(config.api_token.clone(), "api-token")?;
        let jwt_secret = secret(config.jwt_secret.clone(), "jwt-secret")?;
        let webhook_secret = secret(config.webhook_secret.clone(), "webhook-secret")?;
        let link_secret = secret(None, "link-secret")?;

        let socket_listener = listen(config.host, config.ws_port, "WS_PORT").await?;
        let api_listener = listen(config.host, config.port, "PORT").await?;
        let (api_addr, socket_addr) = (api_listener.local_addr()?, socket_listener.local_addr()?);

        let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", reachable(api_addr)));
        let links = Links::new(format!("{public_url}/api/whatsapp"), link_secret);
        let media = FolderMedia::open(&config.data_dir, links.clone())?;
        let files = Arc::new(media.clone());
        let records = Arc::new(store.clone());
        let replies = Arc::new(InProcessReplies::default());
        let push = Arc::new(InProcessPush::default());
        let ports = Ports {
            devices: records.clone(),
            messages: records.clone(),
            bulks: records.clone(),
            media: files.clone(),
            links: links.clone(),
            aliases: records.clone(),
            people: records.clone(),
            journal: records.clone(),
            commands: records.clone(),
            sink: records.clone(),
            deliveries: records.clone(),
            key_values: records.clone(),
            replies: replies.clone(),
            push: push.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            epoch: store.epoch(),
            tenure: Tenure::unlimited(),
        };
        #[cfg(feature = "sandbox")]
        let ports = session_host::crash::crashing(ports, config.sandbox.crash_at.clone());
        let intake = Intake {
            messages: ports.messages.clone(),
            bulks: ports.bulks.clone(),
            aliases: ports.aliases.clone(),
            commands: ports.sink.clone(),
            replies,
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let webhooks = deliver::Config::new(webhook_secret.clone(), config.outside.reach());
        let work = session_host::Config::new(webhooks, replies::Config::new(config.outside.providers(Timing::default())));
        #[cfg(feature = "sandbox")]
        let work = {
            let mut work = work;
            config.sandbox.ai_pause.into_iter().for_each(|pause| work.replies.pause = pause);
            work.webhooks = work.webhooks.faster(config.sandbox.webhook_speed);
            work
        };
        let host = Host::start(ports, network, work).await;

        let (closing, sockets) = (CancellationToken::new(), TaskTracker::new());
        let api = Api {
            devices: records.clone(),
            messages: records.clone(),
            bulks: records.clone(),
            templates: records.clone(),
            aliases: records.clone(),
            people: records.clone(),
            events: records.clone(),
            deliveries: records.clone(),
            media: files,
            links,
            fetcher: Fetcher::new(config.outside.reach()),
            webhooks: Webhooks::new(config.outside.reach(), webhook_secret),
            providers: config.outside.providers(Timing { attempt: IN_PERSON, deadline: IN_PERSON, ..Timing::default() }),
            limits: Arc::new(InProcessLimits::default()),
            intake,
            statistics: records,
            subscription: Some(push),
            clock: clock.clone(),
            ids,
            config: ApiConfig {
                api_token,
                jwt_secret,
                max_file_bytes: config.max_file_bytes,
                max_request_bytes: None,
                rate_limits: config.rate_limits,
                public_url,
                public_ws_url: format!("ws://{}", reachable(socket_addr)),
                send_wait: config.send_wait,
                replies_to_sends: true,
                version: env!("CARGO_PKG_VERSION").into(),
            },
            metrics: Some(Arc::new(|| metrics::handle().render())),
            ready: host.taken_up(),
            started_at: clock.now(),
            closing: closing.clone(),
            sockets: sockets.clone(),
        };
        let servers = vec![
            serve(api_listener, functions::router(api.clone()), closing.clone()),
            serve(socket_listener, functions::socket_router(api), closing.clone()),
            tokio::spawn(prune(store.clone(), media, clock, closing.clone())),
            tokio::spawn(metrics::keep(closing.clone())),
        ];
        Ok(Self { api: api_addr, socket: socket_addr, token_file, host, store, closing, sockets, servers })
    }

    /// Answers the requests in hand, finishes the commands in hand, goes off line and puts all state away.
    pub async fn shutdown(self) {
        self.closing.cancel();
        self.sockets.close();
        let requests = async {
            self.sockets.wait().await;
            for server in self.servers {
                if let Err(error) = server.await {
                    tracing::error!(%error, "a server ended badly");
                }
            }
        };
        if tokio::time::timeout(REQUESTS_IN_HAND, requests).await.is_err() {
            tracing::warn!("requests were cut off");
        }
        self.host.shutdown().await;
        self.store.close().await;
    }
}

async fn listen(host: IpAddr, port: u16, variable: &str) -> Result<TcpListener> {
    let addr = SocketAddr::new(host, port);
    TcpListener::bind(addr).await.with_context(|| format!("cannot listen on {addr}; set {variable} to another port"))
}

/// The address as a client on this machine can use it.
fn reachable(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() { SocketAddr::new(Ipv4Addr::LOCALHOST.into(), addr.port()) } else { addr }
}

fn serve(listener: TcpListener, router: Router, closing: CancellationToken) -> JoinHandle<()> {
    let listener = listener.tap_io(|stream| {
        // An answer must not wait for the next one to fill its packet.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection kept its delay");
        }
    });
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(closing.cancelled_owned())
            .await
        {
            tracing::error!(%error, "a listener failed");
        }
    })
}

async fn prune(store: Store, media: FolderMedia, clock: Arc<dyn Clock>, closing: CancellationToken) {
    while closing.run_until_cancelled(tokio::time::sleep(PRUNE)).await.is_some() {
        if let Err(error) = media.prune(clock.now()).await {
            tracing::error!(?error, "files that nobody kept could not be thrown away");
        }
        if let Err(error) = store.prune(clock.now()).await {
            tracing::error!(?error, "the store could not be pruned");
        }
    }
}
