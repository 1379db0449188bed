//! What [`KeyValue`](crate::ports::KeyValue) promises.

use std::time::Duration;

use super::{World, samples::*};
use crate::{
    model::{DeviceId, Timestamp},
    ports::{Clock, Epoch, Op, PortError, SystemClock},
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! key_value_contract {
    ($start:path) => {
        $crate::contract_tests!(
            key_value,
            $start,
            [
                a_value_is_what_was_written_last,
                many_values_come_in_the_order_of_their_keys_in_the_call,
                a_prefix_lists_its_keys_in_order,
                a_prefix_is_text_and_not_a_pattern,
                each_device_has_keys_of_its_own,
                the_last_write_of_a_batch_wins,
                a_large_batch_and_large_values_are_stored,
                expired_keys_are_absent_to_every_read,
                an_earlier_host_is_fenced_and_writes_nothing,
                a_host_is_fenced_by_a_later_one_that_only_wrote_to_the_journal,
                a_host_of_a_former_life_is_fenced,
                one_devices_fence_is_not_anothers,
                clearing_removes_every_key_of_the_device_alone,
                keys_survive_a_crash,
            ]
        );
    };
}

pub async fn a_value_is_what_was_written_last(world: World) {
    for value in [&b"first"[..], b"", b"\x00\xff second"] {
        write(&world, "a", vec![put("key", value)]).await;
        assert_eq!(world.keys.get(&id("a"), "key").await.unwrap().as_deref(), Some(value));
    }
    write(&world, "a", vec![delete("key"), delete("never there")]).await;
    assert_eq!(world.keys.get(&id("a"), "key").await.unwrap(), None);
    write(&world, "a", Vec::new()).await;
}

pub async fn many_values_come_in_the_order_of_their_keys_in_the_call(world: World) {
    for chunk in 0..3 {
        write(&world, "a", (0..50).map(|n| put(&format!("key{}", chunk * 50 + n), &[n as u8])).collect()).await;
    }
    let keys: Vec<String> = (0..300).rev().map(|n| format!("key{n}")).collect();
    let values = world.keys.get_many(&id("a"), &keys).await.unwrap();
    let wanted: Vec<_> = (0..300).rev().map(|n| (n < 150).then(|| vec![(n % 50) as u8])).collect();
    assert_eq!(values, wanted);
    let twice = ["key7", "none", "key7"].map(String::from);
    assert_eq!(world.keys.get_many(&id("a"), &twice).await.unwrap(), [Some(vec![7]), None, Some(vec![7])]);
    assert_eq!(world.keys.get_many(&id("a"), &[]).await.unwrap(), Vec::<Option<Vec<u8>>>::new());
}

pub async fn a_prefix_lists_its_keys_in_order(world: World) {
    let keys = ["s", "s/", "s/10", "s/2", "s/é", "s/\u{10ffff}x", "s0", "t/1"];
    write(&world, "a", keys.iter().rev().map(|key| put(key, key.as_bytes())).collect()).await;
    assert_eq!(list(&world, "a", "s/").await, ["s/", "s/10", "s/2", "s/é", "s/\u{10ffff}x"]);
    assert_eq!(list(&world, "a", "s/\u{10ffff}").await, ["s/\u{10ffff}x"]);
    assert_eq!(list(&world, "a", "s/é").await, ["s/é"]);
    assert_eq!(list(&world, "a", "").await, keys);
    assert_eq!(list(&world, "a", "u").await, [""; 0]);
}

pub async fn a_prefix_is_text_and_not_a_pattern(world: World) {
    write(&world, "a", ["%a", "_a", "*a", "a%", "xa", "A"].map(|key| put(key, b"")).into()).await;
    for (prefix, wanted) in [("%", "%a"), ("_", "_a"), ("*", "*a"), ("a", "a%"), ("A", "A")] {
        assert_eq!(list(&world, "a", prefix).await, [wanted]);
    }
}

pub async fn each_device_has_keys_of_its_own(world: World) {
    write(&world, "a", vec![put("key", b"a")]).await;
    write(&world, "ab", vec![put("key", b"ab")]).await;
    assert_eq!(world.keys.get(&id("a"), "key").await.unwrap(), Some(b"a".to_vec()));
    assert_eq!(world.keys.list(&id("a"), "").await.unwrap(), [("key".to_owned(), b"a".to_vec())]);
    assert_eq!(world.keys.get(&id("b"), "key").await.unwrap(), None);
}

pub async fn the_last_write_of_a_batch_wins(world: World) {
    write(&world, "a", vec![put("x", b"1"), delete("x"), put("x", b"2"), put("y", b"1"), delete("y")]).await;
    assert_eq!(list(&world, "a", "").await, ["x"]);
    assert_eq!(world.keys.get(&id("a"), "x").await.unwrap(), Some(b"2".to_vec()));
}

pub async fn a_large_batch_and_large_values_are_stored(world: World) {
    let large = vec![7; 300 * 1024];
    write(&world, "a", vec![put("large", &large)]).await;
    write(&world, "a", (0..90).map(|n| put(&format!("small{n:02}"), &[n])).collect()).await;
    assert_eq!(world.keys.get(&id("a"), "large").await.unwrap(), Some(large));
    assert_eq!(list(&world, "a", "small").await.len(), 90);
}

pub async fn expired_keys_are_absent_to_every_read(world: World) {
    let now = SystemClock.now();
    let past = Some(now - Duration::from_secs(1));
    let future = Some(now + Duration::from_secs(3600));
    write(&world, "a", vec![expiring("past", past), expiring("future", future), put("always", b"v")]).await;
    assert_eq!(world.keys.get(&id("a"), "past").await.unwrap(), None);
    assert_eq!(world.keys.get(&id("a"), "future").await.unwrap(), Some(b"v".to_vec()));
    let keys = ["past", "future"].map(String::from);
    assert_eq!(world.keys.get_many(&id("a"), &keys).await.unwrap(), [None, Some(b"v".to_vec())]);
    assert_eq!(list(&world, "a", "").await, ["always", "future"]);
    // What is written anew lives as long as it then says.
    write(&world, "a", vec![put("past", b"v"), expiring("always", past)]).await;
    assert_eq!(list(&world, "a", "").await, ["future", "past"]);
}

pub async fn an_earlier_host_is_fenced_and_writes_nothing(world: World) {
    world.keys.write(&id("a"), world.later(), vec![put("key", b"later")]).await.unwrap();
    let late = world.keys.write(&id("a"), world.epoch, vec![put("key", b"late"), put("new", b"late")]).await;
    assert!(matches!(late, Err(PortError::Fenced)));
    assert!(matches!(world.keys.clear(&id("a"), world.epoch).await, Err(PortError::Fenced)));
    assert_eq!(world.keys.list(&id("a"), "").await.unwrap(), [("key".to_owned(), b"later".to_vec())]);
    world.keys.write(&id("a"), world.later(), vec![put("key", b"again")]).await.unwrap();
}

pub async fn a_host_is_fenced_by_a_later_one_that_only_wrote_to_the_journal(world: World) {
    world.devices.create(&device("a")).await.unwrap();
    world.journal.commit(&id("a"), world.later(), vec![session_step(1, &connected())]).await.unwrap();
    let late = world.keys.write(&id("a"), world.epoch, vec![put("key", b"late")]).await;
    assert!(matches!(late, Err(PortError::Fenced)));
}

pub async fn a_host_of_a_former_life_is_fenced(world: World) {
    let former = world.epoch;
    let world = world.crash().await;
    write(&world, "a", vec![put("key", b"now")]).await;
    let late = world.keys.write(&id("a"), former, vec![put("key", b"late")]).await;
    assert!(matches!(late, Err(PortError::Fenced)));
}

pub async fn one_devices_fence_is_not_anothers(world: World) {
    world.keys.write(&id("a"), Epoch(world.epoch.0 + 5), vec![put("key", b"v")]).await.unwrap();
    write(&world, "b", vec![put("key", b"v")]).await;
}

pub async fn clearing_removes_every_key_of_the_device_alone(world: World) {
    for chunk in 0..14 {
        write(&world, "a", (0..90).map(|n| put(&format!("{chunk}/{n}"), b"v")).collect()).await;
    }
    write(&world, "b", vec![put("key", b"v")]).await;
    world.keys.clear(&id("a"), world.epoch).await.unwrap();
    world.keys.clear(&id("a"), world.epoch).await.unwrap();
    assert_eq!(list(&world, "a", "").await, [""; 0]);
    assert_eq!(list(&world, "b", "").await, ["key"]);
}

pub async fn keys_survive_a_crash(world: World) {
    write(&world, "a", vec![put("gone", b"v"), put("kept", b"v")]).await;
    write(&world, "a", vec![delete("gone")]).await;
    let world = world.crash().await;
    assert_eq!(list(&world, "a", "").await, ["kept"]);
}

fn id(name: &str) -> DeviceId {
    device(name).id
}

fn put(key: &str, value: &[u8]) -> Op {
    Op::Put { key: key.into(), value: value.into(), expires_at: None }
}

fn expiring(key: &str, expires_at: Option<Timestamp>) -> Op {
    Op::Put { key: key.into(), value: b"v".to_vec(), expires_at }
}

fn delete(key: &str) -> Op {
    Op::Delete { key: key.into() }
}

async fn write(world: &World, device: &str, ops: Vec<Op>) {
    world.keys.write(&id(device), world.epoch, ops).await.unwrap();
}

async fn list(world: &World, device: &str, prefix: &str) -> Vec<String> {
    world.keys.list(&id(device), prefix).await.unwrap().into_iter().map(|(key, _)| key).collect()
}
