//! Events on their way to webhooks. The `Journal` puts them in.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;
use crate::{
    layout,
    table::{Item, key, number, text},
};

/// The item of a delivery of the device's `seq`th event, which waits.
pub(crate) fn waiting_item(device: &DeviceId, lane: Lane, seq: u64, draft: &EventDraft) -> Item {
    let mut item = key(&layout::device(device), &format!("waiting#{}", layout::number(seq)));
    item.extend([
        ("i3".to_owned(), text(layout::waiting(lane))),
        ("p3".to_owned(), text(format!("{device}#{}", layout::number(seq)))),
        ("event".to_owned(), text(draft.id.as_str())),
        ("kind".to_owned(), text(draft.kind.as_str())),
        ("at".to_owned(), number(draft.at.millis())),
        ("due_at".to_owned(), number(draft.at.millis())),
        ("attempts".to_owned(), number(0)),
    ]);
    item.extend(draft.chat.as_ref().map(|chat| ("chat".to_owned(), text(chat.to_string()))));
    item
}

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
