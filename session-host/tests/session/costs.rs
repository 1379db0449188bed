//! What the WhatsApp library writes while a session goes about its work. On DynamoDB each row is money.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Jid},
    pipeline::Draft,
    ports::{Epoch, KeyValue, Op, PortError},
};
use embedded::Store;

use super::world::World;

/// The keys of the rows that were written, in order.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Vec<String>>>);

impl Written {
    /// Those since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A store's keys and values, with what is written to them.
pub struct Watched {
    pub store: Store,
    pub written: Written,
}

#[async_trait]
impl KeyValue for Watched {
    async fn get(&self, device: &DeviceId, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        self.store.get(device, key).await
    }

    async fn get_many(&self, device: &DeviceId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, PortError> {
        self.store.get_many(device, keys).await
    }

    async fn list(&self, device: &DeviceId, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, PortError> {
        KeyValue::list(&self.store, device, prefix).await
    }

    async fn write(&self, device: &DeviceId, epoch: Epoch, ops: Vec<Op>) -> Result<(), PortError> {
        let keys = ops.iter().map(|(Op::Put { key, .. } | Op::Delete { key })| key.clone());
        self.written.0.lock().unwrap().extend(keys);
        self.store.write(device, epoch, ops).await
    }

    async fn clear(&self, device: &DeviceId, epoch: Epoch) -> Result<(), PortError> {
        self.store.clear(device, epoch).await
    }
}

/// The message for who asks again, its secret, and the sessions of the two phones that it is encrypted for; texts close together share the latter.
#[tokio::test]
async fn a_sent_text_writes_at_most_four_rows() {
    const TEXTS: usize = 20;
    let world = World::new().await;
    let (ani, budi) = ("6281100000001", "6281100000002");
    world.phone(ani).await;
    world.phone(budi).await;
    let device = world.linked(ani).await;
    let chat = Jid::parse(budi).unwrap();
    let send = async || {
        let sent = world.send(&device, Draft::text(chat.clone(), "Halo")).await;
        world.on_phone(budi, &sent.id).await;
    };
    // The first one learns who Budi is.
    send().await;
    world.written.take();
    for _ in 0..TEXTS {
        send().await;
    }
    let written = world.written.take();
    // What is left of the first one may come late.
    assert!(written.len() <= 4 * (TEXTS + 1), "{} rows: {written:#?}", written.len());
    let messages = written.iter().filter(|key| key.starts_with("sent/") || key.starts_with("secret/")).count();
    assert!(messages <= 2 * (TEXTS + 1), "{messages} rows of messages: {written:#?}");
}
