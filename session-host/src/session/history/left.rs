//! What a crash leaves of the history. WhatsApp is told that we have a chunk before we have it, so where a chunk lies is kept until it is stored.
//! A chunk that came within its announcement lies nowhere, and is lost with a crash.

use domain::ports::{Op, PortError};
use futures::future::OptionFuture;
use wacore::{history_sync::MAX_DECOMPRESSED, types::events::LazyHistorySync};
use waproto::whatsapp::{self as wa, message::HistorySyncNotification};
use whatsapp_rust::{Client, ErrorChainExt};

use super::History;
use crate::session::inbox::Inbox;

/// The family of the rows that announcements are kept in, beside the library's own.
const ROWS: &str = "history";

/// Larger chunks than any phone makes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

impl History {
    /// Keeps where a chunk lies, if this message says so.
    pub async fn remember(&self, id: &str, message: &wa::Message) -> Result<(), PortError> {
        let Some(announced) = announcement(message).filter(|announced| announced.direct_path.is_some()) else { return Ok(()) };
        if self.queue.chunks().done.contains(&name(announced)) {
            return Ok(());
        }
        let key = format!("{}{}", rows(name(announced)), hex::encode(&id.as_bytes()[..id.len().min(100)]));
        self.write(vec![Op::Put { key, value: waproto::codec::message_to_vec(message), expires_at: None }]).await
    }

    /// The chunk is stored.
    pub(super) async fn forget(&self, name: (i32, u32)) {
        let ports = &self.shared.ports;
        let forgotten = async {
            let rows = ports.key_values.list(&self.device, &rows(name)).await?;
            self.write(rows.into_iter().map(|(key, _)| Op::Delete { key }).collect()).await
        };
        if let Err(error) = forgotten.await {
            // It is fetched and stored once more, which changes nothing.
            tracing::warn!(device = %self.device, ?error, "a stored part of the history is still on the list");
        }
    }

    /// Fetches the chunks that were announced and are not stored, and answers whether none is left. What cannot be fetched is given up at the last look.
    pub(super) async fn fetch_left(&self, inbox: &Inbox, client: &Client, last: bool) -> bool {
        let rows = match self.shared.ports.key_values.list(&self.device, &format!("{ROWS}/")).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(device = %self.device, ?error, "the parts of the history that are missing could not be listed");
                return false;
            }
        };
        let mut all = true;
        for (key, value) in rows {
            let message = waproto::codec::message_decode(&value).ok();
            let announced =
                message.as_ref().and_then(announcement).filter(|announced| announced.file_length.unwrap_or_default() <= MAX_BYTES);
            let turn = self.turn().await;
            match OptionFuture::from(announced.map(|announced| fetch(client, announced, &key))).await {
                Some(Ok(Some(chunk))) => self.store(inbox, client, chunk, turn).await,
                Some(Err(error)) => {
                    tracing::warn!(device = %self.device, ?error, last, "a part of the history could not be fetched");
                    if !last {
                        all = false;
                        continue;
                    }
                }
                Some(Ok(None)) | None => {}
            }
            if let Err(error) = self.write(vec![Op::Delete { key }]).await {
                tracing::warn!(device = %self.device, ?error, "a stored part of the history is still on the list");
            }
        }
        all
    }
}

/// The chunk, or `None` if it is gone; then the phone is asked to send it again.
async fn fetch(client: &Client, announced: &HistorySyncNotification, key: &str) -> anyhow::Result<Option<LazyHistorySync>> {
    let error = match client.download(announced).await {
        Ok(compressed) => {
            let (kind, order) = name(announced);
            return Ok(Some(LazyHistorySync::new(compressed.into(), MAX_DECOMPRESSED as usize, kind, Some(order), announced.progress)));
        }
        Err(error) => error,
    };
    let cause: &(dyn std::error::Error + 'static) = error.as_ref();
    if !matches!(cause.http_status(), Some(403 | 404 | 410)) {
        return Err(error);
    }
    let id = key.rsplit('/').next().and_then(|id| String::from_utf8(hex::decode(id).ok()?).ok());
    if let (Some(id), Some(media_key)) = (id, &announced.media_key) {
        client.send_history_sync_server_error_receipt(&id, media_key).await?;
    }
    Ok(None)
}

fn announcement(message: &wa::Message) -> Option<&HistorySyncNotification> {
    message.protocol_message.as_option()?.history_sync_notification.as_option()
}

fn name(announced: &HistorySyncNotification) -> (i32, u32) {
    (announced.sync_type.map_or(0, |kind| kind as i32), announced.chunk_order.unwrap_or_default())
}

fn rows((kind, order): (i32, u32)) -> String {
    format!("{ROWS}/{kind}/{order}/")
}
