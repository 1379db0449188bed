//! Contacts, by what they are called.

use std::collections::BTreeSet;

use domain::model::{Contact, ContactFilter, ContactUpdate, Jid, Page, PageRequest, Server, Timestamp};
use rusqlite::{Connection, Row};

use crate::{aliases, error::StoreError, rows, window::Window};

/// Where a contact stands in a list: those without a title last.
type Place = (bool, String, String);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT jid, name, push_name, verified_name, picture_url, about, business, enterprise, last_seen, blocked,
                (SELECT lid FROM aliases WHERE aliases.device = contacts.device AND phone = contacts.jid ORDER BY row DESC LIMIT 1),
                (SELECT muted_until FROM chats WHERE chats.device = contacts.device AND chats.jid = contacts.jid), untitled, title
            FROM contacts ",
            $rest
        )
    };
}

/// The contact that is kept under this name.
pub(crate) fn get(connection: &Connection, device: i64, contact: &Jid) -> Result<Option<Contact>, StoreError> {
    rows::first(connection, select!("WHERE device = ?1 AND jid = ?2"), (device, contact.to_string()), read)
}

pub(super) fn list(connection: &Connection, device: i64, filter: &ContactFilter, page: &PageRequest) -> Result<Page<Contact>, StoreError> {
    let window = Window::<Place>::of(page);
    let search = filter.search.as_ref().map(|search| search.to_lowercase());
    const WANTED: &str = "device = ?1 AND (?2 IS NULL OR instr(search, ?2)) AND (?3 IS NULL OR (verified_name IS NOT NULL) = ?3)
        AND (?4 IS NULL OR blocked = ?4)";
    let total = if *filter == ContactFilter::default() {
        rows::number(connection, "SELECT count(*) FROM contacts WHERE device = ?1", [device])?
    } else {
        let sql = format!("SELECT count(*) FROM contacts WHERE {WANTED}");
        rows::number(connection, &sql, (device, &search, filter.verified, filter.blocked))?
    };
    let sql = format!(
        "{} WHERE {WANTED} AND (untitled, title, jid) > (?5, ?6, ?7) ORDER BY untitled, title, jid LIMIT ?8 OFFSET ?9",
        select!("INDEXED BY contacts_by_title")
    );
    let (untitled, title, jid) = window.after.clone().unwrap_or_default();
    let values = (device, search, filter.verified, filter.blocked, untitled, title, jid, window.rows, window.offset);
    let items = rows::all(connection, &sql, values, |row| {
        let contact = read(row)?;
        let place = (row.get(12)?, row.get(13)?, contact.jid.to_string());
        Ok((contact, place))
    })?;
    window.page(items, total)
}

/// Takes over news of the person of this name; answers whether they were news.
pub(crate) fn update(connection: &Connection, device: i64, contact: &Jid, update: ContactUpdate) -> Result<bool, StoreError> {
    let known = get(connection, device, contact)?;
    let new = known.is_none();
    let mut contact = known.unwrap_or_else(|| Contact::new(contact.clone()));
    let changed = contact.update(update) || new;
    if changed {
        put(connection, device, &contact)?;
    }
    Ok(changed)
}

/// Somebody wrote, who calls themselves that.
pub(crate) fn call(connection: &Connection, device: i64, contact: &Jid, push_name: &str) -> Result<(), StoreError> {
    let contact = aliases::chat(connection, device, contact)?;
    const KNOWN: &str = "SELECT push_name FROM contacts WHERE device = ?1 AND jid = ?2 AND push_name = ?3";
    if rows::first(connection, KNOWN, (device, contact.to_string(), push_name), |_| Ok(()))?.is_none() {
        let news = ContactUpdate { push_name: Some(push_name.to_owned()), ..ContactUpdate::default() };
        update(connection, device, &contact, news)?;
    }
    Ok(())
}

/// Blocks these people and nobody else; answers whether that is new.
pub(crate) fn block(connection: &Connection, device: i64, contacts: &[Jid]) -> Result<bool, StoreError> {
    let named = contacts.iter().map(|contact| aliases::chat(connection, device, contact));
    let wanted: BTreeSet<Jid> = named.collect::<Result<_, _>>()?;
    const BLOCKED: &str = "SELECT jid FROM contacts WHERE device = ?1 AND blocked = 1";
    let blocked: BTreeSet<Jid> = rows::all(connection, BLOCKED, [device], |row| rows::text(row, 0))?.into_iter().collect();
    for contact in wanted.symmetric_difference(&blocked) {
        let news = ContactUpdate { blocked: Some(wanted.contains(contact)), ..ContactUpdate::default() };
        update(connection, device, contact, news)?;
    }
    Ok(wanted != blocked)
}

/// Gives a number what was known under a hidden id, as far as it was not known under the number.
pub(crate) fn merge(connection: &Connection, device: i64, phone: &Jid, lid: &Jid) -> Result<(), StoreError> {
    let Some(hidden) = get(connection, device, lid)? else { return Ok(()) };
    let known = get(connection, device, phone)?.unwrap_or_else(|| Contact::new(phone.clone()));
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
    rows::run(connection, "DELETE FROM contacts WHERE device = ?1 AND jid = ?2", (device, lid.to_string()))?;
    put(connection, device, &contact)
}

fn put(connection: &Connection, device: i64, contact: &Contact) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR REPLACE INTO contacts (device, jid, untitled, title, search, blocked, business, enterprise, last_seen,
            name, push_name, verified_name, about, picture_url)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    let names = [&contact.name, &contact.verified_name, &contact.push_name].into_iter().flatten().map(String::as_str);
    let number = contact.jid.to_contact();
    let search: Vec<&str> = names.chain([number.as_str()]).collect();
    let values = (
        device,
        contact.jid.to_string(),
        contact.title().is_none(),
        contact.title().unwrap_or_default().to_lowercase(),
        search.join("\n").to_lowercase(),
        contact.blocked,
        contact.business,
        contact.enterprise,
        contact.last_seen.map(Timestamp::millis),
        &contact.name,
        &contact.push_name,
        &contact.verified_name,
        &contact.about,
        &contact.picture_url,
    );
    rows::run(connection, SQL, values).map(drop)
}

fn read(row: &Row<'_>) -> Result<Contact, StoreError> {
    let jid: Jid = rows::text(row, 0)?;
    let lid = if jid.server() == Server::Lid { Some(jid.clone()) } else { rows::text_or_null(row, 10)? };
    Ok(Contact {
        jid,
        lid,
        name: row.get(1)?,
        push_name: row.get(2)?,
        verified_name: row.get(3)?,
        picture_url: row.get(4)?,
        about: row.get(5)?,
        business: row.get(6)?,
        enterprise: row.get(7)?,
        last_seen: rows::moment_or_null(row, 8)?,
        blocked: row.get(9)?,
        muted_until: rows::moment_or_null(row, 11)?,
    })
}
