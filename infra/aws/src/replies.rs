//! Short-lived answers of a host to whoever waits for a command's outcome.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::error::flaw;

/// To be written.
#[derive(Clone)]
pub struct Outcomes;

impl Outcomes {
    /// Its part of the stack.
    pub fn new(_clients: &crate::Clients, _resources: &crate::Resources) -> Self {
        Self
    }
}

#[async_trait]
impl Replies for Outcomes {
    async fn reply(&self, _to: &CommandId, _outcome: Outcome) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }

    async fn wait(&self, _to: &CommandId, _timeout: Duration) -> Result<Option<Outcome>, PortError> {
        Err(flaw("not written yet").into())
    }
}
