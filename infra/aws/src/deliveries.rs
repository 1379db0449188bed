//! Events on their way to webhooks. The `Journal` puts them in.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Deliveries for Records {
    async fn waiting(&self) -> Result<Vec<DeviceId>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn next(&self, _device: &DeviceId, _held: &[Option<Jid>], _limit: u32) -> Result<Vec<Delivery>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn succeeded(&self, _device: &DeviceId, _event: &EventId, _at: Timestamp) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }

    async fn failed(
        &self,
        _device: &DeviceId,
        _event: &EventId,
        _at: Timestamp,
        _due_at: Timestamp,
        _reason: &str,
    ) -> Result<Timestamp, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn give_up(&self, _device: &DeviceId, _event: &EventId, _at: Timestamp, _reason: &str) -> Result<Timestamp, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn pause(&self, _device: &DeviceId, _at: Timestamp) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }

    async fn resume(&self, _device: &DeviceId, _at: Timestamp) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }

    async fn list(
        &self,
        _device: &DeviceId,
        _status: Option<DeliveryStatus>,
        _page: &PageRequest,
    ) -> Result<Page<DeliveryRecord>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn replay(&self, _device: &DeviceId, _which: &Replay, _at: Timestamp) -> Result<u64, PortError> {
        Err(flaw("not written yet").into())
    }
}
