//! What was said before the device was linked: the phone sends it in chunks. Stored beside everything else, in small portions, so that nothing
//! waits for it.

mod chunk;
mod left;
mod portion;

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    model::DeviceId,
    pipeline::Backoff,
    ports::{Change, Op, PortError, Step},
};
use futures::future::OptionFuture;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, SemaphorePermit, mpsc},
    time::Instant,
};
use wacore::types::events::{Event, EventHandler, EventInterest, EventKind, LazyHistorySync};
use whatsapp_rust::Client;

use self::chunk::Portion;
use super::inbox::Inbox;
use crate::host::Shared;

/// Chunks this small always wait in memory; larger ones only while a host has room for them, and are fetched again otherwise.
const SMALL_BYTES: usize = 256 * 1024;

/// How long to wait, again and again, for the connection.
const OFF_LINE: Duration = Duration::from_secs(3600);

/// Between looks for chunks that were left behind and could not be fetched, and how many there are.
const LOOK: Duration = Duration::from_secs(300);
const LOOKS: u32 = 12;

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(30) };

/// The history of one device.
#[derive(Clone)]
pub struct History {
    shared: Arc<Shared>,
    device: DeviceId,
    queue: Arc<Queue>,
}

struct Queue {
    chunks: Mutex<Chunks>,
    wake: Notify,
    /// Of the host's room for chunks, in KiB.
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct Chunks {
    /// As they were sent, each with the room it takes.
    waiting: VecDeque<(Box<LazyHistorySync>, Option<OwnedSemaphorePermit>)>,
    /// Some were not kept.
    dropped: bool,
    /// Which ones are stored, by type and order.
    done: HashSet<(i32, u32)>,
}

/// Takes in the chunks that the library has got.
pub struct Arrivals(Arc<Queue>);

impl EventHandler for Arrivals {
    fn handle_event(&self, event: Arc<Event>) {
        if let Event::HistorySync(chunk) = &*event {
            self.0.push(chunk.clone());
        }
    }

    fn interest(&self) -> EventInterest {
        EventInterest::of(&[EventKind::HistorySync])
    }
}

impl Queue {
    fn chunks(&self) -> MutexGuard<'_, Chunks> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, chunk: Box<LazyHistorySync>) {
        let size = chunk.compressed_bytes().len();
        let room = u32::try_from(size.div_ceil(1024)).ok().and_then(|kib| self.room.clone().try_acquire_many_owned(kib).ok());
        let mut chunks = self.chunks();
        if room.is_some() || size <= SMALL_BYTES {
            chunks.waiting.push_back((chunk, room));
        } else {
            chunks.dropped = true;
        }
        drop(chunks);
        self.wake.notify_one();
    }

    /// The next one; it stays until it is [`done`](Self::done), so that a closed link loses none.
    fn first(&self) -> Option<Box<LazyHistorySync>> {
        self.chunks().waiting.front().map(|(chunk, _)| chunk.clone())
    }

    fn done(&self, name: (i32, u32)) {
        let mut chunks = self.chunks();
        chunks.waiting.pop_front();
        chunks.done.insert(name);
    }
}

/// What names a chunk among those of a device.
fn name(chunk: &LazyHistorySync) -> (i32, u32) {
    (chunk.sync_type(), chunk.chunk_order().unwrap_or_default())
}

impl History {
    /// None of it is there yet.
    pub fn new(shared: Arc<Shared>, device: DeviceId) -> Self {
        let room = shared.receiving.past_kib.clone();
        Self { shared, device, queue: Arc::new(Queue { chunks: Mutex::default(), wake: Notify::new(), room }) }
    }

    /// Where the library's chunks go in.
    pub fn arrivals(&self) -> Arrivals {
        Arrivals(self.queue.clone())
    }

    /// Stores what comes in, and what a crash left behind, for as long as it is polled.
    pub async fn run(&self, inbox: &Inbox, client: &Client) {
        while client.wait_for_connected(OFF_LINE).await.is_err() {}
        let mut look_at = Some(Instant::now());
        let mut looks = 0;
        self.queue.wake.notify_one();
        loop {
            tokio::select! {
                biased;
                Some(()) = OptionFuture::from(look_at.map(tokio::time::sleep_until)) => {
                    looks += 1;
                    let all = self.fetch_left(inbox, client, looks == LOOKS).await;
                    look_at = (!all && looks < LOOKS).then(|| Instant::now() + LOOK);
                }
                () = self.queue.wake.notified() => {}
            }
            while let Some(chunk) = self.queue.first() {
                let name = name(&chunk);
                let turn = self.turn().await;
                self.store(inbox, client, *chunk, turn).await;
                self.queue.done(name);
                self.forget(name).await;
            }
            if std::mem::take(&mut self.queue.chunks().dropped) {
                (look_at, looks) = (Some(Instant::now()), 0);
            }
        }
    }

    async fn turn(&self) -> SemaphorePermit<'_> {
        self.shared.receiving.histories.acquire().await.expect("turns never end")
    }

    /// Stores a chunk, portion by portion, in a turn of its own.
    async fn store(&self, inbox: &Inbox, client: &Client, chunk: LazyHistorySync, _turn: SemaphorePermit<'_>) {
        let (sender, mut portions) = mpsc::channel(1);
        let name = name(&chunk);
        let reading = tokio::task::spawn_blocking(move || chunk::read(&chunk, |portion: Portion| sender.blocking_send(portion).is_ok()));
        let mut messages = 0;
        while let Some(portion) = portions.recv().await {
            let begun = Instant::now();
            let mut failures = 0;
            messages += loop {
                match self.take_in(inbox, client, &portion).await {
                    Ok(count) => break count,
                    // The session learns that by itself, and ends.
                    Err(PortError::Fenced) => return,
                    Err(error) => {
                        failures += 1;
                        tracing::error!(device = %self.device, ?error, "a part of the history could not be stored");
                        tokio::time::sleep(BACKOFF.after(failures)).await;
                    }
                }
            };
            // Half of the time the store is everybody else's.
            tokio::time::sleep(begun.elapsed()).await;
        }
        match reading.await {
            Ok(Ok(())) => tracing::info!(device = %self.device, chunk = ?name, messages, "a part of the history was stored"),
            Ok(Err(error)) => {
                tracing::warn!(device = %self.device, chunk = ?name, messages, ?error, "a part of the history could not be read to its end")
            }
            Err(error) => tracing::error!(device = %self.device, chunk = ?name, messages, ?error, "reading the history failed"),
        }
    }

    async fn take_in(&self, inbox: &Inbox, client: &Client, portion: &Portion) -> Result<usize, PortError> {
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

    async fn write(&self, ops: Vec<Op>) -> Result<(), PortError> {
        if ops.is_empty() {
            return Ok(());
        }
        self.shared.ports.key_values.write(&self.device, self.shared.ports.epoch, ops).await
    }
}
