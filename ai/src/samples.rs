//! Messages and settings for the tests.

use domain::model::{AiSettings, Author, DeviceId, Direction, Jid, Message, MessageId, MessageStatus, MessageType, SessionId, Timestamp};

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

pub fn settings() -> AiSettings {
    AiSettings {
        enabled: true,
        auto_reply: true,
        bot_name: "Support Bot".into(),
        system_prompt: "You are a helpful customer support assistant.".into(),
        ..AiSettings::default()
    }
}

/// A text from somebody at this second.
pub fn incoming(second: i64, text: &str) -> Message {
    let own = Jid::parse("6281100000001").unwrap();
    let other = Jid::parse("6281100000002").unwrap();
    Message {
        id: MessageId::parse(format!("ID{second}")).unwrap(),
        device_id: DeviceId::parse("dev_1").unwrap(),
        session_id: SessionId::parse("user_1_device_a").unwrap(),
        direction: Direction::Incoming,
        chat: other.clone(),
        from: Some(other),
        to: Some(own),
        lid: None,
        kind: MessageType::Text,
        content: text.into(),
        caption: None,
        attachment: None,
        quoted: None,
        mentions: Vec::new(),
        link_preview: false,
        forwarded: false,
        broadcast: false,
        push_name: Some("Ani".into()),
        timestamp: at(second),
        status: MessageStatus::Delivered,
        read_at: None,
        error: None,
        due_at: None,
        bulk: None,
        author: None,
        edited_at: None,
        deleted_at: None,
    }
}

/// A text from the device's account at this second.
pub fn outgoing(second: i64, text: &str) -> Message {
    let message = incoming(second, text);
    Message {
        direction: Direction::Outgoing,
        from: message.to,
        to: message.from,
        status: MessageStatus::Sent,
        author: Some(Author::Api),
        push_name: None,
        ..message
    }
}

/// The same in a group.
pub fn group(message: Message) -> Message {
    Message { chat: Jid::parse("120363000000000001@g.us").unwrap(), ..message }
}
