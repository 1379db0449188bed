//! Message records.

use std::borrow::Cow;

use async_trait::async_trait;
use domain::{
    model::{
        DeviceId, Direction, Lane, MediaFile, Message, MessageFilter, MessageId, MessageKey, MessageStatus, MessageTally, Origin, Page,
        PageRequest, Timestamp,
    },
    ports::{Accepted, Messages, PortError},
};
use sha2::{Digest, Sha256};

use crate::{
    Records, aliases, bounds, bulks,
    counts::Sort,
    error::flaw,
    head::HEAD,
    layout, pages,
    table::{Item, Refused, text, text_of},
};

/// What of a message's item is not of the message.
const UNREAD: &str = "unread";

/// The item of a message of a device in this lane. `unread` is what its chat counts it as unread by, if it does.
pub(crate) fn item_of(message: &Message, lane: Lane, unread: Option<&str>) -> Result<Item, PortError> {
    let device = &message.device_id;
    let place = place(message);
    let list = if is_pending(message) {
        let due = message.due_at.unwrap_or(message.timestamp);
        Some((layout::pending(lane), layout::to_be_sent(due, message.timestamp, &message.chat)))
    } else {
        awaits_media(message).then(|| (layout::media(device), place.clone()))
    };
    let attributes = [
        ("pk", Some(layout::device(device))),
        ("sk", Some(sk(&message.key()))),
        ("i1", Some(layout::messages(device))),
        ("p1", Some(place.clone())),
        ("i2", Some(layout::messages_of_chat(device, &message.chat))),
        ("p2", Some(place)),
        ("i3", list.as_ref().map(|(list, _)| list.clone())),
        ("p3", list.map(|(_, place)| place)),
        ("sort", Some(Sort::of(message).to_string())),
        ("body", Some(bounds::fit(&serde_json::to_string(message).map_err(flaw)?).into_owned())),
        (UNREAD, unread.map(str::to_owned)),
    ];
    Ok(attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value?)))).collect())
}

/// The message of an item.
pub(crate) fn message_of(item: &Item) -> Result<Message, PortError> {
    serde_json::from_str(text_of(item, "body")?).map_err(flaw)
}

/// What the chat of an item's message counts it as unread by, if it does.
pub(crate) fn unread_of(item: &Item) -> Option<&str> {
    text_of(item, UNREAD).ok()
}

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
    format!("msg#{id}#")
}

/// Where a message stands in lists, oldest first: no two stand at one place.
pub(crate) fn place(message: &Message) -> String {
    let name = sk(&message.key());
    format!("{}#{}#{}", layout::time(message.timestamp), message.device_id, name.trim_start_matches("msg#"))
}

/// Whether it is to be sent: then it is in no count.
pub(crate) fn is_pending(message: &Message) -> bool {
    message.direction == Direction::Outgoing && message.status == MessageStatus::Pending
}

fn awaits_media(message: &Message) -> bool {
    message.media().is_some_and(MediaFile::is_awaited)
}

#[async_trait]
impl Messages for Records {
    async fn accept(&self, message: &Message, idempotency_key: Option<&str>) -> Result<Accepted<Message>, PortError> {
        let message = self.named(message).await?;
        let item = item_of(&message, self.lane_of(&message.device_id), None)?;
        let Some(key) = idempotency_key else {
            // A call that is repeated finds its own message.
            self.table.put_new(item).await?;
            return Ok(Accepted::New);
        };
        let new = |item| self.table.to_put(item, |put| put.condition_expression("attribute_not_exists(pk)"));
        match self.table.transact(vec![new(key_item(&message, key))?, new(item)?]).await {
            Ok(()) => Ok(Accepted::New),
            Err(Refused::Conditions(places)) if places.contains(&0) => {
                let first = self.accepted(&message.device_id, key).await?;
                first.map(|first| Accepted::Repeated(Box::new(first))).ok_or_else(|| flaw("a key names no message"))
            }
            Err(Refused::Conditions(_)) => Ok(Accepted::New),
            Err(Refused::Port(error)) => Err(error),
        }
    }

    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Message>, PortError> {
        let pk = layout::device(device);
        let Some(key) = self.table.get(&pk, &key_sk(idempotency_key)).await? else { return Ok(None) };
        self.table.get(&pk, text_of(&key, "message")?).await?.as_ref().map(message_of).transpose()
    }

