//! Which host may write for a device: none whose epoch is earlier than that of another who began to.
//!
//! The epoch stands twice, since no one transaction of the library's writes or of the journal's should have to look at the other's table: with the
//! device's keys, where the writes of keys check it, and in its head, where the journal's do. Whoever writes to one of them raises both before.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_dynamodb::types::{TransactWriteItem, builders::UpdateBuilder};
use domain::{
    model::DeviceId,
    ports::{Epoch, PortError},
};

use crate::{
    layout,
    table::{Item, Table, key, number, number_of},
};

/// The sort key of a device's fence among its keys.
const FENCE: &str = "fence";

/// The fences of devices, and those that this process raised.
#[derive(Clone, Debug)]
pub(crate) struct Fences {
    keys: Table,
    records: Table,
    raised: Arc<Mutex<HashMap<DeviceId, Epoch>>>,
}

impl Fences {
    pub fn new(keys: &Table, records: &Table) -> Self {
        Self { keys: keys.clone(), records: records.clone(), raised: Arc::default() }
    }

    /// Lets nobody of an earlier epoch write for the device from now on; fails with [`PortError::Fenced`] if this one is the earlier. To be called before
    /// any write in an epoch: what it did once it remembers.
    pub async fn raise(&self, device: &DeviceId, epoch: Epoch) -> Result<(), PortError> {
        match self.raised().get(device) {
            Some(raised) if *raised > epoch => return Err(PortError::Fenced),
            Some(raised) if *raised == epoch => return Ok(()),
            _ => {}
        }
        let pk = layout::device(device);
        let lift = |sk, exists: &str| {
            UpdateBuilder::default()
                .set_key(Some(key(&pk, sk)))
                .update_expression("SET epoch = :mine")
                .condition_expression(format!("{exists} (attribute_not_exists(epoch) OR epoch <= :mine)"))
                .expression_attribute_values(":mine", number(epoch.0))
        };
        if self.keys.update(lift(FENCE, "")).await?.is_none() {
            return Err(PortError::Fenced);
        }
        // A device that is not there, or not any more, has keys at most.
        if self.records.update(lift("head", "attribute_exists(pk) AND")).await?.is_none()
            && let Some(head) = self.records.get(&pk, "head").await?
            && later(&head, epoch)
        {
            return Err(PortError::Fenced);
        }
        let mut raised = self.raised();
        let latest = raised.entry(device.clone()).or_insert(epoch);
        *latest = epoch.max(*latest);
        Ok(())
    }

    /// The part of a transaction on keys that lets it be done in this epoch alone.
    pub fn check(&self, device: &DeviceId, epoch: Epoch) -> Result<TransactWriteItem, PortError> {
        self.keys.to_check(&layout::device(device), FENCE, |check| {
            check.condition_expression("epoch = :mine").expression_attribute_values(":mine", number(epoch.0))
        })
    }

    fn raised(&self) -> std::sync::MutexGuard<'_, HashMap<DeviceId, Epoch>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(head: &Item, epoch: Epoch) -> bool {
    number_of(head, "epoch").is_ok_and(|stored: u64| stored > epoch.0)
}
