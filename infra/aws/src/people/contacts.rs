//! Contacts, by what they are called. Their hidden ids are the aliases', until when they are muted is their chats'.

use std::collections::BTreeSet;

use domain::{
    model::{Contact, ContactFilter, ContactUpdate, DeviceId, Jid, Page, PageRequest, Server},
    ports::PortError,
};

use super::chats;
use crate::{
    Records, aliases, layout,
    table::{self, Item},
    window,
    work::Work,
};

/// The sort keys of all contacts.
pub(super) const CONTACTS: &str = "contact#";

/// The sort key of a contact.
pub(crate) fn sk(contact: &Jid) -> String {
    format!("{CONTACTS}{contact}")
}

/// The contact that is kept under this name.
pub(super) async fn get(records: &Records, device: &DeviceId, contact: &Jid) -> Result<Option<Contact>, PortError> {
    let pk = layout::device(device);
    let keys = [sk(contact), aliases::lid_sk(contact), chats::sk(contact)].map(|sk| (pk.clone(), sk));
    let mut found = records.table.get_many(&keys).await?.into_iter();
    let Some(item) = found.next().flatten() else { return Ok(None) };
    complete(table::value(item)?, found.next().flatten(), found.next().flatten()).map(Some)
}

pub(super) async fn list(
    records: &Records,
    device: &DeviceId,
    filter: &ContactFilter,
    page: &PageRequest,
) -> Result<Page<Contact>, PortError> {
    let pk = layout::device(device);
    let search = filter.search.as_ref().map(|search| search.to_lowercase());
    let wanted = |contact: &Contact| {
        search.as_ref().is_none_or(|search| searched(contact).contains(search))
            && filter.verified.is_none_or(|verified| contact.verified_name.is_some() == verified)
            && filter.blocked.is_none_or(|blocked| contact.blocked == blocked)
    };
    let mut list = Vec::new();
    for item in records.table.all(records.table.prefix(&pk, CONTACTS)).await? {
        let contact: Contact = table::value(item)?;
        if wanted(&contact) {
            list.push((place(&contact), contact));
        }
    }
    list.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let Page { items, total, next } = window::page(list, page);
    let keys: Vec<_> =
        items.iter().flat_map(|contact| [aliases::lid_sk(&contact.jid), chats::sk(&contact.jid)]).map(|sk| (pk.clone(), sk)).collect();
    let mut found = records.table.get_many(&keys).await?.into_iter();
    let items = items.into_iter().map(|contact| complete(contact, found.next().flatten(), found.next().flatten()));
    Ok(Page { items: items.collect::<Result<_, _>>()?, total, next })
}

/// Takes over news of the person of this name; answers whether they were news.
pub(crate) async fn update(work: &mut Work, contact: &Jid, update: ContactUpdate) -> Result<bool, PortError> {
    let known: Option<Contact> = work.value(&sk(contact)).await?;
    let new = known.is_none();
    let mut contact = known.unwrap_or_else(|| Contact::new(contact.clone()));
    // Who it is under another name is no news of them: the aliases have learned it.
    let changed = contact.update(ContactUpdate { lid: None, ..update }) || new;
    if changed {
        work.set(&sk(&contact.jid), &contact)?;
    }
    Ok(changed)
}

/// Somebody wrote, who calls themselves that.
pub(crate) async fn call(work: &mut Work, contact: &Jid, push_name: &str) -> Result<(), PortError> {
    let contact = aliases::name(work, contact).await?;
    let news = ContactUpdate { push_name: Some(push_name.to_owned()), ..ContactUpdate::default() };
    update(work, &contact, news).await.map(drop)
}

/// Blocks these people and nobody else; answers whether that is new.
pub(crate) async fn block(work: &mut Work, contacts: &[Jid]) -> Result<bool, PortError> {
    let mut wanted = BTreeSet::new();
    for contact in contacts {
        wanted.insert(aliases::name(work, contact).await?);
    }
    let mut blocked = BTreeSet::new();
    for (_, item) in work.all(CONTACTS).await? {
        let contact: Contact = table::value(item)?;
        if contact.blocked {
            blocked.insert(contact.jid);
        }
    }
    for contact in wanted.symmetric_difference(&blocked) {
        let news = ContactUpdate { blocked: Some(wanted.contains(contact)), ..ContactUpdate::default() };
        update(work, contact, news).await?;
    }
    Ok(wanted != blocked)
}

/// Gives a number what was known under a hidden id, as far as it was not known under the number.
pub(crate) async fn merge(work: &mut Work, phone: &Jid, lid: &Jid) -> Result<(), PortError> {
    let Some(hidden) = work.value::<Contact>(&sk(lid)).await? else { return Ok(()) };
    let known = work.value(&sk(phone)).await?.unwrap_or_else(|| Contact::new(phone.clone()));
    let contact = Contact {
        name: known.name.or(hidden.name),
        push_name: known.push_name.or(hidden.push_name),
        verified_name: known.verified_name.or(hidden.verified_name),
        picture_url: known.picture_url.or(hidden.picture_url),
        about: known.about.or(hidden.about),
        business: known.business || hidden.business,
        enterprise: known.enterprise || hidden.enterprise,
        last_seen: known.last_seen.max(hidden.last_seen),
        blocked: known.blocked || hidden.blocked,
        ..known
    };
    work.delete(&sk(lid));
    work.set(&sk(phone), &contact)
}

/// Adds what is kept elsewhere, in the items of their hidden id and their chat.
fn complete(contact: Contact, alias: Option<Item>, chat: Option<Item>) -> Result<Contact, PortError> {
    let lid = match contact.jid.server() {
        Server::Lid => Some(contact.jid.clone()),
        _ => alias.map(aliases::lid_of).transpose()?,
    };
    Ok(Contact { lid, muted_until: chat.map(chats::muted_until).transpose()?.flatten(), ..contact })
}

/// Where it stands in a list: those without a title last.
fn place(contact: &Contact) -> String {
    let (untitled, title) = contact.title().map_or((1, String::new()), |title| (0, title.to_lowercase()));
    format!("{untitled}{title}\0{}", contact.jid)
}

/// What it is found by.
fn searched(contact: &Contact) -> String {
    let names = [&contact.name, &contact.verified_name, &contact.push_name].into_iter().flatten().map(String::as_str);
    let number = contact.jid.to_contact();
    names.chain([number.as_str()]).collect::<Vec<_>>().join("\n").to_lowercase()
}
