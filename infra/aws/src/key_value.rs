//! A small fenced key-value store: what the WhatsApp device store is built on.
//!
//! A write is one transaction: a look at the device's fence, and the puts and deletions. One transaction holds [`OPS`] of them in [`BYTES`]; a batch that is
//! larger is written in several, in order, each whole: what crashes between two of them is repeated by the library, which sets all of it anew.
//! The writes of a device take turns, or their looks at one fence would be in each other's way; those that wait for their turn are written together, so
//! that a busy device asks for less.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    model::{DeviceId, Timestamp},
    ports::{Clock, Epoch, KeyValue, Op, PortError, SystemClock},
};
use tokio::sync::oneshot;

use crate::{
    Clients, Resources,
    error::flaw,
    fences::Fences,
    layout,
    table::{Item, Refused, TRANSACTION, Table, key, number, number_of, text_of},
};

/// Most puts and deletions of a transaction, beside its look at the fence.
const OPS: usize = TRANSACTION - 1;

/// Most bytes of keys and values of a transaction: half a megabyte less than it may have, for all else that counts.
const BYTES: usize = 3_500_000;

/// Most bytes of a value.
const VALUE: usize = 300 * 1024;

/// The beginning of the sort keys of keys, which leaves out the fence.
const PREFIX: &str = "k#";

/// The keys of devices. Clones share who waits.
#[derive(Clone, Debug)]
pub struct DeviceKeys {
    table: Table,
    fences: Fences,
    /// The writes that wait, of the devices that are written to.
    lines: Arc<Mutex<HashMap<DeviceId, VecDeque<Write>>>>,
}

#[derive(Debug)]
struct Write {
    epoch: Epoch,
    ops: Vec<Op>,
    done: oneshot::Sender<Result<(), PortError>>,
}

impl DeviceKeys {
    /// Its part of the stack.
    pub fn new(clients: &Clients, resources: &Resources) -> Self {
        let table = |name| Table::new(clients.dynamodb(), name);
        let keys = table(&resources.keys_table);
        Self { fences: Fences::new(&keys, &table(&resources.records_table)), table: keys, lines: Arc::default() }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<DeviceId, VecDeque<Write>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a write in the device's line, and has it worked off if nobody does.
    fn enqueue(&self, device: &DeviceId, write: Write) {
        match self.lines().entry(device.clone()) {
            Entry::Occupied(mut line) => line.get_mut().push_back(write),
            Entry::Vacant(line) => {
                line.insert(VecDeque::from([write]));
                tokio::spawn(self.clone().work_off(device.clone()));
            }
        }
    }

    async fn work_off(self, device: DeviceId) {
        while let Some(writes) = self.next(&device) {
            let (epoch, mut ops, mut waiting) = (writes[0].epoch, Vec::new(), Vec::with_capacity(writes.len()));
            for write in writes {
                ops.extend(write.ops);
                waiting.push(write.done);
            }
            let written = self.write_all(&device, epoch, ops).await;
            for done in waiting {
                let answer = match &written {
                    Ok(()) => Ok(()),
                    Err(PortError::Fenced) => Err(PortError::Fenced),
                    Err(PortError::Unavailable(error)) => Err(flaw(error)),
                };
                // Who does not wait any more has no use for it.
                let _ = done.send(answer);
            }
        }
    }

    /// The writes at the head of the device's line that go into one transaction; `None`, and no line any more, once there are none.
    fn next(&self, device: &DeviceId) -> Option<Vec<Write>> {
        let mut lines = self.lines();
        let line = lines.get_mut(device)?;
        let Some(first) = line.pop_front() else {
            lines.remove(device);
            return None;
        };
        let (epoch, mut count, mut bytes) = (first.epoch, first.ops.len(), size(&first.ops));
        let mut writes = vec![first];
        while let Some(write) = line.pop_front_if(|write| {
            count += write.ops.len();
            bytes += size(&write.ops);
            write.epoch == epoch && count <= OPS && bytes <= BYTES
        }) {
            writes.push(write);
        }
        Some(writes)
    }

    async fn write_all(&self, device: &DeviceId, epoch: Epoch, ops: Vec<Op>) -> Result<(), PortError> {
        self.fences.raise(device, epoch).await?;
        let pk = layout::device(device);
        for part in parts(last_of_each_key(ops)) {
            let mut writes = Vec::with_capacity(1 + part.len());
            writes.push(self.fences.check(device, epoch)?);
            for op in part {
                writes.push(match op {
                    Op::Put { key, value, expires_at } => self.table.to_put(item(&pk, &key, value, expires_at), |put| put)?,
                    Op::Delete { key } => self.table.to_delete(&pk, &sk(&key), |delete| delete)?,
                });
            }
            self.table.transact(writes).await.map_err(|refused| match refused {
                Refused::Conditions(_) => PortError::Fenced,
                Refused::Port(error) => error,
            })?;
        }
        Ok(())
    }
}

#[async_trait]
impl KeyValue for DeviceKeys {
    async fn get(&self, device: &DeviceId, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.table.get(&layout::device(device), &sk(key)).await?.and_then(|item| value(item, SystemClock.now())))
    }

