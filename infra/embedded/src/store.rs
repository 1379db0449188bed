//! The folder of one machine: opening it, closing it, and getting at what is in it.

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
    time::Duration,
};

use domain::{
    model::Timestamp,
    ports::{Clock, Epoch, SystemClock},
};
use rusqlite::{Connection, config::DbConfig};

use crate::{
    error::{OpenError, StoreError},
    fences::Fences,
    media::create_private,
    queue::Queue,
    readers::Readers,
    schema,
    writer::Writer,
};

/// How long SQLite waits where two connections get into each other's way.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// All that one machine keeps, in one folder. Cheap to clone; implements every port that keeps something.
/// What it has answered is on the disk, and stays there through a crash or a power cut.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    // Dropped in this order: SQLite tidies up when the writer's connection is the last to go.
    readers: Readers,
    writer: Writer,
    queue: Arc<Queue>,
    fences: Arc<Fences>,
    clock: Arc<dyn Clock>,
    epoch: Epoch,
}

impl Store {
    /// Opens the store in `data_dir`, made if there is none, for this process alone. Whatever commands a former run had in hand are to be
    /// handed out again.
    pub fn open(data_dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(data_dir, Arc::new(SystemClock))
    }

    /// The same with a clock of the caller's.
    pub fn open_with(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Folder { folder: data_dir.to_owned(), source };
        let lock = lock(data_dir)?;
        let path = data_dir.join("warta.db");
        let (connection, epoch, queue) = prepare(data_dir, &path)?;
        let writer = Writer::start(connection, lock).map_err(unusable)?;
        tracing::info!(epoch = epoch.0, folder = %data_dir.display(), "the store was opened");
        let (queue, fences) = (Arc::new(queue), Arc::new(Fences::new(epoch)));
        Ok(Self(Arc::new(Inner { readers: Readers::new(path), writer, queue, fences, clock, epoch })))
    }

    /// This run's turn: later than that of every former run.
    pub fn epoch(&self) -> Epoch {
        self.0.epoch
    }

    /// Finishes the writes that were handed in, refuses further ones, and frees the folder.
    pub async fn close(&self) {
        self.0.readers.close();
        if let Some(thread) = self.0.writer.close() {
            let ended = tokio::task::spawn_blocking(|| thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!("the writer of the database had failed");
            }
        }
        tracing::info!("the store was closed");
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.0.writer
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.0.queue
    }

    pub(crate) fn fences(&self) -> Arc<Fences> {
        self.0.fences.clone()
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A look-up of a few rows: takes microseconds, so it runs where it is called.
    pub(crate) fn look_up<T>(&self, query: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.0.readers.read(query)
    }

    /// A query that may read many rows: runs where it holds up no task.
    pub(crate) async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.0.readers.read(query)).await.map_err(|_| StoreError::Closed)?
    }
}

fn lock(data_dir: &Path) -> Result<File, OpenError> {
    let unusable = |source| OpenError::Folder { folder: data_dir.to_owned(), source };
    create_private(data_dir).map_err(unusable)?;
    let file = File::options().create(true).write(true).truncate(false).open(data_dir.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(data_dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

fn prepare(data_dir: &Path, path: &Path) -> Result<(Connection, Epoch, Queue), OpenError> {
    let unusable = |source: StoreError| OpenError::Database { folder: data_dir.to_owned(), source: source.into() };
    let mut connection = connect(path).map_err(|error| unusable(error.into()))?;
    let found = schema::version(&connection).map_err(|error| unusable(error.into()))?;
    if found > schema::VERSION {
        return Err(OpenError::TooNew { folder: data_dir.to_owned(), found, known: schema::VERSION });
    }
    let mut take_over = || {
        schema::migrate(&mut connection)?;
        let epoch = connection.query_row("UPDATE installation SET epoch = epoch + 1 RETURNING epoch", [], |row| row.get::<_, i64>(0))?;
        let epoch = Epoch(u64::try_from(epoch).unwrap_or(0));
        let queue = Queue::load(&connection, epoch)?;
        Ok((epoch, queue))
    };
    let (epoch, queue) = take_over().map_err(unusable)?;
    Ok((connection, epoch, queue))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    keep_plans(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // In WAL mode anything less may lose answered writes in a power cut.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -32_000)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Has SQLite plan a statement once. Else it prepares many a cached one anew each time, in the hope that the values bound now make a better plan.
pub(crate) fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}
