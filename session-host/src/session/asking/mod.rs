//! What WhatsApp is asked on somebody's behalf: each in a task of its own beside the session, so that a slow answer holds up nothing else. What
//! is answered is stored before the outcome is told.

mod groups;

use std::{sync::Arc, time::Duration};

use domain::{
    model::{Command, Envelope, Outcome, Refresh, Timestamp},
    ports::Received,
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use wacore::appstate::patch_decode::WAPatchName;
use whatsapp_rust::{Client, sync_task::MajorSyncTask};

use super::{Actor, Stop, inbox::Inbox, outcome::failed, refusal::Refusal};

/// How long an answer may take, the wait for the connection included.
const DEADLINE: Duration = Duration::from_secs(15);

/// Questions of one device that WhatsApp is asked at the same time, and how many more may wait for their turn.
const AT_ONCE: usize = 4;
const IN_HAND: usize = 64;

/// So long after it was asked nobody waits for an answer any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the phone keeps the address book, and where what was done with chats.
const CONTACTS: [WAPatchName; 1] = [WAPatchName::CriticalUnblockLow];
const CHATS: [WAPatchName; 3] = [WAPatchName::RegularLow, WAPatchName::RegularHigh, WAPatchName::Regular];

/// What a device is asking.
pub(super) struct Asking {
    pub tasks: JoinSet<()>,
    turns: Arc<Semaphore>,
}

impl Asking {
    pub fn new() -> Self {
        Self { tasks: JoinSet::new(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Actor {
    /// Asks WhatsApp. What only asks is let go at once, and forgotten in a crash; what changes something is repeated after one.
    pub(super) async fn ask(&mut self, received: Received) -> Result<(), Stop> {
        let only_asks = matches!(received.envelope.command, Command::Refresh(_) | Command::CheckNumbers { .. });
        if only_asks && is_stale(&received.envelope, self.shared.ports.clock.now()) {
            self.done(received, Refusal::TIMEOUT.into()).await;
            return Ok(());
        }
        let linked = self.session.is_linked();
        let Some(link) = self.link.as_ref().filter(|_| linked) else {
            self.done(received, Refusal::NOT_CONNECTED.into()).await;
            return Ok(());
        };
        if self.asking.tasks.len() >= IN_HAND {
            self.done(received, failed("busy")).await;
            return Ok(());
        }
        let (shared, client, inbox, turns) = (self.shared.clone(), link.client.clone(), self.inbox.clone(), self.asking.turns.clone());
        if only_asks {
            shared.acknowledge(std::slice::from_ref(&received.receipt)).await;
        }
        self.asking.tasks.spawn(async move {
            let envelope = received.envelope.clone();
            // In a task of its own, so that a flaw costs one answer and not the session.
            let answer = tokio::spawn(async move { in_turn(&turns, &inbox, &client, &envelope).await });
            let outcome = match timeout(DEADLINE, AbortOnDropHandle::new(answer)).await {
                Ok(Ok(outcome)) => outcome.unwrap_or_else(Outcome::from),
                Ok(Err(flaw)) => {
                    tracing::error!(device = %received.envelope.device_id, ?flaw, "an answer of WhatsApp's was not understood");
                    failed("failed")
                }
                Err(_) => Refusal::TIMEOUT.into(),
            };
            shared.reply(&received, outcome).await;
            if !only_asks {
                shared.acknowledge(&[received.receipt]).await;
            }
        });
        Ok(())
    }
}

/// Whether nobody waits for an answer any more.
pub(super) fn is_stale(envelope: &Envelope, now: Timestamp) -> bool {
    now.since(envelope.accepted_at) > PATIENCE
}

async fn in_turn(turns: &Arc<Semaphore>, inbox: &Inbox, client: &Arc<Client>, envelope: &Envelope) -> Result<Outcome, Refusal> {
    let _turn = turns.acquire().await.expect("turns never end");
    if client.wait_for_connected(DEADLINE / 2).await.is_err() {
        return Err(Refusal::NOT_CONNECTED);
    }
    match &envelope.command {
        Command::Refresh(refresh) => {
            match refresh {
                Refresh::Contacts => {
                    synchronise(inbox, client, &CONTACTS).await;
                    inbox.look_at_contacts(client).await?;
                }
                Refresh::Contact { contact } => inbox.look_at_contact(client, contact).await?,
                Refresh::Chats => synchronise(inbox, client, &CHATS).await,
                Refresh::Groups => inbox.look_at_all_groups(client).await?,
                Refresh::Group { group } => inbox.look_at_group(client, group).await?,
            }
            Ok(Outcome::Done)
        }
        Command::CheckNumbers { numbers } => Ok(Outcome::Numbers { checks: inbox.check(client, numbers).await? }),
        Command::Block { contact, blocked } => {
            inbox.block(client, contact, *blocked).await?;
            Ok(Outcome::Done)
        }
        Command::CreateGroup(group) => inbox.create_group(client, group, envelope).await,
        Command::ChangeGroup { group, change } => inbox.change_group(client, group, change).await,
        Command::JoinGroup { code } => inbox.join_group(client, code).await,
        Command::InviteLink { group, renew } => inbox.invite_link(client, group, *renew).await,
        _ => Err(Refusal::word("unsupported")),
    }
}

/// Gets what the phone has changed since the last time, and waits until it is stored.
async fn synchronise(inbox: &Inbox, client: &Arc<Client>, collections: &[WAPatchName]) {
    for &name in collections {
        client.process_sync_task(MajorSyncTask::AppStateSync { name, full_sync: false }).await;
    }
    inbox.known.up_to_date().await;
}
