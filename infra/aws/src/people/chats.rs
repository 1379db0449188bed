//! Chats: how they are stored, and what changes them. A message that was received is in its chat's item at once. One that was sent is only if the chat would
//! seem older by more than [`LAG`] without it; one that is to be sent never is. Who reads adds them: see [`mod@list`].

mod list;

use std::time::Duration;

use domain::{
    model::{Chat, ChatUpdate, Direction, Jid, Message, MessageStatus, MessageType, Server, Timestamp},
    ports::PortError,
};
use serde::{Deserialize, Serialize};

pub(super) use self::list::{get, list};
use crate::{
    messages,
    table::{self, Item},
    work::Work,
};

/// The sort keys of all chats.
const CHATS: &str = "chat#";

/// How much older than its last message that was sent a chat may seem by its item.
const LAG: Duration = Duration::from_secs(30 * 60);

/// A chat, but for what it is called and what was last written in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Stored {
    chat: Chat,
    /// The latest message that is known here.
    last: Option<Last>,
    /// The unread messages it counts are those that were counted in one of these: all the others have been read since.
    counted_in: Vec<String>,
    /// What was written until then was deleted.
    deleted_until: Option<Timestamp>,
    /// Whether it was deleted, and nothing written since.
    gone: bool,
}

/// A message, as its chat knows it.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Last {
    at: Timestamp,
    sk: String,
}

/// The sort key of a chat.
pub(crate) fn sk(chat: &Jid) -> String {
    format!("{CHATS}{chat}")
}

/// Until when the chat of an item is muted.
pub(super) fn muted_until(item: Item) -> Result<Option<Timestamp>, PortError> {
    Ok(table::value::<Stored>(item)?.chat.muted_until)
}

/// A message was stored that was received, or typed on the phone: there is a chat with it. Answers what it is counted in as unread, if it is: the message
/// has to keep that for [`read`].
pub(crate) async fn written(work: &mut Work, message: &Message) -> Result<Option<String>, PortError> {
    let Some(mut stored) = find(work, message).await? else { return Ok(None) };
    let last = Last::of(message);
    let sk = last.sk.clone();
    stored.see(last);
    let counted_in = is_unread(message).then(|| stored.count(sk));
    put(work, &stored)?;
    Ok(counted_in)
}

/// A message that was accepted got further.
pub(crate) async fn sent(work: &mut Work, message: &Message) -> Result<(), PortError> {
    let Some(mut stored) = find(work, message).await? else { return Ok(()) };
    let seen = stored.chat.last_message_at.map(|at| at + LAG).max(stored.deleted_until);
    if seen < Some(message.timestamp) {
        stored.see(Last::of(message));
        put(work, &stored)?;
    }
    Ok(())
}

/// A message was read, or dropped, that was counted in this chat.
pub(crate) async fn read(work: &mut Work, chat: &Jid, counted_in: &str) -> Result<(), PortError> {
    if let Some(mut stored) = load(work, chat).await?
        && stored.counted_in.iter().any(|counted| counted == counted_in)
    {
        stored.chat.unread = stored.chat.unread.saturating_sub(1);
        put(work, &stored)?;
    }
    Ok(())
}

/// Takes over news of the chat of this name; answers whether they were news.
pub(crate) async fn update(work: &mut Work, chat: &Jid, update: &ChatUpdate) -> Result<bool, PortError> {
    let mut stored = load(work, chat).await?.unwrap_or_else(|| Stored::gone(chat.clone(), None));
    let new = std::mem::take(&mut stored.gone);
    let changed = stored.chat.update(update) || new;
    if changed {
        if stored.chat.unread == 0 {
            stored.counted_in.clear();
        }
        put(work, &stored)?;
    }
    Ok(changed)
}

/// Removes the chat of this name; answers whether there was one.
pub(crate) async fn delete(work: &mut Work, chat: &Jid) -> Result<bool, PortError> {
    let Some(stored) = load(work, chat).await?.filter(|stored| !stored.gone) else { return Ok(false) };
    let newest = list::newest(work.records(), work.device(), chat).await?.map(|last| last.at);
    let until = stored.chat.last_message_at.max(newest).max(stored.deleted_until);
    put(work, &Stored::gone(chat.clone(), until))?;
    Ok(true)
}

