//! One DynamoDB table, spoken to in the few ways that the adapters need.

mod items;
mod transaction;

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    operation::query::builders::QueryFluentBuilder,
    types::{DeleteRequest, KeysAndAttributes, ReturnValue, WriteRequest, builders::UpdateBuilder},
};
use domain::{pipeline::Backoff, ports::PortError};

pub(crate) use self::{items::*, transaction::*};
use crate::error::{flaw, unavailable};

/// Waits between tries of what was throttled in part, or met another transaction.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(20), longest: Duration::from_secs(2) };

/// Tries of a transaction that meets others, or of a batch that is throttled.
const TRIES: u32 = 20;

/// Most items of a batch to read.
const READS: usize = 100;

/// Most items of a batch to write.
const WRITES: usize = 25;

/// One table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    client: Client,
    name: Arc<str>,
}

impl Table {
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.into() }
    }

    /// The item of a key, as the last write left it.
    pub async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, PortError> {
        let request = self.client.get_item().table_name(&*self.name).set_key(Some(key(pk, sk))).consistent_read(true);
        Ok(request.send().await.map_err(unavailable)?.item)
    }

    /// The items of keys, in their order, as the last writes left each.
    pub async fn get_many(&self, keys: &[(String, String)]) -> Result<Vec<Option<Item>>, PortError> {
        let mut found: HashMap<(String, String), Item> = HashMap::with_capacity(keys.len());
        let mut unique: Vec<_> = keys.to_vec();
        unique.sort_unstable();
        unique.dedup();
        for chunk in unique.chunks(READS) {
            let mut wanted: Vec<Item> = chunk.iter().map(|(pk, sk)| key(pk, sk)).collect();
            let mut tries = 0;
            while !wanted.is_empty() {
                let ask = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build().map_err(flaw)?;
                let answer = self.client.batch_get_item().request_items(&*self.name, ask).send().await.map_err(unavailable)?;
                for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                    found.insert((text_of(&item, "pk")?.to_owned(), text_of(&item, "sk")?.to_owned()), item);
                }
                let left = answer.unprocessed_keys.and_then(|mut left| left.remove(&*self.name));
                wanted = left.map(|left| left.keys).unwrap_or_default();
                if !wanted.is_empty() {
                    tries = self.wait(tries).await?;
                }
            }
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    /// Asks for the items of a partition, of the table itself or of an index. To be completed, and read by [`Table::all`] or [`Table::page`].
    pub fn query(&self) -> QueryFluentBuilder {
        self.client.query().table_name(&*self.name)
    }

    /// Asks for all items of a partition whose sort keys begin like this, as the last writes left them.
    pub fn prefix(&self, pk: &str, prefix: &str) -> QueryFluentBuilder {
        let query = self.query().consistent_read(true).expression_attribute_values(":pk", text(pk));
        if prefix.is_empty() {
            return query.key_condition_expression("pk = :pk");
        }
        query.key_condition_expression("pk = :pk AND begins_with(sk, :sk)").expression_attribute_values(":sk", text(prefix))
    }

    /// Asks for the items of a partition whose sort keys lie between these, both included, as the last writes left them.
    pub fn between(&self, pk: &str, first: &str, last: &str) -> QueryFluentBuilder {
        self.query()
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
    }

    /// Asks for the keys of the items that stand in a list of an index, in its order, as they were a moment ago.
    pub fn list(&self, index: u8, list: &str) -> QueryFluentBuilder {
        self.query()
            .index_name(format!("index{index}"))
            .key_condition_expression(format!("i{index} = :list"))
            .expression_attribute_values(":list", text(list))
    }

    /// Everything that a query finds, page by page.
    pub async fn all(&self, query: QueryFluentBuilder) -> Result<Vec<Item>, PortError> {
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let (page, next) = self.page(query.clone(), start).await?;
            items.extend(page);
            match next {
                Some(next) => start = Some(next),
                None => return Ok(items),
            }
        }
    }

    /// The next items that a query finds, and where to go on if there may be more.
    pub async fn page(&self, query: QueryFluentBuilder, start: Option<Item>) -> Result<(Vec<Item>, Option<Item>), PortError> {
        let answer = query.set_exclusive_start_key(start).send().await.map_err(unavailable)?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// How many items a query finds.
    pub async fn count(&self, query: QueryFluentBuilder) -> Result<u64, PortError> {
        let (mut count, mut start) = (0, None);
        loop {
            let query = query.clone().select(aws_sdk_dynamodb::types::Select::Count).set_exclusive_start_key(start);
            let answer = query.send().await.map_err(unavailable)?;
            count += u64::try_from(answer.count).unwrap_or(0);
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    /// Puts an item, whatever was there before.
    pub async fn put(&self, item: Item) -> Result<(), PortError> {
        self.client.put_item().table_name(&*self.name).set_item(Some(item)).send().await.map_err(unavailable)?;
        Ok(())
    }

    /// Puts an item unless there is one of its key; answers whether it did.
    pub async fn put_new(&self, item: Item) -> Result<bool, PortError> {
        let request = self.client.put_item().table_name(&*self.name).set_item(Some(item)).condition_expression("attribute_not_exists(pk)");
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Changes an item and answers it as it is then; `None` if its condition did not hold.
    pub async fn update(&self, change: UpdateBuilder) -> Result<Option<Item>, PortError> {
        let change = change.table_name(&*self.name).build().map_err(flaw)?;
        let request = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(change.key))
            .update_expression(change.update_expression)
            .set_condition_expression(change.condition_expression)
            .set_expression_attribute_names(change.expression_attribute_names)
            .set_expression_attribute_values(change.expression_attribute_values)
            .return_values(ReturnValue::AllNew);
        let mut tries = 0;
        loop {
            match request.clone().send().await {
                Ok(answer) => return Ok(Some(answer.attributes.unwrap_or_default())),
                Err(error) => match error.as_service_error() {
                    Some(refused) if refused.is_conditional_check_failed_exception() => return Ok(None),
                    Some(refused) if refused.is_transaction_conflict_exception() => tries = self.wait(tries).await?,
                    _ => return Err(unavailable(error)),
                },
            }
        }
    }

    /// Deletes an item; absent is fine. Answers it as it was.
    pub async fn delete(&self, pk: &str, sk: &str) -> Result<Option<Item>, PortError> {
        let request = self.client.delete_item().table_name(&*self.name).set_key(Some(key(pk, sk))).return_values(ReturnValue::AllOld);
        Ok(request.send().await.map_err(unavailable)?.attributes)
    }

    /// A deletion among many writes.
    pub fn to_removal(&self, pk: &str, sk: &str) -> Result<WriteRequest, PortError> {
        let delete = DeleteRequest::builder().set_key(Some(key(pk, sk))).build().map_err(flaw)?;
        Ok(WriteRequest::builder().delete_request(delete).build())
    }

    /// Does many writes, each by itself.
    pub async fn write_many(&self, writes: Vec<WriteRequest>) -> Result<(), PortError> {
        for chunk in writes.chunks(WRITES) {
            let (mut left, mut tries) = (chunk.to_vec(), 0);
            while !left.is_empty() {
                let answer = self.client.batch_write_item().request_items(&*self.name, left).send().await.map_err(unavailable)?;
                left = answer.unprocessed_items.and_then(|mut left| left.remove(&*self.name)).unwrap_or_default();
                if !left.is_empty() {
                    tries = self.wait(tries).await?;
                }
            }
        }
        Ok(())
    }

    async fn wait(&self, tries: u32) -> Result<u32, PortError> {
        if tries >= TRIES {
            return Err(flaw(format!("{} took too little for too long", self.name)));
        }
        tokio::time::sleep(BACKOFF.after(tries + 1)).await;
        Ok(tries + 1)
    }
}
