//! What changes messages that are on record: their author's edits, and deletions by their author or an admin of the group.

use std::time::Duration;

use domain::{
    model::{EventData, Message, MessageFilter, MessageId, PageRequest, Timestamp},
    ports::{Change, PortError, Step},
};
use waproto::whatsapp as wa;
use whatsapp_rust::Client;

use super::{
    addresses::{Person, to_ours, to_theirs},
    arrival::Arrival,
    inbox::Inbox,
};

/// How long a look at a group may take.
const LOOK: Duration = Duration::from_secs(5);

/// A sender's clock may be ahead of ours by this much.
const AHEAD: Duration = Duration::from_secs(60);

impl Inbox {
    /// The message of this chat that `key` names and that meets a condition. Ids are their senders', so somebody else's may come first.
    pub(super) async fn original(
        &self,
        chat: &Person,
        key: &wa::MessageKey,
        wanted: impl Fn(&Message) -> bool,
    ) -> Result<Option<Message>, PortError> {
        let Some(id) = key.id.clone().and_then(|id| MessageId::parse(id).ok()) else { return Ok(None) };
        let messages = &self.shared.ports.messages;
        let here = |message: &Message| {
            (message.chat == chat.jid || Some(&message.chat) == chat.lid.as_ref() || message.lid.is_some() && message.lid == chat.lid)
                && wanted(message)
        };
        match messages.get(&self.device, &id).await? {
            None => Ok(None),
            Some(message) if here(&message) => Ok(Some(message)),
            Some(_) => {
                let filter = MessageFilter { device: Some(self.device.clone()), id: Some(id), ..MessageFilter::default() };
                let page = PageRequest { page: 1, limit: PageRequest::MAX_LIMIT, cursor: None };
                Ok(messages.list(&filter, &page).await?.items.into_iter().find(here))
            }
        }
    }

    pub(super) async fn edited(
        &self,
        arrival: &Arrival,
        target: &wa::MessageKey,
        text: String,
        at: Option<i64>,
    ) -> Result<Option<Step>, PortError> {
        let Some(mut message) = self.original(&arrival.chat, target, |message| arrival.is_of_author_of(message)).await? else {
            tracing::debug!(device = %self.device, message_id = %arrival.message.id, "an edit of a message that is not on record was passed over");
            return Ok(None);
        };
        // Their own clock tells two edits within a second apart.
        let at = at.map(Timestamp::from_millis).filter(|at| *at <= arrival.message.timestamp + AHEAD).unwrap_or(arrival.message.timestamp);
        let change = Change::Edited { key: message.key(), text: text.clone(), at };
        message.edited_at = Some(at);
        message.set_text(text);
        Ok(Some(self.shared.publisher.step(change, Some(&EventData::message_edited(&message)))))
    }

    pub(super) async fn deleted(&self, client: &Client, arrival: &Arrival, target: &wa::MessageKey) -> anyhow::Result<Option<Step>> {
        let own = self.original(&arrival.chat, target, |message| arrival.is_of_author_of(message)).await?;
        let found = match own {
            Some(message) => Some(message),
            None if arrival.chat.jid.is_group() => {
                let others = self.original(&arrival.chat, target, |_| true).await?;
                match others {
                    Some(message) if self.is_admin(client, &arrival.chat, &arrival.sender).await? => Some(message),
                    _ => None,
                }
            }
            None => None,
        };
        let Some(mut message) = found else {
            tracing::debug!(device = %self.device, message_id = %arrival.message.id, "a deletion of a message that is not its sender's was passed over");
            return Ok(None);
        };
        let at = arrival.message.timestamp;
        let change = Change::Deleted { key: message.key(), at };
        message.deleted_at = Some(at);
        Ok(Some(self.shared.publisher.step(change, Some(&EventData::message_deleted(&message)))))
    }

    /// Whether somebody is an admin of a group. Fails if that could not be found out for now.
    async fn is_admin(&self, client: &Client, group: &Person, person: &Person) -> anyhow::Result<bool> {
        let Some(group) = to_theirs(&group.jid) else { return Ok(false) };
        let metadata = match tokio::time::timeout(LOOK, client.groups().get_metadata(&group)).await {
            Ok(Ok(metadata)) => metadata,
            Ok(Err(error)) if client.is_connected() => {
                tracing::warn!(device = %self.device, ?error, "the admins of a group could not be looked up");
                return Ok(false);
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(timeout) => return Err(timeout.into()),
        };
        let names = |jid: &whatsapp_rust::Jid| to_ours(jid).is_some_and(|jid| jid == person.jid || Some(&jid) == person.lid.as_ref());
        Ok(metadata
            .participants
            .iter()
            .any(|member| member.is_admin() && (names(&member.jid) || member.phone_number.as_ref().is_some_and(names))))
    }
}
