//! What goes out, as WhatsApp's clients write it.

use domain::model::{
    Attachment, Degrees, DeleteMessage, EditMessage, Jid, Location, MediaFile, Message, MessageType, Origin, Poll, Quoted, Timestamp,
};
use wacore::proto_helpers::{MessageBuilderExt, build_quote_context, build_reaction_message};
use waproto::{
    buffa::MessageField,
    whatsapp::{
        self as wa,
        message::{
            ContactMessage, ContactsArrayMessage, DocumentMessage, ImageMessage, LocationMessage, PollCreationMessage, ProtocolMessage,
            StickerMessage, VideoMessage, poll_creation_message, protocol_message,
        },
    },
};

use whatsapp_rust::media::{self, AudioOptions, DocumentOptions, ImageOptions, VideoOptions};

use super::{
    enclose::{Enclosed, SentFile},
    names::Names,
    outbox::Outgoing,
};

/// A message's secret, which answers to a poll are encrypted with.
pub type Secret = [u8; 32];

/// Everybody that what goes out speaks of by name.
pub fn people(outgoing: &Outgoing) -> Vec<&Jid> {
    match outgoing {
        Outgoing::Message(message) => message.quoted.iter().filter_map(|quoted| quoted.from.as_ref()).chain(&message.mentions).collect(),
        Outgoing::Edit { edit, .. } => edit.mentions.iter().collect(),
        Outgoing::Delete { delete, .. } => author(delete).into_iter().collect(),
    }
}

/// The message that is written to the socket; `None` if there is none of this kind.
pub fn compose(outgoing: &Outgoing, enclosed: Option<&Enclosed>, names: &Names, secret: impl FnOnce() -> Secret) -> Option<wa::Message> {
    match outgoing {
        Outgoing::Message(message) => compose_message(message, enclosed, names, secret),
        Outgoing::Edit { edit, target, at } => Some(compose_edit(edit, target, *at, names)),
        Outgoing::Delete { delete, chat } => Some(compose_deletion(delete, chat, names)),
    }
}

fn compose_message(message: &Message, enclosed: Option<&Enclosed>, names: &Names, secret: impl FnOnce() -> Secret) -> Option<wa::Message> {
    let context_info = || MessageField::from(context(message, names));
    Some(match (&message.attachment, message.kind) {
        (None, MessageType::Text) => compose_text(&message.content, &message.mentions, names, context(message, names)),
        (None, MessageType::Reaction) => compose_reaction(message, message.quoted.as_ref()?, names),
        (Some(Attachment::Location(location)), _) => {
            wa::Message { location_message: MessageField::some(place(location, context_info())), ..Default::default() }
        }
        (Some(Attachment::Contacts { cards }), _) => {
            let mut contacts = cards.iter().map(|card| ContactMessage {
                display_name: Some(card.name.clone()),
                vcard: Some(card.vcard.clone()),
                ..Default::default()
            });
            if cards.len() == 1 {
                let contact = ContactMessage { context_info: context_info(), ..contacts.next()? };
                return Some(wa::Message { contact_message: MessageField::some(contact), ..Default::default() });
            }
            let display_name = Some(format!("{} contacts", cards.len()));
            let array =
                ContactsArrayMessage { display_name, contacts: contacts.collect(), context_info: context_info(), ..Default::default() };
            wa::Message { contacts_array_message: MessageField::some(array), ..Default::default() }
        }
        (Some(Attachment::Media(file)), _) => match enclosed? {
            Enclosed::File(sent) => compose_file(message, file, sent.as_ref().clone(), context(message, names), names)?,
        },
        (Some(Attachment::Poll(poll)), _) => compose_poll(&message.content, poll, context_info(), secret()),
        _ => return None,
    })
}

/// Text is bare until there is something to say about it.
fn compose_text(text: &str, mentions: &[Jid], names: &Names, context: Option<wa::ContextInfo>) -> wa::Message {
    match context {
        None => wa::Message::text(text),
        Some(context) => wa::Message::text_with_context(mentioning(text, mentions, names), context),
    }
}

