//! The session host: takes commands from the queue and gives each to its device's session.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ai::Providers;
use domain::{
    model::{DeviceId, Outcome},
    pipeline::{Backoff, Publisher, Turns, sweep},
    ports::{
        Aliases, Bulks, Clock, CommandSink, CommandSource, Deliveries, Devices, Epoch, Ids, Journal, KeyValue, Media, Messages, People,
        Push, Received, Replies,
    },
};
use fetch::{Fetcher, Poster, Reach};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    deliver::{self, Deliverer},
    network::Network,
    replies::{self, Answering},
    session::{self, Receiving, Room},
    tenure::Tenure,
};

/// Most commands taken from the queue at once.
const RECEIVE: usize = 256;

/// Sessions that start their clients at the same time.
const STARTING: usize = 32;

/// How long sessions may take to stop.
const WIND_UP: Duration = Duration::from_secs(20);

/// How often work that a crash left behind is looked for, and how old it is before it is taken for left behind.
const SWEEP: Duration = Duration::from_secs(30);

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

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
        let sessions = Arc::new(Sessions {
            shared,
            running: Mutex::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            abandoned: CancellationToken::new(),
        });
        let host =
            Self { sessions, deliverer, taken_up: CancellationToken::new(), stopping: CancellationToken::new(), loops: TaskTracker::new() };
        host.spawn_loop(resume(host.sessions.clone(), host.taken_up.clone()));
        host.spawn_loop(dispatch(host.sessions.clone()));
        host.spawn_loop(sweep_again(host.sessions.clone(), left_behind));
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
        self.sessions.stopping.cancel();
        self.sessions.tasks.close();
        if tokio::time::timeout(WIND_UP, self.sessions.tasks.wait()).await.is_err() {
            tracing::warn!("sessions were cut off");
        }
        self.deliverer.shutdown().await;
    }
}

/// A host that is dropped is cut off: it begins nothing more, finishes nothing and tells nobody.
impl Drop for Host {
    fn drop(&mut self) {
        self.stopping.cancel();
        self.sessions.abandoned.cancel();
        self.deliverer.abandon();
    }
}

struct Sessions {
    shared: Arc<Shared>,
    running: Mutex<HashMap<DeviceId, mpsc::UnboundedSender<Received>>>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    abandoned: CancellationToken,
}

impl Sessions {
    /// Starts the device's session unless it runs; gives it a command if there is one.
    fn give(&self, device: &DeviceId, command: Option<Received>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let command = match (running.get(device), command) {
            (None, command) => command,
            (Some(session), None) if session.is_closed() => None,
            (Some(_), None) => return,
            (Some(session), Some(command)) => match session.send(command) {
                Ok(()) => return,
                Err(unsent) => Some(unsent.0),
            },
        };
        let (sender, commands) = mpsc::unbounded_channel();
        if let Some(command) = command {
            sender.send(command).expect("the receiver is in hand");
        }
        let session = session::run(self.shared.clone(), device.clone(), commands, self.stopping.clone());
        let abandoned = self.abandoned.clone();
        self.tasks.spawn(async move { abandoned.run_until_cancelled(session).await });
        running.insert(device.clone(), sender);
    }
}

async fn resume(sessions: Arc<Sessions>, taken_up: CancellationToken) {
    let mut failures = 0;
    let wanted = loop {
        match sessions.shared.ports.devices.wanted().await {
            Ok(wanted) => break wanted,
            Err(error) => {
                failures += 1;
                tracing::error!(?error, "the devices to connect could not be listed");
                tokio::time::sleep(BACKOFF.after(failures)).await;
            }
        }
    };
    tracing::info!(devices = wanted.len(), "the host took up its devices");
    wanted.iter().for_each(|device| sessions.give(device, None));
    taken_up.cancel();
}

async fn dispatch(sessions: Arc<Sessions>) {
    let mut failures = 0;
    loop {
        match sessions.shared.ports.commands.receive(RECEIVE).await {
            Ok(batch) => {
                failures = 0;
                if !sessions.shared.ports.tenure.lasts() {
                    return;
                }
                for received in batch {
                    sessions.give(&received.envelope.device_id.clone(), Some(received));
                }
            }
            Err(error) => {
                failures += 1;
                tracing::error!(?error, "commands could not be received");
                tokio::time::sleep(BACKOFF.after(failures)).await;
            }
        }
    }
}

async fn sweep_again(sessions: Arc<Sessions>, mut age: Duration) {
    let ports = &sessions.shared.ports;
    loop {
        match sweep(&*ports.messages, &*ports.sink, ports.clock.now(), age).await {
            Ok(_) => age = SWEEP,
            Err(error) => tracing::error!(?error, "work left behind could not be looked for"),
        }
        tokio::time::sleep(SWEEP).await;
        // The list of what is wanted may have been behind the times when it was read at the start.
        match ports.devices.wanted().await {
            Ok(wanted) => wanted.iter().for_each(|device| sessions.give(device, None)),
            Err(error) => tracing::error!(?error, "the devices to connect could not be listed"),
        }
    }
}
