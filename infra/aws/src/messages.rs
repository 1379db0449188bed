//! Message records.

mod items;

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Lane, Message, MessageFilter, MessageId, MessageTally, Page, PageRequest, Timestamp},
    ports::{Accepted, Messages, PortError},
};
use sha2::{Digest, Sha256};

use self::items::awaits_media;
pub(crate) use self::items::{Kept, is_pending, message_of, sk, sk_prefix};
use crate::{
    Records, aliases, bulks,
    error::flaw,
    head::HEAD,
    layout, pages,
    table::{Item, Refused, text, text_of},
};

#[async_trait]
impl Messages for Records {
    async fn accept(&self, message: &Message, idempotency_key: Option<&str>) -> Result<Accepted<Message>, PortError> {
        let kept = Kept::accepted(self.named(message).await?);
        let (message, item) = (&kept.message, kept.item(self.lane_of(&kept.message.device_id))?);
        let Some(key) = idempotency_key else {
            // A call that is repeated finds its own message.
            self.table.put_new(item).await?;
            return Ok(Accepted::New);
        };
        let new = |item| self.table.to_put(item, |put| put.condition_expression("attribute_not_exists(pk)"));
        match self.table.transact(vec![new(key_item(message, key))?, new(item)?]).await {
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
        due.retain(|kept| is_pending(&kept.message));
        due.sort_by_cached_key(|Kept { message, place, .. }| (message.due_at.unwrap_or(message.timestamp), place.clone()));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        self.without_orphans(due.into_iter().map(|kept| kept.message).collect()).await
    }

    async fn awaiting_media(&self, device: &DeviceId, limit: u32) -> Result<Vec<Message>, PortError> {
        let listed = self.listed(&layout::media(device), None, limit).await?;
        Ok(listed.into_iter().map(|kept| kept.message).filter(awaits_media).collect())
    }
}

impl Records {
    /// The message as it is to be stored: of a device that is there, and of the chat that has the number.
    async fn named(&self, message: &Message) -> Result<Message, PortError> {
        let pk = layout::device(&message.device_id);
        let sks = [Some(HEAD.to_owned()), aliases::phone_sk(&message.chat)];
        let keys: Vec<_> = sks.into_iter().flatten().map(|sk| (pk.clone(), sk)).collect();
        let found = self.table.get_many(&keys).await?;
        if found.first().is_none_or(Option::is_none) {
            return Err(flaw("the device is gone"));
        }
        let mut named = message.clone();
        if let Some(Some(alias)) = found.get(1) {
            aliases::rename(&mut named, &message.chat, &aliases::phone_of(alias)?);
        }
        Ok(named)
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
    async fn listed(&self, list: &str, before: Option<&str>, limit: u32) -> Result<Vec<Kept>, PortError> {
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
        self.table.get_many(&keys).await?.iter().flatten().map(Kept::read).collect()
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
