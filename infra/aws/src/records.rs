//! The table of everything users see.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use domain::model::{DeviceId, Lane};
use tokio::sync::{Mutex, MutexGuard};

use crate::{Clients, Resources, deliveries::Places, fences::Fences, table::Table};

/// What users see, as functions see it, or as the host of a lane does: then what is looked for among all devices is looked for in its lane.
#[derive(Clone)]
pub struct Records {
    pub(crate) table: Table,
    /// Where the fences of devices stand.
    pub(crate) keys: Table,
    pub(crate) fences: Fences,
    /// Where the deliveries in hand lie.
    pub(crate) places: Places,
    pub(crate) lanes: u16,
    pub(crate) lane: Option<Lane>,
    /// Those of this process that write for one device take turns, or their transactions would be in each other's way.
    turns: Arc<[Mutex<()>]>,
}

const TURNS: usize = 256;

impl Records {
    /// As functions see it.
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        let table = |name| Table::new(clients.dynamodb(), name);
        let (records, keys) = (table(&resources.records_table), table(&resources.keys_table));
        Self {
            fences: Fences::new(&keys, &records),
            places: Places::default(),
            table: records,
            keys,
            lanes: resources.lanes(),
            lane: None,
            turns: (0..TURNS).map(|_| Mutex::default()).collect(),
        }
    }

    /// As the host of a lane sees it.
    pub fn of_lane(&self, lane: Lane) -> Self {
        Self { lane: Some(lane), ..self.clone() }
    }

    /// Waits until nobody else of this process writes for the device, and keeps others from it until dropped.
    pub(crate) async fn turn(&self, device: &DeviceId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        device.hash(&mut hasher);
        self.turns[hasher.finish() as usize % TURNS].lock().await
    }

    /// The lane of a device.
    pub(crate) fn lane_of(&self, device: &DeviceId) -> Lane {
        Lane::of(device, self.lanes)
    }
}
