//! What the history says of chats besides their messages.

use domain::{
    model::{ChatUpdate, ContactUpdate, Server, Timestamp},
    ports::{Change, PortError},
};
use waproto::whatsapp::Conversation;
use whatsapp_rust::Client;

use crate::session::{addresses::Person, inbox::Inbox};

/// What a chat was like when the device was linked.
#[derive(Clone, Debug, Default)]
pub struct Arranged {
    /// What the person, or the group, is called.
    name: Option<String>,
    update: ChatUpdate,
}

impl Arranged {
    pub fn new(conversation: &mut Conversation) -> Self {
        let at = |seconds: Option<u64>| seconds.filter(|at| *at > 0).map(moment);
        let update = ChatUpdate {
            archived: conversation.archived,
            pinned_at: conversation.pinned.map(|pinned| at(Some(pinned.into()))),
            muted_until: conversation.mute_end_time.map(|end| at(Some(end))),
            // The history's messages say by themselves which of them were read.
            marked_unread: conversation.marked_as_unread.filter(|unread| *unread),
            last_message_at: at(conversation.conversation_timestamp),
        };
        Self { name: conversation.name.take().filter(|name| !name.is_empty()), update }
    }
}

/// What that changes. A name that the address book has given since stays.
pub async fn chat_changes(inbox: &Inbox, chat: &Person, arranged: &Arranged) -> Result<Vec<Change>, PortError> {
    let mut changes = Vec::new();
    if !matches!(chat.jid.server(), Server::Phone | Server::Lid | Server::Group) {
        return Ok(changes);
    }
    if arranged.update != ChatUpdate::default() {
        changes.push(Change::Chat { chat: chat.jid.clone(), update: arranged.update.clone() });
    }
    if let Some(name) = arranged.name.as_ref().filter(|_| !chat.jid.is_group()) {
        let known = inbox.shared.ports.people.contact(&inbox.device, &chat.jid).await?;
        if known.is_none_or(|known| known.name.is_none()) {
            let update = ContactUpdate { lid: chat.lid.clone(), name: Some(Some(name.clone())), ..ContactUpdate::default() };
            changes.push(Change::Contact { contact: chat.jid.clone(), update: Box::new(update) });
        }
    }
    Ok(changes)
}

/// What people of the past call themselves.
pub async fn push_names(inbox: &Inbox, client: &Client, names: &[(String, String)]) -> Result<Vec<Change>, PortError> {
    let mut changes = Vec::new();
    for (id, name) in names {
        if let Ok(jid) = id.parse() {
            let update = ContactUpdate { push_name: Some(name.clone()), ..ContactUpdate::default() };
            changes.extend(inbox.about(client, &jid, None, update).await?);
        }
    }
    Ok(changes)
}

/// Some clients count milliseconds where others count seconds, and what has no end ends beyond all of them.
fn moment(time: u64) -> Timestamp {
    let millis = if time > 100_000_000_000 { time } else { time * 1000 };
    i64::try_from(millis).map_or(Timestamp::MAX, Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_seconds_or_milliseconds_or_never_end() {
        assert_eq!(moment(1_600_000_000), Timestamp::from_millis(1_600_000_000_000));
        assert_eq!(moment(1_600_000_000_000), Timestamp::from_millis(1_600_000_000_000));
        assert_eq!((moment(u64::MAX), moment(i64::MAX.unsigned_abs())), (Timestamp::MAX, Timestamp::MAX));
    }
}
