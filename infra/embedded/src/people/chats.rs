//! Chats, the pinned ones and those with the latest messages first. What is unread in them is written in the messages, what they are called in the groups
//! and contacts.

use domain::model::{Chat, ChatFilter, ChatUpdate, Jid, Message, Page, PageRequest, Server, Timestamp};
use rusqlite::{Connection, Row};

use crate::{error::StoreError, messages, rows, window::Window};

/// Where a chat stands in a list, which begins with the greatest: when it was pinned, when something was last written in it, and its name.
type Place = (i64, i64, String);

/// A time there was not.
const NEVER: i64 = i64::MIN;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT jid, pinned_at, last_message_at, muted_until, marked_unread, archived,
                (SELECT count(*) FROM messages INDEXED BY messages_unread
                    WHERE messages.device = chats.device AND chat = chats.jid AND unread = 1),
                coalesce((SELECT subject FROM groups WHERE groups.device = chats.device AND groups.jid = chats.jid),
                    (SELECT coalesce(name, verified_name, push_name) FROM contacts
                        WHERE contacts.device = chats.device AND contacts.jid = chats.jid))
            FROM chats ",
            $rest
        )
    };
}

/// The chat of this name.
pub(super) fn get(connection: &Connection, device: i64, chat: &Jid) -> Result<Option<Chat>, StoreError> {
    find(connection, device, chat)?.map(|chat| with_last_message(connection, device, chat)).transpose()
}

pub(super) fn list(connection: &Connection, device: i64, filter: &ChatFilter, page: &PageRequest) -> Result<Page<Chat>, StoreError> {
    let window = Window::<Place>::of(page);
    let search = filter.search.as_ref().map(|search| search.to_lowercase());
    const WANTED: &str = "device = ?1 AND (?2 = 0 OR marked_unread OR EXISTS
            (SELECT 1 FROM messages INDEXED BY messages_unread WHERE messages.device = chats.device AND chat = chats.jid AND unread = 1))
        AND (?3 IS NULL OR archived = ?3)
        AND (?4 IS NULL OR instr('+' || substr(jid, 1, instr(jid, '@') - 1), ?4) OR instr(coalesce(
            (SELECT title FROM groups WHERE groups.device = chats.device AND groups.jid = chats.jid),
            (SELECT title FROM contacts WHERE contacts.device = chats.device AND contacts.jid = chats.jid), ''), ?4))";
    let total = if *filter == ChatFilter::default() {
        rows::number(connection, "SELECT count(*) FROM chats WHERE device = ?1", [device])?
    } else {
        let sql = format!("SELECT count(*) FROM chats WHERE {WANTED}");
        rows::number(connection, &sql, (device, filter.unread_only, filter.archived, &search))?
    };
    let sql = format!(
        "{} WHERE {WANTED} AND (pinned_at, last_message_at, jid) < (?5, ?6, ?7)
        ORDER BY pinned_at DESC, last_message_at DESC, jid DESC LIMIT ?8 OFFSET ?9",
        select!("INDEXED BY chats_by_place")
    );
    let (pinned_at, last_message_at, jid) = window.after.clone().unwrap_or((i64::MAX, i64::MAX, String::new()));
    let values = (device, filter.unread_only, filter.archived, search, pinned_at, last_message_at, jid, window.rows, window.offset);
    let items = rows::all(connection, &sql, values, |row| {
        let chat = read(row)?;
        let place = (row.get(1)?, row.get(2)?, chat.jid.to_string());
        Ok((with_last_message(connection, device, chat)?, place))
    })?;
    window.page(items, total)
}

/// A message was stored: there is a chat with it.
pub(crate) fn written(connection: &Connection, device: i64, message: &Message) -> Result<(), StoreError> {
    // What everybody sees is nobody's conversation, unless WhatsApp told of one.
    const KNOWN: &str = "UPDATE chats SET last_message_at = max(last_message_at, ?3) WHERE device = ?1 AND jid = ?2";
    const ANY: &str = "INSERT INTO chats (device, jid, last_message_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (device, jid) DO UPDATE SET last_message_at = excluded.last_message_at WHERE excluded.last_message_at > last_message_at";
    let sql = if message.chat.server() == Server::Broadcast { KNOWN } else { ANY };
    rows::run(connection, sql, (device, message.chat.to_string(), message.timestamp.millis())).map(drop)
}

