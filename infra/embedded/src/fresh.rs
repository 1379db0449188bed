//! The latest messages. Their statuses still change, several times within seconds, so they are in no count and in no index that knows their status: lists look
//! at each of them. As more come they grow old, some at a time.

use rusqlite::Connection;

use crate::{
    counts::{Counts, Owner},
    error::StoreError,
    rows,
    sorts::Class,
};

/// How many of the latest messages are fresh, at least.
const KEPT: i64 = 2_000;

/// How many grow old at a time.
const STRIDE: i64 = 256;

/// A message was stored in this row.
pub(crate) fn stored(connection: &Connection, row: i64) -> Result<(), StoreError> {
    if row % STRIDE == 0 { settle(connection, row - KEPT) } else { Ok(()) }
}

/// Counts those up to a row among the old ones from now on.
fn settle(connection: &Connection, last: i64) -> Result<(), StoreError> {
    const OLD: &str = "SELECT messages.row, device, user_id, timestamp, sort, messages.status
        FROM messages INDEXED BY messages_fresh JOIN devices ON devices.row = device WHERE fresh = 1 AND messages.row <= ?1";
    let old = rows::all(connection, OLD, [last], |row| {
        let owner = Owner { device: row.get(1)?, user: row.get(2)? };
        Ok((row.get::<_, i64>(0)?, owner, row.get(3)?, Class { sort: row.get(4)?, status: row.get(5)? }))
    })?;
    let mut counts = Counts::default();
    for (row, owner, timestamp, class) in old {
        rows::run(connection, "UPDATE messages SET fresh = 0 WHERE row = ?1", [row])?;
        counts.add(owner, timestamp, class);
    }
    counts.write(connection)
}
