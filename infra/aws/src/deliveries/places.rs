//! The places of the deliveries that this process has in hand, so that what becomes of them is written without looking for them.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::model::{DeviceId, EventId};

/// Most places of a generation.
const GENERATION: usize = 20_000;

/// Some places of deliveries, those learned last among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Arc<Mutex<Generations>>);

/// When the younger one is full, the older one is forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<EventId, (DeviceId, u64)>,
    old: HashMap<EventId, (DeviceId, u64)>,
}

impl Places {
    /// The place of an event's delivery in the sequence of its device.
    pub fn of(&self, device: &DeviceId, event: &EventId) -> Option<u64> {
        let generations = self.generations();
        let (owner, seq) = generations.young.get(event).or_else(|| generations.old.get(event))?;
        (owner == device).then_some(*seq)
    }

    pub fn learn(&self, device: &DeviceId, event: &EventId, seq: u64) {
        let mut generations = self.generations();
        generations.young.insert(event.clone(), (device.clone(), seq));
        if generations.young.len() == GENERATION {
            generations.old = mem::take(&mut generations.young);
        }
    }

    pub fn forget(&self, event: &EventId) {
        let mut generations = self.generations();
        generations.young.remove(event);
        generations.old.remove(event);
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
