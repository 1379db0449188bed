//! What a decrypted message says, as far as the remote control tells.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use wacore::proto_helpers::MessageExt as _;
use waproto::whatsapp::message::{ContactMessage, ExtendedTextMessage, PollCreationMessage};
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
    pub quoted_id: Option<String>,
    pub voice_note: Option<bool>,
    pub seconds: Option<u32>,
    /// In base64.
    pub waveform: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// Of the small picture that comes within the message, in bytes.
    pub thumbnail_size: Option<usize>,
    pub link_preview: Option<LinkPreview>,
    pub mentions: Vec<String>,
    pub forwarded: bool,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub name: Option<String>,
    pub address: Option<String>,
    pub contacts: Option<Vec<Card>>,
    #[serde(skip)]
    pub poll: Option<Poll>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkPreview {
    title: Option<String>,
    description: Option<String>,
    url: Option<String>,
    thumbnail_size: Option<usize>,
}

#[derive(Clone, Serialize)]
pub struct Card {
    name: Option<String>,
    vcard: Option<String>,
}

#[derive(Clone)]
pub struct Poll {
    pub question: String,
    pub options: Vec<String>,
    /// How many options one may choose; 0 for all of them.
    pub selectable: u32,
}

impl Content {
    /// `None` for messages between programs, and for those that only change others: nothing a
    /// person would see.
    pub fn of(message: &Message) -> Option<Self> {
        let message = message.get_base_message();
        if let Some(text) = &message.conversation {
            return Some(Self { text: Some(text.clone()), ..Self::new("text", None) });
        }
        if let Some(extended) = message.extended_text_message.as_option() {
            let content = Self::new("text", extended.context_info.as_option());
            return Some(Self { text: extended.text.clone(), link_preview: LinkPreview::of(extended), ..content });
        }
        if let Some(reaction) = message.reaction_message.as_option() {
            let quoted_id = reaction.key.as_option().and_then(|key| key.id.clone());
            return Some(Self { text: reaction.text.clone(), quoted_id, ..Self::new("reaction", None) });
        }
        if message.protocol_message.is_set() || message.poll_update_message.is_set() {
            return None;
        }
        let content = Self::of_file(message).or_else(|| Self::of_other(message));
        content.or_else(|| message.sender_key_distribution_message.is_unset().then(|| Self::new("unknown", None)))
    }

    /// What is left of a message that was taken back.
    pub fn deleted(self) -> Self {
        Self::new(self.kind, None)
    }

    /// What it says after an edit; the file it may hold stays.
    pub fn edited(self, edit: Self) -> Self {
        match self.mime_type {
            Some(_) => Self { caption: edit.caption.or(edit.text), mentions: edit.mentions, ..self },
            None => Self { text: edit.text, mentions: edit.mentions, link_preview: edit.link_preview, ..self },
        }
    }

    fn of_file(message: &Message) -> Option<Self> {
        if let Some(image) = message.image_message.as_option() {
            let content = Self::file("image", image.context_info.as_option(), &image.mimetype);
            let content = content.picture(image.width, image.height, &image.jpeg_thumbnail);
            return Some(Self { caption: image.caption.clone(), ..content });
        }
        if let Some(video) = message.video_message.as_option().or(message.ptv_message.as_option()) {
            let content = Self::file("video", video.context_info.as_option(), &video.mimetype);
            let content = content.picture(video.width, video.height, &video.jpeg_thumbnail);
            return Some(Self { caption: video.caption.clone(), seconds: video.seconds, ..content });
        }
        if let Some(audio) = message.audio_message.as_option() {
            let content = Self::file("audio", audio.context_info.as_option(), &audio.mimetype);
            let waveform = audio.waveform.as_ref().map(|waveform| BASE64_STANDARD.encode(waveform));
            return Some(Self { voice_note: Some(audio.ptt.unwrap_or(false)), seconds: audio.seconds, waveform, ..content });
        }
        if let Some(document) = message.document_message.as_option() {
            let content = Self::file("document", document.context_info.as_option(), &document.mimetype);
            let content = content.picture(None, None, &document.jpeg_thumbnail);
            return Some(Self { caption: document.caption.clone(), file_name: document.file_name.clone(), ..content });
        }
        let sticker = message.sticker_message.as_option()?;
        let content = Self::file("sticker", sticker.context_info.as_option(), &sticker.mimetype);
        Some(content.picture(sticker.width, sticker.height, &sticker.png_thumbnail))
    }

