//! The past of a phone, as it shares it with a companion that is new: first every conversation with
//! its latest messages, then what people call themselves, then the older messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use buffa::{Message as _, MessageField};
use bytes::Bytes;
use wacore::download::MediaType;
use wacore::upload::encrypt_media;
use wacore_binary::{Jid, Node, Server};
use waproto::whatsapp::history_sync::HistorySyncType as Sync;
use waproto::whatsapp::message::{HistorySyncNotification, HistorySyncType, ProtocolMessage, protocol_message};
use waproto::whatsapp::{
    Conversation, GroupParticipant, HistorySync, HistorySyncMsg, MessageKey, PhoneNumberToLIDMapping, Pushname, WebMessageInfo,
    conversation, group_participant, web_message_info,
};

use super::Phone;
use super::arrangement::Arrangement;
use super::log::{Record, Side, Status};
use crate::account::{Account, Device};
use crate::groups::{Group, Role};
use crate::media::Token;
use crate::world::World;

/// Messages of each conversation in the first part.
const LATEST: usize = 20;
/// Older messages that travel together.
const CHUNK: usize = 1000;
/// A larger first part is uploaded like the others.
const INLINE_LIMIT_BYTES: usize = 128 << 10;

/// What a companion asks for when it is linked.
#[derive(Clone, Copy, Default)]
pub struct Wishes {
    /// The first part within the message that tells of it.
    pub inline: bool,
    /// All there is rather than the recent past.
    pub full: bool,
}

/// What is with one person or in one group, oldest first.
struct Chat<'a> {
    jid: Jid,
    group: Option<Arc<Group>>,
    person: Option<Arc<Account>>,
    records: Vec<&'a Record>,
}

impl Phone {
    /// Everything for a companion that has just been linked; nothing if nobody ever wrote.
    pub(super) fn share_history(&mut self, world: &World, own: &Account, device: &Device) -> Vec<Node> {
        let arrangement = self.app_state.arrangement(&own.collections()).clone();
        let parts = self.parts(world, own, &arrangement, device.history.full);
        let parts = parts.into_iter().enumerate().filter_map(|(order, part)| {
            let notification = notification(world, &part, order, device.history.inline)?;
            let message = ProtocolMessage {
                r#type: Some(protocol_message::Type::HISTORY_SYNC_NOTIFICATION),
                history_sync_notification: MessageField::some(notification),
                ..Default::default()
            };
            self.request(own, device.id, message)
        });
        parts.collect()
    }

    fn parts(&self, world: &World, own: &Account, arrangement: &Arrangement, full: bool) -> Vec<HistorySync> {
        let chats = self.chats(world, own);
        if chats.is_empty() {
            return Vec::new();
        }
        let mut parts = vec![
            HistorySync {
                sync_type: Sync::INITIAL_BOOTSTRAP,
                conversations: chats.iter().map(|chat| chat.latest(own, arrangement)).collect(),
                phone_number_to_lid_mappings: people(world, &chats).iter().map(|person| lid_mapping(person)).collect(),
                ..Default::default()
            },
            HistorySync {
                sync_type: Sync::PUSH_NAME,
                pushnames: people(world, &chats).iter().map(|person| push_name(person)).collect(),
                ..Default::default()
            },
        ];
        let sync_type = if full { Sync::FULL } else { Sync::RECENT };
        let mut older = older(own, &chats).into_iter().peekable();
        while older.peek().is_some() {
            let conversations = together(older.by_ref().take(CHUNK));
            parts.push(HistorySync { sync_type, conversations, ..Default::default() });
        }
        let last = parts.len();
        for (at, part) in (1..).zip(&mut parts) {
            part.chunk_order = Some(at as u32);
            part.progress = Some((100 * at / last) as u32);
        }
        parts
    }

