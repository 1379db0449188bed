//! Events on their way to open sockets.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::error::flaw;

/// To be written.
#[derive(Clone)]
pub struct Sockets;

#[async_trait]
impl Push for Sockets {
    async fn push(&self, _event: Event) -> Result<(), PortError> {
        Err(flaw("not written yet").into())
    }
}