fn compose_file(
    message: &Message,
    file: &MediaFile,
    sent: SentFile,
    context: Option<wa::ContextInfo>,
    names: &Names,
) -> Option<wa::Message> {
    let SentFile { upload, mime_type, look } = sent;
    let (mimetype, jpeg_thumbnail, context_info) = (Some(mime_type), look.thumbnail, context.map(Box::new));
    let caption = message.caption.as_deref().filter(|caption| !caption.is_empty());
    let caption = caption.map(|caption| mentioning(caption, &message.mentions, names));
    let (width, height) = look.size.unzip();
    Some(match message.kind {
        MessageType::Image => {
            let mut composed = media::image_message(upload, ImageOptions { caption, mimetype, jpeg_thumbnail, context_info });
            let image = composed.image_message.as_option_mut()?;
            (image.width, image.height) = (width, height);
            composed
        }
        MessageType::Video => {
            let options =
                VideoOptions { caption, mimetype, jpeg_thumbnail, context_info, duration_seconds: look.seconds, gif_playback: None };
            let mut composed = media::video_message(upload, options);
            let video = composed.video_message.as_option_mut()?;
            (video.width, video.height) = (width, height);
            composed
        }
        MessageType::Audio => {
            let (ptt, waveform) = (Some(file.voice_note), look.waveform);
            media::audio_message(upload, AudioOptions { mimetype, duration_seconds: look.seconds, ptt, waveform, context_info })
        }
        MessageType::Document => {
            let file_name = file.file_name.clone();
            let title = file_name.clone();
            media::document_message(
                upload,
                DocumentOptions { mimetype, file_name, title, caption, page_count: None, jpeg_thumbnail, context_info },
            )
        }
        MessageType::Sticker => {
            let sticker = StickerMessage {
                url: Some(upload.url),
                direct_path: Some(upload.direct_path),
                media_key: Some(upload.media_key.to_vec()),
                file_sha256: Some(upload.file_sha256.to_vec()),
                file_enc_sha256: Some(upload.file_enc_sha256.to_vec()),
                file_length: Some(upload.file_length),
                media_key_timestamp: Some(upload.media_key_timestamp),
                mimetype,
                width,
                height,
                is_animated: Some(look.moves),
                context_info: context_info.map(|context| MessageField::some(*context)).unwrap_or_default(),
                ..Default::default()
            };
            wa::Message { sticker_message: MessageField::some(sticker), ..Default::default() }
        }
        _ => return None,
    })
}

fn compose_reaction(message: &Message, target: &Quoted, names: &Names) -> wa::Message {
    let author = target.from.as_ref().filter(|_| message.chat.is_group() && !target.from_me);
    let key = wa::MessageKey {
        remote_jid: Some(message.chat.to_string()),
        from_me: Some(target.from_me),
        id: Some(target.message_id.to_string()),
        participant: author.map(|author| names.of(author)),
        ..Default::default()
    };
    build_reaction_message(key, message.content.as_str(), message.timestamp.millis())
}

fn place(location: &Location, context_info: MessageField<wa::ContextInfo>) -> LocationMessage {
    LocationMessage {
        degrees_latitude: Some(Degrees::get(location.latitude)),
        degrees_longitude: Some(Degrees::get(location.longitude)),
        name: location.name.clone(),
        address: location.address.clone(),
        context_info,
        ..Default::default()
    }
}