    /// Groups without a word in them are conversations too.
    fn chats(&self, world: &World, own: &Account) -> Vec<Chat<'_>> {
        let mut by_chat: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
        for group in world.groups.of(own) {
            by_chat.insert(group.jid.to_string(), Vec::new());
        }
        for record in self.records().filter(|record| !record.body.deleted) {
            by_chat.entry(record.chat().to_string()).or_default().push(record);
        }
        let chats = by_chat.into_iter().filter_map(|(chat, mut records)| {
            let jid: Jid = chat.parse().ok()?;
            records.sort_by_key(|record| record.timestamp);
            Some(Chat { group: world.groups.find(&jid), person: world.account_of(&jid), jid, records })
        });
        chats.collect()
    }
}

impl Chat<'_> {
    fn latest(&self, own: &Account, arrangement: &Arrangement) -> Conversation {
        let arranged = arrangement.chat(&self.jid);
        let unread = self.records.iter().filter(|record| matches!(record.side, Side::Incoming { read: false, .. }));
        let last = self.records.last().map(|record| record.timestamp);
        let last = last.or(self.group.as_ref().map(|group| group.created));
        let transfer = match self.records.len() > LATEST {
            true => conversation::EndOfHistoryTransferType::COMPLETE_BUT_MORE_MESSAGES_REMAIN_ON_PRIMARY,
            false => conversation::EndOfHistoryTransferType::COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY,
        };
        let conversation = Conversation {
            id: self.jid.to_string(),
            messages: self.records.iter().rev().take(LATEST).map(|record| self.entry(own, record)).collect(),
            conversation_timestamp: last,
            last_msg_timestamp: last,
            unread_count: Some(unread.count() as u32),
            end_of_history_transfer_type: Some(transfer),
            name: arrangement.name(&self.jid).map(str::to_owned),
            archived: Some(arranged.archived),
            pinned: arranged.pinned_at(),
            mute_end_time: arranged.mute_end(),
            marked_as_unread: Some(arranged.marked_unread),
            ..Default::default()
        };
        if let Some(person) = &self.person {
            let lid_jid = Some(person.jid(Server::Lid, 0).to_string());
            return Conversation { lid_jid, ..conversation };
        }
        let Some(group) = &self.group else {
            return conversation;
        };
        let members = group.members();
        let participant = members.iter().map(|member| GroupParticipant {
            user_jid: group.address(&member.account, 0).to_string(),
            rank: Some(match member.role {
                Role::Member => group_participant::Rank::REGULAR,
                Role::Admin => group_participant::Rank::ADMIN,
                Role::Superadmin => group_participant::Rank::SUPERADMIN,
            }),
            ..Default::default()
        });
        Conversation {
            name: Some(group.profile().subject.text.clone()),
            participant: participant.collect(),
            created_at: Some(group.created),
            created_by: Some(group.address(&group.creator, 0).to_string()),
            ..conversation
        }
    }

    fn entry(&self, own: &Account, record: &Record) -> HistorySyncMsg {
        let from_me = record.from == own.number;
        let member = |group: &Group| {
            let account = group.members().iter().find(|member| member.account.number == record.from).map(|member| member.account.clone());
            account.map_or_else(|| Jid::pn(record.from.as_str()), |account| group.address(&account, 0)).to_string()
        };
        let participant = self.group.as_deref().filter(|_| !from_me).map(member);
        let status = match record.side {
            Side::Outgoing { status: Status::Sent } => Some(web_message_info::Status::SERVER_ACK),
            Side::Outgoing { status: Status::Delivered } => Some(web_message_info::Status::DELIVERY_ACK),
            Side::Outgoing { status: Status::Read } | Side::Incoming { read: true, .. } => Some(web_message_info::Status::READ),
            Side::Incoming { read: false, .. } => None,
        };
        let message = WebMessageInfo {
            key: MessageField::some(MessageKey {
                remote_jid: Some(self.jid.to_string()),
                from_me: Some(from_me),
                id: Some(record.id.clone()),
                participant: participant.clone(),
            }),
            message: record.body.current().map_or_else(MessageField::none, MessageField::some),
            message_timestamp: Some(record.timestamp),
            status,
            push_name: self.person.as_ref().filter(|_| !from_me).map(|person| person.name()),
            participant,
            ..Default::default()
        };
        HistorySyncMsg { message: MessageField::some(message), msg_order_id: None }
    }
}

