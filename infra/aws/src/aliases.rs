//! The two names of one person.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Aliases for Records {
    async fn phone(&self, _device: &DeviceId, _lid: &Jid) -> Result<Option<Jid>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn lid(&self, _device: &DeviceId, _phone: &Jid) -> Result<Option<Jid>, PortError> {
        Err(flaw("not written yet").into())
    }
}
