//! The one thread that writes. It commits whatever waits in one transaction, since a commit costs the same for one job as for a hundred.

use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error::StoreError;

/// Most jobs in one transaction.
const BATCH: usize = 256;

/// Jobs that may wait; beyond that their callers do.
const WAITING: usize = 1024;

/// A write on its way through the thread.
trait Job: Send {
    /// Does the work, in a savepoint of its own; `false` if it is to be undone.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers the caller, after the commit or its failure.
    fn finish(self: Box<Self>, commit: Result<(), &rusqlite::Error>);
}

struct Write<T, W, A> {
    work: Option<W>,
    result: Result<T, StoreError>,
    after: A,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W, A> Job for Write<T, W, A>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    A: FnOnce(&T) + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        if let Some(work) = self.work.take() {
            self.result = catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or(Err(StoreError::Panicked));
        }
        self.result.is_ok()
    }

    fn finish(self: Box<Self>, commit: Result<(), &rusqlite::Error>) {
        let Self { result, after, answer, .. } = *self;
        let result = match (result, commit) {
            (Ok(_), Err(error)) => Err(StoreError::NotCommitted(error.to_string())),
            (result, _) => result,
        };
        if let Ok(value) = &result {
            after(value);
        }
        // A caller that went away has no use for the answer.
        drop(answer.send(result));
    }
}

pub(crate) struct Writer(Mutex<Option<Running>>);

struct Running {
    jobs: mpsc::Sender<Box<dyn Job>>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts the thread, which holds `lock` for as long as it may write.
    pub fn start(connection: Connection, lock: File) -> io::Result<Self> {
        let (jobs, receiver) = mpsc::channel(WAITING);
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || {
            work_off(&connection, receiver);
            if let Err((_, error)) = connection.close() {
                tracing::warn!(%error, "the database was not closed cleanly");
            }
            drop(lock);
        })?;
        Ok(Self(Mutex::new(Some(Running { jobs, thread }))))
    }

    /// Does `work` and answers once it is committed.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_then(work, |_| ()).await
    }

    /// The same, with something that follows the commit, in the order of the commits and whether or not the caller is still there.
    pub async fn write_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        after: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, StoreError> {
        let jobs = self.running().as_ref().map(|running| running.jobs.clone()).ok_or(StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let not_run = Err(StoreError::NotCommitted("it did not come to its turn".into()));
        let job = Box::new(Write { work: Some(work), result: not_run, after, answer });
        jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        drop(jobs);
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Takes no more jobs; the answer ends with the thread, when those taken are done.
    pub fn close(&self) -> Option<JoinHandle<()>> {
        self.running().take().map(|running| running.thread)
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writer {
    /// Waits for the thread, so that the folder is free once the store is gone.
    fn drop(&mut self) {
        if let Some(thread) = self.close()
            && thread.join().is_err()
        {
            tracing::error!("the writer of the database had failed");
        }
    }
}

fn work_off(connection: &Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
        let committed = commit_together(connection, &mut batch);
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = batch.len(), "a transaction was not committed");
            if !connection.is_autocommit()
                && let Err(error) = execute(connection, "ROLLBACK")
            {
                tracing::error!(%error, "a transaction was not rolled back");
            }
        }
        for job in batch.drain(..) {
            job.finish(committed.as_ref().copied());
        }
    }
}

fn commit_together(connection: &Connection, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for job in batch {
        execute(connection, "SAVEPOINT job")?;
        if !job.run(connection) {
            // Fails if SQLite has undone the whole transaction by itself, as it does when the disk is full: then nobody's work is kept.
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
    }
    execute(connection, "COMMIT")
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn insert(connection: &Connection, number: i64) -> Result<usize, StoreError> {
        Ok(connection.execute("INSERT INTO numbers VALUES (?1)", [number])?)
    }

    #[test]
    fn a_job_that_fails_or_panics_undoes_its_own_work_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER PRIMARY KEY)").unwrap();
        let (jobs, receiver) = mpsc::channel(16);
        let committed = Arc::new(Mutex::new(Vec::new()));
        let mut answers = Vec::new();
        for number in 0..9 {
            let (answer, answered) = oneshot::channel();
            let committed = committed.clone();
            let work = move |connection: &Connection| {
                insert(connection, number)?;
                match number % 3 {
                    0 => Ok(number),
                    1 => insert(connection, 0).map(|_| number),
                    _ => panic!("a job that panics"),
                }
            };
            let after = move |number: &i64| committed.lock().unwrap().push(*number);
            let result = Err(StoreError::Closed);
            jobs.try_send(Box::new(Write { work: Some(work), result, after, answer }) as Box<dyn Job>).unwrap();
            answers.push(answered);
        }
        drop(jobs);
        work_off(&connection, receiver);
        for (number, mut answered) in (0_i64..).zip(answers) {
            match (number % 3, answered.try_recv().unwrap()) {
                (0, Ok(answer)) if answer == number => {}
                (1, Err(StoreError::Sqlite(_))) | (2, Err(StoreError::Panicked)) => {}
                (_, other) => panic!("{number}: {other:?}"),
            }
        }
        let mut stored = connection.prepare("SELECT number FROM numbers ORDER BY number").unwrap();
        let stored: Vec<i64> = stored.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!((&stored, &*committed.lock().unwrap()), (&vec![0, 3, 6], &vec![0, 3, 6]));
    }

    #[test]
    fn a_transaction_that_cannot_be_committed_answers_nobody_with_success() {
        let connection = Connection::open_in_memory().unwrap();
        // A deferred constraint fails at the commit, not at the statement.
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 CREATE TABLE parents (id INTEGER PRIMARY KEY);
                 CREATE TABLE numbers (number INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
            )
            .unwrap();
        for _ in 0..2 {
            let (jobs, receiver) = mpsc::channel(1);
            let (answer, mut answered) = oneshot::channel();
            let after: fn(&usize) = |_| panic!("nothing was committed");
            let work = |connection: &Connection| insert(connection, 7);
            let result = Err(StoreError::Closed);
            jobs.try_send(Box::new(Write { work: Some(work), result, after, answer }) as Box<dyn Job>).unwrap();
            drop(jobs);
            work_off(&connection, receiver);
            assert!(matches!(answered.try_recv().unwrap(), Err(StoreError::NotCommitted(_))));
        }
    }
}
