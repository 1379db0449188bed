//! What pages cost, in steps of SQLite's machine.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use domain::{
    contract::samples::*,
    model::{Device, Direction, MessageFilter, MessageStatus, MessageType, Timestamp, UserId},
    ports::{Change, Devices, Journal, Step},
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::Store;

/// More than are ever fresh.
const SMALL: u64 = 5_000;
const LARGE: u64 = 25_000;

#[tokio::test]
async fn a_page_and_a_tally_cost_the_same_however_much_is_stored() {
    let (small, large) = (filled(SMALL).await, filled(LARGE).await);
    for (what, filter) in filters() {
        for offset in [1, 2] {
            let page = PageRequest { page: offset, limit: 20, cursor: None };
            let [few, many] = [&small, &large].map(|(_folder, connection, steps)| {
                let before = steps.load(Ordering::Relaxed);
                let found = list(connection, &filter, &page).unwrap();
                tally(connection, &filter).unwrap();
                (found, steps.load(Ordering::Relaxed) - before)
            });

            assert!((offset > 1 || !few.0.items.is_empty()) && many.0.items.len() >= few.0.items.len(), "{what}");
            assert!(many.1 <= few.1 + few.1 / 4 + 500, "{what}: {} steps among {SMALL}, {} among {LARGE}", few.1, many.1);
        }
    }
}

fn filters() -> Vec<(&'static str, MessageFilter)> {
    let all = MessageFilter::default;
    let user = || MessageFilter { user: Some(UserId::parse(1).unwrap()), ..all() };
    let device = || MessageFilter { device: Some(device("a").id), ..all() };
    let days = |filter| MessageFilter { since: Some(midnight(0)), until: Some(midnight(1)), ..filter };
    let mut filters = vec![
        ("a chat of a device", MessageFilter { chat: Some(phone(9)), ..device() }),
        ("a chat of a user", MessageFilter { chat: Some(phone(9)), ..user() }),
        ("an id", MessageFilter { id: Some(message_id(200)), ..all() }),
        ("an id of a user", MessageFilter { id: Some(message_id(200)), ..user() }),
    ];
    for (what, within) in [("all", all()), ("a user's", user()), ("a device's", device())] {
        filters.extend([
            (what, within.clone()),
            ("of a day", days(within.clone())),
            ("received", MessageFilter { direction: Some(Direction::Incoming), ..within.clone() }),
            ("rare by kind", MessageFilter { kind: Some(MessageType::Location), ..within.clone() }),
            ("rare by status", MessageFilter { status: Some(MessageStatus::Failed), ..within.clone() }),
            ("frequent by status", MessageFilter { status: Some(MessageStatus::Read), ..within.clone() }),
            ("rare of a day", days(MessageFilter { status: Some(MessageStatus::Sent), kind: Some(MessageType::Text), ..within })),
        ]);
    }
    filters
}

/// As many messages within one day, some of them rare.
async fn filled(size: u64) -> (TempDir, Connection, Arc<AtomicU64>) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let devices = ["a", "b"].map(|name| Device { user_id: UserId::parse(1).unwrap(), ..device(name) });
    for device in &devices {
        Devices::create(&store, device).await.unwrap();
    }
    for of_device in &devices {
        let numbers: Vec<_> = (0..size / 2).collect();
        for numbers in numbers.chunks(1_000) {
            let steps = numbers.iter().map(|n| Step { change: Change::History(Box::new(message(of_device, *n))), event: None });
            store.commit(&of_device.id, store.epoch(), steps.collect()).await.unwrap();
        }
    }
    store.close().await;
    let mut connection = Connection::open(folder.path().join("warta.db")).unwrap();
    let steps = Arc::new(AtomicU64::new(0));
    let counted = steps.clone();
    connection.progress_handler(1, Some(move || counted.fetch_add(1, Ordering::Relaxed) == u64::MAX)).unwrap();
    (folder, connection, steps)
}

fn message(device: &Device, n: u64) -> Message {
    let (kind, status) = match n % 100 {
        0 => (MessageType::Location, MessageStatus::Delivered),
        1 => (MessageType::Text, MessageStatus::Failed),
        2 => (MessageType::Text, MessageStatus::Sent),
        _ => (MessageType::Text, MessageStatus::Read),
    };
    let chat = phone(if n < 1_000 && n.is_multiple_of(20) { 9 } else { 10 + n % 50 });
    let timestamp = Timestamp::from_millis(midnight(0).millis() + i64::try_from(n).unwrap());
    let message = if n.is_multiple_of(3) { incoming(device, n) } else { outgoing(device, n) };
    Message { chat, kind, status, timestamp, ..message }
}

fn midnight(day: i64) -> Timestamp {
    Timestamp::from_millis((19_700 + day) * 24 * 3_600_000)
}
