//! What a decrypted message says, as far as the remote control tells.

use serde::Serialize;
use wacore::proto_helpers::MessageExt as _;
use waproto::whatsapp::{ContextInfo, Message};

#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub text: Option<String>,
    pub caption: Option<String>,
    pub file_name: Option<String>,
    pub mime_type: Option<String>,
    /// In bytes, as the sender states it.
    pub size: Option<u64>,
    /// In hex, as the sender states it.
    pub sha256: Option<String>,
    pub quoted_id: Option<String>,
    pub voice_note: Option<bool>,
}

impl Content {
    /// `None` for messages between programs: nothing a person would see.
    pub fn of(message: &Message) -> Option<Self> {
        let message = message.get_base_message();
        if let Some(text) = &message.conversation {
            return Some(Self { text: Some(text.clone()), ..Self::new("text", None) });
        }
        if let Some(extended) = message.extended_text_message.as_option() {
            let content = Self::new("text", extended.context_info.as_option());
            return Some(Self { text: extended.text.clone(), ..content });
        }
        if let Some(reaction) = message.reaction_message.as_option() {
            let quoted_id = reaction.key.as_option().and_then(|key| key.id.clone());
            return Some(Self { text: reaction.text.clone(), quoted_id, ..Self::new("reaction", None) });
        }
        if message.protocol_message.is_set() {
            return None;
        }
        Some(Self::of_file(message).unwrap_or_else(|| Self::of_other(message)))
    }

    fn of_file(message: &Message) -> Option<Self> {
        if let Some(image) = message.image_message.as_option() {
            let content = Self::new("image", image.context_info.as_option());
            let content = content.file(&image.mimetype, image.file_length, &image.file_sha256);
            return Some(Self { caption: image.caption.clone(), ..content });
        }
        if let Some(video) = message.video_message.as_option() {
            let content = Self::new("video", video.context_info.as_option());
            let content = content.file(&video.mimetype, video.file_length, &video.file_sha256);
            return Some(Self { caption: video.caption.clone(), ..content });
        }
        if let Some(audio) = message.audio_message.as_option() {
            let content = Self::new("audio", audio.context_info.as_option());
            let content = content.file(&audio.mimetype, audio.file_length, &audio.file_sha256);
            return Some(Self { voice_note: Some(audio.ptt.unwrap_or(false)), ..content });
        }
        if let Some(document) = message.document_message.as_option() {
            let content = Self::new("document", document.context_info.as_option());
            let content = content.file(&document.mimetype, document.file_length, &document.file_sha256);
            let (caption, file_name) = (document.caption.clone(), document.file_name.clone());
            return Some(Self { caption, file_name, ..content });
        }
        let sticker = message.sticker_message.as_option()?;
        let content = Self::new("sticker", sticker.context_info.as_option());
        Some(content.file(&sticker.mimetype, sticker.file_length, &sticker.file_sha256))
    }

    fn of_other(message: &Message) -> Self {
        if let Some(location) = message.location_message.as_option() {
            let content = Self::new("location", location.context_info.as_option());
            return Self { text: location.name.clone(), ..content };
        }
        if let Some(contact) = message.contact_message.as_option() {
            let content = Self::new("contact", contact.context_info.as_option());
            return Self { text: contact.display_name.clone(), ..content };
        }
        let polls = [&message.poll_creation_message, &message.poll_creation_message_v2, &message.poll_creation_message_v3];
        if let Some(poll) = polls.into_iter().find_map(|poll| poll.as_option()) {
            let content = Self::new("poll", poll.context_info.as_option());
            return Self { text: poll.name.clone(), ..content };
        }
        Self::new("unknown", None)
    }

    fn new(kind: &'static str, context: Option<&ContextInfo>) -> Self {
        let quoted_id = context.and_then(|context| context.stanza_id.clone());
        Self { kind, quoted_id, ..Self::default() }
    }

    fn file(self, mime_type: &Option<String>, size: Option<u64>, sha256: &Option<Vec<u8>>) -> Self {
        Self { mime_type: mime_type.clone(), size, sha256: sha256.as_ref().map(hex::encode), ..self }
    }
}

#[cfg(test)]
mod tests {
    use buffa::MessageField;
    use waproto::whatsapp::message::{DocumentMessage, ExtendedTextMessage, ProtocolMessage};

    use super::*;

    #[test]
    fn a_quoting_text_names_what_it_quotes() {
        let message = Message {
            extended_text_message: MessageField::some(ExtendedTextMessage {
                text: Some("ya".into()),
                context_info: MessageField::some(ContextInfo { stanza_id: Some("3EB0".into()), ..Default::default() }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let content = serde_json::to_value(Content::of(&message).unwrap()).unwrap();
        assert_eq!(content["type"], "text");
        assert_eq!(content["text"], "ya");
        assert_eq!(content["quotedId"], "3EB0");
        assert!(content["voiceNote"].is_null());
    }

    #[test]
    fn a_document_is_described() {
        let message = Message {
            document_message: MessageField::some(DocumentMessage {
                file_name: Some("surat.pdf".into()),
                mimetype: Some("application/pdf".into()),
                file_length: Some(3),
                file_sha256: Some(vec![0xAB; 32]),
                ..Default::default()
            }),
            ..Default::default()
        };
        let content = Content::of(&message).unwrap();
        assert_eq!((content.kind, content.size), ("document", Some(3)));
        assert_eq!(content.file_name.as_deref(), Some("surat.pdf"));
        assert_eq!(content.sha256.unwrap(), "ab".repeat(32));
    }

    #[test]
    fn programs_talk_unseen() {
        let message = Message { protocol_message: MessageField::some(ProtocolMessage::default()), ..Default::default() };
        assert!(Content::of(&message).is_none());
    }
}
