//! The tables, and how older ones become these.

use rusqlite::{Connection, Transaction};

use crate::devices;

type Step = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// Each brings the schema from the version of its place in the list to the next. Only ever appended to.
const MIGRATIONS: [Step; 3] = [
    |tables| tables.execute_batch(include_str!("schema/1.sql")),
    |tables| {
        tables.execute_batch(include_str!("schema/2.sql"))?;
        devices::hash_keys(tables)
    },
    |tables| tables.execute_batch(include_str!("schema/3.sql")),
];

/// The version this program works with.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// The version of the tables there are; 0 in an empty database.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the tables up to date, each step whole or not at all.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from = version(connection)?;
    for (step, to) in MIGRATIONS.iter().zip(1_i64..).filter(|(_, to)| *to > from) {
        let transaction = connection.transaction()?;
        step(&transaction)?;
        transaction.pragma_update(None, "user_version", to)?;
        transaction.commit()?;
        tracing::info!(schema = to, "the database was migrated");
    }
    Ok(())
}
