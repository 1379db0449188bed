//! The adapters of one machine as a world for the suites.

use std::{fs, path::Path, sync::Arc};

use async_trait::async_trait;
use domain::{
    contract::{Life, World, push::Sockets},
    pipeline::Links,
};
use embedded::{FolderMedia, InProcessLimits, InProcessPush, InProcessReplies, Store};
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
        bulks: store.clone(),
        aliases: store.clone(),
        people: store.clone(),
        templates: store.clone(),
        media: Arc::new(FolderMedia::open(folder.path(), Links::new("http://127.0.0.1:3000", "secret")).unwrap()),
        limits: Arc::new(InProcessLimits::default()),
        journal: store.clone(),
        commands: store.clone(),
        source: store.clone(),
        events: store.clone(),
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
    copy_all(folder.path(), copy.path());
    copy
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy_all(&entry.path(), &to);
        // The lock is a process's own, and the index of the log is lost in a power cut.
        } else if entry.file_name() != "lock" && entry.file_name() != "warta.db-shm" {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
