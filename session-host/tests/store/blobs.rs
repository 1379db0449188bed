//! Blobs that outgrow a value of the port, as a session that skipped thousands of messages does.

use std::sync::Arc;

use bytes::Bytes;
use wacore::store::traits::{ProtocolStore, SignalStore};

use super::memory::{HandClock, MemoryKv, backend};

fn blob(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 / 7 + seed) as u8).collect()
}

#[tokio::test]
async fn a_blob_comes_back_whole_whatever_its_size_and_however_it_changes() {
    let clock = HandClock::new();
    let store = backend(MemoryKv::new(clock.clone()), clock, 1);
    for (seed, length) in [0, 1, 298_999, 299_000, 299_001, 598_000, 598_001, 2_000_000, 10, 700_000, 300_000].into_iter().enumerate() {
        let session = blob(length, seed);
        store.put_session("a@lid", &session).await.unwrap();
        assert!(store.get_session("a@lid").await.unwrap().unwrap() == session, "{length} bytes");
    }
    store.delete_session("a@lid").await.unwrap();
    assert_eq!(store.get_session("a@lid").await.unwrap(), None);
    assert!(!store.has_signal_state_for_user("a").await.unwrap(), "leftover pieces are no session");
}

#[tokio::test]
async fn a_large_blob_is_one_write() {
    let clock = HandClock::new();
    let kv = MemoryKv::new(clock.clone());
    let store = backend(kv.clone(), clock, 1);
    store.put_sessions_batch(&[(Arc::from("a@lid"), blob(900_000, 1).into()), (Arc::from("b@lid"), Bytes::new())]).await.unwrap();
    assert_eq!(kv.counts(), (0, 1, 5));
}

#[tokio::test]
async fn a_reader_sees_one_blob_while_it_is_replaced() {
    let clock = HandClock::new();
    let store = backend(MemoryKv::new(clock.clone()), clock, 1);
    let versions: Vec<Vec<u8>> = (0..6).map(|seed| blob(300_000 + 200_000 * (seed % 3), seed)).collect();
    store.put_group_metadata("1@g.us", &versions[0]).await.unwrap();
    let write = async {
        for version in versions.iter().cycle().take(30) {
            store.put_group_metadata("1@g.us", version).await.unwrap();
        }
    };
    let read = async {
        for _ in 0..30 {
            let blob = store.get_group_metadata("1@g.us").await.unwrap().unwrap();
            assert!(versions.contains(&blob), "pieces of two blobs");
        }
    };
    futures::join!(write, read);
}