/// Gives a number's chat what was known of the hidden id's.
pub(crate) async fn merge(work: &mut Work, phone: &Jid, lid: &Jid) -> Result<(), PortError> {
    let Some(hidden) = load(work, lid).await? else { return Ok(()) };
    work.delete(&sk(lid));
    // The messages get other keys.
    let moved = Stored { chat: Chat { jid: phone.clone(), ..hidden.chat }, last: None, ..hidden };
    let merged = match load(work, phone).await? {
        None => moved,
        Some(known) if moved.gone => known,
        Some(known) => known.merge(moved),
    };
    put(work, &merged)
}

/// The chat of a message, or what is to become it; `None` if it has none.
async fn find(work: &mut Work, message: &Message) -> Result<Option<Stored>, PortError> {
    let stored = load(work, &message.chat).await?.unwrap_or_else(|| Stored::gone(message.chat.clone(), None));
    Ok(Some(stored).filter(Stored::takes_messages))
}

async fn load(work: &mut Work, chat: &Jid) -> Result<Option<Stored>, PortError> {
    work.value(&sk(chat)).await
}

fn put(work: &mut Work, stored: &Stored) -> Result<(), PortError> {
    work.set(&sk(&stored.chat.jid), stored)
}

/// Whether its chat counts it among what nobody has read.
fn is_unread(message: &Message) -> bool {
    message.direction == Direction::Incoming
        && message.status < MessageStatus::Read
        && !matches!(message.kind, MessageType::Reaction | MessageType::Vote)
        && message.chat.server() != Server::Broadcast
}

impl Stored {
    /// A chat that there is not, and whose messages until then were deleted.
    fn gone(chat: Jid, deleted_until: Option<Timestamp>) -> Self {
        Self { chat: Chat::new(chat), last: None, counted_in: Vec::new(), deleted_until, gone: true }
    }

    /// What everybody sees is nobody's conversation, unless WhatsApp told of one.
    fn takes_messages(&self) -> bool {
        !self.gone || self.chat.jid.server() != Server::Broadcast
    }

    /// There is a message in it.
    fn see(&mut self, message: Last) {
        self.gone = false;
        self.chat.last_message_at = self.chat.last_message_at.max(Some(message.at));
        if self.last.as_ref().is_none_or(|last| last.at <= message.at) {
            self.last = Some(message);
        }
    }

    /// Counts a message as unread; answers what it is counted in: what the first message is called that was counted since all were read.
    fn count(&mut self, sk: String) -> String {
        self.chat.unread = self.chat.unread.saturating_add(1);
        match self.counted_in.last() {
            Some(counted_in) => counted_in.clone(),
            None => {
                self.counted_in.push(sk.clone());
                sk
            }
        }
    }

    /// This and what is known of the same chat under another name.
    fn merge(self, other: Self) -> Self {
        let (chat, hidden) = (self.chat, other.chat);
        let last_message_at = chat.last_message_at.max(hidden.last_message_at);
        let new = self.gone;
        Self {
            // A message that is found by the index is the last one if none is named.
            last: self.last.filter(|_| chat.last_message_at >= hidden.last_message_at),
            counted_in: [self.counted_in, other.counted_in].concat(),
            deleted_until: self.deleted_until.max(other.deleted_until),
            gone: false,
            chat: Chat {
                pinned_at: chat.pinned_at.max(hidden.pinned_at),
                last_message_at,
                muted_until: chat.muted_until.or(hidden.muted_until),
                marked_unread: chat.marked_unread || hidden.marked_unread,
                archived: hidden.archived && (new || chat.archived),
                unread: chat.unread.saturating_add(hidden.unread),
                ..chat
            },
        }
    }
}

impl Last {
    fn of(message: &Message) -> Self {
        Self { at: message.timestamp, sk: messages::sk(&message.key()) }
    }
}
