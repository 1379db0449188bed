//! The end of a device.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::{
    model::{ApiKey, DeviceId, Removed, SessionId},
    ports::PortError,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::items::{self, DEVICE};
use crate::{
    Records,
    error::flaw,
    head::{HEAD, Head},
    layout,
    table::{Item, Refused, Table, key, number, number_of, text, text_of},
};

/// How many batches are deleted at once.
const AT_ONCE: usize = 8;

/// Most items of a batch.
const BATCH: usize = 25;

impl Records {
    /// Deletes what there is of a device, in parts, and the device with its names last: until then the same call finds it again.
    pub(super) async fn remove_device(&self, id: &DeviceId) -> Result<Option<Removed>, PortError> {
        let pk = layout::device(id);
        let Some((messages, contacts)) = self.device_contents(&pk).await? else { return Ok(None) };
        for bulk in self.table.all(self.table.prefix(&pk, "bulk#")).await? {
            let bulk = text_of(&bulk, "sk")?.replacen("bulk#", "B#", 1);
            clear(&self.table, &bulk, &[]).await?;
        }
        self.forget_scheduled(id).await?;
        clear(&self.table, &pk, &[DEVICE, HEAD]).await?;
        clear(&self.keys, &pk, &[]).await?;
        let Some(linked) = self.forget_device(id).await? else { return Ok(None) };
        // What was put there meanwhile by whoever still saw the device.
        clear(&self.table, &pk, &[]).await?;
        Ok(Some(Removed { messages, contacts, sessions: u64::from(linked) }))
    }

    /// How many messages and contacts there were as its deletion began; `None` if there is no such device.
    async fn device_contents(&self, pk: &str) -> Result<Option<(u64, u64)>, PortError> {
        let of = |item: &Item| Ok::<_, PortError>((number_of(item, "messages")?, number_of(item, "contacts")?));
        match self.table.get(pk, DEVICE).await? {
            None => return Ok(None),
            Some(item) if item.contains_key("messages") => return of(&item).map(Some),
            Some(_) => {}
        }
        let (messages, contacts) =
            tokio::try_join!(self.table.count(self.table.prefix(pk, "msg#")), self.table.count(self.table.prefix(pk, "contact#")))?;
        let remember = UpdateBuilder::default()
            .set_key(Some(key(pk, DEVICE)))
            .update_expression("SET messages = if_not_exists(messages, :messages), contacts = if_not_exists(contacts, :contacts)")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":messages", number(messages))
            .expression_attribute_values(":contacts", number(contacts));
        self.table.update(remember).await?.map(|item| of(&item)).transpose()
    }

    /// Deletes the device itself, with its session id and key; answers whether it was linked.
    async fn forget_device(&self, id: &DeviceId) -> Result<Option<bool>, PortError> {
        let pk = layout::device(id);
        loop {
            let found = self.table.get_many(&[DEVICE, HEAD].map(|sk| (pk.clone(), sk.to_owned()))).await?;
            let [Some(settings), Some(head)] = found.as_slice() else { return Ok(None) };
            let api_key = text_of(settings, "api_key")?;
            let session_id = SessionId::parse(text_of(settings, "session_id")?).map_err(flaw)?;
            let writes = vec![
                self.table.to_delete(&pk, DEVICE, |delete| {
                    delete.condition_expression("api_key = :key").expression_attribute_values(":key", text(api_key))
                })?,
                self.table.to_delete(&pk, HEAD, |delete| delete)?,
                self.table.to_delete(&items::session_id(&session_id), "S", |delete| delete)?,
                self.table.to_delete(&items::api_key(&ApiKey::new(api_key)), "K", |delete| delete)?,
            ];
            let _turn = self.turn(id).await;
            match self.table.transact(writes).await {
                Ok(()) => return Ok(Some(Head::session(head)?.is_linked())),
                // Its key was renewed just now, or somebody else deleted it.
                Err(Refused::Conditions(_)) => {}
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    /// Deletes the commands that are not due yet. Those that a queue has already are dropped by the host that comes to them.
    async fn forget_scheduled(&self, id: &DeviceId) -> Result<(), PortError> {
        // As no text within a command can be written.
        let theirs = format!("\"deviceId\":{}", serde_json::to_string(id).map_err(flaw)?);
        let scheduled = self.table.prefix(&layout::lane(self.lane_of(id)), "").projection_expression("pk, sk");
        let scheduled = scheduled.filter_expression("contains(body, :theirs)").expression_attribute_values(":theirs", text(theirs));
        delete(&self.table, self.table.all(scheduled).await?).await
    }
}

/// Deletes the items of a partition, but for some.
async fn clear(table: &Table, pk: &str, kept: &[&str]) -> Result<(), PortError> {
    let mut start = None;
    loop {
        let (mut items, next) = table.page(table.prefix(pk, "").projection_expression("pk, sk"), start).await?;
        items.retain(|item| !text_of(item, "sk").is_ok_and(|sk| kept.contains(&sk)));
        delete(table, items).await?;
        match next {
            Some(next) => start = Some(next),
            None => return Ok(()),
        }
    }
}

/// Deletes the items of these keys.
async fn delete(table: &Table, keys: Vec<Item>) -> Result<(), PortError> {
    let removals = keys.iter().map(|key| table.to_removal(text_of(key, "pk")?, text_of(key, "sk")?));
    let removals: Vec<_> = removals.collect::<Result<_, PortError>>()?;
    let batches: Vec<_> = removals.chunks(BATCH).map(|batch| table.write_many(batch.to_vec())).collect();
    stream::iter(batches).buffer_unordered(AT_ONCE).try_collect().await
}
