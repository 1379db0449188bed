//! What the folder of files promises beyond its port.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use bytes::Bytes;
use domain::{
    contract::samples::*,
    model::{DeviceId, MediaId, Timestamp},
    pipeline::Links,
    ports::{ByteStream, Clock, Media, SystemClock},
};
use embedded::FolderMedia;
use futures::{StreamExt, stream};
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_file_that_nobody_keeps_is_thrown_away_after_a_day() {
    let folder = TempDir::new().unwrap();
    let media = open(&folder);
    let device = device("a").id;
    for id in ["kept", "put", "again"] {
        media.put(&device, &named(id), text("first")).await.unwrap();
    }
    for id in ["kept", "again"] {
        assert!(media.keep(&device, &named(id)).await.unwrap());
    }
    media.put(&device, &named("again"), text("second")).await.unwrap();
    let now = SystemClock.now();
    assert_eq!(media.prune(now + DAY - Duration::from_secs(60)).await.unwrap(), 0);
    assert_eq!(media.prune(now + DAY + Duration::from_secs(60)).await.unwrap(), 2);
    assert_eq!(media.prune(now + 100 * DAY).await.unwrap(), 0);
    let sizes = async |id| media.open(&device, &named(id)).await.unwrap().map(|file| file.size_bytes);
    assert_eq!((sizes("kept").await, sizes("put").await, sizes("again").await), (Some(5), None, Some(5)));
    // The device may go on putting.
    media.put(&device, &named("put"), text("new")).await.unwrap();
    assert_eq!(sizes("put").await, Some(3));
    for moment in [i64::MIN, i64::MAX] {
        media.prune(Timestamp::from_millis(moment)).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_not_written_to_its_end_is_gone_with_its_writer_or_at_the_next_start() {
    let folder = TempDir::new().unwrap();
    let media = open(&folder);
    let endless = stream::iter([Ok(Bytes::from_static(b"half"))]).chain(stream::pending()).boxed();
    let (device, id) = (device("a").id, named("x"));
    let put = media.put(&device, &id, endless);
    assert!(tokio::time::timeout(Duration::from_millis(50), put).await.is_err());
    assert_eq!(files(folder.path()), [""; 0]);
    fs::write(folder.path().join("media/writing/7"), "left by a crash").unwrap();
    drop(media);
    open(&folder);
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn files_lie_in_their_devices_folders_whatever_they_are_called() {
    let folder = TempDir::new().unwrap();
    let media = open(&folder);
    for (device, id) in [("dev_1", "med_1"), ("../../etc", "passwd"), ("dev_1", "..")] {
        media.put(&DeviceId::parse(device).unwrap(), &named(id), text("x")).await.unwrap();
    }
    assert!(folder.path().join("media/new/dev_1/med_1").exists());
    let files = files(folder.path());
    assert_eq!(files.len(), 3);
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-~/".contains(&byte));
    assert!(files.iter().all(|file| file.starts_with("media/new/") && plain(file)), "{files:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn files_and_folders_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let media = open(&folder);
    media.put(&device("a").id, &named("x"), text("x")).await.unwrap();
    media.keep(&device("a").id, &named("x")).await.unwrap();
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("media/kept/dev_a/x"), 0o600);
    for path in ["media", "media/kept", "media/kept/dev_a", "media/new", "media/writing"] {
        assert_eq!(mode(path), 0o700, "{path}");
    }
}

#[tokio::test]
async fn tickets_are_those_the_api_checks() {
    let folder = TempDir::new().unwrap();
    let (media, links) = (open(&folder), links());
    let (device, id, until) = (device("a").id, named("x"), at(60_000));
    let query = |url: &str| -> BTreeMap<String, String> {
        let pairs = url.split_once('?').unwrap().1.split('&').map(|pair| pair.split_once('=').unwrap());
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let ticket = media.ticket(&device, &id, until, 9).await.unwrap();
    assert!(links.check("PUT", &device, &id, &query(&ticket.url), at(0)) && ticket.headers.is_empty());
}

fn open(folder: &TempDir) -> FolderMedia {
    FolderMedia::open(folder.path(), links()).unwrap()
}

fn links() -> Links {
    Links::new("http://127.0.0.1:3000", "secret")
}

fn named(id: &str) -> MediaId {
    MediaId::parse(id).unwrap()
}

fn text(text: &'static str) -> ByteStream {
    stream::iter([Ok(Bytes::from_static(text.as_bytes()))]).boxed()
}

/// Every file in a folder, by its path.
fn files(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files
}
