//! State changes and the events that tell of them, stored together.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Journal for Records {
    async fn commit(&self, _device: &DeviceId, _epoch: Epoch, _steps: Vec<Step>) -> Result<Vec<Event>, PortError> {
        Err(flaw("not written yet").into())
    }
}
