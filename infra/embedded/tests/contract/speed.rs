//! What writes cost; run by hand: `cargo nextest run -p embedded --release --run-ignored only --no-capture`.

use std::time::Instant;

use domain::{
    contract::samples::*,
    model::{Device, DeviceId, Message, MessageId, MessageStatus, SessionId},
    ports::{Devices, Journal, Messages},
};
use embedded::Store;
use tempfile::TempDir;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes seconds, and says how many"]
async fn twenty_thousand_messages_are_accepted_and_get_three_statuses() {
    const DEVICES: u64 = 50;
    const EACH: u64 = 400;
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let started = Instant::now();
    let devices = (0..DEVICES).map(|d| {
        let store = store.clone();
        async move {
            let device = Device {
                id: DeviceId::parse(format!("dev_{d}")).unwrap(),
                session_id: SessionId::parse(format!("user_123_device_{d}")).unwrap(),
                ..device_with_webhook("a")
            };
            Devices::create(&store, &device).await.unwrap();
            for n in 0..EACH {
                // Ids are random in life.
                let id = (d * EACH + n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let message = Message {
                    id: MessageId::parse(format!("3EB0{id:016X}")).unwrap(),
                    chat: phone(n % 20),
                    ..outgoing(&device, n * DEVICES + d)
                };
                store.accept(&message, None).await.unwrap();
                for status in [MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Read] {
                    store.commit(&device.id, store.epoch(), vec![status_step(n, &message, status)]).await.unwrap();
                }
            }
        }
    });
    devices.collect::<JoinSet<()>>().join_all().await;
    let took = started.elapsed();
    eprintln!("{} messages with 3 statuses each: {took:?}, {:?} each", DEVICES * EACH, took / (DEVICES * EACH) as u32);
    eprintln!("{}", std::fs::read_to_string("/proc/self/io").unwrap_or_default().replace('\n', ", "));
    drop(store);
    let size = std::fs::metadata(folder.path().join("warta.db")).unwrap().len();
    eprintln!("{} KB", size / 1024);
}
