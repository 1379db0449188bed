//! Order within each chat, and what becomes of the others while one of them, or the receiver, is in trouble.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::http::StatusCode;
use domain::{
    model::{DeviceId, Jid, WebhookSettings},
    pipeline::Backoff,
};
use session_host::deliver::Config;
use tokio::sync::Semaphore;

use super::{
    config, device,
    memory::Memory,
    receiver::{Receiver, Seen},
    start, store, webhook,
};

fn chat(number: usize) -> Jid {
    Jid::parse(&format!("62811000000{number:02}")).unwrap()
}

/// Waits of an hour: whatever waits in a test that ends is not tried again.
fn patient() -> Config {
    Config { backoff: Backoff { first: Duration::from_secs(3600), longest: Duration::from_secs(7200) }, ..config() }
}

/// A store in which a device has this many deliveries about each of so many chats, by turns.
fn conversations(device: &DeviceId, url: &str, chats: usize, each: usize) -> Arc<Memory> {
    let store = store(device, webhook(url), 0);
    for turn in 0..each {
        (0..chats).for_each(|n| store.add_to(device, Some(&chat(n)), &format!("{turn}")));
    }
    store
}

/// The sequence numbers that came, by the chat they are about: numbers go round the chats.
fn by_chat(seen: &[Seen], chats: usize) -> BTreeMap<usize, Vec<u64>> {
    let mut told = BTreeMap::<usize, Vec<u64>>::new();
    for seq in seen.iter().map(Seen::seq) {
        told.entry((seq as usize - 1) % chats).or_default().push(seq);
    }
    told
}

