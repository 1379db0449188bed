//! Files in folders, one a device. What is not kept yet lies apart, to be thrown away after a day; what is not written to its end lies apart from both.

use std::{
    fs::{DirBuilder, File, OpenOptions, read_dir, remove_dir, remove_dir_all, remove_file, rename},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use domain::{
    model::{DeviceId, MediaId, Timestamp},
    pipeline::Links,
    ports::{ByteStream, LinkOptions, Media, PortError, PutError, StoredFile, UploadTicket},
};
use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::spawn_blocking,
};

use crate::OpenError;

/// How long a file waits to be kept.
const UNKEPT: Duration = Duration::from_secs(24 * 3600);

/// Most bytes read at once.
const CHUNK: usize = 64 * 1024;

/// The files of one machine, in one folder. Cheap to clone. What it has answered stays through a crash or a power cut.
#[derive(Clone)]
pub struct FolderMedia(Arc<Folders>);

struct Folders {
    kept: PathBuf,
    /// Put and not kept: the latest, even if one of the same name is kept.
    new: PathBuf,
    writing: PathBuf,
    written: AtomicU64,
    links: Links,
}

impl FolderMedia {
    /// Opens the folder `media` in `data_dir`, made if there is none, for this process alone: whoever holds the [`Store`](crate::Store) there.
    /// Files are taken in by `links`.
    pub fn open(data_dir: &Path, links: Links) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Folder { folder: data_dir.to_owned(), source };
        let [kept, new, writing] = ["kept", "new", "writing"].map(|name| data_dir.join("media").join(name));
        // A former run's files that were not written to their end.
        absent_is_fine(remove_dir_all(&writing)).map_err(unusable)?;
        for folder in [&kept, &new, &writing] {
            create_private(folder).map_err(unusable)?;
        }
        Ok(Self(Arc::new(Folders { kept, new, writing, written: AtomicU64::new(0), links })))
    }

    /// Throws away the files that were put a day before `now` and not kept. Answers how many there were.
    pub async fn prune(&self, now: Timestamp) -> Result<usize, PortError> {
        let new = self.0.new.clone();
        blocking(move || prune(&new, now - UNKEPT)).await
    }

    fn kept(&self, device: &DeviceId, id: &MediaId) -> PathBuf {
        self.0.kept.join(name(device.as_str())).join(name(id.as_str()))
    }

    fn unkept(&self, device: &DeviceId, id: &MediaId) -> PathBuf {
        self.0.new.join(name(device.as_str())).join(name(id.as_str()))
    }
}

