//! Order within a device, independence between devices, and no delivery without a worker.

use std::{future::pending, sync::Arc};

use axum::http::StatusCode;
use domain::model::WebhookSettings;
use tokio::task::yield_now;

use super::{config, device, memory::Memory, receiver::Receiver, start, store, webhook};

#[tokio::test]
async fn delivers_what_waits_at_the_start_in_order_and_once() {
    let receiver = Receiver::start(|_, _| async {}).await;
    let ani = device("ani");
    let store = store(&ani, webhook(&receiver.url), 120);
    let deliverer = start(&store, config());
    store.until(|state| state.done.len() == 120).await;
    assert_eq!(receiver.seqs(), (1..=120).collect::<Vec<_>>());
    deliverer.shutdown().await;
}

#[tokio::test]
async fn receivers_that_never_answer_delay_nobody_else() {
    let receiver = Receiver::start(|seen, _| async move {
        if seen.path == "/hangs" {
            pending::<()>().await;
        }
    })
    .await;
    let store = Arc::new(Memory::new());
    let quick = device("quick");
    for n in 0..400 {
        let slow = device(&format!("slow {n}"));
        store.with(|state| state.webhooks.insert(slow.clone(), webhook(&receiver.url.replace("/hook", "/hangs"))));
        store.add(&slow, "late");
    }
    store.with(|state| state.webhooks.insert(quick.clone(), webhook(&receiver.url)));
    let deliverer = start(&store, config());
    receiver.until_seen(400).await;
    for n in 1..=20 {
        store.add(&quick, "on time");
        deliverer.wake(&quick);
        store.until(|state| state.done_by(&quick).len() == n).await;
    }
    assert_eq!(store.with(|state| state.done.len()), 20);
}

#[tokio::test]
async fn what_a_receiver_missed_while_it_was_down_comes_in_order() {
    let receiver =
        Receiver::start(|_, before| async move { if before < 5 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK } }).await;
    let ani = device("ani");
    let store = store(&ani, webhook(&receiver.url), 10);
    let deliverer = start(&store, config());
    store.until(|state| state.failed.len() >= 2).await;
    for _ in 0..60 {
        store.add(&ani, "meanwhile");
        deliverer.wake(&ani);
    }
    store.until(|state| state.done.len() == 70).await;
    assert_eq!(receiver.seqs(), [[1; 5].to_vec(), (1..=70).collect()].concat());
    assert!(store.with(|state| state.failed.iter().all(|failed| failed.seq == 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_is_missed_however_it_falls() {
    let receiver = Receiver::start(|_, _| async {}).await;
    let ani = device("ani");
    let store = store(&ani, webhook(&receiver.url), 0);
    let deliverer = start(&store, config());
    for n in 0..3000_usize {
        store.add(&ani, "now");
        deliverer.wake(&ani);
        match n % 4 {
            0 => store.until(|state| state.done.len() > n).await,
            1 => yield_now().await,
            _ => {}
        }
    }
    store.until(|state| state.done.len() == 3000).await;
    assert_eq!(receiver.seqs(), (1..=3000).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_unavailable_store_delays_deliveries_but_loses_and_repeats_none() {
    let receiver = Receiver::start(|_, _| async {}).await;
    let ani = device("ani");
    let store = store(&ani, webhook(&receiver.url), 3);
    store.with(|state| state.broken = 3);
    let deliverer = start(&store, config());
    for n in 3..8 {
        store.until(|state| state.done.len() == n).await;
        store.with(|state| state.broken = 3);
        store.add(&ani, "later");
        deliverer.wake(&ani);
    }
    store.until(|state| state.done.len() == 8).await;
    assert_eq!(receiver.seqs(), (1..=8).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_webhook_that_is_switched_off_gets_what_waits_once_it_is_on_again() {
    let receiver = Receiver::start(|_, _| async {}).await;
    let ani = device("ani");
    let store = store(&ani, WebhookSettings { enabled: false, ..webhook(&receiver.url) }, 3);
    let deliverer = start(&store, config());
    store.until(|state| state.reads_of(&ani) == 1).await;
    assert!(receiver.seen().is_empty());
    store.with(|state| state.webhooks.insert(ani.clone(), webhook(&receiver.url)));
    deliverer.renew(&ani);
    store.until(|state| state.done.len() == 3).await;
}
