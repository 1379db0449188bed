//! What writes cost; run by hand: `cargo nextest run -p embedded --release --run-ignored only --no-capture`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use domain::{
    contract::samples::*,
    model::{Device, DeviceId, Message, MessageFilter, MessageId, MessageStatus, MessageType, SessionId},
    ports::{Change, Devices, Journal, Messages, Step},
};
use embedded::Store;
use tempfile::TempDir;
use tokio::task::JoinSet;

fn numbered(number: u64) -> Device {
    Device {
        id: DeviceId::parse(format!("dev_{number}")).unwrap(),
        session_id: SessionId::parse(format!("user_123_device_{number}")).unwrap(),
        ..device_with_webhook("a")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes seconds, and says how many"]
async fn twenty_thousand_messages_are_accepted_and_get_three_statuses() {
    const DEVICES: u64 = 50;
    const EACH: u64 = 400;
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let started = Instant::now();
    let events = Arc::new(AtomicU64::new(0));
    let devices = (0..DEVICES).map(|d| {
        let (store, events) = (store.clone(), events.clone());
        async move {
            let device = numbered(d);
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
                    // Events are named in the order of time.
                    let event = events.fetch_add(1, Ordering::Relaxed);
                    store.commit(&device.id, store.epoch(), vec![status_step(event, &message, status)]).await.unwrap();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes, and says what pages of a million messages cost"]
async fn pages_of_ten_thousand_and_of_a_million_messages() {
    for size in [10_000, 1_000_000_u64] {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let started = Instant::now();
        let devices: Vec<_> = (0..10).map(numbered).collect();
        for (d, device) in (0..).zip(&devices) {
            Devices::create(&store, device).await.unwrap();
            for from in (0..size / 10).step_by(1_000) {
                let steps = (from..from + 1_000).map(|n| {
                    let status = if n % 1_000 == 1 { MessageStatus::Failed } else { MessageStatus::Read };
                    let kind = if n % 100 == 0 { MessageType::Image } else { MessageType::Text };
                    let message = Message { chat: phone(n % 500), kind, status, ..outgoing(device, n * 7_000 * 1_000_000 / size + d) };
                    Step { change: Change::History(Box::new(Message { id: message_id(n), ..message })), event: None }
                });
                store.commit(&device.id, store.epoch(), steps.collect()).await.unwrap();
            }
        }
        eprintln!("{size} messages stored: {:?}", started.elapsed());
        let all = MessageFilter::default;
        for (what, filter) in [
            ("all", all()),
            ("a user's", MessageFilter { user: Some(user()), ..all() }),
            ("a device's", MessageFilter { device: Some(devices[3].id.clone()), ..all() }),
            ("pictures", MessageFilter { kind: Some(MessageType::Image), ..all() }),
            ("failed", MessageFilter { status: Some(MessageStatus::Failed), ..all() }),
            ("one chat's", MessageFilter { device: Some(devices[3].id.clone()), chat: Some(phone(7)), ..all() }),
            ("from a moment in a day", MessageFilter { since: Some(at(12_345_678)), ..all() }),
        ] {
            let mut took: Vec<_> = Vec::new();
            for _ in 0..51 {
                let started = Instant::now();
                Messages::list(&store, &filter, &first_page(50)).await.unwrap();
                took.push(started.elapsed());
            }
            took.sort_unstable();
            eprintln!("{what}: {:?}", took[25]);
        }
    }
}
