//! How much a host holds of files at once, over all of its devices.

use tokio::sync::{Semaphore, SemaphorePermit};

/// All files in memory together, in KiB.
const ROOM_KIB: u32 = 256 * 1024;

/// Files that are looked at at once: each may take a processor for seconds, and a decoded picture much memory.
const LOOKS: usize = 2;

/// Room for files.
pub struct Room {
    kib: Semaphore,
    looks: Semaphore,
}

impl Room {
    /// All of it free.
    pub fn new() -> Self {
        Self { kib: Semaphore::new(ROOM_KIB as usize), looks: Semaphore::new(LOOKS) }
    }

    /// Waits for room to hold a file of this size, or both it and what is made of it.
    pub async fn take(&self, size_bytes: u64, twice: bool) -> SemaphorePermit<'_> {
        let kib = size_bytes.div_ceil(1024).saturating_mul(if twice { 2 } else { 1 });
        let kib = u32::try_from(kib).unwrap_or(ROOM_KIB).clamp(1, ROOM_KIB);
        self.kib.acquire_many(kib).await.expect("the room is never closed")
    }

    /// Waits for a turn to look at a file.
    pub async fn look(&self) -> SemaphorePermit<'_> {
        self.looks.acquire().await.expect("the room is never closed")
    }
}
