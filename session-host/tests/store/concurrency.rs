//! Two hosts, two callers: what must not happen twice does not.

use std::sync::Arc;

use futures::future::join_all;
use wacore::store::{
    device::DEVICE_PROPS,
    traits::{DeviceStore, MsgSecretEntry, MsgSecretStore, ProtocolStore, SignalStore},
};

use super::memory::{HandClock, MemoryKv, backend};

#[tokio::test]
async fn a_host_that_lost_the_device_writes_nothing_and_knows_it() {
    let clock = HandClock::new();
    let kv = MemoryKv::new(clock.clone());
    let (former, current) = (backend(kv.clone(), clock.clone(), 1), backend(kv, clock, 2));
    former.put_session("a@lid", b"old").await.unwrap();
    current.put_session("a@lid", b"new").await.unwrap();
    assert!(!former.fenced());
    former.put_session("a@lid", b"stale").await.unwrap_err();
    assert!(former.fenced() && !current.fenced());
    assert_eq!(current.get_session("a@lid").await.unwrap().unwrap(), &b"new"[..]);
}

#[tokio::test]
async fn of_many_callers_one_takes_the_sent_message() {
    let clock = HandClock::new();
    let store = backend(MemoryKv::new(clock.clone()), clock, 1);
    store.store_sent_message("a@lid", "1", b"text").await.unwrap();
    let taken = join_all((0..8).map(|_| store.take_sent_message("a@lid", "1"))).await;
    assert_eq!(taken.into_iter().filter(|taken| matches!(taken, Ok(Some(_)))).count(), 1);
}

#[tokio::test]
async fn a_loaded_device_has_the_properties_the_library_starts_with() {
    let clock = HandClock::new();
    let store = backend(MemoryKv::new(clock.clone()), clock, 1);
    store.create().await.unwrap();
    assert_eq!(*store.load().await.unwrap().unwrap().device_props, *DEVICE_PROPS);
}

#[tokio::test]
async fn concurrent_changes_of_one_row_are_all_kept() {
    let clock = HandClock::new();
    let store = Arc::new(backend(MemoryKv::new(clock.clone()), clock, 1));
    join_all((0..64).map(|id| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.store_prekey(id, &[1; 70], false).await.unwrap() })
    }))
    .await;
    assert_eq!(store.load_prekeys_batch(&(0..64).collect::<Vec<_>>()).await.unwrap().len(), 64);
}

#[tokio::test]
async fn both_writers_of_a_token_keep_their_field() {
    let clock = HandClock::new();
    let store = backend(MemoryKv::new(clock.clone()), clock, 1);
    let (received, touched) =
        futures::join!(store.store_received_tc_token("a@lid", &[1, 2, 3], 100), store.touch_tc_token_sender_timestamp("a@lid", 200));
    received.and(touched).unwrap();
    let entry = store.get_tc_token("a@lid").await.unwrap().unwrap();
    assert_eq!((entry.token, entry.token_timestamp, entry.sender_timestamp), (vec![1, 2, 3], 100, Some(200)));
}

#[tokio::test]
async fn concurrent_secrets_of_one_message_are_merged() {
    let clock = HandClock::new();
    let store = backend(MemoryKv::new(clock.clone()), clock, 1);
    let put = |message_ts: i64| {
        let (chat, sender, msg_id) = ("a@lid".into(), "a@lid".into(), "1".into());
        store.put_msg_secrets(vec![MsgSecretEntry { chat, sender, msg_id, secret: [1; 32], expires_at: 0, message_ts }])
    };
    let (unknown, known) = (put(0), put(70));
    let (known, unknown) = futures::join!(known, unknown);
    known.and(unknown).unwrap();
    assert_eq!(store.get_msg_secret_with_ts("a@lid", "a@lid", "1").await.unwrap().unwrap().1, 70);
}
