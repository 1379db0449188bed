//! Every call of the library's store traits as data, so that one sequence can be made on several stores.

use std::{collections::BTreeMap, fmt::Debug, sync::Arc, sync::LazyLock};

use bytes::Bytes;
use proptest::{collection::vec, prelude::*, sample::select};
use sha2::{Digest, Sha256};
use wacore::{
    appstate::{hash::HashState, processor::AppStateMutationMAC},
    store::{
        Device,
        error::Result,
        traits::{
            AppStateSyncKey, Backend, DeviceInfo, DeviceListRecord, LidPnMappingEntry, MsgSecretEntry, PendingInboundKey,
            PendingInboundRow, TcTokenEntry,
        },
    },
};

type Id = String;

/// What a call is about to write: its length and the byte it is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Payload(usize, u8);

impl Payload {
    pub fn bytes(self) -> Vec<u8> {
        vec![self.1; self.0]
    }
}

#[derive(Clone, Debug)]
pub struct Secret {
    pub chat: Id,
    pub sender: Id,
    pub message: Id,
    pub secret: u8,
    /// Seconds from now; `None` means never.
    pub expires_in: Option<i64>,
    pub message_ts: i64,
}

#[derive(Clone, Debug)]
pub enum Call {
    /// The process starts anew.
    Restart,
    /// Time passes.
    Advance(i64),

    PutIdentity(Id, u8),
    PutIdentities(Vec<(Id, u8)>),
    LoadIdentity(Id),
    DeleteIdentity(Id),
    GetSession(Id),
    PutSession(Id, Payload),
    PutSessions(Vec<(Id, Payload)>),
    DeleteSession(Id),
    HasSession(Id),
    HasSignalState(Id),
    StorePrekey(u32, Payload, bool),
    StorePrekeys(Vec<(u32, Payload)>, bool),
    LoadPrekey(u32),
    LoadPrekeys(Vec<u32>),
    MarkUploaded(Vec<u32>),
    RemovePrekey(u32),
    MaxPrekeyId,
    StoreSignedPrekey(u32, Payload),
    LoadSignedPrekey(u32),
    LoadSignedPrekeys,
    RemoveSignedPrekey(u32),
    PutSenderKey(Id, Payload),
    PutSenderKeys(Vec<(Id, Payload)>),
    GetSenderKey(Id),
    DeleteSenderKey(Id),

    GetSyncKey(Vec<u8>),
    SetSyncKey(Vec<u8>, u8),
    LatestSyncKey,
    GetVersion(Id),
    SetVersion(Id, u64, u8),
    PutMacs(Id, Vec<(Vec<u8>, u8)>),
    GetMac(Id, Vec<u8>),
    GetMacs(Id, Vec<u8>),
    DeleteMacs(Id, Vec<Vec<u8>>),
    ClearMacs(Id),

    GetSenderKeyDevices(Id),
    SetSenderKeyStatus(Id, Vec<(Id, bool)>),
    ClearSenderKeyDevices(Id),
    DeleteSenderKeyDevices(Vec<Id>),
    ClearAllSenderKeyDevices,
    GetLid(Id),
    GetPn(Id),
    PutLid(Id, Id, i64),
    PutLids(Vec<(Id, Id, i64)>),
    AllLids,
    SaveBaseKey(Id, Id, u8),
    SameBaseKey(Id, Id, u8),
    DeleteBaseKey(Id, Id),
    UpdateDeviceList(Id, u32),
    UpdateDeviceLists(Vec<(Id, u32)>),
    GetDevices(Id),
    DeleteDevices(Id),
    GetGroup(Id),
    PutGroup(Id, Payload),
    DeleteGroup(Id),
    GetToken(Id),
    PutToken(Id, u8, i64, Option<i64>),
    DeleteToken(Id),
    AllTokens,
    ExpireTokens(i64, i64),
    TouchToken(Id, i64),
    ReceiveToken(Id, u8, i64),
    StoreSent(Id, Id, Payload),
    TakeSent(Id, Id),
    /// Older than so many seconds.
    ExpireSent(i64),
    StoreInbound(Id, Id, Id, Payload),
    StoreInbounds(Vec<(Id, Id, Id, Payload)>),
    GetInbound(Id, Id, Id),
    DeleteInbound(Id, Id, Id),
    DeleteInbounds(Vec<(Id, Id, Id)>),
    ExpireInbound(i64),

