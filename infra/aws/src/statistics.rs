//! Figures of the whole installation.
#![allow(unused, reason = "to be written")]

use async_trait::async_trait;
use domain::model::*;
use domain::ports::*;
use std::time::Duration;

use crate::Records;
use crate::error::flaw;

#[async_trait]
impl Statistics for Records {
    async fn snapshot(&self, _since: Timestamp) -> Result<Snapshot, PortError> {
        Err(flaw("not written yet").into())
    }
}
