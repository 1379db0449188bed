//! The messages on a phone, in order, each known by its sender and id.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use wacore_binary::{Jid, Server};

use super::content::Content;

/// The oldest messages are forgotten beyond this.
const CAPACITY: usize = 100_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Sent,
    Delivered,
    Read,
}

#[derive(Clone)]
pub struct Record {
    pub id: String,
    /// Numbers, whatever the message was addressed by.
    pub from: String,
    pub to: String,
    /// The group it was written to, if any; `to` is then the phone's own number.
    pub group: Option<Jid>,
    pub content: Content,
    /// The encoded message, for whoever asks for it again.
    pub message: Arc<[u8]>,
    /// Unix seconds.
    pub timestamp: u64,
    pub side: Side,
}

#[derive(Clone)]
pub enum Side {
    /// Written on this phone or one of its companions.
    Outgoing { status: Status },
    /// Addressed by this kind of id, which receipts have to repeat.
    Incoming { server: Server, read: bool },
}

/// A text of former times.
pub struct Memory {
    pub from: String,
    pub to: String,
    pub group: Option<Jid>,
    pub text: String,
    /// Unix seconds.
    pub timestamp: u64,
}

impl Record {
    /// The other person, or the group.
    pub fn chat(&self) -> Jid {
        match (&self.group, &self.side) {
            (Some(group), _) => group.clone(),
            (None, Side::Outgoing { .. }) => Jid::pn(self.to.as_str()),
            (None, Side::Incoming { .. }) => Jid::pn(self.from.as_str()),
        }
    }
}

#[derive(Default)]
pub struct Log {
    records: VecDeque<Record>,
    /// How many records were forgotten, to turn positions into indexes.
    forgotten: usize,
    positions: HashMap<(String, String), usize>,
}

impl Log {
    /// False if the message is known already.
    pub fn add(&mut self, record: Record) -> bool {
        let key = (record.from.clone(), record.id.clone());
        if self.positions.contains_key(&key) {
            return false;
        }
        if self.records.len() == CAPACITY
            && let Some(oldest) = self.records.pop_front()
        {
            self.positions.remove(&(oldest.from, oldest.id));
            self.forgotten += 1;
        }
        self.positions.insert(key, self.forgotten + self.records.len());
        self.records.push_back(record);
        true
    }

    pub fn get_mut(&mut self, from: &str, id: &str) -> Option<&mut Record> {
        let position = self.positions.get(&(from.to_owned(), id.to_owned()))?;
        self.records.get_mut(position - self.forgotten)
    }

    /// Ticks only ever advance.
    pub fn advance(&mut self, from: &str, id: &str, to: Status) {
        if let Some(Record { side: Side::Outgoing { status }, .. }) = self.get_mut(from, id) {
            *status = (*status).max(to);
        }
    }

    /// Marks the incoming message read; false if it was, or is none.
    pub fn mark_read(&mut self, from: &str, id: &str) -> bool {
        match self.get_mut(from, id) {
            Some(Record { side: Side::Incoming { read, .. }, .. }) => !std::mem::replace(read, true),
            _ => false,
        }
    }

    /// Marks all a person wrote as read; returns the ids that were unread with their addressing.
    pub fn read_chat(&mut self, from: &str) -> Vec<(Server, String)> {
        let unread = self.read(|record| record.group.is_none() && record.from == from);
        unread.map(|(server, record)| (server, record.id.clone())).collect()
    }

    /// Marks all in a group as read; returns who wrote what was unread, and its ids.
    pub fn read_group(&mut self, group: &Jid) -> Vec<(String, String)> {
        let unread = self.read(|record| record.group.as_ref() == Some(group));
        unread.map(|(_, record)| (record.from.clone(), record.id.clone())).collect()
    }

    fn read(&mut self, chosen: impl Fn(&Record) -> bool) -> impl Iterator<Item = (Server, &Record)> {
        let chosen = self.records.iter_mut().filter(move |record| chosen(record));
        chosen.filter_map(|record| match &mut record.side {
            Side::Incoming { server, read } => {
                let server = *server;
                (!std::mem::replace(read, true)).then_some((server, &*record))
            }
            Side::Outgoing { .. } => None,
        })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }
}
