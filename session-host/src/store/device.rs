//! The device itself: its keys, who it is linked to, and the library's counters.

use std::sync::Arc;

use async_trait::async_trait;
use wacore::{
    stats::StorageResourceReport,
    store::{Device, device::DEVICE_PROPS, error::Result, traits::DeviceStore},
};

use super::{
    DeviceBackend,
    codec::{from_json, to_json},
};

const KEY: &str = "device";

/// The library numbers the devices of a database; here every device has a store of its own.
const NUMBER: i32 = 1;

#[async_trait]
impl DeviceStore for DeviceBackend {
    async fn save(&self, device: &Device) -> Result<()> {
        let _turn = self.turns.device.lock().await;
        self.put(KEY.into(), to_json(device)?).await
    }

    async fn load(&self) -> Result<Option<Device>> {
        let Some(value) = self.get(KEY).await? else { return Ok(None) };
        let mut device: Device = from_json(&value)?;
        // Not stored, and the library expects what it starts a new device with.
        device.device_props = Arc::new(DEVICE_PROPS.clone());
        Ok(Some(device))
    }

    async fn exists(&self) -> Result<bool> {
        Ok(self.get(KEY).await?.is_some())
    }

    async fn create(&self) -> Result<i32> {
        let _turn = self.turns.device.lock().await;
        if self.get(KEY).await?.is_none() {
            self.put(KEY.into(), to_json(&Device::new())?).await?;
        }
        Ok(NUMBER)
    }

    async fn resource_report(&self) -> StorageResourceReport {
        StorageResourceReport { memory_bytes: Some(0), ..StorageResourceReport::default() }
    }
}
