//! The adapters of one machine as a world for the suites.

use std::{fs, sync::Arc};

use async_trait::async_trait;
use domain::contract::{Life, World, push::Sockets};
use embedded::{InProcessPush, InProcessReplies, Store};
use tempfile::TempDir;

/// An empty folder with a store in it.
pub async fn start() -> World {
    open(TempDir::new().unwrap())
}

/// The way to sockets nobody listens to yet.
pub async fn sockets() -> Sockets {
    let push = Arc::new(InProcessPush::new());
    Sockets { push: push.clone(), subscription: push }
}

fn open(folder: TempDir) -> World {
    let store = Arc::new(Store::open(folder.path()).unwrap());
    World {
        devices: store.clone(),
        messages: store.clone(),
        journal: store.clone(),
        commands: store.clone(),
        source: store.clone(),
        deliveries: store.clone(),
        keys: store.clone(),
        replies: Arc::new(InProcessReplies::new()),
        statistics: store.clone(),
        epoch: store.epoch(),
        life: Box::new(Machine { folder, _store: store }),
    }
}

struct Machine {
    folder: TempDir,
    _store: Arc<Store>,
}

#[async_trait]
impl Life for Machine {
    /// What is on the disk while the store is open is what a power cut would leave there.
    async fn crash(self: Box<Self>) -> World {
        open(copy(&self.folder))
    }
}

/// The folder as it is, files half written and all.
pub fn copy(folder: &TempDir) -> TempDir {
    let copy = TempDir::new().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        // The lock is a process's own, and the index of the log is lost in a power cut.
        if entry.file_name() != "lock" && entry.file_name() != "warta.db-shm" {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}
