//! Figures of all there is.

use async_trait::async_trait;
use domain::{
    model::{MessageFilter, Timestamp},
    ports::{PortError, Snapshot, Statistics},
};

use crate::{Store, pages, rows};

#[async_trait]
impl Statistics for Store {
    async fn snapshot(&self, since: Timestamp) -> Result<Snapshot, PortError> {
        let snapshot = self.query(move |connection| {
            Ok(Snapshot {
                devices: rows::number(connection, "SELECT count(*) FROM devices", [])?,
                waiting_commands: rows::number(connection, "SELECT count(*) FROM commands", [])?,
                waiting_deliveries: rows::number(connection, "SELECT count(*) FROM deliveries", [])?,
                active_devices: rows::number(
                    connection,
                    "SELECT count(*) FROM devices INDEXED BY devices_connected WHERE status = 'connected'",
                    [],
                )?,
                total_messages: pages::tally(connection, &MessageFilter::default())?.total,
                recent_messages: pages::tally(connection, &MessageFilter { since: Some(since), ..MessageFilter::default() })?.total,
            })
        });
        Ok(snapshot.await?)
    }
}
