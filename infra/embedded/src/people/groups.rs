//! Groups, by their subjects.

use domain::model::{Group, GroupFilter, Jid, Page, PageRequest};
use rusqlite::Connection;

use crate::{error::StoreError, rows, window::Window};

/// Where a group stands in a list.
type Place = (String, String);

/// The group, if the account is in it.
pub(crate) fn get(connection: &Connection, device: i64, group: &Jid) -> Result<Option<Group>, StoreError> {
    const SQL: &str = "SELECT body FROM groups WHERE device = ?1 AND jid = ?2 AND joined = 1";
    rows::first(connection, SQL, (device, group.to_string()), |row| rows::json(row, 0))
}

pub(super) fn list(connection: &Connection, device: i64, filter: &GroupFilter, page: &PageRequest) -> Result<Page<Group>, StoreError> {
    let window = Window::<Place>::of(page);
    let search = filter.search.as_ref().map(|search| search.to_lowercase());
    const TOTAL: &str = "SELECT count(*) FROM groups INDEXED BY groups_by_title
        WHERE device = ?1 AND joined = 1 AND (?2 = 0 OR admin) AND (?3 IS NULL OR instr(title, ?3))";
    let total = rows::number(connection, TOTAL, (device, filter.admin_only, &search))?;
    const SQL: &str = "SELECT body, title, jid FROM groups INDEXED BY groups_by_title
        WHERE device = ?1 AND joined = 1 AND (?2 = 0 OR admin) AND (?3 IS NULL OR instr(title, ?3)) AND (title, jid) > (?4, ?5)
        ORDER BY title, jid LIMIT ?6 OFFSET ?7";
    let (title, jid) = window.after.clone().unwrap_or_default();
    let values = (device, filter.admin_only, search, title, jid, window.rows, window.offset);
    let items = rows::all(connection, SQL, values, |row| Ok((rows::json(row, 0)?, (row.get(1)?, row.get(2)?))))?;
    window.page(items, total)
}

/// The account is in this group; answers whether that, or anything of it, is new.
pub(crate) fn put(connection: &Connection, device: i64, group: &Group) -> Result<bool, StoreError> {
    if get(connection, device, &group.jid)?.as_ref() == Some(group) {
        return Ok(false);
    }
    const SQL: &str = "INSERT INTO groups (device, jid, joined, admin, title, subject, body) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6)
        ON CONFLICT (device, jid) DO UPDATE SET joined = 1, admin = excluded.admin, title = excluded.title, subject = excluded.subject,
            body = excluded.body";
    let title = group.subject.to_lowercase();
    let values = (device, group.jid.to_string(), group.role.is_admin(), title, &group.subject, serde_json::to_string(group)?);
    Ok(rows::run(connection, SQL, values)? > 0)
}

/// The account is not in this group; answers whether it was.
pub(crate) fn leave(connection: &Connection, device: i64, group: &Jid) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE groups SET joined = 0 WHERE device = ?1 AND jid = ?2 AND joined = 1";
    Ok(rows::run(connection, SQL, (device, group.to_string()))? > 0)
}
