//! Figures that are kept, not counted, except for what was asked for: the messages of the last moments.

use async_trait::async_trait;
use domain::{
    model::Timestamp,
    ports::{PortError, Snapshot, Statistics},
};

use crate::{Store, rows};

#[async_trait]
impl Statistics for Store {
    async fn snapshot(&self, since: Timestamp) -> Result<Snapshot, PortError> {
        let snapshot = self.query(move |connection| {
            Ok(Snapshot {
                active_devices: rows::number(
                    connection,
                    "SELECT count(*) FROM devices INDEXED BY devices_connected WHERE status = 'connected'",
                    [],
                )?,
                total_messages: rows::number(connection, "SELECT messages FROM installation", [])?,
                recent_messages: rows::number(connection, "SELECT count(*) FROM messages WHERE timestamp >= ?1", [since.millis()])?,
            })
        });
        Ok(snapshot.await?)
    }
}
