//! The queue between the API and the hosts.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::{model::*, ports::*};
use std::time::Duration;

use crate::error::flaw;

/// To be written.
#[derive(Clone)]
pub struct Queues;

impl Queues {
    /// Its part of the stack.
    pub fn new(_clients: &crate::Clients, _resources: &crate::Resources) -> Self {
        Self
    }
}

#[async_trait]
impl CommandSink for Queues {
    async fn enqueue(&self, _envelope: &Envelope) -> Result<(), PortError> {
        Err(flaw("not written yet"))
    }
}

#[async_trait]
impl CommandSource for Queues {
    async fn receive(&self, _max: usize) -> Result<Vec<Received>, PortError> {
        Err(flaw("not written yet"))
    }

    async fn acknowledge(&self, _receipts: &[String]) -> Result<(), PortError> {
        Err(flaw("not written yet"))
    }

    async fn retry(&self, _receipt: &str, _delay: Duration) -> Result<(), PortError> {
        Err(flaw("not written yet"))
    }

    async fn bury(&self, _receipt: &str, _reason: &str) -> Result<(), PortError> {
        Err(flaw("not written yet"))
    }
}