/// What the first part left out, newest first, with the conversation it belongs to.
fn older(own: &Account, chats: &[Chat<'_>]) -> Vec<(String, HistorySyncMsg)> {
    let mut older: Vec<_> =
        chats.iter().flat_map(|chat| chat.records.iter().rev().skip(LATEST).map(move |record| (chat, *record))).collect();
    older.sort_by_key(|(_, record)| std::cmp::Reverse(record.timestamp));
    older.into_iter().map(|(chat, record)| (chat.jid.to_string(), chat.entry(own, record))).collect()
}

fn together(messages: impl Iterator<Item = (String, HistorySyncMsg)>) -> Vec<Conversation> {
    let mut conversations: BTreeMap<String, Vec<HistorySyncMsg>> = BTreeMap::new();
    for (chat, message) in messages {
        conversations.entry(chat).or_default().push(message);
    }
    conversations.into_iter().map(|(id, messages)| Conversation { id, messages, ..Default::default() }).collect()
}

/// Everyone who wrote, was written to or is in one of the groups.
fn people(world: &World, chats: &[Chat<'_>]) -> Vec<Arc<Account>> {
    let mut known: HashMap<String, Arc<Account>> = HashMap::new();
    for chat in chats {
        let members = chat.group.iter().flat_map(|group| group.members().iter().map(|member| member.account.clone()).collect::<Vec<_>>());
        for person in chat.person.clone().into_iter().chain(members) {
            known.insert(person.number.clone(), person);
        }
        let authors: BTreeSet<&str> = chat.records.iter().map(|record| record.from.as_str()).collect();
        for author in authors {
            if !known.contains_key(author)
                && let Some(account) = world.account(author)
            {
                known.insert(author.to_owned(), account);
            }
        }
    }
    known.into_values().collect()
}

fn lid_mapping(person: &Account) -> PhoneNumberToLIDMapping {
    PhoneNumberToLIDMapping { pn_jid: Some(person.jid(Server::Pn, 0).to_string()), lid_jid: Some(person.jid(Server::Lid, 0).to_string()) }
}

fn push_name(person: &Account) -> Pushname {
    Pushname { id: Some(person.jid(Server::Pn, 0).to_string()), pushname: Some(person.name()) }
}

/// Where the companion finds a part: right here, or on the media server.
fn notification(world: &World, part: &HistorySync, order: usize, inline: bool) -> Option<HistorySyncNotification> {
    let payload = compress(&part.encode_to_vec())?;
    let notification = HistorySyncNotification {
        sync_type: Some(match part.sync_type {
            Sync::PUSH_NAME => HistorySyncType::PUSH_NAME,
            Sync::RECENT => HistorySyncType::RECENT,
            Sync::FULL => HistorySyncType::FULL,
            _ => HistorySyncType::INITIAL_BOOTSTRAP,
        }),
        chunk_order: part.chunk_order,
        progress: part.progress,
        file_length: Some(payload.len() as u64),
        ..Default::default()
    };
    if inline && order == 0 && payload.len() <= INLINE_LIMIT_BYTES {
        return Some(HistorySyncNotification { initial_hist_bootstrap_inline_payload: Some(payload), ..notification });
    }
    let file = encrypt_media(&payload, MediaType::History).ok()?;
    let token = Token::new(file.file_enc_sha256);
    world.files.put(token, Bytes::from(file.data_to_upload));
    Some(HistorySyncNotification {
        direct_path: Some(token.direct_path()),
        media_key: Some(file.media_key.to_vec()),
        file_sha256: Some(file.file_sha256.to_vec()),
        file_enc_sha256: Some(file.file_enc_sha256.to_vec()),
        ..notification
    })
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = vec![0; zlib_rs::compress_bound(bytes.len())];
    let (written, code) = zlib_rs::compress_slice(&mut compressed, bytes, zlib_rs::DeflateConfig::default());
    let length = written.len();
    compressed.truncate(length);
    (code == zlib_rs::ReturnCode::Ok).then_some(compressed)
}
