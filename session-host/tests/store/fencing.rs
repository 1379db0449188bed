//! Two hosts, two callers: what must not happen twice does not.

use std::sync::Arc;

use futures::future::join_all;
use wacore::store::{
    device::DEVICE_PROPS,
    traits::{DeviceStore, ProtocolStore, SignalStore},
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
