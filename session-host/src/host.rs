//! The session host: what it works on, its start and its end.

use std::{sync::Arc, time::Duration};

use ai::Providers;
use domain::{
    model::{DeviceId, Outcome},
    pipeline::{Backoff, Links, Publisher, Turns},
    ports::{
        Aliases, Bulks, Clock, CommandSink, CommandSource, Deliveries, Devices, Epoch, Ids, Journal, KeyValue, Media, Messages, People,
        Push, Received, Replies,
    },
};
use fetch::{Fetcher, Poster, Reach};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    deliver::{self, Deliverer},
    network::Network,
    replies::{self, Answering},
    session::{Receiving, Room},
    sessions::Sessions,
    tenure::Tenure,
};

/// Sessions that start their clients at the same time.
const STARTING: usize = 32;

/// Waits between tries of what failed.
pub(crate) const BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

/// What a host works on.
#[derive(Clone)]
pub struct Ports {
    /// The devices.
    pub devices: Arc<dyn Devices>,
    /// Their messages.
    pub messages: Arc<dyn Messages>,
    /// What was asked to be sent to many.
    pub bulks: Arc<dyn Bulks>,
    /// The files of messages.
    pub media: Arc<dyn Media>,
    /// Links to them.
    pub links: Links,
    /// Who is behind a hidden id.
    pub aliases: Arc<dyn Aliases>,
    /// Whom and what the accounts know.
    pub people: Arc<dyn People>,
    /// Where changes and events go.
    pub journal: Arc<dyn Journal>,
    /// Work to be done.
    pub commands: Arc<dyn CommandSource>,
    /// The same queue's other end, for work that was left behind.
    pub sink: Arc<dyn CommandSink>,
    /// Events on their way to webhooks.
    pub deliveries: Arc<dyn Deliveries>,
    /// What the WhatsApp library keeps.
    pub key_values: Arc<dyn KeyValue>,
    /// Outcomes for whoever waits.
    pub replies: Arc<dyn Replies>,
    /// Open sockets.
    pub push: Arc<dyn Push>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New identifiers.
    pub ids: Arc<dyn Ids>,
    /// This host's turn.
    pub epoch: Epoch,
    /// How long its turn lasts.
    pub tenure: Tenure,
}

/// How a host works.
pub struct Config {
    /// How webhooks are called.
    pub webhooks: deliver::Config,
    /// Larger files that come in are left where they are.
    pub max_download_bytes: u64,
    /// How devices answer by themselves.
    pub replies: replies::Config,
    /// How long a session that is told to stop or disconnect goes on with what it has in hand.
    pub settle: Duration,
    /// How old a message that waits has to be at the start to be taken for left behind.
    pub left_behind: Duration,
}

impl Config {
    /// The usual bounds.
    pub fn new(webhooks: deliver::Config, replies: replies::Config) -> Self {
        Self { webhooks, max_download_bytes: 100 * 1024 * 1024, replies, settle: Duration::from_secs(5), left_behind: Duration::ZERO }
    }
}

impl From<deliver::Config> for Config {
    fn from(webhooks: deliver::Config) -> Self {
        let nobody = Providers::new(Poster::new(Reach::Public), ai::Config::default());
        Self::new(webhooks, replies::Config::new(nobody))
    }
}

/// What all sessions of a host share.
pub(crate) struct Shared {
    pub ports: Ports,
    pub publisher: Publisher,
    pub network: Network,
    pub starting: Semaphore,
    /// For the files of messages that came in.
    pub receiving: Receiving,
    /// For the files of messages on their way.
    pub room: Room,
    /// Gets what links lead to.
    pub fetcher: Fetcher,
    /// For answers of their own.
    pub answering: Answering,
    /// Tells webhooks.
    pub deliverer: Deliverer,
    pub settle: Duration,
}

impl Shared {
    /// Tells the outcome to whoever waits for it. Nobody may, so a failure changes nothing.
    pub async fn reply(&self, received: &Received, outcome: Outcome) {
        if !received.envelope.reply {
            return;
        }
        if let Err(error) = self.ports.replies.reply(&received.envelope.id, outcome).await {
            tracing::warn!(command = %received.envelope.id, ?error, "an outcome could not be told");
        }
    }

    /// Lets commands go. If that fails they come again, and find their outcome stored.
    pub async fn acknowledge(&self, receipts: &[String]) {
        if receipts.is_empty() {
            return;
        }
        let mut failures = 0;
        while let Err(error) = self.ports.commands.acknowledge(receipts).await {
            failures += 1;
            tracing::error!(?error, "commands could not be acknowledged");
            tokio::time::sleep(BACKOFF.after(failures)).await;
        }
    }
}

/// A running host.
pub struct Host {
    sessions: Arc<Sessions>,
    deliverer: Deliverer,
    taken_up: CancellationToken,
    stopping: CancellationToken,
    loops: TaskTracker,
}

impl Host {
    /// Takes up every device that wants to be connected, and begins to take commands.
    pub async fn start(ports: Ports, network: Network, config: impl Into<Config>) -> Self {
        let Config { webhooks, max_download_bytes, replies, settle, left_behind } = config.into();
        let webhooks = deliver::Config { tenure: ports.tenure.clone(), ..webhooks };
        let fetcher = webhooks.fetcher.clone();
        let deliverer = Deliverer::start(ports.deliveries.clone(), ports.clock.clone(), webhooks);
        let wake = {
            let deliverer = deliverer.clone();
            Arc::new(move |device: &DeviceId| deliverer.wake(device))
        };
        let publisher = Publisher {
            journal: ports.journal.clone(),
            push: ports.push.clone(),
            wake,
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
            turns: Turns::default(),
            epoch: ports.epoch,
        };
        let answering = Answering::new(replies, &ports);
        let shared = Arc::new(Shared {
            ports,
            publisher,
            network,
            starting: Semaphore::new(STARTING),
            receiving: Receiving::new(max_download_bytes),
            room: Room::new(),
            fetcher,
            deliverer: deliverer.clone(),
            answering,
            settle,
        });
        let (sessions, taken_up) = (Arc::new(Sessions::new(shared)), CancellationToken::new());
        let host = Self { sessions, deliverer, taken_up, stopping: CancellationToken::new(), loops: TaskTracker::new() };
        host.spawn_loop(host.sessions.clone().resume(host.taken_up.clone()));
        host.spawn_loop(host.sessions.clone().dispatch());
        host.spawn_loop(host.sessions.clone().sweep_again(left_behind));
        host
    }

    /// Cancelled as soon as every device that wants to be connected has its session.
    pub fn taken_up(&self) -> CancellationToken {
        self.taken_up.clone()
    }

    fn spawn_loop(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.loops.spawn(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Takes no more commands, lets every session finish what it has in hand and go off line, and stops. What is left is taken up at the next start.
    pub async fn shutdown(self) {
        self.stopping.cancel();
        self.loops.close();
        self.loops.wait().await;
        self.sessions.stop().await;
        self.deliverer.shutdown().await;
    }
}

/// A host that is dropped is cut off: it begins nothing more, finishes nothing and tells nobody.
impl Drop for Host {
    fn drop(&mut self) {
        self.stopping.cancel();
        self.sessions.abandon();
        self.deliverer.abandon();
    }
}
