//! What a shutdown leaves, and what the next start makes of it.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use domain::{model::Timestamp, ports::Clock};
use session_host::{
    Tenure,
    deliver::{Config, Deliverer, Reach},
};
use tokio::sync::Notify;

use super::{config, device, receiver::Receiver, start, store, webhook};

/// Stands still until it is moved.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn the_time_of_the_next_try_outlives_a_restart() {
    let receiver =
        Receiver::start(|_, before| async move { if before == 0 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK } }).await;
    let (ani, clock) = (device("ani"), Arc::new(Hand(AtomicI64::new(1_000_000))));
    let store = store(&ani, webhook(&receiver.url), 2);
    let start = || {
        let quick = config();
        let usual = Config::new("", Reach::Anywhere).backoff;
        Deliverer::start(store.clone(), clock.clone(), Config { backoff: usual, ..quick })
    };

    let deliverer = start();
    store.until(|state| state.failed.len() == 1).await;
    let [failed] = store.with(|state| state.failed.clone()).try_into().unwrap();
    let wait = failed.due_at.since(failed.at);
    assert!(wait >= Duration::from_millis(500) && wait <= Duration::from_secs(1), "{wait:?}");
    deliverer.shutdown().await;

    let deliverer = start();
    for reads in 2..5 {
        store.until(|state| state.reads_of(&ani) == reads).await;
        deliverer.wake(&ani);
    }
    assert_eq!(receiver.seqs(), [1]);

    clock.0.store(failed.due_at.millis(), Ordering::SeqCst);
    deliverer.wake(&ani);
    store.until(|state| state.done.len() == 2).await;
    assert_eq!(receiver.seqs(), [1, 1, 2]);
}

#[tokio::test]
async fn a_clock_that_jumped_back_does_not_stop_deliveries() {
    let receiver =
        Receiver::start(|_, before| async move { if before == 0 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK } }).await;
    let (ani, clock) = (device("ani"), Arc::new(Hand(AtomicI64::new(1_000_000_000))));
    let store = store(&ani, webhook(&receiver.url), 1);
    let mut config = config();
    (config.backoff.first, config.backoff.longest) = (Duration::from_secs(60), Duration::from_secs(60));
    let deliverer = Deliverer::start(store.clone(), clock.clone(), config);
    store.until(|state| state.failed.len() == 1).await;
    clock.0.store(0, Ordering::SeqCst);
    deliverer.wake(&ani);
    store.until(|state| state.done.len() == 1).await;
}

#[tokio::test]
async fn a_shutdown_finishes_the_post_in_hand_and_leaves_the_rest_to_the_next_start() {
    let (arrived, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (came, go) = (arrived.clone(), answer.clone());
    let receiver = Receiver::start(move |_, before| {
        let (came, go) = (came.clone(), go.clone());
        async move {
            if before == 2 {
                came.notify_one();
                go.notified().await;
            }
        }
    })
    .await;
    let ani = device("ani");
    let store = store(&ani, webhook(&receiver.url), 10);
    let deliverer = start(&store, config());
    arrived.notified().await;
    let (_, ()) = tokio::join!(deliverer.shutdown(), async { answer.notify_one() });
    assert_eq!(store.with(|state| state.done_by(&ani)), [1, 2, 3]);
    deliverer.wake(&ani);
    assert_eq!(receiver.seqs(), [1, 2, 3]);

    let _deliverer = start(&store, config());
    store.until(|state| state.done.len() == 10).await;
    assert_eq!(receiver.seqs(), (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_receiver_that_hangs_and_does_not_count_its_try() {
    let receiver = Receiver::start(|_, before| async move {
        if before == 0 {
            pending::<()>().await;
        }
    })
    .await;
    let ani = device("ani");
    let store = store(&ani, webhook(&receiver.url), 1);
    let deliverer = start(&store, Config { grace: Duration::from_millis(20), ..config() });
    receiver.until_seen(1).await;
    deliverer.shutdown().await;
    assert!(store.with(|state| state.failed.is_empty() && state.done.is_empty()));

    let _deliverer = start(&store, config());
    store.until(|state| state.done.len() == 1).await;
    let seen = receiver.seen();
    assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
}

#[tokio::test]
async fn nothing_is_posted_once_the_tenure_is_over_and_all_of_it_by_the_next_host() {
    let receiver = Receiver::start(|_, _| async { StatusCode::OK }).await;
    let ani = device("ani");
    let store = store(&ani, webhook(&receiver.url), 1);
    let tenure = Tenure::until(Instant::now() + Duration::from_secs(3600));
    let deliverer = start(&store, Config { tenure: tenure.clone(), ..config() });
    store.until(|state| state.done.len() == 1).await;
    tenure.end();
    let reads = store.with(|state| state.reads_of(&ani));
    store.add(&ani, "more");
    deliverer.wake(&ani);
    store.until(|state| state.reads_of(&ani) > reads).await;
    deliverer.shutdown().await;
    assert_eq!(receiver.seqs(), [1]);

    let _deliverer = start(&store, config());
    store.until(|state| state.done.len() == 2).await;
    assert_eq!(receiver.seqs(), [1, 2]);
}
