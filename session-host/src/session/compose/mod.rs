//! What goes out, as WhatsApp's clients write it.

mod changes;
mod context;
mod file;
#[cfg(test)]
mod tests;

use domain::model::{Attachment, ContactCard, Degrees, Jid, Location, Message, MessageType, Poll, Quoted};
use fetch::LinkPreview;
use wacore::proto_helpers::{MessageBuilderExt, build_reaction_message};
use waproto::{
    buffa::MessageField,
    whatsapp::{
        self as wa,
        message::{ContactMessage, ContactsArrayMessage, ExtendedTextMessage, LocationMessage, PollCreationMessage, poll_creation_message},
    },
};

use self::{
    changes::{author, compose_deletion, compose_edit},
    context::{context, mentioning},
    file::compose_file,
};
use super::{enclose::Enclosed, names::Names, outbox::Outgoing};

/// A message's secret, which answers to a poll are encrypted with.
pub type Secret = [u8; 32];

/// Everybody that what goes out speaks of by name.
pub fn people(outgoing: &Outgoing) -> Vec<&Jid> {
    match outgoing {
        Outgoing::Message(message) => message.quoted.iter().filter_map(|quoted| quoted.from.as_ref()).chain(&message.mentions).collect(),
        Outgoing::Edit { edit, .. } => edit.mentions.iter().collect(),
        Outgoing::Delete(delete) => author(delete).into_iter().collect(),
    }
}

/// The message that is written to the socket; `None` if there is none of this kind.
pub fn compose(outgoing: &Outgoing, enclosed: Option<&Enclosed>, names: &Names, secret: impl FnOnce() -> Secret) -> Option<wa::Message> {
    match outgoing {
        Outgoing::Message(message) => compose_message(message, enclosed, names, secret),
        Outgoing::Edit { edit, target, at } => Some(compose_edit(edit, target, *at, names)),
        Outgoing::Delete(delete) => Some(compose_deletion(delete, names)),
    }
}

fn compose_message(message: &Message, enclosed: Option<&Enclosed>, names: &Names, secret: impl FnOnce() -> Secret) -> Option<wa::Message> {
    let context = context(message, names);
    let about = |context| MessageField::from(context);
    Some(match (&message.attachment, message.kind) {
        (None, MessageType::Text) => match enclosed {
            Some(Enclosed::Preview(preview)) => compose_preview(message, preview, names, about(context)),
            _ => compose_text(&message.content, &message.mentions, names, context),
        },
        (None, MessageType::Reaction) => compose_reaction(message, message.quoted.as_ref()?, names),
        (Some(Attachment::Media(file)), _) => match enclosed? {
            Enclosed::File(sent) => compose_file(message, file, sent, names, context)?,
            Enclosed::Preview(_) | Enclosed::Nothing => return None,
        },
        (Some(Attachment::Location(location)), _) => compose_location(location, about(context)),
        (Some(Attachment::Contacts { cards }), _) => compose_contacts(cards, about(context))?,
        (Some(Attachment::Poll(poll)), _) => compose_poll(&message.content, poll, about(context), secret()),
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

fn compose_preview(message: &Message, preview: &LinkPreview, names: &Names, context_info: MessageField<wa::ContextInfo>) -> wa::Message {
    let text = ExtendedTextMessage {
        text: Some(mentioning(&message.content, &message.mentions, names)),
        matched_text: Some(preview.url.clone()),
        title: Some(preview.title.clone()),
        description: preview.description.clone(),
        jpeg_thumbnail: preview.thumbnail_jpeg.clone(),
        context_info,
        ..Default::default()
    };
    wa::Message { extended_text_message: MessageField::some(text), ..Default::default() }
}

fn compose_reaction(message: &Message, target: &Quoted, names: &Names) -> wa::Message {
    let author = target.from.as_ref().filter(|_| message.chat.is_group() && !target.from_me);
    let key = wa::MessageKey {
        remote_jid: Some(message.chat.to_string()),
        from_me: Some(target.from_me),
        id: Some(target.message_id.to_string()),
        participant: author.map(|author| names.of(author)),
    };
    build_reaction_message(key, message.content.as_str(), message.timestamp.millis())
}

fn compose_location(location: &Location, context_info: MessageField<wa::ContextInfo>) -> wa::Message {
    let location = LocationMessage {
        degrees_latitude: Some(Degrees::get(location.latitude)),
        degrees_longitude: Some(Degrees::get(location.longitude)),
        name: location.name.clone(),
        address: location.address.clone(),
        context_info,
        ..Default::default()
    };
    wa::Message { location_message: MessageField::some(location), ..Default::default() }
}

fn compose_contacts(cards: &[ContactCard], context_info: MessageField<wa::ContextInfo>) -> Option<wa::Message> {
    let mut contacts: Vec<_> = cards
        .iter()
        .map(|card| ContactMessage { display_name: Some(card.name.clone()), vcard: Some(card.vcard.clone()), ..Default::default() })
        .collect();
    if let [_] = cards {
        let contact = ContactMessage { context_info, ..contacts.pop()? };
        return Some(wa::Message { contact_message: MessageField::some(contact), ..Default::default() });
    }
    let display_name = Some(format!("{} contacts", cards.len()));
    let contacts = ContactsArrayMessage { display_name, contacts, context_info };
    Some(wa::Message { contacts_array_message: MessageField::some(contacts), ..Default::default() })
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
