//! How often something may be done.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::error::flaw;

/// To be written.
#[derive(Clone)]
pub struct Counters;

impl Counters {
    /// Its part of the stack.
    pub fn new(_clients: &crate::Clients, _resources: &crate::Resources) -> Self {
        Self
    }
}

#[async_trait]
impl Limits for Counters {
    async fn count(&self, _key: &str, _limit: u32, _window: Duration, _now: Timestamp) -> Result<Count, PortError> {
        Err(flaw("not written yet").into())
    }
}
