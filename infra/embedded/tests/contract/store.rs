//! What the store promises beyond its ports.

use std::{fs, sync::Arc, time::Duration};

use domain::{
    contract::{FixedClock, samples::*},
    model::{DeliveryStatus, Envelope, Message, MessageFilter, Removed, Timestamp},
    ports::{Clock, CommandSink, CommandSource, Deliveries, Devices, Journal, KeyValue, Messages, Op, PortError, Statistics, SystemClock},
};
use embedded::{OpenError, Store};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::world::{copy, start};

#[tokio::test]
async fn a_second_open_of_the_folder_is_refused_until_the_first_is_closed() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let error = Store::open(folder.path()).err().unwrap();
    assert!(matches!(&error, OpenError::InUse(path) if path == folder.path()));
    assert!(error.to_string().contains(folder.path().to_str().unwrap()));
    store.close().await;
    // A clone that is still around holds up nobody.
    let next = Store::open(folder.path()).unwrap();
    assert_eq!(next.epoch().0, store.epoch().0 + 1);
    drop(next);
    Store::open(folder.path()).unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "in the way").unwrap();
    assert!(Store::open(&path).err().unwrap().to_string().contains("file"));
    assert!(Store::open(&folder.path().join("made/on the way")).is_ok());
}

#[tokio::test]
async fn a_folder_of_a_newer_program_is_left_alone() {
    let folder = TempDir::new().unwrap();
    Store::open(folder.path()).unwrap().close().await;
    database(&folder).pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(OpenError::TooNew { found: 99, .. })));
}

#[tokio::test]
async fn a_damaged_database_is_an_error_and_no_panic() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("warta.db"), "this is no database, ".repeat(1000)).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(OpenError::Database { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("data");
    Store::open(&folder).unwrap();
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn closing_finishes_what_was_handed_in_and_refuses_what_comes_later() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    Devices::create(&store, &device("a")).await.unwrap();
    let writes: Vec<_> = (0..100)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.accept(&outgoing(&device("a"), n), None).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let mut stored = 0;
    for write in writes {
        stored += u64::from(write.await.unwrap().is_ok());
    }
    assert!(matches!(store.accept(&outgoing(&device("a"), 100), None).await, Err(PortError::Unavailable(_))));
    store.close().await;
    let store = Store::open(folder.path()).unwrap();
    let messages = Messages::list(&store, &MessageFilter::default(), &first_page(1)).await.unwrap();
    assert_eq!(messages.total, stored);
}

#[tokio::test]
async fn a_hundred_thousand_queued_commands_come_in_full_batches() {
    let folder = TempDir::new().unwrap();
    Store::open(folder.path()).unwrap().close().await;
    let envelope = serde_json::to_string(&envelope("x", "1")).unwrap();
    database(&folder)
        .execute(
            "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99999)
             INSERT INTO commands (id, device_id, group_id, due_at, not_before, envelope) SELECT n, 'dev_' || (n % 500), n % 500, 0, 0, ?1 FROM n",
            [envelope],
        )
        .unwrap();
    let store = Store::open(folder.path()).unwrap();
    for _ in 0..20 {
        let received = store.receive(256).await.unwrap();
        assert_eq!(received.len(), 256);
        let receipts: Vec<_> = received.into_iter().map(|received| received.receipt).collect();
        store.acknowledge(&receipts).await.unwrap();
    }
    store.close().await;
    let left: i64 = database(&folder).query_row("SELECT count(*) FROM commands", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 100_000 - 20 * 256);
}

#[tokio::test]
async fn a_clock_that_jumps_back_keeps_no_command_waiting_and_no_order_broken() {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(FixedClock::new(at(10_000)));
    let store = Store::open_with(folder.path(), clock.clone()).unwrap();
    let send = async |name: &str| store.enqueue(&Envelope { due_at: clock.now(), ..envelope("a", name) }).await.unwrap();
    send("1").await;
    clock.set(at(0));
    send("2").await;
    let names: Vec<_> = store.receive(10).await.unwrap().into_iter().map(|received| received.envelope.id.to_string()).collect();
    assert_eq!(names, ["a/1", "a/2"]);
}

#[tokio::test]
async fn a_buried_command_is_kept_with_its_reason() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.enqueue(&envelope("a", "1")).await.unwrap();
    let received = store.receive(1).await.unwrap();
    store.bury(&received[0].receipt, "no such thing").await.unwrap();
    store.close().await;
    let dead = database(&folder).query_row("SELECT id, device_id, attempts, reason FROM dead_commands", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, u32>(2)?, row.get::<_, String>(3)?))
    });
    assert_eq!(dead.unwrap(), ("a/1".into(), "dev_a".into(), 1, "no such thing".into()));
}

