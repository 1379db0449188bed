//! Which host may write for a device. This process is the only writer of its folder, so that a former run is fenced by its epoch alone.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::{model::DeviceId, ports::Epoch};

use crate::error::StoreError;

/// The latest epoch of each device.
pub(crate) struct Fences {
    /// That of this run: opening the store took over every device.
    run: Epoch,
    /// Those that have seen a later one.
    later: Mutex<HashMap<DeviceId, Epoch>>,
}

impl Fences {
    pub fn new(run: Epoch) -> Self {
        Self { run, later: Mutex::default() }
    }

    /// Lets a write of `epoch` pass, and none of an earlier one from now on.
    pub fn pass(&self, device: &DeviceId, epoch: Epoch) -> Result<(), StoreError> {
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = later.get(device).copied().unwrap_or(self.run);
        if epoch < latest {
            return Err(StoreError::Fenced);
        }
        if epoch > latest {
            later.insert(device.clone(), epoch);
        }
        Ok(())
    }
}
