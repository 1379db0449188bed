//! Events on their way to open sockets.
//!
//! A host keeps what it told for a while: a socket that comes up late, or is told what it missed by a function first, is handed what it still needs out of
//! that. So nobody has to agree on the moment at which a host takes over: an event that is older than [`Socket::from`] is the function's, a later one is
//! its host's, whenever either learns of it.

mod line;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Event, UserId},
    ports::{Clock, Devices, PortError, Push, SystemClock},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use self::line::Lines;
use crate::{
    Clients, Resources,
    sockets::{Audience, OpenSockets, SETTLED, Socket},
};

/// How old the list of sockets may be when an event is told.
const FRESH: Duration = Duration::from_millis(100);

/// How often the list is read while sockets that come up may need what was told.
const OFTEN: Duration = Duration::from_millis(500);

/// How often it is read when nothing happens: tokens expire.
const SELDOM: Duration = Duration::from_secs(5);

/// How long what was told is kept: what a function leaves to the hosts, and the time it may take to say so.
const KEPT: Duration = SETTLED.saturating_add(Duration::from_secs(5));

/// Most events that are kept.
const MOST_KEPT: usize = 50_000;

/// Of how many devices it is remembered whose they are.
const MOST_OWNERS: usize = 100_000;

/// Tells events to the sockets at API Gateway. One for all lanes of a host. Cheap to clone; ends when the last clone is dropped.
#[derive(Clone)]
pub struct Sockets(mpsc::UnboundedSender<Ask>);

enum Ask {
    Tell(Event),
    Flush(oneshot::Sender<()>),
    HangUp(oneshot::Sender<()>),
}

impl Sockets {
    /// To the sockets of a stack. Must be called within a tokio runtime.
    pub fn new(clients: &Clients, resources: &Resources, devices: Arc<dyn Devices>) -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        let sockets = OpenSockets::new(clients, resources);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let teller = Teller {
            lines: Lines::new(sockets.clone(), devices.clone(), clock.clone()),
            sockets,
            devices,
            clock,
            listeners: HashMap::new(),
            read_at: None,
            kept: VecDeque::new(),
            first: 0,
            owners: HashMap::new(),
        };
        tokio::spawn(teller.run(asked));
        Self(asks)
    }

    /// Waits until every socket was told what was pushed, also those that are only about to come up. For a host that stops: some seconds.
    pub async fn flush(&self) {
        self.ask(Ask::Flush).await;
    }

    /// Closes all sockets, so that their clients come again and say what they saw last. For a host that takes over from one that died: what that one stored
    /// and did not push any more, nobody else knows.
    pub async fn hang_up(&self) {
        self.ask(Ask::HangUp).await;
    }

    async fn ask(&self, ask: impl FnOnce(oneshot::Sender<()>) -> Ask) {
        let (done, waiting) = oneshot::channel();
        if self.0.send(ask(done)).is_ok() {
            // Whoever would answer is gone with the program.
            let _ = waiting.await;
        }
    }
}

#[async_trait]
impl Push for Sockets {
    async fn push(&self, event: Event) -> Result<(), PortError> {
        self.0.send(Ask::Tell(event)).map_err(PortError::unavailable)
    }
}

/// Deals events out to the lines of the sockets that want them.
struct Teller {
    sockets: OpenSockets,
    devices: Arc<dyn Devices>,
    clock: Arc<dyn Clock>,
    lines: Lines,
    /// The sockets there are, as the list was read last.
    listeners: HashMap<String, Listener>,
    read_at: Option<Instant>,
    /// What was told of late.
    kept: VecDeque<(Instant, Arc<Event>)>,
    /// The number of the first of these.
    first: u64,
    owners: HashMap<DeviceId, UserId>,
}

struct Listener {
    socket: Arc<Socket>,
    /// The number of the next event to be dealt to it.
    next: u64,
}

