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

    /// Source of the commands of one lane alone; sink of all. For the host of the lane.
    pub fn of_lane(&self, _lane: Lane) -> Self {
        self.clone()
    }

    /// With another time than 30 s after which what a dead host had in hand is handed out again. Whole seconds.
    pub fn with_visibility(self, _visibility: Duration) -> Self {
        self
    }

    /// Takes no more commands; those in hand stay so. `receive` waits for ever from now on.
    pub fn stop(&self) {}

    /// Takes no more commands, and gives back all that are in hand, for the lane's next host to have at once.
    pub async fn release_all(&self) {}

    /// The lane is another host's: holds nothing any longer, and touches nothing that was in hand.
    pub fn abandon(&self) {}

    /// After one of the three above: waits until the last poll has come home and what it brought is given back, at most 20 s. A program that ends earlier may
    /// take a command with it, which comes again only after 30 s.
    pub async fn closed(&self) {}
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
