//! A small fenced key-value store: what the WhatsApp device store is built on.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::error::flaw;

/// To be written.
#[derive(Clone)]
pub struct DeviceKeys;

impl DeviceKeys {
    /// Its part of the stack.
    pub fn new(_clients: &crate::Clients, _resources: &crate::Resources) -> Self {
        Self
    }
}

#[async_trait]
impl KeyValue for DeviceKeys {
    async fn get(&self, _device: &DeviceId, _key: &str) -> Result<Option<Vec<u8>>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn get_many(&self, _device: &DeviceId, _keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn list(&self, _device: &DeviceId, _prefix: &str) -> Result<Vec<(String, Vec<u8>)>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn write(&self, _device: &DeviceId, _epoch: Epoch, _ops: Vec<Op>) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }

    async fn clear(&self, _device: &DeviceId, _epoch: Epoch) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }
}