impl Teller {
    async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        let mut flushes = Vec::new();
        loop {
            let look_at = self.look_at();
            tokio::select! {
                ask = asks.recv() => {
                    let Some(ask) = ask else { return };
                    let mut asked = Some(ask);
                    while let Some(ask) = asked {
                        match ask {
                            Ask::Tell(event) => self.keep(event),
                            Ask::Flush(done) => flushes.push(done),
                            Ask::HangUp(done) => {
                                self.hang_up().await;
                                let _ = done.send(());
                            }
                        }
                        asked = asks.try_recv().ok();
                    }
                    if self.read_at.is_none_or(|read_at| read_at.elapsed() >= FRESH) {
                        self.look().await;
                    }
                }
                () = sleep_until(look_at) => self.look().await,
            }
            self.deal().await;
            while self.kept.front().is_some_and(|(told_at, _)| told_at.elapsed() >= KEPT) || self.kept.len() > MOST_KEPT {
                self.kept.pop_front();
                self.first += 1;
            }
            if self.kept.is_empty() && self.lines.are_empty() {
                for done in flushes.drain(..) {
                    let _ = done.send(());
                }
            }
        }
    }

    fn look_at(&self) -> Instant {
        let pause = if self.kept.is_empty() { SELDOM } else { OFTEN };
        self.read_at.map_or_else(Instant::now, |read_at| read_at + pause)
    }

    fn keep(&mut self, event: Event) {
        self.kept.push_back((Instant::now(), Arc::new(event)));
    }

    /// Reads the list of sockets. If it cannot be read, those that were known are told.
    async fn look(&mut self) {
        self.read_at = Some(Instant::now());
        let sockets = match self.sockets.all().await {
            Ok(sockets) => sockets,
            Err(error) => {
                tracing::error!(?error, "the open sockets could not be read");
                return;
            }
        };
        let now = self.clock.now();
        let mut before = std::mem::take(&mut self.listeners);
        for socket in sockets {
            if socket.until.is_some_and(|until| until <= now) {
                self.lines.hang_up(&socket.id, "its token has expired");
            } else if socket.from.is_some() {
                let listener = match before.remove(&socket.id) {
                    Some(listener) => listener,
                    None => Listener { socket: Arc::new(socket), next: self.first },
                };
                self.listeners.insert(listener.socket.id.clone(), listener);
            }
        }
    }

    /// Hands every listener what it was not handed yet.
    async fn deal(&mut self) {
        let end = self.first + self.kept.len() as u64;
        let mut listeners = std::mem::take(&mut self.listeners);
        for listener in listeners.values_mut().filter(|listener| listener.next < end) {
            let new = listener.next.max(self.first) - self.first;
            for place in usize::try_from(new).unwrap_or(usize::MAX)..self.kept.len() {
                let event = self.kept[place].1.clone();
                if self.wants(&listener.socket, &event).await {
                    self.lines.tell(&listener.socket, event);
                }
            }
            listener.next = end;
        }
        self.listeners = listeners;
    }

    async fn wants(&mut self, socket: &Socket, event: &Event) -> bool {
        if socket.from.as_ref().is_none_or(|from| event.id <= *from) || !socket.wants(event) {
            return false;
        }
        match socket.audience {
            Audience::All | Audience::Device { .. } => true,
            Audience::User(user) => match self.owner(&event.device_id).await {
                Ok(owner) => owner == Some(user),
                Err(error) => {
                    tracing::error!(device = %event.device_id, ?error, "whose event it was could not be told");
                    self.lines.hang_up(&socket.id, "events were missed");
                    false
                }
            },
        }
    }

    /// A device never changes hands, and its id is nobody else's after it.
    async fn owner(&mut self, device: &DeviceId) -> Result<Option<UserId>, PortError> {
        if let Some(owner) = self.owners.get(device) {
            return Ok(Some(*owner));
        }
        let Some(owner) = self.devices.get(device).await?.map(|device| device.user_id) else { return Ok(None) };
        if self.owners.len() >= MOST_OWNERS {
            self.owners.clear();
        }
        self.owners.insert(device.clone(), owner);
        Ok(Some(owner))
    }

    async fn hang_up(&mut self) {
        self.look().await;
        for id in self.listeners.keys() {
            self.lines.hang_up(id, "a host died");
        }
    }
}
