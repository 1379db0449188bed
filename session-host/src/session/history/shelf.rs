//! Chunks that were put aside: each a file of the device's, and a row that names it. They go away by themselves after a day, should nobody come
//! for them.

use bytes::Bytes;
use domain::{
    model::MediaId,
    ports::{Op, PortError, PutError},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use wacore::types::events::LazyHistorySync;
use whatsapp_rust::Client;

use super::History;
use crate::session::inbox::Inbox;

/// The family of the rows, beside the library's own.
const ROWS: &str = "history/";

/// What is known of a chunk besides its bytes.
#[derive(Serialize, Deserialize)]
struct Row {
    file: String,
    kind: i32,
    order: Option<u32>,
    /// Of what it says, unpacked.
    size_bytes: usize,
}

impl History {
    /// Puts a chunk aside.
    pub(super) async fn shelve(&self, chunk: &LazyHistorySync) -> Result<(), PortError> {
        let ports = &self.shared.ports;
        let bytes = chunk.compressed_bytes().clone();
        let id = ports.ids.media();
        match ports.media.put(&self.device, &id, stream::iter([Ok(bytes)]).boxed()).await {
            Ok(_) => {}
            Err(PutError::Port(error)) => return Err(error),
            Err(PutError::Body(error)) => return Err(PortError::unavailable(error)),
        }
        let row = Row { file: id.to_string(), kind: chunk.sync_type(), order: chunk.chunk_order(), size_bytes: chunk.decompressed_size() };
        let value = postcard::to_allocvec(&row).expect("text and numbers can be encoded");
        let key = format!("{ROWS}{:020}/{}", ports.clock.now().millis(), row.file);
        self.write(Op::Put { key, value, expires_at: None }).await
    }

    /// Stores every chunk that was put aside, in the order they came.
    pub(super) async fn empty_shelf(&self, inbox: &Inbox, client: &Client) -> Result<(), PortError> {
        let ports = &self.shared.ports;
        loop {
            let rows = ports.key_values.list(&self.device, ROWS).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for (key, value) in rows {
                let row = postcard::from_bytes::<Row>(&value).ok();
                let file = row.as_ref().and_then(|row| MediaId::parse(row.file.clone()).ok());
                if let (Some(row), Some(file)) = (row, &file) {
                    let _turn = self.shared.receiving.histories.acquire().await.expect("turns never end");
                    match self.open(file).await? {
                        Some(bytes) => {
                            let chunk = LazyHistorySync::new(bytes, row.size_bytes, row.kind, row.order, None);
                            self.take_in(inbox, client, chunk).await?;
                        }
                        None => tracing::warn!(device = %self.device, "a part of the history lay aside for too long"),
                    }
                }
                self.write(Op::Delete { key }).await?;
                if let Some(file) = &file {
                    ports.media.delete(&self.device, file).await?;
                }
            }
        }
    }

    async fn open(&self, file: &MediaId) -> Result<Option<Bytes>, PortError> {
        let Some(file) = self.shared.ports.media.open(&self.device, file).await? else { return Ok(None) };
        let chunks: Vec<Bytes> = file.body.try_collect().await.map_err(PortError::unavailable)?;
        Ok(Some(chunks.concat().into()))
    }

    async fn write(&self, op: Op) -> Result<(), PortError> {
        self.shared.ports.key_values.write(&self.device, self.shared.ports.epoch, vec![op]).await
    }
}