fn compose_poll(question: &str, poll: &Poll, context_info: MessageField<wa::ContextInfo>, secret: Secret) -> wa::Message {
    let option = |name: &String| poll_creation_message::Option { option_name: Some(name.clone()), ..Default::default() };
    let creation = MessageField::some(PollCreationMessage {
        name: Some(question.to_owned()),
        options: poll.options.iter().map(option).collect(),
        selectable_options_count: Some(poll.selectable),
        poll_content_type: Some(wa::message::PollContentType::TEXT),
        context_info,
        ..Default::default()
    });
    let message_context_info = MessageField::some(wa::MessageContextInfo { message_secret: Some(secret.to_vec()), ..Default::default() });
    // As WhatsApp Web writes them: those with one answer have a version of their own.
    if poll.selectable == 1 {
        wa::Message { poll_creation_message_v3: creation, message_context_info, ..Default::default() }
    } else {
        wa::Message { poll_creation_message: creation, message_context_info, ..Default::default() }
    }
}

fn compose_edit(edit: &EditMessage, target: &Message, at: Timestamp, names: &Names) -> wa::Message {
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
            ..Default::default()
        }),
        r#type: Some(protocol_message::Type::MESSAGE_EDIT),
        edited_message: MessageField::some(edited),
        timestamp_ms: Some(at.millis()),
        ..Default::default()
    })
}

fn compose_deletion(delete: &DeleteMessage, chat: &Jid, names: &Names) -> wa::Message {
    let from_me = delete.target.origin == Origin::Own;
    protocol_message(ProtocolMessage {
        key: MessageField::some(wa::MessageKey {
            remote_jid: Some(chat.to_string()),
            from_me: Some(from_me),
            id: Some(delete.target.id.to_string()),
            participant: author(delete).filter(|_| chat.is_group()).map(|author| names.of(author)),
            ..Default::default()
        }),
        r#type: Some(protocol_message::Type::REVOKE),
        ..Default::default()
    })
}

fn protocol_message(message: ProtocolMessage) -> wa::Message {
    wa::Message { protocol_message: MessageField::some(message), ..Default::default() }
}

/// Who else wrote what is to go.
fn author(delete: &DeleteMessage) -> Option<&Jid> {
    match &delete.target.origin {
        Origin::Own => None,
        Origin::Other { from, .. } => from.as_ref(),
    }
}

/// What is said about a message besides itself, if anything.
fn context(message: &Message, names: &Names) -> Option<wa::ContextInfo> {
    if message.quoted.is_none() && message.mentions.is_empty() && !message.forwarded {
        return None;
    }
    let mut context = message.quoted.as_ref().map(|quoted| quote(quoted, &message.chat, names)).unwrap_or_default();
    context.mentioned_jid = mentioned(&message.mentions, names);
    if message.forwarded {
        context.is_forwarded = Some(true);
        context.forwarding_score = Some(1);
    }
    Some(context)
}

fn quote(quoted: &Quoted, chat: &Jid, names: &Names) -> wa::ContextInfo {
    let author = match &quoted.from {
        _ if quoted.from_me => names.own.clone(),
        from => from.as_ref().map(|from| names.of(from)),
    };
    let original = wa::Message::text(quoted.content.as_str());
    build_quote_context(quoted.message_id.as_str(), author.unwrap_or_else(|| chat.to_string()), &original)
}

fn mentioned(mentions: &[Jid], names: &Names) -> Vec<String> {
    mentions.iter().map(|person| names.of(person)).collect()
}

/// The text with `@628…` written as whoever is mentioned is called in the chat: clients show the person's name in its place.
fn mentioning(text: &str, mentions: &[Jid], names: &Names) -> String {
    let mut text = text.to_owned();
    for person in mentions {
        let name = names.of(person);
        let user = name.split_once('@').map_or(name.as_str(), |(user, _)| user);
        if user != person.user() {
            text = renamed(&text, person.user(), user);
        }
    }
    text
}

fn renamed(text: &str, from: &str, to: &str) -> String {
    let mut pieces = text.split('@');
    let mut renamed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        renamed.push('@');
        match piece.strip_prefix(from) {
            Some(rest) if !rest.starts_with(|next: char| next.is_ascii_digit()) => {
                renamed.push_str(to);
                renamed.push_str(rest);
            }
            _ => renamed.push_str(piece),
        }
    }
    renamed
}
