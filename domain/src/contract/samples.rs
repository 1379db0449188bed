//! Fictitious devices, messages, events and commands.

use std::time::Duration;

use crate::{
    model::{
        AiSettings, ApiKey, Attachment, Author, BulkId, Command, CommandId, DeliveryStats, Device, DeviceId, Direction, Envelope,
        EventData, EventDraft, EventId, Group, Jid, MediaFile, MediaPlace, Member, Message, MessageCounts, MessageId, MessageStatus,
        MessageType, PageRequest, Role, Session, SessionId, Status, Timestamp, UserId, WebhookSettings, WebhookUrl,
    },
    ports::{Change, Clock, Step, SystemClock},
};

/// The `n`th millisecond of the samples' time.
pub fn at(n: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000) + Duration::from_millis(n)
}

/// The user all sample devices belong to.
pub fn user() -> UserId {
    UserId::parse(123).unwrap()
}

/// A device of that name, created at the beginning of the samples' time.
pub fn device(name: &str) -> Device {
    Device {
        id: DeviceId::parse(format!("dev_{name}")).unwrap(),
        user_id: user(),
        session_id: SessionId::parse(format!("user_123_device_{name}")).unwrap(),
        alias: name.into(),
        description: None,
        api_key: ApiKey::new(format!("wak_{name}")),
        webhook: None,
        ai: AiSettings::default(),
        created_at: at(0),
        updated_at: at(0),
        session: Session::new(),
        counts: MessageCounts::default(),
        deliveries: DeliveryStats::default(),
    }
}

/// A device of that name with a webhook that wants everything.
pub fn device_with_webhook(name: &str) -> Device {
    Device { webhook: Some(webhook()), ..device(name) }
}

/// A webhook that wants everything.
pub fn webhook() -> WebhookSettings {
    WebhookSettings::new(WebhookUrl::parse("https://example.com/hook").unwrap())
}

/// The session of a device that is linked and on line.
pub fn connected() -> Session {
    Session { status: Status::Connected, wanted: true, phone: Some(phone(1)), connected_at: Some(at(1)), ..Session::new() }
}

/// The `n`th person.
pub fn phone(n: u64) -> Jid {
    Jid::parse(&format!("62811{n:08}")).unwrap()
}

/// The `n`th person by their hidden id.
pub fn lid(n: u64) -> Jid {
    Jid::parse(&format!("1000000{n:08}@lid")).unwrap()
}

/// The `n`th group's name.
pub fn group_jid(n: u64) -> Jid {
    Jid::parse(&format!("1203630{n:011}@g.us")).unwrap()
}

/// The `n`th group, of the account and another person.
pub fn group(n: u64) -> Group {
    let member = |n, lid, role| Member { jid: phone(n), lid, role };
    Group {
        jid: group_jid(n),
        subject: format!("Arisan {n}"),
        description: Some("Tiap Sabtu".into()),
        owner: Some(phone(2)),
        created_at: Some(at(0)),
        announce: false,
        locked: true,
        role: Role::Member,
        members: vec![member(1, None, Role::Member), member(2, Some(lid(2)), Role::SuperAdmin)],
    }
}

/// The `n`th bulk's id.
pub fn bulk_id(n: u64) -> BulkId {
    BulkId::parse(format!("blk_{n}")).unwrap()
}

/// The `n`th message id.
pub fn message_id(n: u64) -> MessageId {
    MessageId::parse(format!("3EB0{n:08}")).unwrap()
}

/// The `n`th message sent by a device, accepted in the `n`th millisecond.
pub fn outgoing(device: &Device, n: u64) -> Message {
    Message {
        id: message_id(n),
        device_id: device.id.clone(),
        session_id: device.session_id.clone(),
        direction: Direction::Outgoing,
        chat: phone(2),
        from: Some(phone(1)),
        to: Some(phone(2)),
        lid: None,
        kind: MessageType::Text,
        content: format!("Halo {n} \u{1f44b}"),
        caption: None,
        attachment: None,
        quoted: None,
        mentions: Vec::new(),
        link_preview: false,
        forwarded: false,
        broadcast: false,
        push_name: None,
        timestamp: at(n),
        status: MessageStatus::Pending,
        read_at: None,
        error: None,
        due_at: None,
        bulk: None,
        author: Some(Author::Api),
        edited_at: None,
        deleted_at: None,
    }
}

