//! Many messages asked for at once.
//!
//! They are more than one transaction holds. So they are put aside first, where nobody looks: packed into a few items of the bulk's own partition. Then one
//! transaction makes the bulk be there, with its idempotency key, and puts it in the list of those that are to be dealt out. Then each message is put where
//! messages are, unless it is there already, and the bulk leaves that list. Whoever meets a bulk that is in the list deals it out before anything else: who asks
//! for it, and the sweep. So a crash at any moment leaves either nothing, but for what expires, or a bulk that is soon whole.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, TransactWriteItem, WriteRequest, builders::UpdateBuilder};
use domain::{
    model::{
        Bulk, BulkId, BulkProgress, Cursor, DeviceId, Jid, Lane, Message, MessageId, MessageKey, MessageStatus, Page, PageRequest,
        Timestamp,
    },
    ports::{Accepted, Bulks, Clock, PortError, SystemClock},
};
use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use crate::{
    Records, aliases, bounds,
    error::flaw,
    head::HEAD,
    layout,
    messages::{self, Kept},
    table::{Item, Refused, key, number, number_of, text, text_of},
};

/// The sort key of the bulk itself, in its partition.
const BULK: &str = "bulk";

/// The sort key of its messages' ids, in its order.
const IDS: &str = "messages";

/// What the sort keys of messages put aside begin with.
const ASIDE: &str = "aside#";

/// Most bytes of messages in one item.
const PACK: usize = 256 * 1024;

/// How long messages stay aside if their bulk never comes to be. One that waits so long to be dealt out is not wanted any more.
const EXPIRY_S: i64 = 30 * 24 * 3600;

/// How many messages are dealt out at once.
const AT_ONCE: usize = 32;

/// Places in the transaction that makes a bulk.
const DEVICE_PLACE: usize = 0;
const BULK_PLACE: usize = 1;
const KEY_PLACE: usize = 4;

#[async_trait]
impl Bulks for Records {
    async fn accept(&self, bulk: &Bulk, messages: &[Message], idempotency_key: Option<&str>) -> Result<Accepted<Bulk>, PortError> {
        let messages = self.named_parts(&bulk.device_id, messages).await?;
        self.put_aside(&bulk.id, &messages).await?;
        let refused = match self.table.transact(self.to_begin(bulk, &messages, idempotency_key)?).await {
            Ok(()) => {
                self.deal_out(bulk, &messages).await?;
                return Ok(Accepted::New);
            }
            Err(Refused::Port(error)) => return Err(error),
            Err(Refused::Conditions(places)) => places,
        };
        // A call that is repeated finds its own bulk; what lies aside may be all there is of its messages.
        if refused.contains(&BULK_PLACE) {
            self.dealt_out(&bulk.id).await?;
        }
        self.forget_aside(&bulk.id).await?;
        if refused.contains(&DEVICE_PLACE) {
            return Err(flaw("the device is gone"));
        }
        match idempotency_key {
            Some(key) if refused.contains(&KEY_PLACE) => {
                let first = self.accepted_bulk(&bulk.device_id, key).await?;
                first.map(|first| Accepted::Repeated(Box::new(first))).ok_or_else(|| flaw("a key names no bulk"))
            }
            _ => Ok(Accepted::New),
        }
    }

    async fn accepted(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Bulk>, PortError> {
        self.accepted_bulk(device, idempotency_key).await
    }

    async fn get(&self, id: &BulkId) -> Result<Option<Bulk>, PortError> {
        self.dealt_out(id).await?.as_ref().map(bulk_of).transpose()
    }

    async fn progress(&self, id: &BulkId) -> Result<BulkProgress, PortError> {
        let Some((bulk, ids)) = self.parts(id).await? else { return Ok(BulkProgress::default()) };
        let mut progress = BulkProgress::default();
        for message in self.messages_of(&bulk, &ids).await? {
            *match message.status {
                MessageStatus::Pending => &mut progress.pending,
                MessageStatus::Failed => &mut progress.failed,
                MessageStatus::Sent => &mut progress.sent,
                MessageStatus::Delivered => &mut progress.delivered,
                MessageStatus::Read => &mut progress.read,
            } += 1;
        }
        Ok(progress)
    }

    async fn messages(&self, id: &BulkId, page: &PageRequest) -> Result<Page<Message>, PortError> {
        let Some((bulk, ids)) = self.parts(id).await? else { return Ok(Page { items: Vec::new(), total: 0, next: None }) };
        let total = ids.len() as u64;
        let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT) as usize;
        // A cursor is the number of messages before it.
        let first = page.cursor.as_ref().map_or(page.offset(), |cursor| cursor.0.as_slice().try_into().map_or(0, u64::from_be_bytes));
        let first = usize::try_from(first.min(total)).unwrap_or(ids.len());
        let last = first.saturating_add(limit).min(ids.len());
        let items = self.messages_of(&bulk, &ids[first..last]).await?;
        let next = (last < ids.len()).then(|| Cursor((last as u64).to_be_bytes().into()));
        Ok(Page { items, total, next })
    }