    PutSecret(Id, Id, Id, u8),
    PutSecrets(Vec<Secret>),
    GetSecret(Id, Id, Id),
    GetSecretWithTs(Id, Id, Id),
    /// Seconds from now.
    ExpireSecrets(i64),

    SaveDevice(u32),
    LoadDevice,
    DeviceExists,
    CreateDevice,
}

/// Few and alike, so that calls meet; with every kind of character that could confuse a key.
fn id() -> impl Strategy<Value = Id> {
    let long = "x".repeat(400);
    select(vec![
        String::new(),
        "a".into(),
        "ab".into(),
        "a@s.whatsapp.net".into(),
        "a:1@s.whatsapp.net".into(),
        "ab:2@lid".into(),
        "a/b".into(),
        "a%2Fb".into(),
        "b".into(),
        "~".into(),
        "é@lid".into(),
        "\u{0}\u{85}\n".into(),
        "1203@g.us".into(),
        format!("{long}1"),
        format!("{long}2"),
    ])
}

/// For rows that are known by several ids.
fn part() -> impl Strategy<Value = Id> {
    select(vec!["a/b", "b", "bb", "%"]).prop_map(Id::from)
}

fn user() -> impl Strategy<Value = Id> {
    select(vec!["", "a", "ab", "abc", "é", "a:1", "b", "%"]).prop_map(Id::from)
}

fn payload() -> impl Strategy<Value = Payload> {
    let length = prop_oneof![20 => 0..80_usize, 1 => Just(298_999), 1 => Just(299_001), 1 => 598_000..900_000_usize];
    (length, any::<u8>()).prop_map(|(length, fill)| Payload(length, fill))
}

/// Small enough for 64 of them to share a row, as real ones are.
fn record() -> impl Strategy<Value = Payload> {
    (0..90_usize, any::<u8>()).prop_map(|(length, fill)| Payload(length, fill))
}

fn prekey_id() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..200_u32, 1 => select(vec![0xff_ffff, u32::MAX])]
}

fn index_mac() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![1 => vec(0..3_u8, 0..3), 4 => (0..6_u8).prop_map(|byte| full_mac(byte).to_vec())]
}

fn full_mac(byte: u8) -> [u8; 32] {
    [byte.wrapping_mul(50); 32]
}

/// More members than a row of the store holds, now and then.
fn members() -> impl Strategy<Value = Vec<(Id, bool)>> {
    prop_oneof![6 => vec((member_id(), any::<bool>()), 0..5), 1 => vec((member_id(), any::<bool>()), 60..200)]
}

fn member_id() -> impl Strategy<Value = Id> {
    prop_oneof![id(), (0..150_u32).prop_map(|number| format!("{number}:3@lid"))]
}

fn time() -> impl Strategy<Value = i64> {
    0..6_i64
}

fn age() -> impl Strategy<Value = i64> {
    select(vec![-1, 0, 1, 100, 7_000, 7_201, 600_000, 700_000])
}

fn secret() -> impl Strategy<Value = Secret> {
    let expires_in = select(vec![None, Some(-5), Some(0), Some(1), Some(60), Some(5_000)]);
    (part(), part(), part(), any::<u8>(), expires_in, time()).prop_map(|(chat, sender, message, secret, expires_in, message_ts)| Secret {
        chat,
        sender,
        message,
        secret,
        expires_in,
        message_ts,
    })
}

