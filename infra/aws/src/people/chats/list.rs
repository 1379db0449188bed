//! Chats as they are read: with the messages that their items do not know of yet.
//!
//! Those that are to be sent are in a list of their lane. All others are at most [`LAG`] later than their chats seem: so a page's chats, and those that seem
//! to stand so close before or after it, are asked for their latest message (half a read unit each), and the page is exact.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use domain::{
    model::{Chat, ChatFilter, Contact, Cursor, DeviceId, Jid, Page, PageRequest, Timestamp},
    ports::PortError,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    super::{contacts, groups},
    CHATS, LAG, Last, Stored, sk,
};
use crate::{
    Records,
    error::flaw,
    layout, messages,
    table::{self, Item, text, text_of},
};

/// How many chats are asked for their latest message at once.
const AT_ONCE: usize = 32;

/// Where a chat stands in a list, which begins with the greatest: when it was pinned, when something was last written in it, and its name.
type Place = (Option<Timestamp>, Option<Timestamp>, String);

/// The chat of this name.
pub(in super::super) async fn get(records: &Records, device: &DeviceId, chat: &Jid) -> Result<Option<Chat>, PortError> {
    let pk = layout::device(device);
    let keys = [sk(chat), title_sk(chat)].map(|sk| (pk.clone(), sk));
    let (found, newest) = futures::try_join!(records.table.get_many(&keys), newest(records, device, chat))?;
    let mut found = found.into_iter();
    let stored = found.next().flatten().map(table::value).transpose()?;
    let mut stored = stored.unwrap_or_else(|| Stored::gone(chat.clone(), None));
    stored.learn(newest);
    if stored.gone {
        return Ok(None);
    }
    let last_message = match &stored.last {
        Some(last) => records.table.get(&pk, &last.sk).await?.as_ref().map(messages::message_of).transpose()?,
        None => None,
    };
    let name = found.next().flatten().map(title).transpose()?.flatten();
    Ok(Some(Chat { name, last_message, ..stored.chat }))
}

