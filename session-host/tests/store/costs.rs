//! What calls cost in round trips and writes. On DynamoDB these are money.

use std::sync::Arc;

use bytes::Bytes;
use wacore::{
    appstate::processor::AppStateMutationMAC,
    store::traits::{AppSyncStore, DeviceStore, LidPnMappingEntry, MsgSecretEntry, MsgSecretStore, ProtocolStore, SignalStore},
};

use super::memory::{HandClock, MemoryKv, backend};

const ADDRESS: &str = "6281100000002:5@s.whatsapp.net";
const GROUP: &str = "120363000000000001@g.us";

fn store() -> (Arc<MemoryKv>, session_host::store::DeviceBackend) {
    let clock = HandClock::new();
    let kv = MemoryKv::new(clock.clone());
    (kv.clone(), backend(kv, clock, 1))
}

/// As long as the real ones.
fn prekeys() -> Vec<(u32, Bytes)> {
    (1..=812).map(|id| (id, Bytes::from(vec![7; 74]))).collect()
}

#[tokio::test]
async fn linking_stores_812_prekeys_in_one_write_of_13_rows() {
    let (kv, store) = store();
    store.store_prekeys_batch(&prekeys(), false).await.unwrap();
    assert_eq!(kv.counts(), (1, 1, 13));
    assert!(kv.largest_value() < 6_000, "{}", kv.largest_value());
    let ids: Vec<u32> = (1..=812).collect();
    store.mark_prekeys_uploaded(&ids).await.unwrap();
    assert_eq!(kv.counts(), (0, 0, 0), "nobody asks whether a key was uploaded");
    assert_eq!(store.load_prekeys_batch(&ids).await.unwrap(), prekeys());
    assert_eq!(kv.counts(), (1, 0, 0), "the digest of all keys is one read");
}

#[tokio::test]
async fn using_up_a_prekey_rewrites_one_row() {
    let (kv, store) = store();
    store.store_prekeys_batch(&prekeys(), false).await.unwrap();
    kv.counts();
    store.remove_prekey(400).await.unwrap();
    assert_eq!(kv.counts(), (1, 1, 1));
    store.remove_prekey(400).await.unwrap();
    assert_eq!(kv.counts(), (1, 0, 0));
}

#[tokio::test]
async fn a_session_is_put_blindly_and_a_flush_is_one_write() {
    let (kv, store) = store();
    store.put_session(ADDRESS, &[1; 2_000]).await.unwrap();
    assert_eq!(kv.counts(), (0, 1, 1));
    let sessions: Vec<_> = (0..50).map(|device| (Arc::from(format!("62811:{device}@lid")), Bytes::from(vec![1; 2_000]))).collect();
    store.put_sessions_batch(&sessions).await.unwrap();
    assert_eq!(kv.counts(), (0, 1, 50));
    store.get_session(ADDRESS).await.unwrap();
    store.load_identity(ADDRESS).await.unwrap();
    assert_eq!(kv.counts(), (2, 0, 0));
}

#[tokio::test]
async fn a_sent_text_costs_two_rows_besides_its_session() {
    let (kv, store) = store();
    store.store_sent_message(ADDRESS, "3EB0AA", &[1; 300]).await.unwrap();
    assert_eq!(kv.counts(), (0, 1, 1));
    let secret = || MsgSecretEntry {
        chat: ADDRESS.into(),
        sender: "6281100000001@s.whatsapp.net".into(),
        msg_id: "3EB0AA".into(),
        secret: [3; 32],
        expires_at: 0,
        message_ts: 1_800_000_000,
    };
    store.put_msg_secrets(vec![secret()]).await.unwrap();
    assert_eq!(kv.counts(), (1, 1, 1));
    store.put_msg_secrets(vec![secret()]).await.unwrap();
    assert_eq!(kv.counts(), (1, 0, 0), "a redelivery changes nothing");
}

