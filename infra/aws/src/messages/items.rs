//! Messages as items.

use domain::{
    model::{Direction, Lane, MediaFile, Message, MessageId, MessageKey, MessageStatus, Origin},
    ports::PortError,
};
use sha2::{Digest, Sha256};

use crate::{
    bounds,
    counts::Sort,
    error::flaw,
    layout,
    table::{Item, text, text_of},
};

const UNREAD: &str = "unread";

/// A message as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub message: Message,
    /// What its chat counts it as unread by, if it does.
    pub unread: Option<String>,
    /// Where it stands in lists, oldest first: no two stand at one place, and none ever leaves its own.
    pub place: String,
}

impl Kept {
    /// A message that is new here; `number` is greater the later it came, for it may share its moment with others.
    pub fn new(message: Message, number: u64) -> Self {
        let name = sk(&message.key());
        let name = name.trim_start_matches(PREFIX);
        let place = format!("{}#{}#{}#{name}", layout::time(message.timestamp), message.device_id, layout::number(number));
        Self { message, unread: None, place }
    }

    /// One that was accepted and is to be sent. Those of a bulk were written in one moment.
    pub fn accepted(message: Message) -> Self {
        let number = message.bulk.as_ref().map_or(0, |part| part.index.into());
        Self::new(message, number)
    }

    pub fn read(item: &Item) -> Result<Self, PortError> {
        let place = text_of(item, "p1")?.to_owned();
        Ok(Self { message: message_of(item)?, unread: text_of(item, UNREAD).ok().map(str::to_owned), place })
    }

    /// Its sort key.
    pub fn sk(&self) -> String {
        sk(&self.message.key())
    }

    /// The item of a message of a device in this lane.
    pub fn item(&self, lane: Lane) -> Result<Item, PortError> {
        let Self { message, unread, place } = self;
        let device = &message.device_id;
        let list = if is_pending(message) {
            let due = message.due_at.unwrap_or(message.timestamp);
            Some((layout::pending(lane), layout::to_be_sent(due, message.timestamp, &message.chat)))
        } else {
            awaits_media(message).then(|| (layout::media(device), place.clone()))
        };
        let attributes = [
            ("pk", Some(layout::device(device))),
            ("sk", Some(self.sk())),
            ("i1", Some(layout::messages(device))),
            ("p1", Some(place.clone())),
            ("i2", Some(layout::messages_of_chat(device, &message.chat))),
            ("p2", Some(place.clone())),
            ("i3", list.as_ref().map(|(list, _)| list.clone())),
            ("p3", list.map(|(_, place)| place)),
            ("sort", Some(Sort::of(message).to_string())),
            ("body", Some(bounds::fit(&serde_json::to_string(message).map_err(flaw)?).into_owned())),
            (UNREAD, unread.clone()),
        ];
        Ok(attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value?)))).collect())
    }
}

/// The message of an item.
pub(crate) fn message_of(item: &Item) -> Result<Message, PortError> {
    serde_json::from_str(text_of(item, "body")?).map_err(flaw)
}

const PREFIX: &str = "msg#";

/// The sort key of a message. That of our own says nothing of the chat.
pub(crate) fn sk(key: &MessageKey) -> String {
    let origin = match &key.origin {
        Origin::Own => String::new(),
        Origin::Other { chat, from } => {
            let origin = format!("{chat} {}", from.as_ref().map(ToString::to_string).unwrap_or_default());
            hex::encode(&Sha256::digest(origin)[..8])
        }
    };
    format!("{}{origin}", sk_prefix(&key.id))
}

/// What the sort keys of all messages with an id begin with; those of other ids may too.
pub(crate) fn sk_prefix(id: &MessageId) -> String {
    format!("{PREFIX}{id}#")
}

/// Whether it is to be sent: then it is in no count.
pub(crate) fn is_pending(message: &Message) -> bool {
    message.direction == Direction::Outgoing && message.status == MessageStatus::Pending
}

/// Whether its file is to be downloaded.
pub(super) fn awaits_media(message: &Message) -> bool {
    message.media().is_some_and(MediaFile::is_awaited)
}
