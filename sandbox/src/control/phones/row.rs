//! A message as the remote control lists it.

use std::collections::BTreeMap;

use serde::Serialize;
use wacore_binary::Jid;

use crate::media::Files;
use crate::phone::{Content, Record, Side, Status};

#[derive(Serialize)]
pub struct Row {
    id: String,
    from: String,
    to: String,
    /// The other person, or the group.
    chat: String,
    #[serde(flatten)]
    content: Content,
    #[serde(flatten)]
    file: File,
    poll: Option<Poll>,
    reactions: Vec<Reaction>,
    edited: bool,
    deleted: bool,
    /// Of what was sent from here; null for what was received.
    status: Option<Status>,
    /// Unix seconds.
    timestamp: u64,
}

/// What the file was that the phone downloaded; all null if there is none.
#[derive(Default, Serialize)]
struct File {
    downloaded: Option<bool>,
    /// In bytes.
    size: Option<usize>,
    /// In hex.
    sha256: Option<String>,
}

#[derive(Serialize)]
struct Poll {
    question: String,
    options: Vec<String>,
    selectable: u32,
    /// Who chose it, for each option.
    votes: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct Reaction {
    from: String,
    emoji: String,
}

impl Row {
    /// `None` if the message can no longer be read. Takes a while if a large file is to be downloaded.
    pub fn of(record: &Record, files: &Files) -> Option<Self> {
        let body = &record.body;
        let content = body.content()?;
        let from = person(&record.from);
        let to = record.group.as_ref().map_or_else(|| person(&record.to), Jid::to_string);
        Some(Self {
            id: record.id.clone(),
            chat: record.chat().to_string(),
            from,
            to,
            poll: content.poll.clone().map(|poll| Poll {
                votes: poll.options.iter().map(|option| (option.clone(), voters(record, option))).collect(),
                question: poll.question,
                options: poll.options,
                selectable: poll.selectable,
            }),
            content,
            file: File::of(record, files),
            reactions: body.reactions.iter().map(|(from, emoji)| Reaction { from: person(from), emoji: emoji.clone() }).collect(),
            edited: body.edit.is_some() && !body.deleted,
            deleted: body.deleted,
            status: match record.side {
                Side::Outgoing { status } => Some(status),
                Side::Incoming { .. } => None,
            },
            timestamp: record.timestamp,
        })
    }
}

impl File {
    fn of(record: &Record, files: &Files) -> Self {
        let Some(attachment) = record.body.attachment.as_ref().filter(|_| !record.body.deleted) else {
            return Self::default();
        };
        let file = attachment.downloaded(files);
        Self { downloaded: Some(file.is_some()), size: file.map(|file| file.size), sha256: file.map(|file| file.sha256.clone()) }
    }
}

fn voters(record: &Record, option: &String) -> Vec<String> {
    let votes = record.body.votes.iter().filter(|(_, chosen)| chosen.contains(option));
    votes.map(|(voter, _)| person(voter)).collect()
}

fn person(number: &str) -> String {
    Jid::pn(number).to_string()
}
