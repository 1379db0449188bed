//! Bad weather, switched on and off through the remote control.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wacore_binary::Node;

use crate::link::Link;
use crate::world::World;

#[derive(Default)]
pub struct Faults {
    refuse_connections: AtomicBool,
    ack_delay_ms: AtomicU64,
    query_delay_ms: AtomicU64,
    failing_queries: Countdown,
    nacks: Countdown,
    media_delay_ms: AtomicU64,
    failing_uploads: Countdown,
    failing_downloads: Countdown,
    truncated_downloads: Countdown,
    gone_downloads: Countdown,
    phones_lost_files: AtomicBool,
}

/// How many more times something goes wrong.
#[derive(Default)]
struct Countdown(AtomicU32);

impl Countdown {
    fn set(&self, count: u32) {
        self.0.store(count, Ordering::Relaxed);
    }

    /// Whether it goes wrong now.
    fn strikes(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

impl Faults {
    pub fn refuse_connections(&self, refuse: bool) {
        self.refuse_connections.store(refuse, Ordering::Relaxed);
    }

    pub fn delay_acks(&self, delay_ms: u64) {
        self.ack_delay_ms.store(delay_ms, Ordering::Relaxed);
    }

    pub fn delay_queries(&self, delay_ms: u64) {
        self.query_delay_ms.store(delay_ms, Ordering::Relaxed);
    }

    pub fn fail_queries(&self, count: u32) {
        self.failing_queries.set(count);
    }

    pub fn nack_next(&self, count: u32) {
        self.nacks.set(count);
    }

    pub fn delay_media(&self, delay_ms: u64) {
        self.media_delay_ms.store(delay_ms, Ordering::Relaxed);
    }

    pub fn fail_uploads(&self, count: u32) {
        self.failing_uploads.set(count);
    }

    pub fn fail_downloads(&self, count: u32) {
        self.failing_downloads.set(count);
    }

    pub fn truncate_downloads(&self, count: u32) {
        self.truncated_downloads.set(count);
    }

    pub fn lose_downloads(&self, count: u32) {
        self.gone_downloads.set(count);
    }

    pub fn lose_phones_files(&self, lost: bool) {
        self.phones_lost_files.store(lost, Ordering::Relaxed);
    }

    pub fn clear(&self) {
        self.refuse_connections(false);
        self.delay_acks(0);
        self.delay_queries(0);
        self.fail_queries(0);
        self.nack_next(0);
        self.delay_media(0);
        self.fail_uploads(0);
        self.fail_downloads(0);
        self.truncate_downloads(0);
        self.lose_downloads(0);
        self.lose_phones_files(false);
    }

    pub fn refuses_connections(&self) -> bool {
        self.refuse_connections.load(Ordering::Relaxed)
    }

    pub fn ack_delay(&self) -> Option<Duration> {
        delay(&self.ack_delay_ms)
    }

    pub fn query_delay(&self) -> Option<Duration> {
        delay(&self.query_delay_ms)
    }

    pub fn fails_query(&self) -> bool {
        self.failing_queries.strikes()
    }

    /// Whether this message is one of those to refuse; counts it if so, as do the next.
    pub fn refuses_message(&self) -> bool {
        self.nacks.strikes()
    }

    pub fn fails_upload(&self) -> bool {
        self.failing_uploads.strikes()
    }

    pub fn fails_download(&self) -> bool {
        self.failing_downloads.strikes()
    }

    pub fn truncates_download(&self) -> bool {
        self.truncated_downloads.strikes()
    }

    pub fn loses_download(&self) -> bool {
        self.gone_downloads.strikes()
    }

    /// Whether phones have no file to put on the media server again.
    pub fn phones_lost_files(&self) -> bool {
        self.phones_lost_files.load(Ordering::Relaxed)
    }

    /// Holds an upload or a download up, but not the end of the server.
    pub async fn hold_media_up(&self, closing: &CancellationToken) {
        if let Some(delay) = delay(&self.media_delay_ms) {
            let _ = closing.run_until_cancelled(tokio::time::sleep(delay)).await;
        }
    }
}

fn delay(millis: &AtomicU64) -> Option<Duration> {
    match millis.load(Ordering::Relaxed) {
        0 => None,
        millis => Some(Duration::from_millis(millis)),
    }
}

/// Sends an answer at once, or as late as the weather has it; nothing else waits for it.
pub async fn answer(world: &Arc<World>, link: &Arc<Link>, delay: Option<Duration>, answer: Node) {
    let Some(delay) = delay else {
        return link.send(answer).await;
    };
    let (link, closing) = (link.clone(), world.closing.clone());
    world.tasks.spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(delay) => link.send(answer).await,
            () = link.ended() => {}
            () = closing.cancelled() => {}
        }
    });
}