pub(in super::super) async fn list(
    records: &Records,
    device: &DeviceId,
    filter: &ChatFilter,
    page: &PageRequest,
) -> Result<Page<Chat>, PortError> {
    let limit = page.limit.clamp(1, PageRequest::MAX_LIMIT) as usize;
    // What is no place of this list starts at its beginning.
    let after: Option<Place> = page.cursor.as_ref().and_then(|cursor| serde_json::from_slice(&cursor.0).ok());
    let skip = if after.is_some() { 0 } else { usize::try_from(page.offset()).unwrap_or(usize::MAX) };

    let mut chats = wanted(records, device, filter).await?;
    let total = chats.len() as u64;
    chats.sort_by_cached_key(|chat| std::cmp::Reverse(place(chat)));
    let (around, skip) = around(chats, after.as_ref(), skip, limit);
    let mut around: Vec<_> = stream::iter(around)
        .map(async |mut chat| {
            if chat.chat.last_message_at.is_some() {
                let newest = newest(records, device, &chat.chat.jid).await?;
                chat.learn(newest);
            }
            Ok::<_, PortError>((place(&chat), chat))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    around.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
    around.retain(|(place, _)| after.as_ref().is_none_or(|after| place < after));
    let mut rest = around.into_iter().skip(skip);
    let (places, chats): (Vec<_>, Vec<_>) = rest.by_ref().take(limit).unzip();
    let next = places.last().filter(|_| rest.next().is_some());
    let next = next.map(|place| serde_json::to_vec(place).map(Cursor)).transpose().map_err(flaw)?;
    Ok(Page { items: complete(records, device, chats).await?, total, next })
}

/// The latest message of a chat, as far as the index knows.
pub(super) async fn newest(records: &Records, device: &DeviceId, chat: &Jid) -> Result<Option<Last>, PortError> {
    let query = records.table.query().index_name("index2").key_condition_expression("i2 = :chat").scan_index_forward(false).limit(1);
    let query = query.expression_attribute_values(":chat", text(layout::messages_of_chat(device, chat)));
    let (found, _) = records.table.page(query, None).await?;
    found
        .first()
        .map(|item| {
            let at = text_of(item, "p2")?.split_once('#').and_then(|(time, _)| layout::moment(time));
            Ok(Last { at: at.ok_or_else(|| flaw("a message has no time"))?, sk: text_of(item, "sk")?.to_owned() })
        })
        .transpose()
}

/// The chats that the filter wants, with what is to be sent. What is sent meanwhile is in its chat before it leaves its lane's list.
async fn wanted(records: &Records, device: &DeviceId, filter: &ChatFilter) -> Result<Vec<Stored>, PortError> {
    let pk = layout::device(device);
    let pending = pending(records, device).await?;
    let mut chats = BTreeMap::new();
    for item in records.table.all(records.table.prefix(&pk, CHATS)).await? {
        let stored: Stored = table::value(item)?;
        chats.insert(stored.chat.jid.clone(), stored);
    }
    for (chat, last) in pending {
        chats.entry(chat.clone()).or_insert_with(|| Stored::gone(chat, None)).learn(Some(last));
    }
    let search = filter.search.as_ref().map(|search| search.to_lowercase());
    let titles = if search.is_some() { titles(records, &pk).await? } else { HashMap::new() };
    let found = |chat: &Chat, search: &str| {
        format!("+{}", chat.jid.user()).contains(search) || titles.get(&title_sk(&chat.jid)).is_some_and(|title| title.contains(search))
    };
    chats.retain(|_, Stored { chat, gone, .. }| {
        !*gone
            && (!filter.unread_only || chat.is_unread())
            && filter.archived.is_none_or(|archived| chat.archived == archived)
            && search.as_deref().is_none_or(|search| found(chat, search))
    });
    Ok(chats.into_values().collect())
}

/// The messages of a device that are to be sent, by chat.
async fn pending(records: &Records, device: &DeviceId) -> Result<Vec<(Jid, Last)>, PortError> {
    let query = records.table.query().index_name("index3").key_condition_expression("i3 = :lane").filter_expression("pk = :pk");
    let query = query.expression_attribute_values(":lane", text(layout::pending(records.lane_of(device))));
    let query = query.expression_attribute_values(":pk", text(layout::device(device)));
    let read = |item: &Item| {
        let (at, chat) = layout::sent_to(text_of(item, "p3")?).ok_or_else(|| flaw("a message is to be sent to nobody"))?;
        Ok((chat, Last { at, sk: text_of(item, "sk")?.to_owned() }))
    };
    records.table.all(query).await?.iter().map(read).collect()
}

/// Those of these chats, which stand as they seem to, that may stand on the page, and how many of them stand before it.
fn around(mut chats: Vec<Stored>, after: Option<&Place>, skip: usize, limit: usize) -> (Vec<Stored>, usize) {
    let seems = |chat: &Stored| (chat.chat.pinned_at, chat.chat.last_message_at);
    let latest = |chat: &Stored| (chat.chat.pinned_at, chat.chat.last_message_at.map(|at| at + LAG));
    // A chat seems no earlier than it is: what seems to stand after the place may stand before it, but not the reverse.
    let maybe_before = match after {
        Some(after) => {
            chats.retain(|chat| place(chat) < *after);
            chats.partition_point(|chat| latest(chat) >= (after.0, after.1))
        }
        None => 0,
    };
    let Some(first) = chats.get(skip) else { return (Vec::new(), 0) };
    let bound = latest(first);
    let before = if skip == 0 { 0 } else { chats.partition_point(|chat| seems(chat) > bound) };
    if let Some(last) = chats.get(skip.saturating_add(maybe_before).saturating_add(limit)) {
        let bound = seems(last);
        chats.truncate(chats.partition_point(|chat| latest(chat) >= bound));
    }
    (chats.split_off(before), skip - before)
}

/// Adds what is kept elsewhere: what they are called and what was last written in them.
async fn complete(records: &Records, device: &DeviceId, chats: Vec<Stored>) -> Result<Vec<Chat>, PortError> {
    let pk = layout::device(device);
    let keys = chats.iter().flat_map(|stored| {
        let last = stored.last.as_ref().map(|last| last.sk.clone());
        [Some(title_sk(&stored.chat.jid)), last].into_iter().flatten()
    });
    let keys: Vec<_> = keys.map(|sk| (pk.clone(), sk)).collect();
    let mut found = records.table.get_many(&keys).await?.into_iter();
    let complete = |stored: Stored| {
        let name = found.next().flatten().map(title).transpose()?.flatten();
        let last = stored.last.and_then(|_| found.next().flatten());
        Ok(Chat { name, last_message: last.as_ref().map(messages::message_of).transpose()?, ..stored.chat })
    };
    chats.into_iter().map(complete).collect()
}

fn place(stored: &Stored) -> Place {
    (stored.chat.pinned_at, stored.chat.last_message_at, stored.chat.jid.to_string())
}

/// The sort key of what a chat is called by.
fn title_sk(chat: &Jid) -> String {
    if chat.is_group() { groups::subject_sk(chat) } else { contacts::sk(chat) }
}

/// What a chat is called by this item.
fn title(item: Item) -> Result<Option<String>, PortError> {
    if text_of(&item, "sk")?.starts_with(groups::SUBJECTS) {
        return groups::subject(item).map(Some);
    }
    Ok(table::value::<Contact>(item)?.title().map(str::to_owned))
}

/// What all chats of a device are called, in lower case, by [`title_sk`].
async fn titles(records: &Records, pk: &str) -> Result<HashMap<String, String>, PortError> {
    let mut titles = HashMap::new();
    for prefix in [contacts::CONTACTS, groups::SUBJECTS] {
        for item in records.table.all(records.table.prefix(pk, prefix)).await? {
            let sk = text_of(&item, "sk")?.to_owned();
            titles.extend(title(item)?.map(|title| (sk, title.to_lowercase())));
        }
    }
    Ok(titles)
}

impl Stored {
    /// Takes into account what may not be in the item yet.
    fn learn(&mut self, newest: Option<Last>) {
        if let Some(newest) = newest.filter(|newest| Some(newest.at) > self.deleted_until && self.takes_messages()) {
            let known = self.last.take();
            self.see(newest);
            // Of those of one moment, what the item names was written last.
            if known.as_ref().is_some_and(|known| self.last.as_ref().is_none_or(|last| known.at >= last.at)) {
                self.last = known;
            }
        }
    }
}