fn signal_call() -> impl Strategy<Value = Call> {
    use Call::*;
    prop_oneof![
        (id(), any::<u8>()).prop_map(|(a, b)| PutIdentity(a, b)),
        vec((id(), any::<u8>()), 0..4).prop_map(PutIdentities),
        id().prop_map(LoadIdentity),
        id().prop_map(DeleteIdentity),
        id().prop_map(GetSession),
        (id(), payload()).prop_map(|(a, b)| PutSession(a, b)),
        vec((id(), payload()), 0..4).prop_map(PutSessions),
        id().prop_map(DeleteSession),
        id().prop_map(HasSession),
        user().prop_map(HasSignalState),
        (prekey_id(), record(), any::<bool>()).prop_map(|(a, b, c)| StorePrekey(a, b, c)),
        (vec((prekey_id(), record()), 0..100), any::<bool>()).prop_map(|(a, b)| StorePrekeys(a, b)),
        prekey_id().prop_map(LoadPrekey),
        vec(prekey_id(), 0..40).prop_map(LoadPrekeys),
        vec(prekey_id(), 0..40).prop_map(MarkUploaded),
        prekey_id().prop_map(RemovePrekey),
        Just(MaxPrekeyId),
        (prekey_id(), record()).prop_map(|(a, b)| StoreSignedPrekey(a, b)),
        prekey_id().prop_map(LoadSignedPrekey),
        Just(LoadSignedPrekeys),
        prekey_id().prop_map(RemoveSignedPrekey),
        (id(), payload()).prop_map(|(a, b)| PutSenderKey(a, b)),
        vec((id(), payload()), 0..4).prop_map(PutSenderKeys),
        id().prop_map(GetSenderKey),
        id().prop_map(DeleteSenderKey),
    ]
}

fn app_sync_call() -> impl Strategy<Value = Call> {
    use Call::*;
    prop_oneof![
        vec(0..3_u8, 0..2).prop_map(GetSyncKey),
        (vec(0..3_u8, 0..2), any::<u8>()).prop_map(|(a, b)| SetSyncKey(a, b)),
        Just(LatestSyncKey),
        part().prop_map(GetVersion),
        (part(), any::<u64>(), any::<u8>()).prop_map(|(a, b, c)| SetVersion(a, b, c)),
        (part(), vec((index_mac(), any::<u8>()), 0..8)).prop_map(|(a, b)| PutMacs(a, b)),
        (part(), index_mac()).prop_map(|(a, b)| GetMac(a, b)),
        (part(), vec(0..6_u8, 0..6)).prop_map(|(a, b)| GetMacs(a, b)),
        (part(), vec(index_mac(), 0..8)).prop_map(|(a, b)| DeleteMacs(a, b)),
        part().prop_map(ClearMacs),
    ]
}

