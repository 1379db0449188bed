//! Whether and how a message is answered by itself.
//!
//! In this order: what is never answered, the switches, groups, working hours, fixed answers, trigger keywords. So a fixed answer keeps to the
//! working hours and stays out of groups like any other, but needs no keyword.

mod hours;
mod words;

use std::time::Duration;

use domain::model::{AiSettings, Direction, Message, MessageType, Server, Timestamp};

pub use self::hours::is_time_zone;
pub(crate) use self::hours::zone;

/// Older messages are the past: nobody waits for an answer to them.
pub const LISTENS: Duration = Duration::from_secs(5 * 60);

/// How many characters of a thought are looked at for words; nobody writes as many to ask for something.
const LOOKED_AT: usize = 10_000;

/// What becomes of a message, or of several that are one thought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Ignore(Ignored),
    /// It gets this answer.
    Fixed(String),
    /// A model is asked.
    Ask,
}

/// Why a message is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// The account's owner wrote it, here or on the phone.
    #[error("own")]
    Own,
    /// A status post, a broadcast or a channel's post.
    #[error("broadcast")]
    Broadcast,
    /// It was written more than [`LISTENS`] ago.
    #[error("old")]
    Old,
    /// It has no words, or was taken back.
    #[error("wordless")]
    Wordless,
    /// The device does not answer by itself.
    #[error("off")]
    Off,
    /// It was written in a group, and groups are left alone.
    #[error("group")]
    Group,
    /// It is not the time for answers.
    #[error("hours")]
    Hours,
    /// It has none of the words that call for an answer.
    #[error("keyword")]
    Keyword,
}

/// Whether a message is one that can be answered at all, whatever the settings: words that somebody else has just written in a chat.
pub fn answerable(message: &Message, now: Timestamp) -> Result<(), Ignored> {
    if message.direction == Direction::Outgoing {
        Err(Ignored::Own)
    } else if message.broadcast || matches!(message.chat.server(), Server::Broadcast | Server::Newsletter) {
        Err(Ignored::Broadcast)
    } else if now.since(message.timestamp) > LISTENS {
        Err(Ignored::Old)
    } else if words_of(message).is_none() {
        Err(Ignored::Wordless)
    } else {
        Ok(())
    }
}

/// What becomes of messages of one chat that are one thought. Those that cannot be answered have no say.
pub fn decide(settings: &AiSettings, messages: &[Message], now: Timestamp) -> Decision {
    let mut thought = Vec::new();
    let mut ignored = Ignored::Wordless;
    for message in messages {
        match answerable(message, now) {
            Ok(()) => thought.push(message),
            Err(reason) => ignored = reason,
        }
    }
    let Some(first) = thought.first() else { return Decision::Ignore(ignored) };
    if !settings.enabled || !settings.auto_reply {
        return Decision::Ignore(Ignored::Off);
    }
    if settings.exclude_groups && first.chat.is_group() {
        return Decision::Ignore(Ignored::Group);
    }
    if !hours::are_open(&settings.working_hours, now) {
        return Decision::Ignore(Ignored::Hours);
    }
    let texts: Vec<_> = thought.into_iter().filter_map(words_of).collect();
    let said: String = texts.join("\n").chars().take(LOOKED_AT).collect();
    let said = words::Said::new(&said);
    if let Some(fixed) = settings.auto_responses.iter().find(|fixed| said.contains(&fixed.trigger)) {
        return Decision::Fixed(fixed.response.clone());
    }
    let keywords = &settings.trigger_keywords;
    if keywords.is_empty() || keywords.iter().any(|keyword| said.contains(keyword)) {
        Decision::Ask
    } else {
        Decision::Ignore(Ignored::Keyword)
    }
}

/// A text, or the caption under a file.
pub(crate) fn words_of(message: &Message) -> Option<&str> {
    let words = match message.kind {
        MessageType::Text => message.content.as_str(),
        kind if kind.is_media() => message.caption.as_deref()?,
        _ => return None,
    };
    (message.deleted_at.is_none() && !words.trim().is_empty()).then_some(words)
}

#[cfg(test)]
mod tests;
