//! What was said before the device was linked: the phone sends it in chunks. They are put aside as they come, and stored in small portions beside
//! everything else, so that nothing waits for them.
//!
//! WhatsApp is told that we have a chunk before the library has fetched it, so a crash just then loses the chunk; a stop waits for it.

mod chunk;
mod portion;
mod shelf;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{
    model::DeviceId,
    pipeline::Backoff,
    ports::{Change, PortError, Step},
};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};
use wacore::types::events::{Event, EventHandler, EventInterest, EventKind, LazyHistorySync};
use waproto::whatsapp::{self as wa, message::protocol_message::Type};
use whatsapp_rust::Client;

use self::chunk::Portion;
use super::inbox::Inbox;
use crate::host::Shared;

/// How long to wait, again and again, for the connection.
const OFF_LINE: Duration = Duration::from_secs(3600);

/// How long a stop waits for what the library is fetching.
const SETTLE: Duration = Duration::from_secs(5);

/// How often a message that is held up looks whether the link has closed.
const HOLD: Duration = Duration::from_millis(20);

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(30) };

/// The history of one device.
#[derive(Clone)]
pub struct History {
    shared: Arc<Shared>,
    device: DeviceId,
    queue: Arc<Queue>,
}

/// Chunks that came and were not put aside yet.
#[derive(Default)]
struct Queue {
    chunks: Mutex<VecDeque<Box<LazyHistorySync>>>,
    came: Notify,
    put_aside: Notify,
    /// There is more on the shelf.
    shelved: Notify,
    closing: AtomicBool,
    /// Chunks that were announced to the library and did not come from it yet.
    announced: AtomicUsize,
}

/// Takes in the chunks that the library has got.
pub struct Arrivals(Arc<Queue>);

impl EventHandler for Arrivals {
    fn handle_event(&self, event: Arc<Event>) {
        if let Event::HistorySync(chunk) = &*event {
            self.0.chunks().push_back(chunk.clone());
            self.0.forget_one();
            self.0.came.notify_one();
        }
    }

    fn interest(&self) -> EventInterest {
        EventInterest::of(&[EventKind::HistorySync])
    }
}

impl Queue {
    fn chunks(&self) -> MutexGuard<'_, VecDeque<Box<LazyHistorySync>>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An announced chunk has come, or will not.
    fn forget_one(&self) {
        // Chunks that come for another reason were not counted.
        let _ = self.announced.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |announced| announced.checked_sub(1));
    }

    fn first(&self) -> Option<Box<LazyHistorySync>> {
        self.chunks().front().cloned()
    }
}

impl History {
    /// None of it is there yet.
    pub fn new(shared: Arc<Shared>, device: DeviceId) -> Self {
        Self { shared, device, queue: Arc::default() }
    }

    /// Where the library's chunks go in.
    pub fn arrivals(&self) -> Arrivals {
        Arrivals(self.queue.clone())
    }

    /// Puts aside what comes in, and stores what was put aside, for as long as it is polled.
    pub async fn run(&self, inbox: &Inbox, client: &Client) {
        self.queue.announced.store(0, Ordering::SeqCst);
        self.queue.closing.store(false, Ordering::SeqCst);
        tokio::join!(self.put_aside(), self.store(inbox, client));
    }

    /// Waits, not for long, until everything is put aside that the phone was told we have.
    pub async fn settle(&self, client: &Client) {
        self.queue.closing.store(true, Ordering::SeqCst);
        let settled = async {
            loop {
                let put_aside = self.queue.put_aside.notified();
                let comes = self.queue.announced.load(Ordering::SeqCst) > 0 && client.is_logged_in();
                if !comes && self.queue.chunks().is_empty() {
                    break;
                }
                put_aside.await;
            }
        };
        if tokio::time::timeout(SETTLE, settled).await.is_err() {
            tracing::warn!(device = %self.device, "a part of the history was cut off");
        }
    }

    /// While the link closes, no message is let through that announces a chunk: the library would take up the next one and not get to fetch it.
    pub async fn hold_up(&self, client: &Client, message: &wa::Message) -> anyhow::Result<()> {
        let announces =
            message.protocol_message.as_option().is_some_and(|protocol| protocol.r#type == Some(Type::HISTORY_SYNC_NOTIFICATION));
        if !announces {
            return Ok(());
        }
        self.queue.announced.fetch_add(1, Ordering::SeqCst);
        if self.queue.closing.load(Ordering::SeqCst) {
            self.queue.forget_one();
            while client.is_connected() {
                tokio::time::sleep(HOLD).await;
            }
            anyhow::bail!("the link is closing");
        }
        Ok(())
    }

    async fn put_aside(&self) {
        loop {
            while let Some(chunk) = self.queue.first() {
                let mut failures = 0;
                while let Err(error) = self.shelve(&chunk).await {
                    self.failed(&mut failures, &error, "a part of the history could not be put aside").await;
                }
                self.queue.chunks().pop_front();
                self.queue.put_aside.notify_waiters();
                self.queue.shelved.notify_one();
            }
            self.queue.came.notified().await;
        }
    }

    async fn store(&self, inbox: &Inbox, client: &Client) {
        // People are found by what the library knows, which it loads as it logs in.
        while client.wait_for_connected(OFF_LINE).await.is_err() {}
        loop {
            let mut failures = 0;
            while let Err(error) = self.empty_shelf(inbox, client).await {
                self.failed(&mut failures, &error, "a part of the history could not be stored").await;
            }
            self.queue.shelved.notified().await;
        }
    }

    async fn failed(&self, failures: &mut u32, error: &PortError, what: &str) {
        *failures += 1;
        tracing::error!(device = %self.device, ?error, "{what}");
        tokio::time::sleep(BACKOFF.after(*failures)).await;
    }

    /// Stores a chunk, portion by portion.
    async fn take_in(&self, inbox: &Inbox, client: &Client, chunk: LazyHistorySync) -> Result<(), PortError> {
        let kind = chunk.sync_type();
        let (sender, mut portions) = mpsc::channel(1);
        let reading = tokio::task::spawn_blocking(move || chunk::read(&chunk, |portion| sender.blocking_send(portion).is_ok()));
        let mut count = 0;
        while let Some(portion) = portions.recv().await {
            let begun = Instant::now();
            count += self.take_in_portion(inbox, client, &portion).await?;
            // Half of the time the store is everybody else's.
            tokio::time::sleep(begun.elapsed()).await;
        }
        match reading.await {
            Ok(Ok(())) => tracing::info!(device = %self.device, kind, count, "a part of the history was stored"),
            Ok(Err(error)) => {
                tracing::warn!(device = %self.device, kind, count, ?error, "a part of the history could not be read to its end")
            }
            Err(error) => tracing::error!(device = %self.device, kind, count, ?error, "reading the history failed"),
        }
        Ok(())
    }

    async fn take_in_portion(&self, inbox: &Inbox, client: &Client, portion: &Portion) -> Result<usize, PortError> {
        let changes = portion::changes(inbox, client, portion).await?;
        let names: Vec<_> = changes.iter().filter(|change| matches!(change, Change::Alias { .. })).cloned().collect();
        let steps: Vec<Step> = changes.into_iter().map(|change| self.shared.publisher.step(change, None)).collect();
        let count = steps.len();
        if count > 0 {
            self.shared.publisher.publish(&self.device, steps).await?;
        }
        inbox.people.told(&names);
        Ok(count)
    }
}
