//! Where everything lies: which table, under which key, in which index, and what reading it costs.
//!
//! All tables have the keys `pk` and `sk` (text). What is deleted by itself has `expires_at` (seconds). Reads by key are strongly consistent, those of an
//! index are not: what an index tells is used where a second's delay does no harm.
//!
//! # Records
//!
//! Items may stand in up to three lists besides: `index1` to `index3` have the keys `i1`/`p1` to `i3`/`p3`, and know `sort` besides keys.
//!
//! | list | `i…` | `p…` |
//! |---|---|---|
//! | a device's messages, and those of a chat | 1: `D#{device}#messages`; 2: `D#{device}#chat#{chat}` | time, device, number, id, origin |
//! | all devices; those of a user | 1: `devices`; 2: `U#{user}` | created, id |
//! | all events, in 16 parts | 1: `events#{part of the id}` | id |
//! | messages that are to be sent | 3: `L#{lane}#pending` | due, time, chat: see [`to_be_sent`] |
//! | bulks whose messages are not dealt out yet | 3: `L#{lane}#bulks` | created |
//! | sessions that are wanted | 3: `L#{lane}#wanted` | device |
//! | messages whose file is to be downloaded | 3: `D#{device}#media` | time, … |
//! | deliveries that wait | 3: `L#{lane}#waiting` | device, sequence |
//!
//! | what | `pk` | `sk` | written by |
//! |---|---|---|---|
//! | a device's settings | `D#{device}` | `device` | functions |
//! | its session, sequence, figures, fence | `D#{device}` | `head` | its host |
//! | a message | `D#{device}` | `msg#{id}#{origin}` | functions, its host |
//! | an idempotency key | `D#{device}` | `key#{hash}` | functions |
//! | a day's counts of messages, once it is over | `D#{device}` | `day#{day}` | its host |
//! | a person, a chat, a group the account is in | `D#{device}` | `contact#{jid}`, `chat#{jid}`, `group#{jid}` | its host |
//! | what a group is called, left ones too | `D#{device}` | `subject#{jid}` | its host |
//! | the number behind a hidden id, and the reverse | `D#{device}` | `phone#{lid}`, `lid#{phone}` | its host |
//! | that a message is in the chat of a hidden id whose number is not known | `D#{device}` | `hidden#{lid}#{sk of the message}` | its host |
//! | an event | `D#{device}` | `event#{seq}` | its host |
//! | a delivery that waits; one that was given up | `D#{device}` | `waiting#{seq}`, `failed#{seq}` | its host, functions |
//! | a session id that is taken | `S#{session id}` | `S` | functions |
//! | whose key it is | `K#{hash}` | `K` | functions |
//! | a bulk; its messages' ids; its messages until they are dealt out | `B#{bulk}` | `bulk`; `messages`; `aside#{number}` | functions |
//! | which bulks a device has; an idempotency key of one | `D#{device}` | `bulk#{bulk}`; `bulk_key#{hash}` | functions |
//! | a template | `T#{owner}`, `T#` if everyone's | `template#{name}` | functions |
//! | a command that is not due yet: each lane's host looks once a second for those that are (half a read unit, if there is none) | `L#{lane}` | `{due}#{command}` | functions, its host |
//!
//! ## Devices
//!
//! A device is read by its id with both its items in one request (two read units, more beyond 4 KB each); by its session id or key with one more read before.
//! A new one is a transaction of four items, a new key one of three, any other change one write. Both lists know nothing but keys: of a page, all of the list is
//! read (half a unit for each 25 devices), for a total that is exact, and both items of those on the page. What is chosen by status, and sessions, read the heads
//! of all devices of the list besides (a unit for each). A deletion reads all there is of the device twice, to count and to delete it, and writes each item once.
//!
//! The figures of the whole installation read the heads of all devices twice, for the totals and for the latest messages, of which they read the places (half a
//! unit for each 25); so many too of what is to be sent and of what waits; and the commands that are not due yet. Each lane's queue is asked for its length.
//!
//! A list of templates reads the places of all (half a unit for each 25), and those on the page.
//!
//! ## Events and deliveries
//!
//! An event is written with the journal's commit, and again only if its delivery is given up or asked for once more, to be kept as long. It goes by `expires_at`,
//! 7 days after it was stored, 35 if a webhook wants it. One is found by its id with half a unit and its own. Those of a device after an id: two to a dozen
//! units, by where in the sequence the id belongs, and the events; those of a user as much for each of their devices; those of all 8 units for the 16 parts,
//! and the events.
//!
//! A delivery is one write with the journal's commit (and one of the list of what waits), and a deletion and a write of the head when it arrives; a try that
//! failed two writes, giving up four. What comes next for a device reads `device` and `head`, what waits in front (a unit for each dozen), and the events; nobody
//! looks for a delivery that this read. A list counts all there are (a unit for each dozen). Which devices something waits for is asked once a minute for each
//! lane: half a unit, or as much for each such device.
//!
//! ## Messages
//!
//! A total costs one or two read units for each device concerned (its `head`, of 1 to 4 KB) and the lanes' lists of messages that are to be sent (half a unit for
//! each 30 of them); with dates also the devices' `day` items (a unit for each 20 days or so that lie before the last three, of the time asked for) and the
//! messages of the parts of days at the ends (half a unit for each 20 by `index1`; all of them are read if a status is asked for). A page costs as much, and half a
//! unit for each 20 places it looks at in `index1`, and its messages (one for each 4 KB of a message, at least one each). A page by number looks at the
//! places before it, of one day. If kinds, directions or statuses are asked for, the `day` items tell which days to look at; there a status is found by reading
//! messages. A chat's messages are all looked at in `index2`, and read if a status is asked for. An id is a query of each device concerned.
//!
//! A bulk of `n` messages writes `2 n` units and a few: they are put aside, packed, before each gets its item. How far it is, is found by reading all of them.
//!
//! ## People
//!
//! A list of contacts, chats or groups reads all of the device's items of the kind in one query, as the last writes left them, and is filtered, ordered and cut
//! in memory: an account has as many as a phone bears. A person or a chat takes about 250 bytes, so a thousand of them cost some 60 read units; a group takes
//! 30 bytes for each member. A page of contacts besides reads two items for each (hidden id, mute), a page of chats two (name, last message) and the latest
//! message's place in `index2` (half a unit), which is also asked of those chats that were last written in up to half an hour before the first or after the
//! last of the page. A search for chats reads what all people and groups are called. The list of chats reads the lane's list of messages that are to be sent
//! (half a unit for each 30 of them).
//!
//! An incoming message writes its chat's item with its own, and its sender's if they are called otherwise than before. One that is accepted writes none; its
//! `sent` writes the chat's if that is not there or half an hour older. What was sent since is found by `index2`, so it may be missing for as long as an index
//! lags; what was received never is.
//!
//! # Keys
//!
//! | what | `pk` | `sk` | written by |
//! |---|---|---|---|
//! | a row of the WhatsApp library | `D#{device}` | `k#{key}` | its host |
//! | the epoch of the host that may write | `D#{device}` | `fence` | its host, once as it takes over |
//!
//! A write is one transaction of a look at the fence (two write units) and the rows (two for each KB of each); those that wait meanwhile share the next one. Rows
//! are read by key (a unit for each 4 KB), and listed by the beginning of their keys.
//!
//! # Passing
//!
//! | what | `pk` | `sk` | written by |
//! |---|---|---|---|
//! | a window of a limit: its end, and how much was taken | `limit#{key}` | `limit` | functions: once for each fiftieth of the limit, two or three times as a window begins |
//! | what became of a command | `reply#{command}` | `reply` | its host; whoever takes it deletes it, after looking every 20 to 200 ms (a read unit, half if there is nothing) |
//! | a socket that is open | `sockets` | its id | `socket` as it opens, comes again and closes; a host reads all of them (a read unit for each 4 KB, about 12 sockets) at most ten times a second while it tells events, every half second for 8 s after that, every 5 s when nothing happens |
//!
//! # Leases
//!
//! One partition, `board`: a host reads all of it twice a second (one read unit for each 4 KB) and writes its beat every two seconds.
//!
//! | what | `sk` | written by |
//! |---|---|---|
//! | how many lanes there are, for good | `stack` | the first host |
//! | a host's beat | `host#{host}` | the host; whoever finds it dead deletes it |
//! | who holds a lane, in which epoch | `lane#{lane}` | whoever takes or releases it |

