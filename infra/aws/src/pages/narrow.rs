//! What a chat holds, or an id names: all of it is looked at.

use std::cmp::Reverse;

use domain::{
    model::{DeviceId, Jid, MessageFilter, MessageId},
    ports::PortError,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, Found, keep_status, span::Span};
use crate::{
    Records, aliases,
    counts::{Class, Sort},
    layout,
    messages::{self, Kept},
    table::text,
};

/// Everything that is wanted of these devices, newest first.
pub(super) async fn all(records: &Records, filter: &MessageFilter, devices: &[DeviceId]) -> Result<Vec<Found>, PortError> {
    let span = Span::of(filter);
    if span.is_empty() {
        return Ok(Vec::new());
    }
    let chats = match &filter.chat {
        Some(chat) => chats(records, devices, chat).await?.into_iter().map(Some).collect(),
        None => vec![None; devices.len()],
    };
    let asked: Vec<_> = devices.iter().zip(chats).map(|(device, chat)| of_device(records, filter, device, chat)).collect();
    let mut found: Vec<Found> = stream::iter(asked).buffer_unordered(AT_ONCE).try_concat().await?;
    found.sort_by_cached_key(|found| Reverse(found.place.clone()));
    Ok(found)
}

async fn of_device(records: &Records, filter: &MessageFilter, device: &DeviceId, chat: Option<Jid>) -> Result<Vec<Found>, PortError> {
    match (&filter.id, chat) {
        (Some(id), chat) => with_id(records, filter, device, id, chat.as_ref()).await,
        (None, Some(chat)) => of_chat(records, filter, device, &chat).await,
        (None, None) => Ok(Vec::new()),
    }
}

/// The names that a chat is kept under by each device.
async fn chats(records: &Records, devices: &[DeviceId], chat: &Jid) -> Result<Vec<Jid>, PortError> {
    let Some(sk) = aliases::phone_sk(chat) else { return Ok(vec![chat.clone(); devices.len()]) };
    let keys: Vec<_> = devices.iter().map(|device| (layout::device(device), sk.clone())).collect();
    let phones = records.table.get_many(&keys).await?;
    phones.iter().map(|phone| phone.as_ref().map_or_else(|| Ok(chat.clone()), aliases::phone_of)).collect()
}

async fn with_id(
    records: &Records,
    filter: &MessageFilter,
    device: &DeviceId,
    id: &MessageId,
    chat: Option<&Jid>,
) -> Result<Vec<Found>, PortError> {
    let span = Span::of(filter);
    let mut found = Vec::new();
    for item in records.table.all(records.table.prefix(&layout::device(device), &messages::sk_prefix(id))).await? {
        let Kept { message, place, .. } = Kept::read(&item)?;
        let is_wanted = message.id == *id
            && chat.is_none_or(|chat| *chat == message.chat)
            && (span.since..span.until).contains(&message.timestamp.millis())
            && Class::of(&message).meets(filter);
        if is_wanted {
            let key = (layout::device(device), messages::sk(&message.key()));
            found.push(Found { place, key, sort: Sort::of(&message), message: Some(message) });
        }
    }
    Ok(found)
}

async fn of_chat(records: &Records, filter: &MessageFilter, device: &DeviceId, chat: &Jid) -> Result<Vec<Found>, PortError> {
    let (first, last) = Span::of(filter).places();
    let walk = records
        .table
        .query()
        .index_name("index2")
        .key_condition_expression("i2 = :list AND p2 BETWEEN :first AND :last")
        .expression_attribute_values(":list", text(layout::messages_of_chat(device, chat)))
        .expression_attribute_values(":first", text(first))
        .expression_attribute_values(":last", text(last));
    let items = records.table.all(walk).await?;
    let mut found: Vec<Found> = items.iter().map(|item| Found::read(item, "p2")).collect::<Result<_, _>>()?;
    found.retain(|found| found.sort.meets(filter));
    keep_status(records, filter, &mut found).await?;
    Ok(found)
}
