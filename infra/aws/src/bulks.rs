//! Many messages asked for at once.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Bulks for Records {
    async fn accept(&self, _bulk: &Bulk, _messages: &[Message], _idempotency_key: Option<&str>) -> Result<Accepted<Bulk>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn accepted(&self, _device: &DeviceId, _idempotency_key: &str) -> Result<Option<Bulk>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn get(&self, _id: &BulkId) -> Result<Option<Bulk>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn progress(&self, _id: &BulkId) -> Result<BulkProgress, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn messages(&self, _id: &BulkId, _page: &PageRequest) -> Result<Page<Message>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn cancel(&self, _id: &BulkId, _at: Timestamp) -> Result<Option<Bulk>, PortError> {
        Err(flaw("not written yet").into())
    }
}