    async fn cancel(&self, id: &BulkId, at: Timestamp) -> Result<Option<Bulk>, PortError> {
        if self.dealt_out(id).await?.is_none() {
            return Ok(None);
        }
        let change = UpdateBuilder::default()
            .set_key(Some(key(&layout::bulk(id), BULK)))
            .update_expression("SET cancelled_at = if_not_exists(cancelled_at, :at)")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":at", number(at.millis()));
        self.table.update(change).await?.as_ref().map(bulk_of).transpose()
    }
}

/// Deals out the bulks of the lanes looked at that were accepted before this moment and are not dealt out yet.
pub(crate) async fn deal_out(records: &Records, before: Timestamp) -> Result<(), PortError> {
    let lanes: Vec<Lane> = records.lane.map_or_else(|| Lane::all(records.lanes).collect(), |lane| vec![lane]);
    for lane in lanes {
        let left = records.table.query().index_name("index3").key_condition_expression("i3 = :list AND p3 < :before");
        let left = left
            .expression_attribute_values(":list", text(layout::bulks(lane)))
            .expression_attribute_values(":before", text(layout::time(before)));
        for item in records.table.all(left).await? {
            records.dealt_out(&layout::bulk_of(&item)?).await?;
        }
    }
    Ok(())
}

impl Records {
    /// Messages as they are to be stored: of a device that is there, and of chats that have their numbers.
    async fn named_parts(&self, device: &DeviceId, messages: &[Message]) -> Result<Vec<Message>, PortError> {
        let pk = layout::device(device);
        let hidden: Vec<&Jid> = messages.iter().map(|message| &message.chat).filter(|chat| aliases::phone_sk(chat).is_some()).collect();
        let sks = hidden.iter().filter_map(|chat| aliases::phone_sk(chat));
        let keys: Vec<_> = std::iter::once(HEAD.to_owned()).chain(sks).map(|sk| (pk.clone(), sk)).collect();
        let mut found = self.table.get_many(&keys).await?.into_iter();
        if found.next().flatten().is_none() {
            return Err(flaw("the device is gone"));
        }
        let known = hidden.into_iter().zip(found).filter_map(|(lid, alias)| Some((lid, alias?)));
        let phones: HashMap<&Jid, Jid> =
            known.map(|(lid, alias)| Ok((lid, aliases::phone_of(&alias)?))).collect::<Result<_, PortError>>()?;
        let named = messages.iter().map(|message| {
            let mut named = message.clone();
            if let Some(phone) = phones.get(&message.chat) {
                aliases::rename(&mut named, &message.chat, phone);
            }
            named
        });
        Ok(named.collect())
    }

    async fn put_aside(&self, id: &BulkId, messages: &[Message]) -> Result<(), PortError> {
        let mut packs: Vec<String> = Vec::new();
        for message in messages {
            let body = bounds::fit(&serde_json::to_string(message).map_err(flaw)?).into_owned();
            match packs.last_mut() {
                Some(pack) if pack.len() + body.len() < PACK => {
                    pack.push(',');
                    pack.push_str(&body);
                }
                _ => packs.push(body),
            }
        }
        let expiry = SystemClock.now().seconds() + EXPIRY_S;
        let writes = (0..).zip(packs).map(|(place, pack): (u32, String)| {
            let mut item = key(&layout::bulk(id), &format!("{ASIDE}{place:04}"));
            item.extend([("messages".to_owned(), text(format!("[{pack}]"))), ("expires_at".to_owned(), number(expiry))]);
            let put = PutRequest::builder().set_item(Some(item)).build().map_err(flaw)?;
            Ok(WriteRequest::builder().put_request(put).build())
        });
        self.table.write_many(writes.collect::<Result<_, PortError>>()?).await
    }

    async fn forget_aside(&self, id: &BulkId) -> Result<(), PortError> {
        let aside = self.table.prefix(&layout::bulk(id), ASIDE).projection_expression("pk, sk");
        let writes = self.table.all(aside).await?.into_iter().map(|item| {
            let delete = DeleteRequest::builder().set_key(Some(item)).build().map_err(flaw)?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        });
        self.table.write_many(writes.collect::<Result<_, PortError>>()?).await
    }

