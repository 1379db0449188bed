//! One device's session: a task that owns its connection, does what it is asked and tells what happens.

mod addresses;
mod arrival;
mod asking;
mod bulk;
mod changes;
mod chat;
mod compose;
mod control;
mod downloads;
mod enclose;
mod history;
mod inbox;
mod known;
mod link;
mod linking;
mod names;
mod observe;
mod outbox;
mod outcome;
mod pacing;
mod passkey;
mod people;
mod read;
mod receiving;
mod refusal;
mod report;
mod room;
mod sending;
mod state;
mod votes;

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{
    model::{Command, Device, DeviceId, Jid, MessageId, Outcome, Session, Status},
    pipeline::Backoff,
    ports::{Change, Received},
};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::AbortOnDropHandle,
};
use whatsapp_rust::SendError;

use self::{
    addresses::Person,
    asking::Asking,
    enclose::{Enclosed, Unenclosed},
    inbox::Inbox,
    link::Link,
    linking::Linking,
    outbox::{Outbox, Outgoing},
    state::OnLine,
};
pub(crate) use self::{chat::type_in, receiving::Receiving, room::Room};
use crate::{host::Shared, replies::Responder, store::DeviceBackend};

/// How often overdue work is looked for, while there is work.
const TICK: Duration = Duration::from_secs(5);

/// Between tries to reach a store that fails, or to restart a client that died.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(30) };

/// Why a session ends for good.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    /// Another host holds the device now.
    Fenced,
    /// The device was deleted.
    Removed,
}

/// Something on its way to the socket, in a task of its own so that a flaw in the library costs one try and not the session.
struct Writing {
    outgoing: Arc<Outgoing>,
    task: AbortOnDropHandle<Result<Option<Person>, SendError>>,
}

/// The task of one device.
pub(crate) struct Actor {
    shared: Arc<Shared>,
    device: DeviceId,
    /// The session as it is stored.
    session: Session,
    inbox: Inbox,
    link: Option<Link>,
    on_line: Option<OnLine>,
    outbox: Outbox,
    /// What is being encrypted and written.
    writing: Option<Writing>,
    /// What is being made to go with messages that wait for it.
    enclosing: JoinSet<(MessageId, Result<Enclosed, Unenclosed>)>,
    asking: Asking,
    linking: Linking,
    /// Chats whose other names were asked for, and are told if there are any.
    acquainted: HashSet<Jid>,
    /// What was learned of people's names and is not stored yet.
    learned: Vec<Change>,
    /// When to open the link again.
    reopen_at: Option<Instant>,
    tick_at: Instant,
    deaths: u32,
    /// The device answers by itself until this is dropped.
    _replying: DropGuard,
}

/// Runs the session of `device` until it is deleted, fenced or told to stop. A device that wants to be connected is, at once.
pub(crate) async fn run(
    shared: Arc<Shared>,
    device: DeviceId,
    mut commands: mpsc::UnboundedReceiver<Received>,
    stopping: CancellationToken,
) {
    let device = match stopping.run_until_cancelled(load(&shared, &device)).await {
        None => return,
        Some(None) => return discard(&shared, commands).await,
        Some(Some(device)) => device,
    };
    let mut actor = Actor::new(shared.clone(), device);
    let ended = actor.live(&mut commands, &stopping).await;
    match ended {
        None => actor.wind_up().await,
        Some(stop) => {
            tracing::info!(device = %actor.device, ?stop, "a session ended");
            if stop == Stop::Removed {
                discard(&shared, commands).await;
            }
        }
    }
}

/// The device is gone, with its records: what else was asked of it has no meaning any more.
async fn discard(shared: &Shared, mut commands: mpsc::UnboundedReceiver<Received>) {
    commands.close();
    while let Some(received) = commands.recv().await {
        shared.reply(&received, Outcome::Done).await;
        shared.acknowledge(&[received.receipt]).await;
    }
}

async fn load(shared: &Shared, id: &DeviceId) -> Option<Device> {
    let mut failures = 0;
    loop {
        match shared.ports.devices.get(id).await {
            Ok(device) => return device,
            Err(error) => {
                failures += 1;
                tracing::error!(device = %id, ?error, "a device could not be loaded");
                tokio::time::sleep(BACKOFF.after(failures)).await;
            }
        }
    }
}

