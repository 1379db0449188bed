//! Events that were stored, for who missed them.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Events for Records {
    async fn get(&self, _id: &EventId) -> Result<Option<Event>, PortError> {
        Err(flaw("not written yet").into())
    }

    async fn after(&self, _after: &EventId, _scope: &EventScope, _limit: u32) -> Result<Vec<Event>, PortError> {
        Err(flaw("not written yet").into())
    }
}
