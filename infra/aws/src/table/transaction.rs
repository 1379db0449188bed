//! Writes that are done together or not at all.

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        ConditionCheck, Delete, Put, TransactWriteItem, Update,
        builders::{ConditionCheckBuilder, DeleteBuilder, PutBuilder, UpdateBuilder},
    },
};
use domain::ports::PortError;

use super::{Item, Table, key};
use crate::error::{flaw, unavailable};

/// Most items of a transaction.
pub(crate) const TRANSACTION: usize = 100;

/// Why a transaction was not done: nothing of it was.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Some conditions did not hold: those of these items, by their places.
    Conditions(Vec<usize>),
    /// It could not be done.
    Port(PortError),
}

impl From<Refused> for PortError {
    /// For transactions whose conditions hold unless somebody else changed something meanwhile.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Conditions(places) => flaw(format!("conditions of {places:?} did not hold")),
            Refused::Port(error) => error,
        }
    }
}

impl Table {
    /// A put of a transaction; with a condition on what was there if `complete` adds one.
    pub fn to_put(&self, item: Item, complete: impl FnOnce(PutBuilder) -> PutBuilder) -> Result<TransactWriteItem, PortError> {
        let put = complete(Put::builder().table_name(&*self.name).set_item(Some(item))).build().map_err(flaw)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A change of a transaction.
    pub fn to_update(
        &self,
        pk: &str,
        sk: &str,
        complete: impl FnOnce(UpdateBuilder) -> UpdateBuilder,
    ) -> Result<TransactWriteItem, PortError> {
        let update = complete(Update::builder().table_name(&*self.name).set_key(Some(key(pk, sk)))).build().map_err(flaw)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// A deletion of a transaction.
    pub fn to_delete(
        &self,
        pk: &str,
        sk: &str,
        complete: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
    ) -> Result<TransactWriteItem, PortError> {
        let delete = complete(Delete::builder().table_name(&*self.name).set_key(Some(key(pk, sk)))).build().map_err(flaw)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// A condition of a transaction on an item that it leaves as it is.
    pub fn to_check(
        &self,
        pk: &str,
        sk: &str,
        complete: impl FnOnce(ConditionCheckBuilder) -> ConditionCheckBuilder,
    ) -> Result<TransactWriteItem, PortError> {
        let check = complete(ConditionCheck::builder().table_name(&*self.name).set_key(Some(key(pk, sk)))).build().map_err(flaw)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Does all writes, of this table and others, or none. Tries again while other transactions or throttling are in the way.
    pub async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), Refused> {
        let token = hex::encode(rand::random::<[u8; 16]>());
        let mut tries = 0;
        loop {
            let request = self.client.transact_write_items().client_request_token(&token).set_transact_items(Some(writes.clone()));
            let error = match request.send().await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let passing = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let codes: Vec<&str> = cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None")).collect();
                    let failed: Vec<usize> =
                        (0..).zip(&codes).filter(|(_, code)| **code == "ConditionalCheckFailed").map(|(place, _)| place).collect();
                    if !failed.is_empty() {
                        return Err(Refused::Conditions(failed));
                    }
                    codes
                        .iter()
                        .all(|code| ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"].contains(code))
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => true,
                Some(error) => matches!(error.code(), Some("TransactionConflictException")),
                None => false,
            };
            if !passing {
                return Err(Refused::Port(unavailable(error)));
            }
            tries = self.wait(tries).await.map_err(Refused::Port)?;
        }
    }
}
