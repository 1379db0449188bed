//! What a host lets its devices receive at the same time.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Downloads that go on at the same time, each with some chunks in memory and a thread that waits.
const DOWNLOADS: usize = 64;

/// Histories that are read at the same time.
const HISTORIES: usize = 2;

/// Devices that ask at the same time how people, chats and groups are by now. What they are answered may be large.
const LOOKS: usize = 4;

/// Turns and room for what comes in, over all devices.
pub struct Receiving {
    /// Turns at downloading a file.
    pub downloads: Arc<Semaphore>,
    /// Larger files are not downloaded.
    pub max_download_bytes: u64,
    /// Turns at reading the past, which takes much memory for one chat with much of it.
    pub histories: Semaphore,
    /// Turns at asking how people, chats and groups are by now, unless somebody waits for it.
    pub looks: Semaphore,
}

impl Receiving {
    /// Everything free.
    pub fn new(max_download_bytes: u64) -> Self {
        Self {
            downloads: Arc::new(Semaphore::new(DOWNLOADS)),
            max_download_bytes,
            histories: Semaphore::new(HISTORIES),
            looks: Semaphore::new(LOOKS),
        }
    }
}
