//! What can go wrong in SQLite and around it.

use std::{io, path::PathBuf};

use domain::ports::PortError;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works in the folder.
    #[error("the data folder {} is in use by another warta", .0.display())]
    InUse(PathBuf),
    /// The folder was written by a later program, which this one would damage.
    #[error("the data folder {} was written by a newer warta (schema {found}, this program knows {known})", folder.display())]
    TooNew {
        /// The folder.
        folder: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest schema this program knows.
        known: i64,
    },
    /// The folder cannot be made or used.
    #[error("the data folder {} cannot be used", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error("the database in {} cannot be used", folder.display())]
    Database {
        /// The folder.
        folder: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why a read or a write failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("another host holds the device")]
    Fenced,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the transaction was not committed: {0}")]
    NotCommitted(String),
    #[error("a record is not what this program writes: {0}")]
    Record(Box<dyn std::error::Error + Send + Sync>),
    #[error("the device is gone")]
    NoDevice,
    #[error("a write failed in an unforeseen way")]
    Panicked,
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    pub fn record(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Record(source.into())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::record(error)
    }
}

impl From<StoreError> for PortError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced => Self::Fenced,
            error => Self::unavailable(error),
        }
    }
}