use domain::{
    model::{BulkId, DeviceId, EventId, Jid, Lane, TemplateOwner, Timestamp, UserId},
    ports::PortError,
};
use sha2::{Digest, Sha256};

use crate::{
    error::flaw,
    table::{Item, text_of},
};

/// The partition of everything that belongs to a device.
pub fn device(id: &DeviceId) -> String {
    format!("D#{id}")
}

/// Whose item this is.
pub(crate) fn device_of(item: &Item) -> Result<DeviceId, PortError> {
    let pk = text_of(item, "pk")?;
    let id = pk.strip_prefix("D#").ok_or_else(|| flaw("an item belongs to no device"))?;
    DeviceId::parse(id).map_err(flaw)
}

/// The list of all devices.
pub const DEVICES: &str = "devices";

/// The list of a user's devices.
pub fn devices_of(user: UserId) -> String {
    format!("U#{user}")
}

/// The partition of a bulk.
pub fn bulk(id: &BulkId) -> String {
    format!("B#{id}")
}

/// Which bulk's item this is.
pub(crate) fn bulk_of(item: &Item) -> Result<BulkId, PortError> {
    let id = text_of(item, "pk")?.strip_prefix("B#").ok_or_else(|| flaw("an item belongs to no bulk"))?;
    BulkId::parse(id).map_err(flaw)
}