#[tokio::test]
async fn a_key_is_absent_from_the_moment_it_expires() {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(FixedClock::new(at(0)));
    let store = Store::open_with(folder.path(), clock.clone()).unwrap();
    let put = Op::Put { key: "key".into(), value: vec![1], expires_at: Some(at(1000)) };
    store.write(&device("a").id, store.epoch(), vec![put]).await.unwrap();
    clock.advance(Duration::from_millis(999));
    assert_eq!(KeyValue::get(&store, &device("a").id, "key").await.unwrap(), Some(vec![1]));
    clock.advance(Duration::from_millis(1));
    assert_eq!(KeyValue::get(&store, &device("a").id, "key").await.unwrap(), None);
    assert_eq!(KeyValue::list(&store, &device("a").id, "").await.unwrap(), []);
}

#[tokio::test]
async fn pruning_removes_what_is_done_and_old_and_nothing_else() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let device = device_with_webhook("a");
    Devices::create(&store, &device).await.unwrap();
    let steps = (1..=1_500).map(|n| message_step(n, &incoming(&device, n))).collect();
    store.commit(&device.id, store.epoch(), steps).await.unwrap();
    let done = (4..=1_500).map(|n| {
        let (store, device) = (store.clone(), device.id.clone());
        async move { store.succeeded(&device, &event_id(n), at(n)).await.unwrap() }
    });
    done.collect::<JoinSet<()>>().join_all().await;
    store.give_up(&device.id, &event_id(2), at(2), "gone").await.unwrap();
    store.failed(&device.id, &event_id(3), at(3), at(2_000) + 29 * DAY, "timeout").await.unwrap();
    let put = |key: &str, expires_at| Op::Put { key: key.into(), value: vec![], expires_at };
    let keys = vec![put("old", Some(at(5))), put("new", Some(SystemClock.now() + 1_000 * DAY)), put("always", None)];
    store.write(&device.id, store.epoch(), keys).await.unwrap();

    assert_eq!(store.prune(at(4)).await.unwrap(), 0);
    // The waiting deliveries and the failed one keep their events.
    assert_eq!(store.prune(at(2_000) + 7 * DAY).await.unwrap(), 1_497 + 1);
    assert_eq!(store.prune(at(2_000) + 29 * DAY).await.unwrap(), 0);
    // The failed one goes with its event, and what was due all the time is given up.
    assert_eq!(store.prune(at(2_000) + 30 * DAY).await.unwrap(), 1 + 1 + 1);
    let left = Deliveries::list(&store, &device.id, None, &first_page(10)).await.unwrap();
    let left: Vec<_> = left.items.into_iter().map(|record| (record.seq, record.status, record.reason)).collect();
    assert_eq!(left, [(3, DeliveryStatus::Pending, Some("timeout".into())), (1, DeliveryStatus::Failed, Some("expired".into()))]);
    assert_eq!(Devices::get(&store, &device.id).await.unwrap().map(|device| device.deliveries.failed), Some(2));
    assert_eq!(KeyValue::list(&store, &device.id, "").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_finds_what_meets_it_when_most_messages_are_old() {
    let world = start().await;
    domain::contract::messages::find_among(&world, 6_000, 60).await;
}

#[tokio::test]
async fn an_old_message_told_under_both_names_is_counted_once() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let device = device("a");
    Devices::create(&store, &device).await.unwrap();
    let hidden = Message { chat: lid(2), from: Some(lid(2)), ..incoming(&device, 1) };
    let mut steps = vec![message_step(1, &hidden), message_step(2, &incoming(&device, 1))];
    steps.extend((3..3_000).map(|n| message_step(n, &incoming(&device, n))));
    store.commit(&device.id, store.epoch(), steps).await.unwrap();
    store.commit(&device.id, store.epoch(), vec![alias_step(3_000, &phone(2), &lid(2))]).await.unwrap();
    for chat in [phone(2), lid(2)] {
        let filter = MessageFilter { device: Some(device.id.clone()), chat: Some(chat), ..MessageFilter::default() };
        assert_eq!(store.tally(&filter).await.unwrap().total, 2_998);
    }
    assert_eq!(store.tally(&MessageFilter::default()).await.unwrap().total, 2_998);
}