/// Takes over news of the chat of this name; answers whether they were news.
pub(crate) fn update(connection: &Connection, device: i64, chat: &Jid, update: &ChatUpdate) -> Result<bool, StoreError> {
    let known = find(connection, device, chat)?;
    let new = known.is_none();
    let mut chat = known.unwrap_or_else(|| Chat::new(chat.clone()));
    let unread = chat.unread;
    let changed = chat.update(update) || new;
    if changed {
        put(connection, device, &chat)?;
    }
    if chat.unread < unread {
        messages::all_read(connection, device, &chat.jid)?;
    }
    Ok(changed)
}

/// Removes the chat of this name; answers whether there was one.
pub(crate) fn delete(connection: &Connection, device: i64, chat: &Jid) -> Result<bool, StoreError> {
    let gone = rows::run(connection, "DELETE FROM chats WHERE device = ?1 AND jid = ?2", (device, chat.to_string()))? > 0;
    if gone {
        messages::all_read(connection, device, chat)?;
    }
    Ok(gone)
}

/// Gives a number's chat what was known of the hidden id's.
pub(crate) fn merge(connection: &Connection, device: i64, phone: &Jid, lid: &Jid) -> Result<(), StoreError> {
    const MERGE: &str = "INSERT INTO chats (device, jid, pinned_at, last_message_at, muted_until, marked_unread, archived)
            SELECT device, ?2, pinned_at, last_message_at, muted_until, marked_unread, archived FROM chats WHERE device = ?1 AND jid = ?3
        ON CONFLICT (device, jid) DO UPDATE SET pinned_at = max(pinned_at, excluded.pinned_at),
            last_message_at = max(last_message_at, excluded.last_message_at), muted_until = coalesce(muted_until, excluded.muted_until),
            marked_unread = max(marked_unread, excluded.marked_unread), archived = min(archived, excluded.archived)";
    if rows::run(connection, MERGE, (device, phone.to_string(), lid.to_string()))? > 0 {
        rows::run(connection, "DELETE FROM chats WHERE device = ?1 AND jid = ?2", (device, lid.to_string()))?;
    }
    Ok(())
}

fn find(connection: &Connection, device: i64, chat: &Jid) -> Result<Option<Chat>, StoreError> {
    rows::first(connection, select!("WHERE device = ?1 AND jid = ?2"), (device, chat.to_string()), read)
}

fn put(connection: &Connection, device: i64, chat: &Chat) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR REPLACE INTO chats (device, jid, pinned_at, last_message_at, muted_until, marked_unread, archived)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = (
        device,
        chat.jid.to_string(),
        chat.pinned_at.map_or(NEVER, Timestamp::millis),
        chat.last_message_at.map_or(NEVER, Timestamp::millis),
        chat.muted_until.map(Timestamp::millis),
        chat.marked_unread,
        chat.archived,
    );
    rows::run(connection, SQL, values).map(drop)
}

/// What a chat deleted on the phone held before is not what was last written in the chat there is now.
fn with_last_message(connection: &Connection, device: i64, chat: Chat) -> Result<Chat, StoreError> {
    let last_message = match chat.last_message_at {
        Some(_) => messages::last(connection, device, &chat.jid)?,
        None => None,
    };
    Ok(Chat { last_message, ..chat })
}

fn read(row: &Row<'_>) -> Result<Chat, StoreError> {
    let moment = |column| Ok::<_, StoreError>(Some(row.get(column)?).filter(|millis| *millis != NEVER).map(Timestamp::from_millis));
    Ok(Chat {
        jid: rows::text(row, 0)?,
        pinned_at: moment(1)?,
        last_message_at: moment(2)?,
        muted_until: rows::moment_or_null(row, 3)?,
        marked_unread: row.get(4)?,
        archived: row.get(5)?,
        unread: u32::try_from(rows::count(row, 6)?).unwrap_or(u32::MAX),
        name: row.get(7)?,
        last_message: None,
    })
}
