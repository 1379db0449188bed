//! A file on its way from WhatsApp, where bytes come on a blocking thread, to the store, which wants a stream; never much of it at once.

use std::{
    io::{self, Seek, SeekFrom, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use domain::ports::ByteStream;
use futures::stream;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use wacore::download::DownloadWriter;

const CHUNK: usize = 64 * 1024;

/// Chunks that wait for the store.
const WAITING: usize = 2;

/// The file's bytes are not those its sender hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// The end that the library writes to.
pub struct Pipe {
    /// `None` says that the file is whole.
    chunks: mpsc::Sender<Option<Bytes>>,
    chunk: Vec<u8>,
    hash: Sha256,
    size_bytes: u64,
    max_bytes: u64,
    too_large: Arc<AtomicBool>,
    /// Whether some of it is on its way.
    begun: bool,
    /// What is on its way cannot be called back, so another attempt needs another pipe.
    spent: bool,
    /// Held for as long as anything may still write, even when nobody waits for it any more.
    _turn: OwnedSemaphorePermit,
}

/// A pipe's other end.
pub struct Outlet {
    /// The file, for the store. It fails unless [`Pipe::finish`] said that the file is whole.
    pub stream: ByteStream,
    /// Set once the file turns out to be longer than it may be.
    pub too_large: Arc<AtomicBool>,
}

/// A pipe for a file of at most `max_bytes`.
pub fn pipe(max_bytes: u64, turn: OwnedSemaphorePermit) -> (Pipe, Outlet) {
    let (chunks, received) = mpsc::channel(WAITING);
    let too_large = Arc::new(AtomicBool::new(false));
    let stream = stream::unfold(Some(received), |received| async {
        let mut received: mpsc::Receiver<Option<Bytes>> = received?;
        match received.recv().await {
            Some(Some(chunk)) => Some((Ok(chunk), Some(received))),
            Some(None) => None,
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    });
    let pipe = Pipe {
        chunks,
        chunk: Vec::new(),
        hash: Sha256::new(),
        size_bytes: 0,
        max_bytes,
        too_large: too_large.clone(),
        begun: false,
        spent: false,
        _turn: turn,
    };
    (pipe, Outlet { stream: Box::pin(stream), too_large })
}

impl Pipe {
    /// Everything was written: checks it against its hash, where that is known, and lets the store have it.
    pub async fn finish(mut self, sha256: Option<&[u8]>) -> Result<(), Corrupt> {
        let last = self.take_chunk();
        if sha256.is_some_and(|expected| expected != &self.hash.finalize()[..]) {
            return Err(Corrupt);
        }
        for part in last.map(Some).into_iter().chain([None]) {
            // If the store does not want it any more, it says so itself.
            let _ = self.chunks.send(part).await;
        }
        Ok(())
    }

    fn take_chunk(&mut self) -> Option<Bytes> {
        let chunk = std::mem::take(&mut self.chunk);
        self.hash.update(&chunk);
        (!chunk.is_empty()).then(|| chunk.into())
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.size_bytes += bytes.len() as u64;
        if self.size_bytes > self.max_bytes {
            self.too_large.store(true, Ordering::Release);
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.spent {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if self.chunk.capacity() == 0 {
            self.chunk.reserve_exact(CHUNK);
        }
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() + 1024 > CHUNK {
            let chunk = self.take_chunk();
            self.begun = true;
            self.chunks.blocking_send(chunk).map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Pipe {
    /// Only ever to the beginning: before anything was written, where it is, or after everything was, when there is nothing more to do.
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

impl DownloadWriter for Pipe {
    /// Only ever to nothing: before an attempt, and after one that failed.
    fn truncate(&mut self, _: u64) -> io::Result<()> {
        self.spent = self.begun;
        self.chunk.clear();
        self.hash = Sha256::new();
        self.size_bytes = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;
    use tokio::sync::Semaphore;

    use super::*;

    fn new(max_bytes: u64) -> (Pipe, Outlet) {
        pipe(max_bytes, Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap())
    }

    async fn read(outlet: Outlet) -> io::Result<Vec<u8>> {
        let chunks: Vec<Bytes> = outlet.stream.try_collect().await?;
        assert!(chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= CHUNK));
        Ok(chunks.concat())
    }

    async fn through(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let (mut pipe, outlet) = new(u64::MAX);
        let hash = Sha256::digest(&bytes);
        let written = tokio::task::spawn_blocking(move || {
            for part in bytes.chunks(16) {
                pipe.write_all(part)?;
            }
            io::Result::Ok(pipe)
        });
        let finish = async { written.await.unwrap().unwrap().finish(Some(&hash)).await.unwrap() };
        tokio::join!(finish, read(outlet)).1
    }

    #[tokio::test]
    async fn a_file_of_any_size_comes_out_as_it_went_in() {
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 1_000_000] {
            let bytes: Vec<u8> = (0..size).map(|n| n as u8).collect();
            assert_eq!(through(bytes.clone()).await.unwrap(), bytes, "{size}");
        }
    }

    #[tokio::test]
    async fn a_file_that_breaks_off_or_is_not_what_was_sent_is_not_stored() {
        let (mut pipe, outlet) = new(100);
        pipe.write_all(b"half").unwrap();
        drop(pipe);
        assert_eq!(read(outlet).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

        let (mut pipe, outlet) = new(100);
        pipe.write_all(b"forged").unwrap();
        assert_eq!(pipe.finish(Some(&[0; 32])).await, Err(Corrupt));
        assert!(read(outlet).await.is_err());
    }

    #[test]
    fn a_file_longer_than_it_may_be_is_refused() {
        let (mut pipe, outlet) = new(3);
        pipe.write_all(b"abc").unwrap();
        assert!(pipe.write_all(b"d").is_err() && outlet.too_large.load(Ordering::Acquire));
    }

    #[tokio::test]
    async fn another_attempt_starts_anew_while_nothing_is_on_its_way() {
        let (mut pipe, outlet) = new(100);
        pipe.write_all(b"forged").unwrap();
        pipe.truncate(0).unwrap();
        pipe.write_all(b"true").unwrap();
        let hash = Sha256::digest(b"true");
        assert_eq!(tokio::join!(pipe.finish(Some(&hash)), read(outlet)).1.unwrap(), b"true");
    }
}