    /// What makes a bulk be there whose messages lie aside.
    fn to_begin(&self, bulk: &Bulk, messages: &[Message], idempotency_key: Option<&str>) -> Result<Vec<TransactWriteItem>, PortError> {
        let (pk, device) = (layout::bulk(&bulk.id), layout::device(&bulk.device_id));
        let mut item = key(&pk, BULK);
        item.extend([
            ("body".to_owned(), text(serde_json::to_string(bulk).map_err(flaw)?)),
            ("i3".to_owned(), text(layout::bulks(self.lane_of(&bulk.device_id)))),
            ("p3".to_owned(), text(layout::time(bulk.created_at))),
        ]);
        item.extend(bulk.cancelled_at.map(|at| ("cancelled_at".to_owned(), number(at.millis()))));
        let ids: Vec<&MessageId> = messages.iter().map(|message| &message.id).collect();
        let mut parts = key(&pk, IDS);
        parts.insert("ids".to_owned(), text(serde_json::to_string(&ids).map_err(flaw)?));
        let mut writes = vec![
            self.table.to_check(&device, HEAD, |check| check.condition_expression("attribute_exists(pk)"))?,
            self.table.to_put(item, |put| put.condition_expression("attribute_not_exists(pk)"))?,
            self.table.to_put(parts, |put| put)?,
            self.table.to_put(key(&device, &layout::bulk_of_device(&bulk.id)), |put| put)?,
        ];
        if let Some(idempotency_key) = idempotency_key {
            let mut item = key(&device, &key_sk(idempotency_key));
            item.insert("bulk".to_owned(), text(bulk.id.as_str()));
            writes.push(self.table.to_put(item, |put| put.condition_expression("attribute_not_exists(pk)"))?);
        }
        Ok(writes)
    }

    /// Puts each message of a bulk where messages are, but for those that are there already.
    async fn deal_out(&self, bulk: &Bulk, messages: &[Message]) -> Result<(), PortError> {
        let lane = self.lane_of(&bulk.device_id);
        let items: Vec<Item> = messages.iter().map(|message| Kept::accepted(message.clone()).item(lane)).collect::<Result<_, _>>()?;
        stream::iter(items.into_iter().map(|item| self.table.put_new(item)))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        let change = UpdateBuilder::default()
            .set_key(Some(key(&layout::bulk(&bulk.id), BULK)))
            .update_expression("REMOVE i3, p3")
            .condition_expression("attribute_exists(pk)");
        self.table.update(change).await?;
        self.forget_aside(&bulk.id).await
    }

    /// The item of a bulk, once its messages are dealt out.
    async fn dealt_out(&self, id: &BulkId) -> Result<Option<Item>, PortError> {
        let Some(item) = self.table.get(&layout::bulk(id), BULK).await? else { return Ok(None) };
        if item.contains_key("i3") {
            let mut messages: Vec<Message> = Vec::new();
            for pack in self.table.all(self.table.prefix(&layout::bulk(id), ASIDE)).await? {
                messages.extend(serde_json::from_str::<Vec<Message>>(text_of(&pack, "messages")?).map_err(flaw)?);
            }
            self.deal_out(&bulk_of(&item)?, &messages).await?;
        }
        Ok(Some(item))
    }

    async fn accepted_bulk(&self, device: &DeviceId, idempotency_key: &str) -> Result<Option<Bulk>, PortError> {
        let Some(named) = self.table.get(&layout::device(device), &key_sk(idempotency_key)).await? else { return Ok(None) };
        let id = BulkId::parse(text_of(&named, "bulk")?).map_err(flaw)?;
        self.dealt_out(&id).await?.as_ref().map(bulk_of).transpose()
    }

    /// A bulk with the ids of its messages.
    async fn parts(&self, id: &BulkId) -> Result<Option<(Bulk, Vec<MessageId>)>, PortError> {
        let Some(item) = self.dealt_out(id).await? else { return Ok(None) };
        // Its device may be going away.
        let Some(parts) = self.table.get(&layout::bulk(id), IDS).await? else { return Ok(None) };
        Ok(Some((bulk_of(&item)?, serde_json::from_str(text_of(&parts, "ids")?).map_err(flaw)?)))
    }

    async fn messages_of(&self, bulk: &Bulk, ids: &[MessageId]) -> Result<Vec<Message>, PortError> {
        let pk = layout::device(&bulk.device_id);
        let keys: Vec<_> = ids.iter().map(|id| (pk.clone(), messages::sk(&MessageKey::own(id.clone())))).collect();
        self.table.get_many(&keys).await?.iter().flatten().map(messages::message_of).collect()
    }
}

/// Apart from those of messages.
fn key_sk(idempotency_key: &str) -> String {
    format!("bulk_key#{}", hex::encode(Sha256::digest(idempotency_key)))
}

fn bulk_of(item: &Item) -> Result<Bulk, PortError> {
    let bulk: Bulk = serde_json::from_str(text_of(item, "body")?).map_err(flaw)?;
    let cancelled_at =
        item.contains_key("cancelled_at").then(|| number_of(item, "cancelled_at").map(Timestamp::from_millis)).transpose()?;
    Ok(Bulk { cancelled_at, ..bulk })
}
