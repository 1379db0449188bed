//! The unit of work of one device: what it read of the device's partition, and what it changes there, written together.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{
    model::{DeviceId, Lane, Timestamp},
    ports::{Clock, Epoch, PortError, SystemClock},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Records,
    counts::{self, Class, Counted},
    head::{HEAD, Head},
    layout,
    table::{self, Item, Refused, TRANSACTION, text, text_of},
};

/// So many items and bytes are written before more steps are taken, so that with those of the next step they go into one transaction.
const FULL: usize = 50;
const FULL_BYTES: usize = 1_000_000;

/// Most bytes of one transaction, of the 4 MB there may be.
const MOST_BYTES: usize = 3_500_000;

/// The sort key of a device's settings.
const SETTINGS: &str = "device";

/// A device's partition as it is read and changed: every item is read at most once, the way the last writes left it, and nothing is written before
/// [`Work::store`]. That the items are still what was read, the head's revision tells; so only who takes this way may change them.
pub(crate) struct Work {
    records: Records,
    device: DeviceId,
    pk: String,
    lane: Lane,
    /// The device's settings.
    pub settings: Item,
    /// To be changed at will, but for `epoch` and `rev`.
    pub head: Head,
    stored_head: Head,
    items: HashMap<String, Entry>,
    /// The keys of changed items, in the order of their first changes.
    changed: Vec<String>,
    bytes: usize,
}

struct Entry {
    now: Option<Item>,
    /// Whether nothing is stored there, as was read.
    absent: bool,
    changed: bool,
}

impl Work {
    /// Begins with what is stored, these items included; `None` if there is no such device (any more).
    pub async fn open(records: &Records, device: &DeviceId, epoch: Epoch, sks: Vec<String>) -> Result<Option<Self>, PortError> {
        let pk = layout::device(device);
        let keys: Vec<_> = [SETTINGS.to_owned(), HEAD.to_owned()].into_iter().chain(sks).map(|sk| (pk.clone(), sk)).collect();
        let mut found = records.table.get_many(&keys).await?.into_iter();
        let (Some(Some(settings)), Some(Some(head))) = (found.next(), found.next()) else { return Ok(None) };
        let stored_head = Head::read(&head)?;
        if stored_head.epoch > epoch {
            return Err(PortError::Fenced);
        }
        let items = keys.into_iter().skip(2).zip(found).map(|((_, sk), item)| (sk, Entry::read(item))).collect();
        Ok(Some(Self {
            records: records.clone(),
            lane: records.lane_of(device),
            device: device.clone(),
            pk,
            settings,
            head: Head { epoch, ..stored_head.clone() },
            stored_head,
            items,
            changed: Vec::new(),
            bytes: 0,
        }))
    }

    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    pub fn lane(&self) -> Lane {
        self.lane
    }

    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Reads those of these items that were not read yet, at once.
    pub async fn prefetch(&mut self, sks: impl IntoIterator<Item = String>) -> Result<(), PortError> {
        let missing = sks.into_iter().filter(|sk| !self.items.contains_key(sk));
        let keys: Vec<_> = missing.map(|sk| (self.pk.clone(), sk)).collect();
        if !keys.is_empty() {
            let found = self.records.table.get_many(&keys).await?;
            self.items.extend(keys.into_iter().zip(found).map(|((_, sk), item)| (sk, Entry::read(item))));
        }
        Ok(())
    }

    /// The item of a key, with the changes made so far.
    pub async fn get(&mut self, sk: &str) -> Result<Option<&Item>, PortError> {
        if !self.items.contains_key(sk) {
            let item = self.records.table.get(&self.pk, sk).await?;
            self.items.insert(sk.to_owned(), Entry::read(item));
        }
        Ok(self.items.get(sk).and_then(|entry| entry.now.as_ref()))
    }

    /// The item of a key, as what [`Work::set`] made it of.
    pub async fn value<T: DeserializeOwned>(&mut self, sk: &str) -> Result<Option<T>, PortError> {
        self.get(sk).await?.cloned().map(table::value).transpose()
    }

    /// Every item whose key begins like this, with the changes made so far, by key.
    pub async fn all(&mut self, prefix: &str) -> Result<Vec<(String, Item)>, PortError> {
        for item in self.records.table.all(self.records.table.prefix(&self.pk, prefix)).await? {
            let sk = text_of(&item, "sk")?.to_owned();
            self.items.entry(sk).or_insert_with(|| Entry::read(Some(item)));
        }
        let here = self.items.iter().filter(|(sk, _)| sk.starts_with(prefix));
        let here: BTreeMap<_, _> = here.filter_map(|(sk, entry)| Some((sk.clone(), entry.now.clone()?))).collect();
        Ok(here.into_iter().collect())
    }

