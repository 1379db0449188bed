//! The live connections: how the rest of the server talks to one, and ends it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wacore_binary::Node;

/// Stanzas waiting for the socket; a mailbox keeps what does not fit.
const OUTGOING_LIMIT: usize = 256;

pub type Outgoing = mpsc::Receiver<Arc<Node>>;

/// The server's end of one connection.
pub struct Link {
    pub id: u64,
    outgoing: mpsc::Sender<Arc<Node>>,
    end: CancellationToken,
    farewell: Mutex<Option<Node>>,
}

impl Link {
    /// Queues a stanza unless the socket lags behind. Order is kept.
    pub fn offer(&self, stanza: Arc<Node>) -> bool {
        self.outgoing.try_send(stanza).is_ok()
    }

    /// Queues a stanza, waiting for room; lost if the connection is gone.
    pub async fn send(&self, stanza: Node) {
        let _ = self.outgoing.send(Arc::new(stanza)).await;
    }

    /// Ends the connection after one last stanza, or at once without a goodbye.
    pub fn end(&self, farewell: Option<Node>) {
        let mut slot = self.farewell.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.end.is_cancelled() {
            *slot = farewell;
            self.end.cancel();
        }
    }

    pub async fn ended(&self) {
        self.end.cancelled().await;
    }

    pub fn take_farewell(&self) -> Option<Node> {
        self.farewell.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// All live connections, logged in or not.
#[derive(Default)]
pub struct Links {
    next_id: AtomicU64,
    live: Mutex<HashMap<u64, Arc<Link>>>,
}

impl Links {
    pub fn open(&self) -> (Arc<Link>, Outgoing) {
        let (outgoing, waiting) = mpsc::channel(OUTGOING_LIMIT);
        let link = Arc::new(Link {
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            outgoing,
            end: CancellationToken::new(),
            farewell: Mutex::default(),
        });
        self.live().insert(link.id, link.clone());
        (link, waiting)
    }

    pub fn close(&self, link: &Link) {
        self.live().remove(&link.id);
    }

    /// Cuts every connection without a goodbye.
    pub fn drop_all(&self) {
        for link in self.live().values() {
            link.end(None);
        }
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Link>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