impl Actor {
    fn new(shared: Arc<Shared>, device: Device) -> Self {
        let (responder, replying) = Responder::new(shared.clone(), device.id.clone());
        let inbox = Inbox::new(shared.clone(), device.id.clone(), device.session_id, responder);
        Self {
            shared,
            device: device.id,
            session: device.session,
            inbox,
            link: None,
            on_line: None,
            outbox: Outbox::new(),
            writing: None,
            enclosing: JoinSet::new(),
            asking: Asking::new(),
            linking: Linking::default(),
            acquainted: HashSet::new(),
            learned: Vec::new(),
            reopen_at: None,
            tick_at: Instant::now() + TICK,
            deaths: 0,
            _replying: replying,
        }
    }

    /// Lives until the session ends for good, or is told to stop: `None`. What has begun is finished first.
    async fn live(&mut self, commands: &mut mpsc::UnboundedReceiver<Received>, stopping: &CancellationToken) -> Option<Stop> {
        let mut result = if self.session.wanted { self.resume().await } else { Ok(()) };
        while result.is_ok() {
            result = tokio::select! {
                biased;
                () = stopping.cancelled() => return None,
                // Before what WhatsApp reports, which may be about what a repeated command says: there are few of them at a time.
                Some(received) = commands.recv() => self.execute(received).await,
                report = self.report() => self.react(report).await,
            };
        }
        result.err()
    }

    async fn execute(&mut self, received: Received) -> Result<(), Stop> {
        match &received.envelope.command {
            Command::Connect => self.connect(received).await,
            Command::Disconnect => self.disconnect(received).await,
            Command::Relogin => self.relogin(received).await,
            Command::Remove => self.remove(received).await,
            Command::Send { .. } | Command::Edit(_) | Command::Delete(_) => self.take_job(received).await,
            Command::Read { .. } => self.read(received).await,
            Command::Typing { .. } => self.typing(received).await,
            Command::CancelBulk { .. } => self.cancel_bulk(received).await,
            Command::Deliver => {
                self.shared.deliverer.renew(&self.device);
                self.done(received, Outcome::Done).await;
                Ok(())
            }
            Command::PairingCode { .. } => self.pairing_code(received).await,
            Command::AnswerPasskey { .. } => self.answer_passkey(received).await,
            Command::ConfirmPasskey => self.confirm_passkey(received).await,
            Command::Refresh(_)
            | Command::CheckNumbers { .. }
            | Command::Block { .. }
            | Command::CreateGroup(_)
            | Command::ChangeGroup { .. }
            | Command::JoinGroup { .. }
            | Command::InviteLink { .. } => self.ask(received).await,
        }
    }

    /// Goes on with what is in hand for a while, taking in nothing new.
    async fn settle(&mut self) -> Result<(), Stop> {
        let deadline = Instant::now() + self.shared.settle;
        while !self.outbox.is_empty() && self.session.status == Status::Connected {
            match tokio::time::timeout_at(deadline, self.report()).await {
                Ok(report) => self.react(report).await?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// The process stops: the record stays as it is, so that the next one takes the session up.
    async fn wind_up(&mut self) {
        if self.settle().await.is_ok() {
            let asked = async { while self.asking.tasks.join_next().await.is_some() {} };
            // What is cut off here is repeated at the next start.
            let _ = tokio::time::timeout(self.shared.settle, asked).await;
            self.close().await;
        }
    }

    async fn open(&mut self) {
        self.reopen_at = None;
        let shared = &self.shared;
        let backend =
            DeviceBackend::new(shared.ports.key_values.clone(), self.device.clone(), shared.ports.epoch, shared.ports.clock.clone());
        match Link::open(&shared.network, shared.ports.tenure.clone(), Arc::new(backend), self.inbox.clone()).await {
            Ok(link) => self.link = Some(link),
            Err(error) => {
                tracing::error!(device = %self.device, ?error, "a client could not be started");
                self.reopen_later();
            }
        }
    }

    async fn close(&mut self) {
        self.disconnected();
        self.stop_enclosing();
        if let Some(link) = self.link.take() {
            self.inbox.settle(&link.client).await;
            link.close().await;
        }
    }

    /// The connection is gone. What is being written is broken off, or it might go out on the next one before what was asked for earlier.
    fn disconnected(&mut self) {
        self.on_line = None;
        self.writing = None;
        self.outbox.disconnected();
    }

    fn reopen_later(&mut self) {
        self.deaths += 1;
        self.reopen_at = Some(Instant::now() + BACKOFF.after(self.deaths));
    }
}
