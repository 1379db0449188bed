//! What is said about a message besides itself: what it answers, whom it mentions, where it comes from.

use domain::model::{Jid, Message, Quoted};
use wacore::proto_helpers::{MessageBuilderExt, build_quote_context};
use waproto::whatsapp as wa;

use super::Names;

/// What is said about a message besides itself, if anything.
pub fn context(message: &Message, names: &Names) -> Option<wa::ContextInfo> {
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

pub fn mentioned(mentions: &[Jid], names: &Names) -> Vec<String> {
    mentions.iter().map(|person| names.of(person)).collect()
}

/// The text with `@628…` written as whoever is mentioned is called in the chat: clients show the person's name in its place.
pub fn mentioning(text: &str, mentions: &[Jid], names: &Names) -> String {
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
