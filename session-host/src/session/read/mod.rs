//! What a WhatsApp message says, in our words. Pure: whose message it is, and where, is the inbox's business.

mod cards;
mod context;
mod media;
mod other;
mod wrappers;

use domain::model::{Attachment, Degrees, Location, MessageType, Poll};
use waproto::whatsapp::{self as wa, message as kinds, message::protocol_message::Type};

pub use self::{
    context::Context,
    media::{Reference, reference},
    wrappers::unwrap,
};

/// What a message does.
#[derive(Debug)]
pub enum Said<'a> {
    /// It says something.
    Content(Box<Content>, Context),
    /// It puts an emoji on another message; none takes it back.
    Reaction {
        /// The other message, as the sender names it.
        target: &'a wa::MessageKey,
        /// The emoji.
        emoji: &'a str,
    },
    /// It chooses answers in a poll.
    Vote {
        /// The poll, as the sender names it.
        target: &'a wa::MessageKey,
        /// The answers, encrypted.
        vote: &'a kinds::PollEncValue,
    },
    /// It changes the text of another message.
    Edit {
        /// The other message, as the sender names it.
        target: &'a wa::MessageKey,
        /// Its text from now on.
        text: String,
        /// When, in milliseconds since the Unix epoch, by the sender's clock.
        at: Option<i64>,
    },
    /// It takes another message back.
    Revoke {
        /// The other message, as the sender names it.
        target: &'a wa::MessageKey,
    },
}

/// What people see of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What kind it is.
    pub kind: MessageType,
    /// What can be said in text.
    pub text: String,
    /// The text under a file.
    pub caption: Option<String>,
    /// What it holds besides.
    pub attachment: Option<Attachment>,
}

impl Content {
    fn new(kind: MessageType, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), caption: None, attachment: None }
    }

    /// Its text, or caption.
    fn into_text(self) -> String {
        if self.kind.is_media() { self.caption.unwrap_or_default() } else { self.text }
    }
}

/// What the message does; `None` for WhatsApp's own housekeeping, which nobody sees.
pub fn read(message: &wa::Message) -> Option<Said<'_>> {
    let body = unwrap(message);
    if let Some(protocol) = body.protocol_message.as_option() {
        return read_protocol(protocol);
    }
    if let Some(reaction) = body.reaction_message.as_option() {
        return Some(Said::Reaction { target: reaction.key.as_option()?, emoji: reaction.text.as_deref().unwrap_or_default() });
    }
    if let Some(update) = body.poll_update_message.as_option() {
        return Some(Said::Vote { target: update.poll_creation_message_key.as_option()?, vote: update.vote.as_option()? });
    }
    let content = content(body)?;
    Some(Said::Content(Box::new(content), Context::of(body)))
}

fn read_protocol(protocol: &kinds::ProtocolMessage) -> Option<Said<'_>> {
    let target = protocol.key.as_option()?;
    match protocol.r#type? {
        Type::REVOKE => Some(Said::Revoke { target }),
        Type::MESSAGE_EDIT => {
            let text = content(unwrap(protocol.edited_message.as_option()?))?.into_text();
            Some(Said::Edit { target, text, at: protocol.timestamp_ms })
        }
        _ => None,
    }
}

/// What people see of a message without wrappers.
pub fn content(body: &wa::Message) -> Option<Content> {
    text(body)
        .or_else(|| media::content(body))
        .or_else(|| location(body))
        .or_else(|| cards::content(body))
        .or_else(|| poll(body))
        .or_else(|| other::content(body))
}

fn text(body: &wa::Message) -> Option<Content> {
    let plain = body.conversation.as_deref().filter(|text| !text.is_empty());
    let text = plain.or_else(|| Some(body.extended_text_message.as_option()?.text.as_deref().unwrap_or_default()))?;
    Some(Content::new(MessageType::Text, text))
}

fn location(body: &wa::Message) -> Option<Content> {
    let (latitude, longitude, name, address, comment) = match (body.location_message.as_option(), body.live_location_message.as_option()) {
        (Some(place), _) => {
            (place.degrees_latitude, place.degrees_longitude, filled(&place.name), filled(&place.address), filled(&place.comment))
        }
        (None, Some(live)) => (live.degrees_latitude, live.degrees_longitude, None, None, filled(&live.caption)),
        (None, None) => return None,
    };
    let said = [&name, &address, &comment].into_iter().flatten().next().cloned();
    let mut content = Content::new(MessageType::Location, said.unwrap_or_default());
    // A place beyond the poles is no place, but the message is one.
    content.attachment = Degrees::parse(latitude.unwrap_or_default(), 90.0)
        .zip(Degrees::parse(longitude.unwrap_or_default(), 180.0))
        .map(|(latitude, longitude)| Attachment::Location(Location { latitude, longitude, name, address }));
    Some(content)
}

fn poll(body: &wa::Message) -> Option<Content> {
    let versions = [
        &body.poll_creation_message,
        &body.poll_creation_message_v2,
        &body.poll_creation_message_v3,
        &body.poll_creation_message_v5,
        &body.poll_creation_message_v6,
    ];
    let poll = versions.into_iter().find_map(|version| version.as_option())?;
    let options = poll.options.iter().map(|option| option.option_name.clone().unwrap_or_default()).collect();
    let mut content = Content::new(MessageType::Poll, poll.name.as_deref().unwrap_or_default());
    content.attachment = Some(Attachment::Poll(Poll { options, selectable: poll.selectable_options_count.unwrap_or_default() }));
    Some(content)
}

fn filled(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