#[tokio::test]
async fn several_chats_are_told_at_once_and_each_in_order() {
    let (now, most, room) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let counted = (now.clone(), most.clone(), room.clone());
    let receiver = Receiver::start(move |_, _| {
        let (now, most, room) = counted.clone();
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            room.acquire().await.unwrap().forget();
            now.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let ani = device("ani");
    let store = conversations(&ani, &receiver.url, 10, 20);
    let _deliverer = start(&store, config());
    receiver.until_seen(8).await;
    room.add_permits(1000);
    store.until(|state| state.done.len() == 200).await;
    assert_eq!(most.load(Ordering::SeqCst), 8);
    let told = by_chat(&receiver.seen(), 10);
    assert!(told.len() == 10 && told.values().all(|seqs| seqs.len() == 20 && seqs.is_sorted()), "{told:?}");
}

#[tokio::test]
async fn a_chat_with_very_much_to_tell_does_not_hide_the_others() {
    let receiver = Receiver::start(|seen, _| async move {
        if seen.seq() == 1 {
            std::future::pending::<()>().await;
        }
    })
    .await;
    let ani = device("ani");
    let store = store(&ani, webhook(&receiver.url), 0);
    (0..500).for_each(|n| store.add_to(&ani, Some(&chat(1)), &format!("{n}")));
    (0..70).for_each(|n| store.add_to(&ani, Some(&chat(2)), &format!("{n}")));
    let _deliverer = start(&store, config());
    store.until(|state| state.done.len() == 70).await;
    assert_eq!(store.with(|state| state.done_by(&ani)), (501..=570).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_event_that_is_refused_for_ever_holds_up_its_chat_alone() {
    let receiver =
        Receiver::start(|seen, _| async move { if seen.seq() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK } }).await;
    let ani = device("ani");
    let store = conversations(&ani, &receiver.url, 3, 30);
    let deliverer = start(&store, patient());
    store.until(|state| state.done.len() == 60).await;
    store.add_to(&ani, None, "about no chat");
    store.add_to(&ani, Some(&chat(0)), "behind the first");
    deliverer.wake(&ani);
    store.until(|state| state.done.len() == 61).await;
    let told = by_chat(&receiver.seen()[..], 3);
    assert_eq!(told[&0].iter().filter(|seq| **seq != 91).collect::<Vec<_>>(), [&1]);
    assert!(told.values().all(|seqs| seqs.is_sorted()), "{told:?}");
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_is_asked_with_one_at_a_time_and_then_left_alone() {
    let down = Arc::new(AtomicBool::new(true));
    let answer = down.clone();
    let receiver = Receiver::start(move |_, _| {
        let down = answer.load(Ordering::SeqCst);
        async move { if down { StatusCode::BAD_GATEWAY } else { StatusCode::OK } }
    })
    .await;
    let fine = Receiver::start(|_, _| async {}).await;
    let (ani, budi) = (device("ani"), device("budi"));
    let store = conversations(&ani, &receiver.url, 30, 2);
    store.with(|state| state.webhooks.insert(budi.clone(), webhook(&fine.url)));
    let deliverer = start(&store, patient());
    // Eight at once, and one to see whether it takes anything at all.
    store.until(|state| state.failed.len() == 9).await;
    for n in 1..=50 {
        store.add_to(&ani, Some(&chat(n % 30)), "meanwhile");
        deliverer.wake(&ani);
        store.add(&budi, "somebody else's");
        deliverer.wake(&budi);
        store.until(|state| state.done_by(&budi).len() == n).await;
    }
    assert_eq!(receiver.seen().len(), 9);

    down.store(false, Ordering::SeqCst);
    store.with(|state| state.resume(&ani));
    deliverer.renew(&ani);
    store.until(|state| state.done_by(&ani).len() == 110).await;
    let told = receiver.seen().split_off(9);
    let mut last = BTreeMap::new();
    for seq in told.iter().map(Seen::seq) {
        let about = if seq <= 60 { (seq as usize - 1) % 30 } else { (seq as usize - 60) % 30 };
        assert!(last.insert(about, seq) < Some(seq), "{seq} came too late");
    }
}

#[tokio::test]
async fn each_try_of_a_receiver_that_takes_nothing_comes_later_than_the_one_before() {
    let receiver = Receiver::start(|_, _| async { StatusCode::BAD_GATEWAY }).await;
    let ani = device("ani");
    let store = conversations(&ani, &receiver.url, 40, 1);
    let backoff = Backoff { first: Duration::from_millis(1), longest: Duration::from_secs(3600) };
    let _deliverer = start(&store, Config { backoff, ..config() });
    store.until(|state| state.failed.len() >= 8 + 8).await;
    let at = store.with(|state| state.failed.iter().map(|failed| failed.at).collect::<Vec<_>>());
    // The waits before the second probe and all later ones: at least half of 1, 2, 4 … milliseconds, rounded down.
    for (n, pair) in at[8..].windows(2).enumerate() {
        let wait = pair[1].since(pair[0]);
        assert!(wait >= Duration::from_millis((1 << n) / 2), "{n}: {wait:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it_for_all_chats_within_the_longest_wait() {
    let ani = device("ani");
    for (status, asked, given) in [(429, "6000", 6000), (503, "999999", 7200)] {
        let receiver = Receiver::start(move |_, _| async move { (StatusCode::from_u16(status).unwrap(), [("retry-after", asked)]) }).await;
        let store = conversations(&ani, &receiver.url, 20, 1);
        let quick = Backoff { first: Duration::from_millis(1), longest: Duration::from_secs(7200) };
        let deliverer = start(&store, Config { backoff: quick, ..config() });
        store.until(|state| state.failed.len() == 8).await;
        deliverer.shutdown().await;
        let failed = store.with(|state| state.failed.clone());
        assert_eq!(failed.len(), 8, "nothing is tried in between");
        assert!(failed.iter().all(|failed| failed.due_at.since(failed.at) == Duration::from_secs(given)), "{failed:?}");
    }
}

#[tokio::test]
async fn what_the_receiver_calls_gone_is_given_up_at_once() {
    let receiver = Receiver::start(|seen, _| async move { if seen.seq() == 1 { StatusCode::GONE } else { StatusCode::OK } }).await;
    let store = store(&device("ani"), webhook(&receiver.url), 3);
    let _deliverer = start(&store, patient());
    store.until(|state| state.done.len() == 2).await;
    assert_eq!(store.with(|state| state.given_up.clone()), [(1, "status_410".to_owned())]);
    assert_eq!(receiver.seqs(), [1, 2, 3]);
}

#[tokio::test]
async fn a_webhook_whose_failures_are_not_repeated_is_paused_too() {
    let receiver = Receiver::start(|_, _| async { StatusCode::NOT_FOUND }).await;
    let ani = device("ani");
    let store = store(&ani, WebhookSettings { retry_count: 0, ..webhook(&receiver.url) }, 1000);
    let _deliverer = start(&store, Config { patience: Duration::from_millis(60), ..config() });
    store.until(|state| state.paused.contains(&ani)).await;
    assert!(store.with(|state| state.given_up.len()) < 1000);
}

#[tokio::test]
async fn a_webhook_that_has_failed_for_too_long_is_paused_until_it_is_resumed() {
    let down = Arc::new(AtomicBool::new(true));
    let answer = down.clone();
    let receiver = Receiver::start(move |_, _| {
        let down = answer.load(Ordering::SeqCst);
        async move { if down { StatusCode::NOT_FOUND } else { StatusCode::OK } }
    })
    .await;
    let ani = device("ani");
    let store = conversations(&ani, &receiver.url, 2, 2);
    let deliverer = start(&store, Config { patience: Duration::from_millis(60), ..config() });
    store.until(|state| state.paused.contains(&ani)).await;
    let (first, last) = store.with(|state| (state.failed[0].at, state.failed.last().unwrap().at));
    assert!(last.since(first) >= Duration::from_millis(60));

    down.store(false, Ordering::SeqCst);
    let tried = receiver.seen().len();
    let reads = store.with(|state| state.reads_of(&ani));
    store.add(&ani, "meanwhile");
    deliverer.wake(&ani);
    store.until(|state| state.reads_of(&ani) > reads).await;
    assert_eq!(receiver.seen().len(), tried);

    store.with(|state| state.resume(&ani));
    deliverer.renew(&ani);
    store.until(|state| state.done.len() == 5).await;
}