    /// Puts an item in the place of any former one; nothing is written if that was the same. Its keys are filled in.
    pub fn put(&mut self, sk: &str, mut item: Item) {
        item.insert("pk".into(), text(self.pk.clone()));
        item.insert("sk".into(), text(sk));
        self.change(sk, Some(item));
    }

    /// Puts an item under its own keys, where nothing was before.
    pub fn add(&mut self, item: Item) -> Result<(), PortError> {
        let sk = text_of(&item, "sk")?.to_owned();
        self.change(&sk, Some(item));
        Ok(())
    }

    /// Puts a value as an item.
    pub fn set(&mut self, sk: &str, value: &impl Serialize) -> Result<(), PortError> {
        self.change(sk, Some(table::item(&self.pk, sk, value)?));
        Ok(())
    }

    /// Deletes an item; absent is fine.
    pub fn delete(&mut self, sk: &str) {
        self.change(sk, None);
    }

    fn change(&mut self, sk: &str, now: Option<Item>) {
        let known = self.items.contains_key(sk);
        let entry = self.items.entry(sk.to_owned()).or_insert(Entry { now: None, absent: false, changed: false });
        if known && entry.now == now {
            return;
        }
        self.bytes += now.as_ref().map_or(0, size);
        entry.now = now;
        if !entry.changed {
            entry.changed = true;
            self.changed.push(sk.to_owned());
        }
    }

    /// Counts so many more messages, or fewer, of a class and of the day of `written`, if that class is counted at all.
    pub async fn count(&mut self, written: Timestamp, class: Class, by: i64) -> Result<(), PortError> {
        if !class.is_counted() {
            return Ok(());
        }
        let day = counts::day(written);
        for (day, counted) in self.head.counts.turn_to(day, counts::day(SystemClock.now())) {
            self.put(&counts::day_sk(day), counts::day_item(&self.pk, day, &counted)?);
        }
        if !self.head.counts.change(day, class, by) {
            let sk = counts::day_sk(day);
            let mut counted = self.get(&sk).await?.map(counts::day_of).transpose()?.map_or_else(Counted::new, |(_, counted)| counted);
            counts::change(&mut counted, class, by);
            self.put(&sk, counts::day_item(&self.pk, day, &counted)?);
        }
        Ok(())
    }

    /// Whether what was done is to be stored before more is.
    pub fn is_full(&self) -> bool {
        self.changed.len() >= FULL || self.bytes >= FULL_BYTES
    }

    /// Writes what has changed, together with the head; `false`, and nothing written, if somebody else wrote meanwhile: then all of it is to be done
    /// again, from the beginning. Only where one step changes more items than a transaction holds they are written in parts, the head with the last.
    pub async fn store(mut self) -> Result<bool, PortError> {
        let (mut writes, mut bytes) = (Vec::with_capacity(self.changed.len() + 1), 0);
        for sk in std::mem::take(&mut self.changed) {
            let Some(Entry { now, absent, .. }) = self.items.remove(&sk) else { continue };
            let size = now.as_ref().map_or(0, size);
            if writes.len() == TRANSACTION - 1 || bytes + size > MOST_BYTES {
                let former = Head { epoch: self.head.epoch, ..self.stored_head.clone() };
                if !self.write(std::mem::take(&mut writes), former).await? {
                    return Ok(false);
                }
                bytes = 0;
            }
            bytes += size;
            let table = &self.records.table;
            match now {
                // Functions put messages too.
                Some(item) if absent => writes.push(table.to_put(item, |put| put.condition_expression("attribute_not_exists(pk)"))?),
                Some(item) => writes.push(table.to_put(item, |put| put)?),
                None if absent => {}
                None => writes.push(table.to_delete(&self.pk, &sk, |delete| delete)?),
            }
        }
        if writes.is_empty() && self.head == self.stored_head {
            return Ok(true);
        }
        let head = self.head.clone();
        self.write(writes, head).await
    }

    async fn write(&mut self, mut writes: Vec<TransactWriteItem>, head: Head) -> Result<bool, PortError> {
        let head = Head { rev: self.stored_head.rev + 1, ..head };
        writes.push(head.write(&self.stored_head, &self.records.table, &self.device, self.lane)?);
        match self.records.table.transact(writes).await {
            Ok(()) => {
                self.stored_head = head;
                Ok(true)
            }
            Err(Refused::Conditions(_)) => Ok(false),
            Err(Refused::Port(error)) => Err(error),
        }
    }
}

impl Entry {
    fn read(item: Option<Item>) -> Self {
        Self { absent: item.is_none(), now: item, changed: false }
    }
}

/// About how many bytes an item has.
fn size(item: &Item) -> usize {
    let of = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        _ => 24,
    };
    item.iter().map(|(name, value)| name.len() + of(value)).sum()
}