    async fn get(&self, device: &DeviceId, id: &MessageId) -> Result<Option<Message>, PortError> {
        let items = self.table.all(self.table.prefix(&layout::device(device), &sk_prefix(id))).await?;
        let found: Vec<_> = items.iter().map(message_of).collect::<Result<_, _>>()?;
        Ok(found.into_iter().filter(|message| message.id == *id).max_by_key(|message| message.timestamp))
    }

    async fn list(&self, filter: &MessageFilter, page: &PageRequest) -> Result<Page<Message>, PortError> {
        pages::list(self, filter, page).await
    }

    async fn tally(&self, filter: &MessageFilter) -> Result<MessageTally, PortError> {
        pages::tally(self, filter).await
    }

    async fn pending(&self, before: Timestamp, limit: u32) -> Result<Vec<Message>, PortError> {
        bulks::deal_out(self, before).await?;
        let lanes: Vec<Lane> = self.lane.map_or_else(|| Lane::all(self.lanes).collect(), |lane| vec![lane]);
        let mut due = Vec::new();
        for lane in lanes {
            due.extend(self.listed(&layout::pending(lane), Some(&layout::time(before)), limit).await?);
        }
        due.retain(is_pending);
        due.sort_by_cached_key(|message| (message.due_at.unwrap_or(message.timestamp), place(message)));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        self.without_orphans(due).await
    }

    async fn awaiting_media(&self, device: &DeviceId, limit: u32) -> Result<Vec<Message>, PortError> {
        let mut awaited = self.listed(&layout::media(device), None, limit).await?;
        awaited.retain(awaits_media);
        Ok(awaited)
    }
}

impl Records {
    /// The message as it is to be stored: of a device that is there, and of the chat that has the number.
    async fn named<'a>(&self, message: &'a Message) -> Result<Cow<'a, Message>, PortError> {
        let pk = layout::device(&message.device_id);
        let sks = [Some(HEAD.to_owned()), aliases::phone_sk(&message.chat)];
        let keys: Vec<_> = sks.into_iter().flatten().map(|sk| (pk.clone(), sk)).collect();
        let found = self.table.get_many(&keys).await?;
        if found.first().is_none_or(Option::is_none) {
            return Err(flaw("the device is gone"));
        }
        match found.get(1) {
            Some(Some(alias)) => {
                let mut named = message.clone();
                aliases::rename(&mut named, &message.chat, &aliases::phone_of(alias)?);
                Ok(Cow::Owned(named))
            }
            _ => Ok(Cow::Borrowed(message)),
        }
    }

    /// Messages without those that were accepted while their devices were deleted: they go too.
    async fn without_orphans(&self, messages: Vec<Message>) -> Result<Vec<Message>, PortError> {
        let heads: Vec<_> = messages.iter().map(|message| (layout::device(&message.device_id), HEAD.to_owned())).collect();
        let mut kept = Vec::with_capacity(messages.len());
        for (message, head) in messages.into_iter().zip(self.table.get_many(&heads).await?) {
            if head.is_some() {
                kept.push(message);
            } else {
                self.table.delete(&layout::device(&message.device_id), &sk(&message.key())).await?;
            }
        }
        Ok(kept)
    }

    /// The first messages of a sparse list, up to a place.
    async fn listed(&self, list: &str, before: Option<&str>, limit: u32) -> Result<Vec<Message>, PortError> {
        let query = match before {
            Some(before) => {
                let query = self.table.list(3, list).key_condition_expression("i3 = :list AND p3 < :before");
                query.expression_attribute_values(":before", text(before))
            }
            None => self.table.list(3, list),
        };
        let (listed, _) = self.table.page(query.limit(i32::try_from(limit).unwrap_or(i32::MAX).max(1)), None).await?;
        let keys = listed.iter().map(|item| Ok((text_of(item, "pk")?.to_owned(), text_of(item, "sk")?.to_owned())));
        let keys: Vec<_> = keys.collect::<Result<_, PortError>>()?;
        self.table.get_many(&keys).await?.iter().flatten().map(message_of).collect()
    }
}

fn key_sk(idempotency_key: &str) -> String {
    format!("key#{}", hex::encode(Sha256::digest(idempotency_key)))
}

fn key_item(message: &Message, idempotency_key: &str) -> Item {
    let mut item = crate::table::key(&layout::device(&message.device_id), &key_sk(idempotency_key));
    item.insert("message".into(), text(sk(&message.key())));
    item
}
