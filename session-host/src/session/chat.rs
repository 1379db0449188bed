//! What is done in a chat at once or not at all: showing that its messages were seen, and that somebody is writing.

use std::{collections::BTreeMap, future::Future, time::Duration};

use domain::{
    model::{Command, EventData, Jid, MessageKey, MessageStatus, Origin, Outcome, Status, Typing},
    ports::{Change, Received},
};
use tokio::time::timeout;
use whatsapp_rust::{Client, features::ChatStateType};

use super::{
    Actor, Stop,
    names::{self, Names},
    outcome::{Outcomes, failed},
};

/// How long a connection may take to swallow something small.
const SWALLOW: Duration = Duration::from_secs(5);

impl Actor {
    /// Tells the other side that its messages were seen.
    pub(super) async fn read(&mut self, received: Received) -> Result<(), Stop> {
        let Command::Read { chat, messages } = &received.envelope.command else { return Ok(()) };
        let Some(client) = self.client_on_line() else { return self.refuse(received, "disconnected").await };
        if !swallowed(mark_as_read(client, chat, messages)).await {
            return self.refuse(received, "disconnected").await;
        }
        let (at, mut outcomes) = (self.shared.ports.clock.now(), Outcomes::default());
        for key in messages {
            let change = Change::Status { key: key.clone(), status: MessageStatus::Read, at, error: None };
            outcomes.push(&self.shared.publisher, change, None::<EventData>);
        }
        self.store(outcomes).await?;
        self.done(received, Outcome::Done).await;
        Ok(())
    }

    /// Shows the other side that somebody is writing, or has stopped.
    pub(super) async fn typing(&mut self, received: Received) -> Result<(), Stop> {
        let Command::Typing { chat, state } = &received.envelope.command else { return Ok(()) };
        let Some(client) = self.client_on_line() else { return self.refuse(received, "disconnected").await };
        if !swallowed(show_typing(client, chat, *state)).await {
            return self.refuse(received, "disconnected").await;
        }
        self.done(received, Outcome::Done).await;
        Ok(())
    }

    fn client_on_line(&self) -> Option<&Client> {
        self.link.as_ref().filter(|_| self.session.status == Status::Connected).map(|link| &*link.client)
    }

    async fn refuse(&self, received: Received, error: &str) -> Result<(), Stop> {
        self.done(received, failed(error)).await;
        Ok(())
    }
}

/// Shows the other side that somebody is writing, or has stopped, outside of a command.
pub(crate) async fn type_in(client: &Client, chat: &Jid, state: Typing) {
    // Nobody waits for it.
    let _ = swallowed(show_typing(client, chat, state)).await;
}

async fn swallowed(write: impl Future<Output = anyhow::Result<()>>) -> bool {
    match timeout(SWALLOW, write).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::debug!(?error, "a connection failed while it was written to");
            false
        }
        Err(_) => false,
    }
}

async fn mark_as_read(client: &Client, chat: &Jid, messages: &[MessageKey]) -> anyhow::Result<()> {
    let mut senders: BTreeMap<Option<&Jid>, Vec<&str>> = BTreeMap::new();
    for key in messages {
        let Origin::Other { from, .. } = &key.origin else { continue };
        senders.entry(from.as_ref().filter(|_| chat.is_group())).or_default().push(key.id.as_str());
    }
    let people: Vec<&Jid> = senders.keys().copied().flatten().collect();
    let names = Names::look_up(client, chat, &people).await?;
    let chat = names::wire(client, chat).await?;
    for (sender, ids) in senders {
        let sender = sender.map(|sender| names.of(sender).parse()).transpose()?;
        client.mark_as_read(&chat, sender.as_ref(), &ids).await?;
    }
    Ok(())
}

async fn show_typing(client: &Client, chat: &Jid, state: Typing) -> anyhow::Result<()> {
    let state = match state {
        Typing::Composing => ChatStateType::Composing,
        Typing::Recording => ChatStateType::Recording,
        Typing::Paused => ChatStateType::Paused,
    };
    Ok(client.chatstate().send(&names::wire(client, chat).await?, state).await?)
}
