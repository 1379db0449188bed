//! What a host lets its devices receive at the same time.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Downloads that go on at the same time, each with some chunks in memory and a thread that waits.
const DOWNLOADS: usize = 64;

/// No larger file is downloaded.
const MAX_DOWNLOAD_BYTES: u64 = 100 * 1024 * 1024;

/// Histories that are read at the same time.
const HISTORIES: usize = 2;

/// Turns and room for what comes in, over all devices.
pub struct Receiving {
    /// Turns at downloading a file.
    pub downloads: Arc<Semaphore>,
    /// Larger files are not downloaded.
    pub max_download_bytes: u64,
    /// Turns at reading the past, which takes much memory for one chat with much of it.
    pub histories: Semaphore,
}

impl Default for Receiving {
    fn default() -> Self {
        Self {
            downloads: Arc::new(Semaphore::new(DOWNLOADS)),
            max_download_bytes: MAX_DOWNLOAD_BYTES,
            histories: Semaphore::new(HISTORIES),
        }
    }
}
