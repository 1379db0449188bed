//! Message records.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Messages for Records {
    async fn accept(&self, _message: &Message, _idempotency_key: Option<&str>) -> Result<Accepted<Message>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn accepted(&self, _device: &DeviceId, _idempotency_key: &str) -> Result<Option<Message>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn get(&self, _device: &DeviceId, _id: &MessageId) -> Result<Option<Message>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn list(&self, _filter: &MessageFilter, _page: &PageRequest) -> Result<Page<Message>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn tally(&self, _filter: &MessageFilter) -> Result<MessageTally, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn pending(&self, _before: Timestamp, _limit: u32) -> Result<Vec<Message>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn awaiting_media(&self, _device: &DeviceId, _limit: u32) -> Result<Vec<Message>, PortError> {
        Err(flaw("not written yet").into())
    }
}
