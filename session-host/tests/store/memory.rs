//! A key-value store in memory that holds callers to the port's limits and counts what they do, and a clock set by hand.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Timestamp},
    ports::{Clock, Epoch, KeyValue, Op, PortError},
};
use session_host::store::DeviceBackend;

pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_800_000_000_000)))
    }

    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Value and expiry.
type Row = (Vec<u8>, Option<Timestamp>);

#[derive(Default)]
struct State {
    rows: BTreeMap<(DeviceId, String), Row>,
    epochs: BTreeMap<DeviceId, Epoch>,
}

pub struct MemoryKv {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    pub reads: AtomicUsize,
    pub writes: AtomicUsize,
    pub ops: AtomicUsize,
}

impl MemoryKv {
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { clock, state, reads: AtomicUsize::new(0), writes: AtomicUsize::new(0), ops: AtomicUsize::new(0) })
    }

    /// Reads, writes and ops of writes since the last call.
    pub fn counts(&self) -> (usize, usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::SeqCst);
        (take(&self.reads), take(&self.writes), take(&self.ops))
    }

    pub fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().rows.keys().map(|(_, key)| key.clone()).collect()
    }

    pub fn largest_value(&self) -> usize {
        self.state.lock().unwrap().rows.values().map(|(value, _)| value.len()).max().unwrap_or(0)
    }

    fn visible(&self, row: &Row) -> Option<Vec<u8>> {
        let (value, expires_at) = row;
        expires_at.is_none_or(|moment| self.clock.now() < moment).then(|| value.clone())
    }

    /// Yields first, so that callers can get in each other's way.
    async fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        tokio::task::yield_now().await;
        self.reads.fetch_add(1, Ordering::SeqCst);
        read(&self.state.lock().unwrap())
    }
}

#[async_trait]
impl KeyValue for MemoryKv {
    async fn get(&self, device: &DeviceId, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.read(|state| state.rows.get(&(device.clone(), key.to_owned())).and_then(|row| self.visible(row))).await)
    }

    async fn get_many(&self, device: &DeviceId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, PortError> {
        let one = |state: &State, key: &String| state.rows.get(&(device.clone(), key.clone())).and_then(|row| self.visible(row));
        Ok(self.read(|state| keys.iter().map(|key| one(state, key)).collect()).await)
    }

    async fn list(&self, device: &DeviceId, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, PortError> {
        Ok(self
            .read(|state| {
                let from = state.rows.range((device.clone(), prefix.to_owned())..);
                let matching = from.take_while(|((owner, key), _)| owner == device && key.starts_with(prefix));
                matching.filter_map(|((_, key), row)| Some((key.clone(), self.visible(row)?))).collect()
            })
            .await)
    }

    async fn write(&self, device: &DeviceId, epoch: Epoch, ops: Vec<Op>) -> Result<(), PortError> {
        tokio::task::yield_now().await;
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.ops.fetch_add(ops.len(), Ordering::SeqCst);
        let mut state = self.state.lock().unwrap();
        let holder = state.epochs.entry(device.clone()).or_insert(epoch);
        if epoch < *holder {
            return Err(PortError::Fenced);
        }
        *holder = epoch;
        for op in ops {
            match op {
                Op::Put { key, value, expires_at } => {
                    assert!(key.len() <= 512 && !key.chars().any(char::is_control), "not a key: {key:?}");
                    assert!(value.len() <= 300_000, "{key}: {} bytes", value.len());
                    state.rows.insert((device.clone(), key), (value, expires_at));
                }
                Op::Delete { key } => {
                    state.rows.remove(&(device.clone(), key));
                }
            }
        }
        Ok(())
    }

    async fn clear(&self, device: &DeviceId, _epoch: Epoch) -> Result<(), PortError> {
        self.state.lock().unwrap().rows.retain(|(owner, _), _| owner != device);
        Ok(())
    }
}

/// The store of one device over `kv`, as a host that just started makes it.
pub fn backend(kv: Arc<dyn KeyValue>, clock: Arc<dyn Clock>, epoch: u64) -> DeviceBackend {
    DeviceBackend::new(kv, DeviceId::parse("device-1").unwrap(), Epoch(epoch), clock)
}