fn protocol_call() -> impl Strategy<Value = Call> {
    use Call::*;
    let people = prop_oneof![
        part().prop_map(GetLid),
        part().prop_map(GetPn),
        (part(), part(), time()).prop_map(|(a, b, c)| PutLid(a, b, c)),
        vec((part(), part(), time()), 0..5).prop_map(PutLids),
        Just(AllLids),
        (part(), part(), any::<u8>()).prop_map(|(a, b, c)| SaveBaseKey(a, b, c % 3)),
        (part(), part(), any::<u8>()).prop_map(|(a, b, c)| SameBaseKey(a, b, c % 3)),
        (part(), part()).prop_map(|(a, b)| DeleteBaseKey(a, b)),
        (id(), any::<u32>()).prop_map(|(a, b)| UpdateDeviceList(a, b)),
        vec((id(), any::<u32>()), 0..4).prop_map(UpdateDeviceLists),
        id().prop_map(GetDevices),
        id().prop_map(DeleteDevices),
    ];
    let groups = prop_oneof![
        2 => part().prop_map(GetSenderKeyDevices),
        3 => (part(), members()).prop_map(|(a, b)| SetSenderKeyStatus(a, b)),
        1 => part().prop_map(ClearSenderKeyDevices),
        1 => vec(member_id(), 0..40).prop_map(DeleteSenderKeyDevices),
        1 => Just(ClearAllSenderKeyDevices),
        1 => part().prop_map(GetGroup),
        1 => (part(), payload()).prop_map(|(a, b)| PutGroup(a, b)),
        1 => part().prop_map(DeleteGroup),
    ];
    let tokens = prop_oneof![
        2 => part().prop_map(GetToken),
        1 => (part(), 0..3_u8, time(), proptest::option::of(time())).prop_map(|(a, b, c, d)| PutToken(a, b, c, d)),
        1 => part().prop_map(DeleteToken),
        1 => Just(AllTokens),
        1 => (time(), time()).prop_map(|(a, b)| ExpireTokens(a, b)),
        2 => (part(), time()).prop_map(|(a, b)| TouchToken(a, b)),
        2 => (part(), 0..3_u8, time()).prop_map(|(a, b, c)| ReceiveToken(a, b, c)),
    ];
    let messages = prop_oneof![
        3 => (part(), part(), payload()).prop_map(|(a, b, c)| StoreSent(a, b, c)),
        2 => (part(), part()).prop_map(|(a, b)| TakeSent(a, b)),
        1 => age().prop_map(ExpireSent),
        2 => (part(), part(), part(), payload()).prop_map(|(a, b, c, d)| StoreInbound(a, b, c, d)),
        2 => vec((part(), part(), part(), payload()), 0..4).prop_map(StoreInbounds),
        2 => (part(), part(), part()).prop_map(|(a, b, c)| GetInbound(a, b, c)),
        1 => (part(), part(), part()).prop_map(|(a, b, c)| DeleteInbound(a, b, c)),
        1 => vec((part(), part(), part()), 0..4).prop_map(DeleteInbounds),
        1 => age().prop_map(ExpireInbound),
    ];
    prop_oneof![people, groups, tokens, messages]
}

fn other_call() -> impl Strategy<Value = Call> {
    use Call::*;
    prop_oneof![
        2 => (part(), part(), part(), any::<u8>()).prop_map(|(a, b, c, d)| PutSecret(a, b, c, d)),
        6 => vec(secret(), 0..12).prop_map(PutSecrets),
        2 => (part(), part(), part()).prop_map(|(a, b, c)| GetSecret(a, b, c)),
        4 => (part(), part(), part()).prop_map(|(a, b, c)| GetSecretWithTs(a, b, c)),
        2 => select(vec![-60_i64, 0, 1, 59, 60, 5_000]).prop_map(ExpireSecrets),
        1 => any::<u32>().prop_map(SaveDevice),
        1 => Just(LoadDevice),
        1 => Just(DeviceExists),
        1 => Just(CreateDevice),
        3 => Just(Restart),
        3 => select(vec![1_i64, 60, 3_600, 7_200, 604_800]).prop_map(Advance),
    ]
}

pub fn calls() -> impl Strategy<Value = Vec<Call>> {
    vec(prop_oneof![signal_call(), app_sync_call(), protocol_call(), other_call()], 1..120)
}

fn show(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    format!("{} bytes {}", bytes.len(), hex::encode(&Sha256::digest(bytes)[..6]))
}

fn debug<T: Debug>(result: Result<T>) -> String {
    format!("{result:?}")
}

fn json<T: serde::Serialize>(result: Result<T>) -> String {
    debug(result.map(|value| serde_json::to_value(value).unwrap()))
}

fn sorted<T: Ord + Debug>(result: Result<Vec<T>>) -> String {
    debug(result.map(|mut values| {
        values.sort();
        values
    }))
}

fn shared<T>(entries: &[(Id, T)], value: impl Fn(&T) -> Bytes) -> Vec<(Arc<str>, Bytes)> {
    entries.iter().map(|(id, entry)| (Arc::from(id.as_str()), value(entry))).collect()
}

