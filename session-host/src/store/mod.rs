//! The WhatsApp device store: whatsapp-rust's `Backend`, written once over the key-value port and used with every adapter of it.
//!
//! Rows are cut so that a call costs few round trips and few writes, and no row grows with the account:
//!
//! | family | a row is | holds |
//! |---|---|---|
//! | `device` | the device | `Device` |
//! | `signal/{address}/session`, `…/identity` | a peer device | session record; identity key |
//! | `prekey/{chunk}` | 64 consecutive ids | prekey records |
//! | `signed-prekey/{id}`, `sender-key/{name}` | a key | its record |
//! | `sync-key/{id}`, `sync-key-latest`, `sync-version/{collection}` | | app-state keys and versions |
//! | `sync-mac/{collection}/{bucket}` | a 64th of a collection | index MAC → value MAC |
//! | `sender-key-devices/{group}/{chunk}` | up to 64 devices of a group | device → has our sender key |
//! | `lid/{lid}`, `pn/{number}` | a person | `LidPnMappingEntry`; the LID |
//! | `device-list/{user}`, `group/{jid}`, `tc-token/{jid}`, `base-key/{address}/{message}` | | as named |
//! | `sent/{chat}/{message}`, `inbound/{chat}/{sender}/{message}` | a message | when it was stored; its bytes |
//! | `secret/{chat}/{sender}/{message}` | a message | its secret and times |
//! | `piece/{number}/{key}` | the rest of a blob | what a value cannot hold |

mod app_sync;
mod blobs;
mod codec;
mod device;
mod keys;
mod msg_secrets;
mod prekeys;
mod protocol;
mod retained;
mod sender_key_devices;
mod signal;
mod tc_tokens;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use domain::{
    model::{DeviceId, Timestamp},
    ports::{Clock, Epoch, KeyValue, Op, PortError},
};
use tokio::sync::{Mutex, RwLock};
use wacore::store::error::{Result, StoreError};

/// The store of one device, as the host that holds it sees it. It keeps no rows in memory: whatsapp-rust has caches of its own.
pub struct DeviceBackend {
    kv: Arc<dyn KeyValue>,
    device: DeviceId,
    epoch: Epoch,
    clock: Arc<dyn Clock>,
    turns: Turns,
    fenced: AtomicBool,
}

/// Who reads, changes and writes back waits its turn per kind of row. A lock of this process is enough: one host owns a device, and the
/// epoch keeps others from writing. Rows that are only ever put whole (sessions, identities …) need none.
#[derive(Default)]
struct Turns {
    device: Mutex<()>,
    large_blobs: Mutex<()>,
    prekeys: Mutex<()>,
    sync_macs: Mutex<()>,
    sender_key_devices: Mutex<()>,
    tc_tokens: Mutex<()>,
    /// Many may keep at a time; taking and sweeping are alone.
    retained: RwLock<()>,
    secrets: Mutex<()>,
}

impl DeviceBackend {
    /// The store of `device`, writing with `epoch`. Have at most one per device and epoch.
    pub fn new(kv: Arc<dyn KeyValue>, device: DeviceId, epoch: Epoch, clock: Arc<dyn Clock>) -> Self {
        Self { kv, device, epoch, clock, turns: Turns::default(), fenced: AtomicBool::new(false) }
    }

    /// Whether a call was refused because another host holds the device by now: close its session at once.
    pub fn fenced(&self) -> bool {
        self.fenced.load(Ordering::Relaxed)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.kv.get(&self.device, key).await.map_err(|error| self.failed(error))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.kv.get_many(&self.device, keys).await.map_err(|error| self.failed(error))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>> {
        self.kv.list(&self.device, prefix).await.map_err(|error| self.failed(error))
    }

    async fn write(&self, ops: Vec<Op>) -> Result<()> {
        if ops.is_empty() {
            return Ok(());
        }
        self.kv.write(&self.device, self.epoch, ops).await.map_err(|error| self.failed(error))
    }

    async fn put(&self, key: String, value: Vec<u8>) -> Result<()> {
        self.write(vec![put(key, value)]).await
    }

    async fn delete(&self, key: String) -> Result<()> {
        self.write(vec![Op::Delete { key }]).await
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn failed(&self, error: PortError) -> StoreError {
        if matches!(error, PortError::Fenced) {
            self.fenced.store(true, Ordering::Relaxed);
        }
        StoreError::Database(Box::new(error))
    }
}

/// A put that never expires.
fn put(key: String, value: Vec<u8>) -> Op {
    Op::Put { key, value, expires_at: None }
}
