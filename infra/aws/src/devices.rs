//! Devices and their users' settings.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Devices for Records {
    async fn create(&self, _device: &Device) -> Result<bool, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn get(&self, _id: &DeviceId) -> Result<Option<Device>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn find(&self, _session_id: &SessionId) -> Result<Option<Device>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn find_by_key(&self, _key: &ApiKey) -> Result<Option<Device>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn list(&self, _user: Option<UserId>, _filter: &DeviceFilter, _page: &PageRequest) -> Result<Page<Device>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn update(&self, _id: &DeviceId, _update: DeviceUpdate, _at: Timestamp) -> Result<Option<Device>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn delete(&self, _id: &DeviceId) -> Result<Option<Removed>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn sessions(&self, _user: Option<UserId>, _filter: &SessionFilter, _page: &PageRequest) -> Result<Page<Device>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn wanted(&self) -> Result<Vec<DeviceId>, PortError> {
        Err(flaw("not written yet").into())
    }
}