fn lid((lid, phone_number, time): &(Id, Id, i64)) -> LidPnMappingEntry {
    let learning_source = "usync".to_owned();
    LidPnMappingEntry { lid: lid.clone(), phone_number: phone_number.clone(), created_at: *time, updated_at: *time, learning_source }
}

fn device_list((user, seed): &(Id, u32)) -> DeviceListRecord {
    let devices = (0..seed % 4).map(|number| DeviceInfo::new(number, seed.checked_sub(7)).with_hosting(seed.is_multiple_of(2))).collect();
    let phash = seed.is_multiple_of(3).then(|| format!("2:{seed}"));
    DeviceListRecord { user: user.clone(), devices, timestamp: i64::from(*seed), phash, raw_id: seed.is_multiple_of(5).then_some(*seed) }
}

fn device(seed: u32) -> Device {
    static DEVICE: LazyLock<Device> = LazyLock::new(Device::new);
    let mut device = DEVICE.clone();
    device.pn = seed.is_multiple_of(2).then(|| "6281100000001:7@s.whatsapp.net".parse().unwrap());
    device.lid = seed.is_multiple_of(3).then(|| "100000000000001:7@lid".parse().unwrap());
    device.push_name = format!("Ani \u{1F642} {seed}");
    device.next_pre_key_id = seed;
    device.edge_routing_info = seed.is_multiple_of(5).then(|| seed.to_be_bytes().to_vec());
    device
}