#[tokio::test]
async fn the_librarys_regular_sweeps_cost_nothing() {
    let (kv, store) = store();
    store.store_sent_message(ADDRESS, "3EB0AA", &[1; 300]).await.unwrap();
    store.store_pending_inbound(ADDRESS, ADDRESS, "3EB0AB", &[1; 300]).await.unwrap();
    kv.counts();
    let now = 1_800_000_000;
    assert_eq!(store.delete_expired_sent_messages(now - 7_200).await.unwrap(), 0);
    assert_eq!(store.delete_expired_pending_inbound(now - 604_800).await.unwrap(), 0);
    assert_eq!(store.delete_expired_msg_secrets(now).await.unwrap(), 0);
    assert_eq!(kv.counts(), (0, 0, 0));
}

#[tokio::test]
async fn a_large_group_is_packed_and_a_newcomer_rewrites_one_row() {
    let (kv, store) = store();
    let members: Vec<String> = (0..3_000).map(|number| format!("1000000000{number:05}:12@lid")).collect();
    let entries: Vec<_> = members.iter().map(|member| (member.as_str(), true)).collect();
    store.set_sender_key_status(GROUP, &entries).await.unwrap();
    assert_eq!(kv.counts(), (1, 1, 47));
    store.set_sender_key_status(GROUP, &entries).await.unwrap();
    assert_eq!(kv.counts(), (1, 0, 0), "nothing changed");
    store.set_sender_key_status(GROUP, &[("100000000099999:1@lid", true)]).await.unwrap();
    assert_eq!(kv.counts(), (1, 1, 1));
    assert_eq!(store.get_sender_key_devices(GROUP).await.unwrap().len(), 3_001);
    assert!(kv.largest_value() < 2_500, "{}", kv.largest_value());
}

#[tokio::test]
async fn a_snapshot_of_thousands_of_entries_is_at_most_64_rows() {
    let (kv, store) = store();
    let mac = |number: u32| AppStateMutationMAC { index_mac: blake(number), value_mac: vec![9; 32] };
    let macs: Vec<_> = (0..5_000).map(mac).collect();
    store.put_mutation_macs("critical_unblock_low", 1, &macs).await.unwrap();
    assert_eq!(kv.counts(), (1, 1, 64));
    assert!(kv.largest_value() < 10_000, "{}", kv.largest_value());
    store.put_mutation_macs("critical_unblock_low", 2, &[mac(6_000)]).await.unwrap();
    assert_eq!(kv.counts(), (1, 1, 1));
}

/// An evenly distributed 32 bytes.
fn blake(number: u32) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    Sha256::digest(number.to_be_bytes()).to_vec()
}

#[tokio::test]
async fn learning_who_is_who_takes_no_read() {
    let (kv, store) = store();
    let entry = |number: u32| LidPnMappingEntry {
        lid: format!("1000000000{number:05}"),
        phone_number: format!("62811000{number:05}"),
        created_at: 1,
        updated_at: 1,
        learning_source: "usync".into(),
    };
    store.put_lid_mappings(&(0..200).map(entry).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(kv.counts(), (0, 1, 400));
    assert_eq!(store.get_all_lid_mappings().await.unwrap().len(), 200);
    assert_eq!(kv.counts(), (1, 0, 0));
}

#[tokio::test]
async fn keys_are_readable() {
    let (kv, store) = store();
    store.create().await.unwrap();
    store.put_session(ADDRESS, b"session").await.unwrap();
    store.put_identity(ADDRESS, [1; 32]).await.unwrap();
    store.store_prekey(812, b"record", false).await.unwrap();
    store.set_sender_key_status(GROUP, &[(ADDRESS, true)]).await.unwrap();
    assert_eq!(
        kv.keys(),
        [
            "device",
            "prekey/000000c",
            "sender-key-devices/120363000000000001@g.us/0000",
            "signal/6281100000002:5@s.whatsapp.net/identity",
            "signal/6281100000002:5@s.whatsapp.net/session",
        ]
    );
}
