//! The people, conversations and groups of devices. They change by the `Journal` alone.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl People for Records {
    async fn contact(&self, _device: &DeviceId, _contact: &Jid) -> Result<Option<Contact>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn contacts(&self, _device: &DeviceId, _filter: &ContactFilter, _page: &PageRequest) -> Result<Page<Contact>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn chat(&self, _device: &DeviceId, _chat: &Jid) -> Result<Option<Chat>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn chats(&self, _device: &DeviceId, _filter: &ChatFilter, _page: &PageRequest) -> Result<Page<Chat>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn group(&self, _device: &DeviceId, _group: &Jid) -> Result<Option<Group>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn groups(&self, _device: &DeviceId, _filter: &GroupFilter, _page: &PageRequest) -> Result<Page<Group>, PortError> {
        Err(flaw("not written yet").into())
    }
}