/// Makes the call and tells its result as text; sets are sorted. `now` is the time in seconds.
pub async fn perform(store: &dyn Backend, call: &Call, now: i64) -> String {
    use Call::*;
    match call {
        Restart | Advance(_) => String::new(),

        PutIdentity(address, byte) => debug(store.put_identity(address, [*byte; 32]).await),
        PutIdentities(entries) => {
            let entries: Vec<_> = entries.iter().map(|(address, byte)| (Arc::from(address.as_str()), [*byte; 32])).collect();
            debug(store.put_identities_batch(&entries).await)
        }
        LoadIdentity(address) => debug(store.load_identity(address).await),
        DeleteIdentity(address) => debug(store.delete_identity(address).await),
        GetSession(address) => debug(store.get_session(address).await.map(|session| session.map(show))),
        PutSession(address, session) => debug(store.put_session(address, &session.bytes()).await),
        PutSessions(entries) => debug(store.put_sessions_batch(&shared(entries, |session| session.bytes().into())).await),
        DeleteSession(address) => debug(store.delete_session(address).await),
        HasSession(address) => debug(store.has_session(address).await),
        HasSignalState(user) => debug(store.has_signal_state_for_user(user).await),
        StorePrekey(id, record, uploaded) => debug(store.store_prekey(*id, &record.bytes(), *uploaded).await),
        StorePrekeys(entries, uploaded) => {
            let entries: Vec<_> = entries.iter().map(|(id, record)| (*id, record.bytes().into())).collect();
            debug(store.store_prekeys_batch(&entries, *uploaded).await)
        }
        LoadPrekey(id) => debug(store.load_prekey(*id).await),
        LoadPrekeys(ids) => debug(store.load_prekeys_batch(ids).await),
        MarkUploaded(ids) => debug(store.mark_prekeys_uploaded(ids).await),
        RemovePrekey(id) => debug(store.remove_prekey(*id).await),
        MaxPrekeyId => debug(store.get_max_prekey_id().await),
        StoreSignedPrekey(id, record) => debug(store.store_signed_prekey(*id, &record.bytes()).await),
        LoadSignedPrekey(id) => debug(store.load_signed_prekey(*id).await),
        LoadSignedPrekeys => sorted(store.load_all_signed_prekeys().await),
        RemoveSignedPrekey(id) => debug(store.remove_signed_prekey(*id).await),
        PutSenderKey(name, record) => debug(store.put_sender_key(name, &record.bytes()).await),
        PutSenderKeys(entries) => debug(store.put_sender_keys_batch(&shared(entries, |record| record.bytes().into())).await),
        GetSenderKey(name) => debug(store.get_sender_key(name).await.map(|record| record.map(show))),
        DeleteSenderKey(name) => debug(store.delete_sender_key(name).await),

        GetSyncKey(id) => json(store.get_sync_key(id).await),
        SetSyncKey(id, byte) => {
            let key = AppStateSyncKey { key_data: vec![*byte; 32], fingerprint: vec![*byte; 3], timestamp: i64::from(*byte) };
            debug(store.set_sync_key(id, key).await)
        }
        LatestSyncKey => debug(store.get_latest_sync_key_id().await),
        GetVersion(name) => json(store.get_version(name).await),
        SetVersion(name, version, byte) => {
            let index_value_map = [(name.clone(), vec![*byte])].into();
            let state = HashState { version: *version, hash: [*byte; 128], index_value_map, mac_mismatch_fatal: byte.is_multiple_of(2) };
            debug(store.set_version(name, state).await)
        }
        PutMacs(name, macs) => {
            let mac = |(index_mac, byte): &(Vec<u8>, u8)| AppStateMutationMAC { index_mac: index_mac.clone(), value_mac: vec![*byte; 32] };
            debug(store.put_mutation_macs(name, 1, &macs.iter().map(mac).collect::<Vec<_>>()).await)
        }
        GetMac(name, index_mac) => debug(store.get_mutation_mac(name, index_mac).await),
        GetMacs(name, macs) => {
            let macs: Vec<_> = macs.iter().copied().map(full_mac).collect();
            debug(store.get_mutation_macs(name, &macs).await.map(BTreeMap::from_iter))
        }
        DeleteMacs(name, macs) => debug(store.delete_mutation_macs(name, macs).await),
        ClearMacs(name) => debug(store.clear_mutation_macs(name).await),

        GetSenderKeyDevices(group) => sorted(store.get_sender_key_devices(group).await),
        SetSenderKeyStatus(group, entries) => {
            let entries: Vec<_> = entries.iter().map(|(device, has_key)| (device.as_str(), *has_key)).collect();
            debug(store.set_sender_key_status(group, &entries).await)
        }
        ClearSenderKeyDevices(group) => debug(store.clear_sender_key_devices(group).await),
        DeleteSenderKeyDevices(devices) => {
            debug(store.delete_sender_key_device_rows(&devices.iter().map(Id::as_str).collect::<Vec<_>>()).await)
        }
        ClearAllSenderKeyDevices => debug(store.clear_all_sender_key_devices().await),
        GetLid(id) => json(store.get_lid_mapping(id).await),
        GetPn(phone) => json(store.get_pn_mapping(phone).await),
        PutLid(id, phone, time) => debug(store.put_lid_mapping(&lid(&(id.clone(), phone.clone(), *time))).await),
        PutLids(entries) => debug(store.put_lid_mappings(&entries.iter().map(lid).collect::<Vec<_>>()).await),
        AllLids => json(store.get_all_lid_mappings().await.map(|mut entries| {
            entries.sort_by(|a, b| a.lid.cmp(&b.lid));
            entries
        })),
        SaveBaseKey(address, message, byte) => debug(store.save_base_key(address, message, &[*byte; 33]).await),
        SameBaseKey(address, message, byte) => debug(store.has_same_base_key(address, message, &[*byte; 33]).await),
        DeleteBaseKey(address, message) => debug(store.delete_base_key(address, message).await),
        UpdateDeviceList(user, seed) => debug(store.update_device_list(device_list(&(user.clone(), *seed))).await),
        UpdateDeviceLists(entries) => debug(store.update_device_lists(entries.iter().map(device_list).collect()).await),
        GetDevices(user) => json(store.get_devices(user).await),
        DeleteDevices(user) => debug(store.delete_devices(user).await),
        GetGroup(group) => debug(store.get_group_metadata(group).await.map(|blob| blob.map(show))),
        PutGroup(group, blob) => debug(store.put_group_metadata(group, &blob.bytes()).await),
        DeleteGroup(group) => debug(store.delete_group_metadata(group).await),
        GetToken(jid) => json(store.get_tc_token(jid).await),
        PutToken(jid, byte, token_timestamp, sender_timestamp) => {
            let token = vec![*byte; usize::from(*byte)];
            let entry = TcTokenEntry { token, token_timestamp: *token_timestamp, sender_timestamp: *sender_timestamp };
            debug(store.put_tc_token(jid, &entry).await)
        }
        DeleteToken(jid) => debug(store.delete_tc_token(jid).await),
        AllTokens => sorted(store.get_all_tc_token_jids().await),
        ExpireTokens(token_cutoff, sender_cutoff) => debug(store.delete_expired_tc_tokens(*token_cutoff, *sender_cutoff).await),
        TouchToken(jid, time) => debug(store.touch_tc_token_sender_timestamp(jid, *time).await),
        ReceiveToken(jid, byte, time) => debug(store.store_received_tc_token(jid, &vec![*byte; usize::from(*byte)], *time).await),
        StoreSent(chat, message, payload) => debug(store.store_sent_message(chat, message, &payload.bytes()).await),
        TakeSent(chat, message) => debug(store.take_sent_message(chat, message).await.map(|payload| payload.map(show))),
        ExpireSent(age) => debug(store.delete_expired_sent_messages(now - age).await),
        StoreInbound(chat, sender, id, message) => debug(store.store_pending_inbound(chat, sender, id, &message.bytes()).await),
        StoreInbounds(entries) => {
            let messages: Vec<_> = entries.iter().map(|(_, _, _, message)| message.bytes()).collect();
            let rows: Vec<_> = entries
                .iter()
                .zip(&messages)
                .map(|((chat, sender, id, _), message)| PendingInboundRow { chat, sender, id, message })
                .collect();
            debug(store.store_pending_inbound_batch(&rows).await)
        }
        GetInbound(chat, sender, id) => debug(store.get_pending_inbound(chat, sender, id).await.map(|message| message.map(show))),
        DeleteInbound(chat, sender, id) => debug(store.delete_pending_inbound(chat, sender, id).await),
        DeleteInbounds(entries) => {
            let keys: Vec<_> = entries.iter().map(|(chat, sender, id)| PendingInboundKey { chat, sender, id }).collect();
            debug(store.delete_pending_inbound_batch(&keys).await)
        }
        ExpireInbound(age) => debug(store.delete_expired_pending_inbound(now - age).await),

        PutSecret(chat, sender, message, byte) => debug(store.put_msg_secret(chat, sender, message, &[*byte; 32]).await),
        PutSecrets(secrets) => {
            let entry = |secret: &Secret| MsgSecretEntry {
                chat: secret.chat.as_str().into(),
                sender: secret.sender.as_str().into(),
                msg_id: secret.message.as_str().into(),
                secret: [secret.secret; 32],
                expires_at: secret.expires_in.map_or(0, |seconds| now + seconds),
                message_ts: secret.message_ts,
            };
            debug(store.put_msg_secrets(secrets.iter().map(entry).collect()).await)
        }
        GetSecret(chat, sender, message) => debug(store.get_msg_secret(chat, sender, message).await),
        GetSecretWithTs(chat, sender, message) => debug(store.get_msg_secret_with_ts(chat, sender, message).await),
        ExpireSecrets(seconds) => debug(store.delete_expired_msg_secrets(now + seconds).await),

        SaveDevice(seed) => debug(store.save(&device(*seed)).await),
        LoadDevice => json(store.load().await),
        DeviceExists => debug(store.exists().await),
        // A created device is random: both stores continue with the same one.
        CreateDevice => match store.exists().await {
            Ok(true) => debug(store.create().await.map(|_| "kept")),
            Ok(false) => {
                let created = store.create().await.and(store.exists().await);
                debug(created.and(store.save(&device(1)).await))
            }
            Err(error) => debug(Err::<(), _>(error)),
        },
    }
}