    async fn get_many(&self, device: &DeviceId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, PortError> {
        let pk = layout::device(device);
        let keys: Vec<_> = keys.iter().map(|key| (pk.clone(), sk(key))).collect();
        let (items, now) = (self.table.get_many(&keys).await?, SystemClock.now());
        Ok(items.into_iter().map(|item| value(item?, now)).collect())
    }

    async fn list(&self, device: &DeviceId, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, PortError> {
        let (items, now) = (self.table.all(self.table.prefix(&layout::device(device), &sk(prefix))).await?, SystemClock.now());
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let key = text_of(&item, "sk")?[PREFIX.len()..].to_owned();
            found.extend(value(item, now).map(|value| (key, value)));
        }
        Ok(found)
    }

    async fn write(&self, device: &DeviceId, epoch: Epoch, ops: Vec<Op>) -> Result<(), PortError> {
        if ops.is_empty() {
            return Ok(());
        }
        // It would take those that are written with it along.
        if ops.iter().any(|op| matches!(op, Op::Put { value, .. } if value.len() > VALUE)) {
            return Err(flaw(format!("a value has more than {VALUE} bytes")));
        }
        let (done, answer) = oneshot::channel();
        self.enqueue(device, Write { epoch, ops, done });
        answer.await.unwrap_or_else(|_| Err(flaw("writing was given up as the host stopped")))
    }

    async fn clear(&self, device: &DeviceId, epoch: Epoch) -> Result<(), PortError> {
        self.fences.raise(device, epoch).await?;
        let keys = self.table.prefix(&layout::device(device), PREFIX).projection_expression("sk");
        let mut start = None;
        loop {
            let (items, next) = self.table.page(keys.clone(), mem::take(&mut start)).await?;
            let key = |item: &Item| Ok(Op::Delete { key: text_of(item, "sk")?[PREFIX.len()..].to_owned() });
            self.write(device, epoch, items.iter().map(key).collect::<Result<_, PortError>>()?).await?;
            match next {
                Some(next) => start = Some(next),
                None => return Ok(()),
            }
        }
    }
}

fn sk(key: &str) -> String {
    format!("{PREFIX}{key}")
}

fn item(pk: &str, name: &str, value: Vec<u8>, expires_at: Option<Timestamp>) -> Item {
    let mut item = key(pk, &sk(name));
    item.insert("value".to_owned(), AttributeValue::B(Blob::new(value)));
    if let Some(at) = expires_at {
        // The table deletes by whole seconds, and when it gets to it.
        item.insert("until".to_owned(), number(at.millis()));
        item.insert("expires_at".to_owned(), number(at.seconds() + 1));
    }
    item
}

/// The value that an item has at that moment.
fn value(mut item: Item, now: Timestamp) -> Option<Vec<u8>> {
    if number_of(&item, "until").is_ok_and(|until: i64| until <= now.millis()) {
        return None;
    }
    match item.remove("value")? {
        AttributeValue::B(value) => Some(value.into_inner()),
        _ => None,
    }
}

fn size_of(op: &Op) -> usize {
    match op {
        Op::Put { key, value, .. } => key.len() + value.len(),
        Op::Delete { key } => key.len(),
    }
}

fn size(ops: &[Op]) -> usize {
    ops.iter().map(size_of).sum()
}

/// One transaction names a key once.
fn last_of_each_key(ops: Vec<Op>) -> Vec<Op> {
    let mut seen = HashSet::with_capacity(ops.len());
    let mut last: Vec<Op> = ops
        .into_iter()
        .rev()
        .filter(|op| {
            let (Op::Put { key, .. } | Op::Delete { key }) = op;
            seen.insert(key.clone())
        })
        .collect();
    last.reverse();
    last
}

/// What goes into one transaction each.
fn parts(ops: Vec<Op>) -> Vec<Vec<Op>> {
    let mut parts: Vec<Vec<Op>> = Vec::new();
    let mut bytes = 0;
    for op in ops {
        bytes += size_of(&op);
        match parts.last_mut() {
            Some(part) if part.len() < OPS && bytes <= BYTES => part.push(op),
            _ => {
                bytes = size_of(&op);
                parts.push(vec![op]);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, bytes: usize) -> Op {
        Op::Put { key: key.into(), value: vec![0; bytes], expires_at: None }
    }

    fn delete(key: &str) -> Op {
        Op::Delete { key: key.into() }
    }

    /// How many writes of a line, of so many ops of so many bytes each, go together.
    fn together(line: &[(u64, usize, usize)]) -> Vec<usize> {
        let keys = DeviceKeys::new(&Clients::to("http://127.0.0.1:9"), &Resources::default());
        let device = DeviceId::parse("dev_a").expect("it is a name");
        let write = |&(epoch, count, bytes): &(u64, usize, usize)| {
            let ops = (0..count).map(|n| put(&n.to_string(), bytes)).collect();
            Write { epoch: Epoch(epoch), ops, done: oneshot::channel().0 }
        };
        keys.lines().insert(device.clone(), line.iter().map(write).collect());
        let together = std::iter::from_fn(|| keys.next(&device).map(|writes| writes.len())).collect();
        assert!(keys.lines().is_empty());
        together
    }

    #[test]
    fn writes_that_wait_go_together_as_far_as_they_fit() {
        assert_eq!(together(&[(1, 1, 10); 5]), [5]);
        assert_eq!(together(&[(1, 50, 1), (1, 49, 1), (1, 1, 1)]), [2, 1]);
        assert_eq!(together(&[(1, 200, 1), (1, 1, 1)]), [1, 1]);
        assert_eq!(together(&[(1, 6, 300_000), (1, 6, 300_000), (1, 5, 300_000)]), [1, 2]);
    }

    #[test]
    fn writes_of_two_hosts_do_not_go_together() {
        assert_eq!(together(&[(1, 1, 1), (1, 1, 1), (2, 1, 1), (1, 1, 1)]), [2, 1, 1]);
    }

    #[test]
    fn the_last_of_each_key_is_left_in_its_place() {
        let ops = vec![put("x", 1), delete("x"), put("y", 1), put("x", 2), delete("y")];
        assert_eq!(last_of_each_key(ops), [put("x", 2), delete("y")]);
    }

    #[test]
    fn a_large_batch_is_cut_by_count_and_by_size() {
        let lengths = |ops: Vec<Op>| parts(ops).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths((0..200).map(|n| delete(&n.to_string())).collect()), [99, 99, 2]);
        assert_eq!(lengths((0..25).map(|n| put(&n.to_string(), 300_000)).collect()), [11, 11, 3]);
        assert_eq!(lengths(Vec::new()), [0; 0]);
    }
}
