//! The messages on a phone, in order, each known by its sender and id.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use buffa::Message as _;
use serde::Serialize;
use wacore_binary::{Jid, Server};
use waproto::whatsapp::Message;

use super::attachment::Attachment;
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
    /// Unix seconds.
    pub timestamp: u64,
    pub side: Side,
    pub body: Body,
}

/// What was written, and what others did to it since.
#[derive(Clone)]
pub struct Body {
    /// The encoded message, as it was sent.
    pub message: Arc<[u8]>,
    /// False for what only changes other messages.
    pub shown: bool,
    pub attachment: Option<Arc<Attachment>>,
    /// What its author replaced it with, encoded.
    pub edit: Option<Arc<[u8]>>,
    pub deleted: bool,
    /// Emojis by the number of who reacted.
    pub reactions: BTreeMap<String, String>,
    /// Chosen options by the number of who voted.
    pub votes: BTreeMap<String, Vec<String>>,
}

impl Body {
    pub fn new(message: &Message) -> Self {
        Self {
            message: message.encode_to_vec().into(),
            shown: Content::of(message).is_some(),
            attachment: Attachment::of(message).map(Arc::new),
            edit: None,
            deleted: false,
            reactions: BTreeMap::new(),
            votes: BTreeMap::new(),
        }
    }

    pub fn message(&self) -> Option<Message> {
        waproto::codec::message_decode(&self.message).ok()
    }

    /// The message as its author wants it read now; `None` if not at all.
    pub fn current(&self) -> Option<Message> {
        let current = self.edit.as_ref().unwrap_or(&self.message);
        waproto::codec::message_decode(current).ok().filter(|_| !self.deleted)
    }

    /// What a person sees of it now.
    pub fn content(&self) -> Option<Content> {
        let content = Content::of(&self.message()?)?;
        if self.deleted {
            return Some(content.deleted());
        }
        let edit = self.edit.as_ref().and_then(|edit| Content::of(&waproto::codec::message_decode(edit).ok()?));
        Some(match edit {
            Some(edit) => content.edited(edit),
            None => content,
        })
    }
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

    /// By whomever it was written.
    pub fn find(&self, id: &str) -> Option<&Record> {
        self.records.iter().rev().find(|record| record.id == id)
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