/// The sort key by which a device knows its bulk.
pub fn bulk_of_device(id: &BulkId) -> String {
    format!("bulk#{id}")
}

/// The list of the bulks of a lane whose messages are not dealt out yet.
pub fn bulks(lane: Lane) -> String {
    format!("L#{lane}#bulks")
}

/// The list of all templates.
pub const TEMPLATES: &str = "templates";

/// The partition of somebody's templates, and their list.
pub fn templates_of(owner: TemplateOwner) -> String {
    match owner {
        TemplateOwner::Everyone => "T#".to_owned(),
        TemplateOwner::User(user) => format!("T#{user}"),
    }
}

/// The sort key of a template.
pub fn template(name: &str) -> String {
    format!("template#{name}")
}

/// A moment as text that sorts like it.
pub fn time(moment: Timestamp) -> String {
    number(rank(moment))
}

/// The place of a moment among all there are.
pub fn rank(moment: Timestamp) -> u64 {
    moment.millis().abs_diff(Timestamp::from_millis(i64::MIN).millis())
}

/// The moment that [`time`] wrote.
pub fn moment(time: &str) -> Option<Timestamp> {
    Some(Timestamp::from_millis(Timestamp::from_millis(i64::MIN).millis().checked_add_unsigned(time.parse().ok()?)?))
}

/// The list of the sessions that are wanted in a lane.
pub fn wanted(lane: Lane) -> String {
    format!("L#{lane}#wanted")
}

/// The partition of a lane's commands that are not due yet.
pub fn lane(lane: Lane) -> String {
    format!("L#{lane}")
}

/// A message's place among those of its lane that are to be sent: when, and as much of it as the list of chats has to know (see [`sent_to`]).
pub fn to_be_sent(due: Timestamp, written: Timestamp, chat: &Jid) -> String {
    format!("{}#{}#{chat}", time(due), time(written))
}

/// When and to whom a message was written, as [`to_be_sent`] says it.
pub fn sent_to(place: &str) -> Option<(Timestamp, Jid)> {
    let (_, rest) = place.split_once('#')?;
    let (written, chat) = rest.split_once('#')?;
    Some((moment(written)?, Jid::parse(chat).ok()?))
}

/// A number as text that sorts like it.
pub fn number(number: u64) -> String {
    format!("{number:020}")
}

/// The list that an event is in: all in one would be more than one place bears.
pub fn events(id: &EventId) -> String {
    events_part(Sha256::digest(id.as_str())[0] % EVENT_PARTS)
}

/// One of the lists of events.
pub fn events_part(part: u8) -> String {
    format!("events#{part}")
}

/// How many lists of events there are.
pub const EVENT_PARTS: u8 = 16;

/// The list of the deliveries that wait in a lane.
pub fn waiting(lane: Lane) -> String {
    format!("L#{lane}#waiting")
}

/// The list of a device's messages.
pub fn messages(id: &DeviceId) -> String {
    format!("D#{id}#messages")
}

/// The list of the messages of a device's chat.
pub fn messages_of_chat(id: &DeviceId, chat: &Jid) -> String {
    format!("D#{id}#chat#{chat}")
}

/// The list of the messages of a lane that are to be sent.
pub fn pending(lane: Lane) -> String {
    format!("L#{lane}#pending")
}

/// The list of a device's messages whose file is to be downloaded.
pub fn media(id: &DeviceId) -> String {
    format!("D#{id}#media")
}
