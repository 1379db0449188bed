//! A portion of the history in our words.

use domain::{
    model::{Attachment, Jid, MediaFile, MediaPlace, Message, MessageId, MessageStatus, Timestamp},
    ports::{Change, PortError},
};
use waproto::whatsapp::web_message_info::Status;
use whatsapp_rust::Client;

use super::chunk::{Past, Portion};
use crate::session::{
    addresses::{Person, to_ours},
    arrival::fill,
    inbox::Inbox,
    known::{chat_changes, push_names},
    read::{Said, read},
};

/// What the portion changes.
pub async fn changes(inbox: &Inbox, client: &Client, portion: &Portion) -> Result<Vec<Change>, PortError> {
    match portion {
        Portion::Names(pairs) => Ok(pairs.iter().filter_map(|(phone, lid)| pair(phone, lid)).collect()),
        Portion::PushNames(names) => push_names(inbox, client, names).await,
        Portion::Messages { chat, arranged, messages } => {
            let Ok(jid) = chat.id.parse() else { return Ok(Vec::new()) };
            let alt = chat.alt.as_deref().and_then(|alt| alt.parse().ok());
            let Some(chat) = inbox.person(client, &jid, alt.as_ref()).await? else { return Ok(Vec::new()) };
            let mut changes: Vec<_> = inbox.people.news(&chat).into_iter().collect();
            if let Some(arranged) = arranged {
                changes.extend(chat_changes(inbox, &chat, arranged).await?);
            }
            for past in messages {
                changes.extend(message(inbox, client, &chat, past).await?.map(|message| Change::History(Box::new(message))));
            }
            Ok(changes)
        }
    }
}

fn pair(phone: &str, lid: &str) -> Option<Change> {
    let (phone, lid) = (Jid::parse(phone).ok()?, Jid::parse(lid).ok()?);
    let person = Person { jid: phone, lid: Some(lid) };
    let is_pair = person.jid.server() == domain::model::Server::Phone && person.lid.as_ref()?.server() == domain::model::Server::Lid;
    is_pair.then(|| Change::Alias { phone: person.jid, lid: person.lid.expect("it was given") })
}

async fn message(inbox: &Inbox, client: &Client, chat: &Person, past: &Past) -> Result<Option<Message>, PortError> {
    let info = &past.info;
    let (Some(key), Some(body)) = (info.key.as_option(), info.message.as_option()) else { return Ok(None) };
    let Some(Said::Content(content, context)) = read(body) else { return Ok(None) };
    let Some(id) = key.id.clone().and_then(|id| MessageId::parse(id).ok()) else { return Ok(None) };
    let own = client.pn().as_ref().and_then(to_ours);
    let outgoing = key.from_me.unwrap_or_default();
    let sender = match key.participant.as_ref().or(info.participant.as_ref()) {
        Some(author) if chat.jid.is_group() && !outgoing => inbox.named(client, author).await?,
        _ => Some(chat.clone()),
    };
    let Some(sender) = sender else { return Ok(None) };
    let at = i64::try_from(info.message_timestamp.unwrap_or_default()).unwrap_or(i64::MAX).saturating_mul(1000);
    let mut message = inbox.blank(id, own, chat, &sender, outgoing, Timestamp::from_millis(at));
    fill(&mut message, *content);
    inbox.put_in_context(client, &mut message, context).await?;
    if let Some(Attachment::Media(file)) = message.attachment.take() {
        message.attachment = Some(Attachment::Media(left_there(file)));
    }
    message.status = status(info.status, outgoing, past.unread);
    message.broadcast = info.broadcast.unwrap_or_default();
    message.push_name = info.push_name.clone().filter(|name| !outgoing && !name.is_empty());
    Ok(Some(message))
}

/// Files of the past are not downloaded unless somebody asks for them.
fn left_there(file: MediaFile) -> MediaFile {
    let place = match file.place {
        MediaPlace::Awaiting { reference } => MediaPlace::Remote { reference },
        other => other,
    };
    MediaFile { place, ..file }
}

/// Never `Pending`: what the phone did not get rid of is not ours to send.
fn status(status: Option<Status>, outgoing: bool, unread: bool) -> MessageStatus {
    match (outgoing, status) {
        (false, _) if unread => MessageStatus::Delivered,
        (false, _) => MessageStatus::Read,
        (true, Some(Status::ERROR)) => MessageStatus::Failed,
        (true, Some(Status::DELIVERY_ACK)) => MessageStatus::Delivered,
        (true, Some(Status::READ | Status::PLAYED)) => MessageStatus::Read,
        (true, Some(Status::PENDING | Status::SERVER_ACK) | None) => MessageStatus::Sent,
    }
}