#[async_trait]
impl Media for FolderMedia {
    async fn put(&self, device: &DeviceId, id: &MediaId, mut body: ByteStream) -> Result<u64, PutError> {
        let number = self.0.written.fetch_add(1, Ordering::Relaxed);
        let (to, unfinished) = (self.unkept(device, id), Unfinished(self.0.writing.join(number.to_string())));
        let failed = |error: io::Error| PutError::Port(PortError::unavailable(error));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = tokio::fs::OpenOptions::from(options).open(&unfinished.0).await.map_err(failed)?;
        let mut size_bytes = 0;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(PutError::Body)?;
            file.write_all(&bytes).await.map_err(failed)?;
            size_bytes += bytes.len() as u64;
        }
        file.flush().await.map_err(failed)?;
        let file = file.into_std().await;
        blocking(move || {
            file.sync_all()?;
            place(&unfinished.0, &to)
        })
        .await?;
        Ok(size_bytes)
    }

    async fn keep(&self, device: &DeviceId, id: &MediaId) -> Result<bool, PortError> {
        let (from, to) = (self.unkept(device, id), self.kept(device, id));
        blocking(move || match place(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => to.try_exists(),
            placed => placed.map(|()| true),
        })
        .await
    }

    async fn open(&self, device: &DeviceId, id: &MediaId) -> Result<Option<StoredFile>, PortError> {
        // In this order: a file that is kept meanwhile is found in its new place.
        let paths = [self.unkept(device, id), self.kept(device, id)];
        let file = blocking(move || {
            for path in paths {
                if let Some(file) = absent_is_none(File::open(path))? {
                    let size_bytes = file.metadata()?.len();
                    return Ok(Some((file, size_bytes)));
                }
            }
            Ok(None)
        });
        Ok(file.await?.map(|(file, size_bytes)| StoredFile { size_bytes, body: read(tokio::fs::File::from_std(file)) }))
    }

    /// A folder is read by this program alone.
    async fn presign(&self, _: &DeviceId, _: &MediaId, _: Timestamp, _: &LinkOptions) -> Result<Option<String>, PortError> {
        Ok(None)
    }

    async fn ticket(&self, device: &DeviceId, id: &MediaId, until: Timestamp, max_bytes: u64) -> Result<UploadTicket, PortError> {
        Ok(UploadTicket { url: self.0.links.upload(device, id, until, max_bytes), headers: Vec::new() })
    }

    async fn check(&self) -> Result<(), PortError> {
        let folder = self.0.writing.clone();
        blocking(move || {
            let probe = folder.join("check");
            File::create(&probe)?;
            absent_is_fine(remove_file(probe))
        })
        .await
    }

    async fn delete(&self, device: &DeviceId, id: &MediaId) -> Result<(), PortError> {
        let paths = [self.unkept(device, id), self.kept(device, id)];
        blocking(move || paths.iter().try_for_each(|path| absent_is_fine(remove_file(path)))).await
    }

    async fn clear(&self, device: &DeviceId) -> Result<(), PortError> {
        let folders = [&self.0.new, &self.0.kept].map(|folder| folder.join(name(device.as_str())));
        blocking(move || folders.iter().try_for_each(|folder| absent_is_fine(remove_dir_all(folder)))).await
    }
}

/// A file that is removed unless it is moved to its place.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Err(error) = absent_is_fine(remove_file(&self.0)) {
            tracing::warn!(%error, "an unfinished file was left behind");
        }
    }
}

/// What an id is called as a file: ids of lower-case letters, digits, `-` and `_` as they are, any other by its hash.
fn name(id: &str) -> String {
    let plain = id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'));
    if plain { id.to_owned() } else { format!("~{}", hex::encode(Sha256::digest(id))) }
}

/// Moves a file to its place, for good.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().ok_or(io::ErrorKind::InvalidInput)?;
    if let Err(error) = rename(from, to) {
        if error.kind() != io::ErrorKind::NotFound || !from.try_exists()? {
            return Err(error);
        }
        create_private(folder)?;
        folder.parent().map_or(Ok(()), sync)?;
        rename(from, to)?;
    }
    sync(folder)
}

/// Has the names in a folder survive a power cut.
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Files are their owner's alone, like the database.
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn prune(new: &Path, before: Timestamp) -> io::Result<usize> {
    let before = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(before.millis()).unwrap_or(0));
    let mut removed = 0;
    for folder in read_dir(new)? {
        let folder = folder?.path();
        for file in absent_is_none(read_dir(&folder))?.into_iter().flatten() {
            let file = file?;
            let old = absent_is_none(file.metadata().and_then(|metadata| metadata.modified()))?.is_some_and(|modified| modified < before);
            if old && absent_is_none(remove_file(file.path()))?.is_some() {
                removed += 1;
            }
        }
        // Fails unless it is empty.
        drop(remove_dir(&folder));
    }
    Ok(removed)
}

fn read(file: tokio::fs::File) -> ByteStream {
    stream::try_unfold(file, |mut file| async move {
        let mut bytes = BytesMut::with_capacity(CHUNK);
        let read = file.read_buf(&mut bytes).await?;
        Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(bytes), file)))
    })
    .boxed()
}

fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    absent_is_none(result).map(drop)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, PortError> {
    spawn_blocking(work).await.map_err(PortError::unavailable)?.map_err(PortError::unavailable)
}
