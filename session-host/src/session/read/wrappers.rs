//! Envelopes that WhatsApp puts around messages: they say how one is shown or came here, not what it says.

use waproto::whatsapp as wa;

/// Deeper than any client nests them.
const DEPTH: usize = 8;

/// The message itself.
pub fn unwrap(message: &wa::Message) -> &wa::Message {
    let mut body = message;
    for _ in 0..DEPTH {
        match inner(body) {
            Some(next) => body = next,
            None => break,
        }
    }
    body
}

fn inner(message: &wa::Message) -> Option<&wa::Message> {
    if let Some(sent) = message.device_sent_message.as_option() {
        return sent.message.as_option();
    }
    if let Some(comment) = message.comment_message.as_option() {
        return comment.message.as_option();
    }
    let wrappers = [
        &message.ephemeral_message,
        &message.view_once_message,
        &message.view_once_message_v2,
        &message.view_once_message_v2_extension,
        &message.document_with_caption_message,
        &message.edited_message,
        &message.group_mentioned_message,
        &message.bot_invoke_message,
        &message.bot_forwarded_message,
        &message.bot_task_message,
        &message.lottie_sticker_message,
        &message.associated_child_message,
        &message.poll_creation_message_v4,
        &message.group_status_message,
        &message.group_status_message_v2,
        &message.status_add_yours,
        &message.question_message,
        &message.question_reply_message,
        &message.spoiler_message,
        &message.limit_sharing_message,
    ];
    wrappers.into_iter().find_map(|wrapper| wrapper.as_option()?.message.as_option())
}
