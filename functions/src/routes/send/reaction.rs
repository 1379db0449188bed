//! `POST /send/reaction`: an emoji on a message, or its removal.

use std::sync::Arc;

use axum::extract::State;
use domain::{
    model::{Direction, Message, MessageStatus, MessageType},
    pipeline::Draft,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::Text,
    openapi::Operation,
    sending::{Answer, Begun, Options, Sent, Terms, recipient, target},
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "SendReaction")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    /// The chat is the message's; if it is said, it has to be that one.
    recipient: Option<String>,
    message_id: String,
    emoji: Emoji,
}

pub fn doc() -> Operation {
    let operation = Operation::new("sendReaction", "Messaging", "React to a message")
        .describe("An empty `emoji` takes the reaction back.")
        .sends()
        .takes::<Request>(json!({"sessionId": "user_123_device_my_device", "messageId": "msg_123456789", "emoji": "👍"}));
    Sent::doc(operation, "reaction").refuses([ApiError::MessageNotFound])
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, Json(request): Json<Request>) -> Result<Answer<Sent>, ApiError> {
    let chat = request.recipient.as_deref().map(recipient).transpose()?;
    let sender = match terms.begin(&api, request.session_id.as_deref(), |first| first.kind == MessageType::Reaction).await? {
        Begun::New(sender) => sender,
        Begun::Repeated(first) => return Sent::of(*first),
    };
    let message = target(&api, &sender.device, &request.message_id).await?;
    if chat.is_some_and(|chat| chat != message.chat && Some(&chat) != message.lid.as_ref()) {
        return Err(ApiError::invalid("recipient", "the message is in another chat"));
    }
    may_react(&message)?;
    let quoted = Some(message.quote());
    let draft = Draft { quoted, ..Draft::new(message.chat, MessageType::Reaction, request.emoji.0) };
    Sent::of(sender.send(&api, draft, Options::default()).await?)
}

fn may_react(message: &Message) -> Result<(), ApiError> {
    let unsent = message.direction == Direction::Outgoing && message.status < MessageStatus::Sent;
    let problem = match message.kind {
        _ if message.deleted_at.is_some() => "the message was deleted",
        _ if unsent => "the message was not sent",
        _ if !message.chat.is_recipient() => "nothing can be sent to the message's chat",
        MessageType::Reaction | MessageType::Vote => "reactions and votes take no reaction",
        _ => return Ok(()),
    };
    Err(ApiError::invalid("messageId", problem))
}

/// One emoji, or nothing. Which sequences are one emoji changes from year to year: what cannot be any is refused.
#[derive(JsonSchema)]
#[schemars(inline, extend("maxLength" = 16))]
struct Emoji(String);

impl<'de> Deserialize<'de> for Emoji {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::<0, 16>::deserialize(deserializer)?;
        let odd = text.chars().any(|c| c.is_whitespace() || c.is_control() || c.is_alphabetic());
        if text.is_ascii() && !text.is_empty() || odd {
            return Err(D::Error::custom("expected one emoji, or nothing to take a reaction back"));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_an_emoji_or_nothing() {
        for (text, good) in [
            ("👍", true),
            ("👩🏽‍❤️‍💋‍👨🏿", true),
            ("❤️", true),
            ("1️⃣", true),
            ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", true),
            ("", true),
            (":)", false),
            ("ok", false),
            ("👍 👍", false),
            ("东", false),
        ] {
            assert_eq!(serde_json::from_value::<Emoji>(text.into()).is_ok(), good, "{text}");
        }
    }
}
