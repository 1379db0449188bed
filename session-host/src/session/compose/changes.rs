//! What changes a message that was sent.

use domain::model::{DeleteMessage, EditMessage, Jid, Message, MessageType, Origin, Timestamp};
use waproto::{
    buffa::MessageField,
    whatsapp::{
        self as wa,
        message::{DocumentMessage, ImageMessage, ProtocolMessage, VideoMessage, protocol_message},
    },
};

use super::{
    Names, compose_text,
    context::{mentioned, mentioning},
};

/// A new text, or caption.
pub fn compose_edit(edit: &EditMessage, target: &Message, at: Timestamp, names: &Names) -> wa::Message {
    let context =
        (!edit.mentions.is_empty()).then(|| wa::ContextInfo { mentioned_jid: mentioned(&edit.mentions, names), ..Default::default() });
    let (caption, context_info) = (|| Some(mentioning(&edit.text, &edit.mentions, names)), || MessageField::from(context.clone()));
    let edited = match (target.media().is_some(), target.kind) {
        (true, MessageType::Image) => wa::Message {
            image_message: MessageField::some(ImageMessage { caption: caption(), context_info: context_info(), ..Default::default() }),
            ..Default::default()
        },
        (true, MessageType::Video) => wa::Message {
            video_message: MessageField::some(VideoMessage { caption: caption(), context_info: context_info(), ..Default::default() }),
            ..Default::default()
        },
        (true, MessageType::Document) => wa::Message {
            document_message: MessageField::some(DocumentMessage {
                caption: caption(),
                context_info: context_info(),
                ..Default::default()
            }),
            ..Default::default()
        },
        _ => compose_text(&edit.text, &edit.mentions, names, context),
    };
    protocol_message(ProtocolMessage {
        key: MessageField::some(wa::MessageKey {
            remote_jid: Some(target.chat.to_string()),
            from_me: Some(true),
            id: Some(edit.target.to_string()),
            participant: names.own.clone().filter(|_| target.chat.is_group()),
        }),
        r#type: Some(protocol_message::Type::MESSAGE_EDIT),
        edited_message: MessageField::some(edited),
        timestamp_ms: Some(at.millis()),
        ..Default::default()
    })
}

/// The end of a message.
pub fn compose_deletion(delete: &DeleteMessage, names: &Names) -> wa::Message {
    let from_me = delete.target.origin == Origin::Own;
    protocol_message(ProtocolMessage {
        key: MessageField::some(wa::MessageKey {
            remote_jid: Some(delete.chat.to_string()),
            from_me: Some(from_me),
            id: Some(delete.target.id.to_string()),
            participant: author(delete).filter(|_| delete.chat.is_group()).map(|author| names.of(author)),
        }),
        r#type: Some(protocol_message::Type::REVOKE),
        ..Default::default()
    })
}

fn protocol_message(message: ProtocolMessage) -> wa::Message {
    wa::Message { protocol_message: MessageField::some(message), ..Default::default() }
}

/// Who else wrote what is to go.
pub fn author(delete: &DeleteMessage) -> Option<&Jid> {
    match &delete.target.origin {
        Origin::Own => None,
        Origin::Other { from, .. } => from.as_ref(),
    }
}