    fn of_other(message: &Message) -> Option<Self> {
        if let Some(location) = message.location_message.as_option() {
            let content = Self::new("location", location.context_info.as_option());
            return Some(Self {
                text: location.name.clone(),
                latitude: location.degrees_latitude,
                longitude: location.degrees_longitude,
                name: location.name.clone(),
                address: location.address.clone(),
                ..content
            });
        }
        if let Some(contact) = message.contact_message.as_option() {
            let content = Self::new("contact", contact.context_info.as_option());
            return Some(Self { text: contact.display_name.clone(), contacts: Some(vec![Card::of(contact)]), ..content });
        }
        if let Some(contacts) = message.contacts_array_message.as_option() {
            let content = Self::new("contact", contacts.context_info.as_option());
            let cards = contacts.contacts.iter().map(Card::of).collect();
            return Some(Self { text: contacts.display_name.clone(), contacts: Some(cards), ..content });
        }
        let poll = poll(message)?;
        let content = Self::new("poll", poll.context_info.as_option());
        Some(Self { text: poll.name.clone(), poll: Some(Poll::of(poll)), ..content })
    }

    fn new(kind: &'static str, context: Option<&ContextInfo>) -> Self {
        let Some(context) = context else {
            return Self { kind, ..Self::default() };
        };
        Self {
            kind,
            quoted_id: context.stanza_id.clone(),
            mentions: context.mentioned_jid.clone(),
            forwarded: context.is_forwarded.unwrap_or(false),
            ..Self::default()
        }
    }

    fn file(kind: &'static str, context: Option<&ContextInfo>, mime_type: &Option<String>) -> Self {
        let mime_type = mime_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
        Self { mime_type: Some(mime_type), ..Self::new(kind, context) }
    }

    fn picture(self, width: Option<u32>, height: Option<u32>, thumbnail: &Option<Vec<u8>>) -> Self {
        Self { width, height, thumbnail_size: thumbnail.as_ref().map(Vec::len), ..self }
    }
}

/// The poll in a message, whichever way it is put.
fn poll(message: &Message) -> Option<&PollCreationMessage> {
    let polls = [
        &message.poll_creation_message,
        &message.poll_creation_message_v2,
        &message.poll_creation_message_v3,
        &message.poll_creation_message_v5,
    ];
    polls.into_iter().find_map(|poll| poll.as_option())
}

impl Poll {
    fn of(poll: &PollCreationMessage) -> Self {
        Self {
            question: poll.name.clone().unwrap_or_default(),
            options: poll.options.iter().map(|option| option.option_name.clone().unwrap_or_default()).collect(),
            selectable: poll.selectable_options_count.unwrap_or(0),
        }
    }
}

impl LinkPreview {
    fn of(text: &ExtendedTextMessage) -> Option<Self> {
        let url = text.matched_text.clone().filter(|url| !url.is_empty())?;
        Some(Self {
            title: text.title.clone(),
            description: text.description.clone(),
            url: Some(url),
            thumbnail_size: text.jpeg_thumbnail.as_ref().map(Vec::len),
        })
    }
}

impl Card {
    fn of(contact: &ContactMessage) -> Self {
        Self { name: contact.display_name.clone(), vcard: contact.vcard.clone() }
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
                ..Default::default()
            }),
            ..Default::default()
        };
        let content = Content::of(&message).unwrap();
        assert_eq!((content.kind, content.mime_type.as_deref()), ("document", Some("application/pdf")));
        assert_eq!(content.file_name.as_deref(), Some("surat.pdf"));
    }

    #[test]
    fn programs_talk_unseen() {
        let message = Message { protocol_message: MessageField::some(ProtocolMessage::default()), ..Default::default() };
        assert!(Content::of(&message).is_none());
    }
}
