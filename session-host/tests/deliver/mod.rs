//! Webhook delivery against real HTTP servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chats;
mod failures;
mod memory;
mod order;
mod receiver;
mod requests;
mod restart;
mod safety;

use std::{sync::Arc, time::Duration};

use domain::{
    model::{DeviceId, WebhookSettings, WebhookUrl},
    pipeline::Backoff,
    ports::SystemClock,
};
use session_host::deliver::{Config, Deliverer, Reach};

use self::memory::Memory;

const SECRET: &str = "the installation's secret";

fn config() -> Config {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let backoff = Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(10) };
    Config { backoff, ..Config::new(SECRET, Reach::Anywhere) }
}

fn device(name: &str) -> DeviceId {
    DeviceId::parse(name).unwrap()
}

fn webhook(url: &str) -> WebhookSettings {
    WebhookSettings::new(WebhookUrl::parse(url).unwrap())
}

/// A store in which one device has `count` deliveries waiting.
fn store(device: &DeviceId, webhook: WebhookSettings, count: usize) -> Arc<Memory> {
    let store = Arc::new(Memory::new());
    store.with(|state| state.webhooks.insert(device.clone(), webhook));
    (0..count).for_each(|n| store.add(device, &format!("event {n}")));
    store
}

fn start(store: &Arc<Memory>, config: Config) -> Deliverer {
    Deliverer::start(store.clone(), Arc::new(SystemClock), config)
}
