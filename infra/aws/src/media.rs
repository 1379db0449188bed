//! Files.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::error::flaw;

/// To be written.
#[derive(Clone)]
pub struct Bucket;

impl Bucket {
    /// Its part of the stack.
    pub fn new(_clients: &crate::Clients, _resources: &crate::Resources) -> Self {
        Self
    }
}

#[async_trait]
impl Media for Bucket {
    async fn put(&self, _device: &DeviceId, _id: &MediaId, _body: ByteStream) -> Result<u64, PutError> {
        Err(flaw("not written yet").into())
    }

    async fn keep(&self, _device: &DeviceId, _id: &MediaId) -> Result<bool, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn open(&self, _device: &DeviceId, _id: &MediaId) -> Result<Option<StoredFile>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn link(&self, _device: &DeviceId, _id: &MediaId, _until: Timestamp, _options: &LinkOptions) -> Result<String, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn ticket(&self, _device: &DeviceId, _id: &MediaId, _until: Timestamp, _max_bytes: u64) -> Result<UploadTicket, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn check(&self) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }

    async fn delete(&self, _device: &DeviceId, _id: &MediaId) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }

    async fn clear(&self, _device: &DeviceId) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }
}