#[tokio::test]
async fn what_is_told_under_a_hidden_id_reaches_the_message_under_its_number() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let device = device("a");
    Devices::create(&store, &device).await.unwrap();
    let hidden = Message { chat: lid(2), from: Some(lid(2)), ..incoming(&device, 1) };
    let steps = vec![message_step(1, &hidden), alias_step(2, &phone(2), &lid(2)), edited_step(3, &hidden, "new"), deleted_step(4, &hidden)];
    assert_eq!(store.commit(&device.id, store.epoch(), steps).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_is_finished_by_the_next() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let device = device_with_webhook("a");
    Devices::create(&store, &device).await.unwrap();
    let steps = (1..=3_000).map(|n| message_step(n, &incoming(&device, n))).collect();
    store.commit(&device.id, store.epoch(), steps).await.unwrap();
    tokio::select! {
        biased;
        _ = Devices::delete(&store, &device.id) => panic!("a large device is not deleted in one go"),
        () = one_write_later(&store) => {}
    }
    let copy = copy(&folder);
    let store = Store::open(copy.path()).unwrap();
    assert!(Devices::get(&store, &device.id).await.unwrap().is_some());
    let removed = Devices::delete(&store, &device.id).await.unwrap();
    assert_eq!(removed, Some(Removed { messages: 3_000, contacts: 1, sessions: 0 }));
    store.close().await;
    for table in ["devices", "tallies", "messages", "events", "deliveries", "aliases", "bulks", "chats", "contacts", "groups"] {
        let rows: i64 = database(&copy).query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    let counted: i64 =
        database(&copy).query_row("SELECT total(count) FROM message_counts", [], |row| row.get::<_, f64>(0).map(|n| n as i64)).unwrap();
    assert_eq!(counted, 0);
}

#[tokio::test]
async fn what_was_asked_of_a_device_goes_with_it() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let device = device("a");
    Devices::create(&store, &device).await.unwrap();
    store.enqueue(&envelope("a", "1")).await.unwrap();
    Devices::delete(&store, &device.id).await.unwrap();
    assert_eq!(store.snapshot(at(0)).await.unwrap().waiting_commands, 0);
    Devices::create(&store, &device).await.unwrap();
    store.enqueue(&envelope("a", "2")).await.unwrap();
    let names: Vec<_> = store.receive(10).await.unwrap().into_iter().map(|received| received.envelope.id.to_string()).collect();
    assert_eq!(names, ["a/2"]);
}

/// Done when a write handed in now is.
async fn one_write_later(store: &Store) {
    let put = Op::Put { key: "key".into(), value: vec![], expires_at: None };
    store.write(&device("b").id, store.epoch(), vec![put]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_kept_for_a_minute() {
    use domain::{
        model::{CommandId, Outcome},
        ports::Replies,
    };
    let replies = embedded::InProcessReplies::new();
    let id = |n| CommandId::parse(format!("cmd_{n}")).unwrap();
    replies.reply(&id(1), Outcome::Done).await.unwrap();
    tokio::time::advance(Duration::from_secs(59)).await;
    replies.reply(&id(2), Outcome::Done).await.unwrap();
    assert_eq!(replies.wait(&id(1), Duration::ZERO).await.unwrap(), Some(Outcome::Done));
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(replies.wait(&id(2), Duration::ZERO).await.unwrap(), None);
}

#[tokio::test]
async fn moments_outside_the_calendar_do_no_harm() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for millis in [i64::MIN, i64::MAX] {
        let moment = Timestamp::from_millis(millis);
        store.prune(moment).await.unwrap();
        store.pending(moment, u32::MAX).await.unwrap();
        store.enqueue(&Envelope { due_at: moment, ..envelope("a", &millis.to_string()) }).await.unwrap();
    }
    assert_eq!(store.receive(usize::MAX).await.unwrap().len(), 1);
}

fn database(folder: &TempDir) -> Connection {
    Connection::open(folder.path().join("warta.db")).unwrap()
}
