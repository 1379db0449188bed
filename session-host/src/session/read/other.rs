//! Kinds of message that have no kind of their own here: people see them, so they do not vanish.

use domain::model::MessageType;
use waproto::whatsapp::{self as wa, __buffa::oneof::message::buttons_response_message::Response};

use super::Content;

pub fn content(body: &wa::Message) -> Option<Content> {
    if let Some(chosen) = answer(body) {
        return Some(Content::new(MessageType::Text, chosen));
    }
    (!is_housekeeping(body) && has_content(body)).then(|| Content::new(MessageType::Other, said(body).unwrap_or_default()))
}

/// What somebody chose among the buttons or rows that another message offered: what they say thereby is a text.
fn answer(body: &wa::Message) -> Option<&str> {
    if let Some(answer) = body.buttons_response_message.as_option() {
        let Response::SelectedDisplayText(text) = answer.response.as_ref()?;
        return Some(text);
    }
    if let Some(answer) = body.list_response_message.as_option() {
        return answer.title.as_deref();
    }
    if let Some(answer) = body.template_button_reply_message.as_option() {
        return answer.selected_display_text.as_deref();
    }
    body.interactive_response_message.as_option()?.body.as_option()?.text.as_deref()
}

/// What can be said of it in text.
fn said(body: &wa::Message) -> Option<&str> {
    if let Some(invite) = body.group_invite_message.as_option() {
        return invite.caption.as_deref().filter(|caption| !caption.is_empty()).or(invite.group_name.as_deref());
    }
    if let Some(event) = body.event_message.as_option() {
        return event.name.as_deref();
    }
    if let Some(product) = body.product_message.as_option() {
        return product.product.as_option().and_then(|product| product.title.as_deref()).or(product.body.as_deref());
    }
    if let Some(order) = body.order_message.as_option() {
        return order.message.as_deref().filter(|message| !message.is_empty()).or(order.order_title.as_deref());
    }
    if let Some(list) = body.list_message.as_option() {
        return list.description.as_deref().filter(|description| !description.is_empty()).or(list.title.as_deref());
    }
    if let Some(buttons) = body.buttons_message.as_option() {
        return buttons.content_text.as_deref();
    }
    if let Some(template) = body.template_message.as_option() {
        return template.hydrated_template.as_option()?.hydrated_content_text.as_deref();
    }
    if let Some(interactive) = body.interactive_message.as_option() {
        return interactive.body.as_option()?.text.as_deref();
    }
    if let Some(pack) = body.sticker_pack_message.as_option() {
        return pack.name.as_deref();
    }
    body.scheduled_call_creation_message.as_option()?.title.as_deref()
}

/// Keys, settings, and what only changes how another message is shown.
fn is_housekeeping(body: &wa::Message) -> bool {
    macro_rules! any {
        ($($kind:ident)+) => { $(body.$kind.is_set())||+ };
    }
    any!(
        protocol_message album_message keep_in_chat_message pin_in_chat_message enc_reaction_message enc_comment_message
        enc_event_response_message secret_encrypted_message sticker_sync_rmr_message poll_add_option_message scheduled_call_edit_message
        call chat bcall_message message_history_bundle message_history_notice group_root_key_share root_secret_distribute_message
        status_notification_message
    )
}

fn has_content(body: &wa::Message) -> bool {
    let mut rest = body.clone();
    rest.conversation = None;
    rest.message_context_info.take();
    rest.sender_key_distribution_message.take();
    rest.fast_ratchet_key_sender_key_distribution_message.take();
    waproto::codec::message_encoded_len(&rest) > 0
}
