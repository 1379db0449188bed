//! Rows as version 0.1.0 wrote them. They lie in people's databases: a later version must read them, so these bytes never change.

use domain::{
    model::DeviceId,
    ports::{Epoch, KeyValue, Op},
};
use serde_json::json;
use session_host::store::DeviceBackend;
use wacore::store::traits::{AppSyncStore, DeviceStore, MsgSecretStore, ProtocolStore, SignalStore};

use super::memory::{HandClock, MemoryKv, backend};

/// A store in which `key` has `value`.
async fn store_with(key: &str, value: Vec<u8>) -> DeviceBackend {
    let clock = HandClock::new();
    let kv = MemoryKv::new(clock.clone());
    let row = Op::Put { key: key.into(), value, expires_at: None };
    kv.write(&DeviceId::parse("device-1").unwrap(), Epoch(1), vec![row]).await.unwrap();
    backend(kv, clock, 1)
}

/// A private key, with the bits Curve25519 fixes, and a public one.
fn key_pair(byte: u8) -> Vec<u8> {
    let mut pair = vec![byte; 64];
    pair[31] |= 64;
    pair
}

#[tokio::test]
async fn reads_a_linked_device() {
    let row = json!({
        "pn": {"user": "6281100000001", "server": "s.whatsapp.net", "agent": 0, "device": 7, "integrator": 0},
        "lid": {"user": "100000000000001", "server": "lid", "agent": 0, "device": 7, "integrator": 0},
        "registration_id": 4_000_000_000_u32,
        "noise_key": key_pair(8),
        "identity_key": key_pair(16),
        "signed_pre_key": key_pair(24),
        "signed_pre_key_id": 1,
        "signed_pre_key_signature": vec![4; 64],
        "adv_secret_key": vec![5; 32],
        "account": [10, 2, 1, 2],
        "push_name": "Ani",
        "app_version_primary": 2,
        "app_version_secondary": 3000,
        "app_version_tertiary": 1,
        "app_version_last_fetched_ms": 0,
        "edge_routing_info": [1, 2, 3],
        "props_hash": "abc",
        "next_pre_key_id": 813,
        "first_unupload_pre_key_id": 813,
        "server_has_prekeys": true,
        "nct_salt": [9],
        "server_cert_chain": {
            "intermediate": {"key": vec![6; 32], "not_before": 1, "not_after": 2},
            "leaf": {"key": vec![7; 32], "not_before": 1, "not_after": 2},
        },
        "login_counter": 3,
        "lid_migrated": true,
        "last_signed_pre_key_rotation_ms": 5,
        "read_receipts_disabled": false,
    });
    let store = store_with("device", serde_json::to_vec(&row).unwrap()).await;
    let device = store.load().await.unwrap().unwrap();
    assert_eq!(device.pn.as_ref().unwrap().to_string(), "6281100000001:7@s.whatsapp.net");
    assert_eq!(device.account.as_ref().unwrap().details, Some(vec![1, 2]));
    assert_eq!(device.server_cert_chain.as_ref().unwrap().leaf.key, [7; 32]);
    assert_eq!(serde_json::to_value(&device).unwrap(), row, "nothing of it is lost");
}

#[tokio::test]
async fn reads_packed_rows() {
    let store = store_with("prekey/0000001", vec![1, 2, 64, 2, 0xaa, 0xbb, 65, 0]).await;
    assert_eq!(store.load_prekey(64).await.unwrap().unwrap(), &[0xaa, 0xbb][..]);
    assert_eq!(store.load_prekey(65).await.unwrap().unwrap(), &[][..]);

    let store = store_with("sync-mac/regular/05", vec![1, 1, 2, 5, 9, 1, 0xcc]).await;
    assert_eq!(store.get_mutation_mac("regular", &[5, 9]).await.unwrap(), Some(vec![0xcc]));

    let store = store_with("sender-key-devices/1@g.us/0000", vec![1, 1, 3, b'a', b'@', b'b', 1]).await;
    assert_eq!(store.get_sender_key_devices("1@g.us").await.unwrap(), [("a@b".to_owned(), true)]);

    let store = store_with("secret/c/s/m", [&[1][..], &[8; 32], &[0, 20]].concat()).await;
    assert_eq!(store.get_msg_secret_with_ts("c", "s", "m").await.unwrap(), Some((vec![8; 32], 10)));

    let store = store_with("sent/c/m", vec![0, 0, 0, 0, 0, 0, 0, 0, 7, b'h', b'i']).await;
    assert_eq!(store.take_sent_message("c", "m").await.unwrap(), Some(b"hi".to_vec()));
}

#[tokio::test]
async fn rows_of_a_later_version_are_an_error_and_not_a_panic() {
    for value in [vec![], vec![2, 0], vec![1], vec![1, 255, 255]] {
        let store = store_with("prekey/0000001", value).await;
        store.load_prekey(64).await.unwrap_err();
    }
    for value in [vec![], vec![0], vec![3, 1, 2], vec![0, 1, 2, 3]] {
        let store = store_with("sent/c/m", value).await;
        store.take_sent_message("c", "m").await.unwrap_err();
        store.delete_expired_sent_messages(i64::MAX).await.unwrap_err();
    }
}

#[tokio::test]
async fn an_unreadable_app_state_version_is_asked_for_anew() {
    let store = store_with("sync-version/regular", b"?".to_vec()).await;
    assert_eq!(store.get_version("regular").await.unwrap().version, 0);
}