/// The `n`th message a device received, in the `n`th millisecond.
pub fn incoming(device: &Device, n: u64) -> Message {
    Message {
        direction: Direction::Incoming,
        from: Some(phone(2)),
        to: Some(phone(1)),
        push_name: Some("Ani".into()),
        author: None,
        status: MessageStatus::Delivered,
        ..outgoing(device, n)
    }
}

/// The `n`th message a device received: a picture that is at the place given.
pub fn picture(device: &Device, n: u64, place: MediaPlace) -> Message {
    let file = MediaFile { mime_type: "image/jpeg".into(), file_name: None, size_bytes: 9, seconds: None, voice_note: false, place };
    Message {
        kind: MessageType::Image,
        content: String::new(),
        caption: Some("Lihat".into()),
        attachment: Some(Attachment::Media(file)),
        ..incoming(device, n)
    }
}

/// The session's change, told by the `n`th event.
pub fn session_step(n: u64, session: &Session) -> Step {
    step(n, Change::Session(Box::new(session.clone())), &EventData::connection_update(session))
}

/// The message's arrival, told by the `n`th event.
pub fn message_step(n: u64, message: &Message) -> Step {
    let data = match message.direction {
        Direction::Incoming => EventData::message_received(message),
        Direction::Outgoing => EventData::message_sent(message),
    };
    step(n, Change::Message(Box::new(message.clone())), &data)
}

/// A message's progress, told by the `n`th event.
pub fn status_step(n: u64, message: &Message, status: MessageStatus) -> Step {
    let error = (status == MessageStatus::Failed).then(|| "rejected".to_owned());
    let (message_id, chat_id) = (message.id.clone(), message.chat.clone());
    let data = EventData::MessageStatus { message_id, chat_id, status, error: error.clone(), timestamp: at(n) };
    step(n, Change::Status { key: message.key(), status, at: at(n), error }, &data)
}

/// A person's two names, told by the `n`th event.
pub fn alias_step(n: u64, phone: &Jid, lid: &Jid) -> Step {
    told_step(n, Change::Alias { phone: phone.clone(), lid: lid.clone() })
}

/// A message's new text, told by the `n`th event.
pub fn edited_step(n: u64, message: &Message, text: &str) -> Step {
    step(n, Change::Edited { key: message.key(), text: text.into(), at: at(n) }, &EventData::message_edited(message))
}

/// A message's end, told by the `n`th event.
pub fn deleted_step(n: u64, message: &Message) -> Step {
    step(n, Change::Deleted { key: message.key(), at: at(n) }, &EventData::message_deleted(message))
}

/// What became of a message's file, told by the `n`th event.
pub fn media_step(n: u64, message: &Message, file: &MediaFile) -> Step {
    let data = EventData::media_received(message, file, "https://example.com/file".into());
    step(n, Change::Media { key: message.key(), file: file.clone() }, &data)
}

/// A message of the past, told by the `n`th event, though in life none tells of it.
pub fn history_step(n: u64, message: &Message) -> Step {
    step(n, Change::History(Box::new(message.clone())), &EventData::message_received(message))
}

/// A change, told by the `n`th event, whatever tells of it in life.
pub fn told_step(n: u64, change: Change) -> Step {
    step(n, change, &EventData::connection_update(&connected()))
}

/// The id of the `n`th event: in the order of time.
pub fn event_id(n: u64) -> EventId {
    EventId::parse(format!("evt_{n:08}")).unwrap()
}

fn step(n: u64, change: Change, data: &EventData) -> Step {
    Step { change, event: Some(EventDraft::new(event_id(n), at(n), data)) }
}

/// A command for a device, due now.
pub fn envelope(device: &str, name: &str) -> Envelope {
    let now = SystemClock.now();
    Envelope {
        id: CommandId::parse(format!("{device}/{name}")).unwrap(),
        device_id: DeviceId::parse(format!("dev_{device}")).unwrap(),
        command: Command::Send { id: message_id(1), chat: Some(phone(2)) },
        accepted_at: now,
        due_at: now,
        reply: true,
        trace: None,
    }
}

/// The first page of that many items.
pub fn first_page(limit: u32) -> PageRequest {
    PageRequest { page: 1, limit, cursor: None }
}
