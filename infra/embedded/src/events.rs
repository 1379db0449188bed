//! Events, for who missed them.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    model::{Event, EventId},
    ports::{EventScope, Events, PortError},
    trace::TraceParent,
};
use rusqlite::{Connection, Row};
use serde_json::value::RawValue;

use crate::{Store, counts, error::StoreError, rows};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT events.id, seq, kind, at, data, trace, devices.id FROM events INDEXED BY events_by_id JOIN devices ON devices.row = device ",
            $rest
        )
    };
}

/// Most events answered at once.
const MOST: u32 = 10_000;

#[async_trait]
impl Events for Store {
    async fn get(&self, id: &EventId) -> Result<Option<Event>, PortError> {
        Ok(self.look_up(|connection| rows::first(connection, select!("WHERE events.id = ?1"), [id.as_str()], read))?)
    }

    async fn after(&self, after: &EventId, scope: &EventScope, limit: u32) -> Result<Vec<Event>, PortError> {
        let (after, scope, limit) = (after.clone(), scope.clone(), limit.min(MOST));
        Ok(self.query(move |connection| list(connection, &after, &scope, limit)).await?)
    }
}

fn list(connection: &Connection, after: &EventId, scope: &EventScope, limit: u32) -> Result<Vec<Event>, StoreError> {
    let after = after.as_str();
    match scope {
        EventScope::All => {
            const SQL: &str = select!("WHERE events.id > ?1 ORDER BY events.id, device, seq LIMIT ?2");
            rows::all(connection, SQL, (after, limit), read)
        }
        EventScope::User(user) => {
            // In the index alone, since there may be many of others' in between.
            const SQL: &str = "SELECT events.id, events.seq, kind, at, data, trace, devices.id
                FROM (SELECT id, device, seq FROM events INDEXED BY events_by_id
                    WHERE id > ?1 AND device IN (SELECT row FROM devices WHERE user_id = ?3) ORDER BY id, device, seq LIMIT ?2) AS found
                JOIN events ON events.device = found.device AND events.seq = found.seq JOIN devices ON devices.row = found.device
                ORDER BY found.id, found.device, found.seq";
            rows::all(connection, SQL, (after, limit, counts::user(*user)), read)
        }
        EventScope::Device(device) => {
            // Its sequence is the order in which its events became visible, which their ids may miss by an instant. After one that is not
            // there come those behind the last one before it.
            const LAST: &str = "SELECT coalesce(
                (SELECT seq FROM events INDEXED BY events_by_id WHERE events.id = ?2 AND device = devices.row),
                (SELECT seq FROM events WHERE events.id < ?2 AND device = devices.row AND seq < coalesce(
                        (SELECT seq FROM events INDEXED BY events_by_id WHERE events.id > ?2 AND device = devices.row ORDER BY events.id LIMIT 1),
                        9223372036854775807)
                    ORDER BY seq DESC LIMIT 1),
                0) FROM devices WHERE id = ?1";
            let last: Option<i64> = rows::first(connection, LAST, (device.as_str(), after), |row| Ok(row.get(0)?))?;
            const SQL: &str = "SELECT events.id, seq, kind, at, data, trace, devices.id FROM devices JOIN events ON device = devices.row
                WHERE devices.id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
            rows::all(connection, SQL, (device.as_str(), last, limit), read)
        }
    }
}

/// Reads `id, seq, kind, at, data, trace` and the device's id.
pub(crate) fn read(row: &Row<'_>) -> Result<Event, StoreError> {
    Ok(Event {
        id: rows::text(row, 0)?,
        seq: rows::count(row, 1)?,
        kind: rows::word(row, 2)?,
        at: rows::moment(row, 3)?,
        data: Arc::from(RawValue::from_string(row.get(4)?)?),
        trace: row.get::<_, Option<String>>(5)?.map(TraceParent),
        device_id: rows::text(row, 6)?,
    })
}
