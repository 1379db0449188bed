//! What a message refers to: the one it answers, people it mentions, whether it was forwarded.

use waproto::whatsapp as wa;

use super::{content, unwrap};

/// Most people taken for mentioned in one message.
const MENTIONS: usize = 1024;

/// What a message refers to, by WhatsApp's addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The message it answers.
    pub quote: Option<Quote>,
    /// Whom it mentions.
    pub mentions: Vec<String>,
    /// Whether it was forwarded.
    pub forwarded: bool,
}

/// The message that one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// What it says, in text.
    pub text: String,
}

impl Context {
    /// What a message without wrappers refers to.
    pub fn of(body: &wa::Message) -> Self {
        let Some(info) = info(body) else { return Self::default() };
        let quote = info.stanza_id.clone().map(|id| Quote {
            id,
            author: info.participant.clone(),
            text: info.quoted_message.as_option().and_then(|quoted| content(unwrap(quoted))).map(|quoted| quoted.text).unwrap_or_default(),
        });
        Self {
            quote,
            mentions: info.mentioned_jid.iter().take(MENTIONS).cloned().collect(),
            forwarded: info.is_forwarded.unwrap_or_default() || info.forwarding_score.unwrap_or_default() > 0,
        }
    }
}

fn info(body: &wa::Message) -> Option<&wa::ContextInfo> {
    macro_rules! first {
        ($($kind:ident)+) => {
            [$(body.$kind.as_option().and_then(|kind| kind.context_info.as_option())),+].into_iter().flatten().next()
        };
    }
    first!(
        extended_text_message image_message video_message ptv_message audio_message document_message sticker_message location_message
        live_location_message contact_message contacts_array_message poll_creation_message poll_creation_message_v2
        poll_creation_message_v3 poll_creation_message_v5 poll_creation_message_v6 group_invite_message event_message product_message
        order_message buttons_message buttons_response_message list_message list_response_message template_message
        template_button_reply_message interactive_message interactive_response_message sticker_pack_message
    )
}
