//! What [`Media`](crate::ports::Media) promises.

use std::{io, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::{World, racing, samples::*};
use crate::{
    model::{DeviceId, MediaId},
    ports::{ByteStream, Clock, LinkOptions, PutError, SystemClock},
};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! media_contract {
    ($start:path) => {
        $crate::contract_tests!(
            media,
            $start,
            [
                a_file_is_read_as_it_was_put,
                a_file_that_is_not_there_is_none,
                a_file_is_read_to_its_end_and_no_further,
                a_file_that_is_put_again_takes_the_place_of_the_former,
                of_racing_puts_one_is_seen_and_whole,
                a_file_that_breaks_off_is_not_stored_and_leaves_the_former,
                keeping_a_file_says_whether_there_is_one_however_often,
                a_deleted_file_is_gone_kept_or_not,
                clearing_a_device_removes_its_files_and_nobody_elses,
                ids_name_nothing_but_their_own_file,
                a_file_and_its_keeping_survive_a_crash,
                presigned_links_and_tickets_are_urls_of_one_file,
            ]
        );
    };
}

pub async fn a_file_is_read_as_it_was_put(world: World) {
    let device = device("a").id;
    let long: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    for (id, bytes) in [("empty", vec![]), ("short", b"\0\xff\r\n".to_vec()), ("long", long)] {
        let chunks: Vec<_> = bytes.chunks(70_001).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let size = world.media.put(&device, &named(id), stream::iter(chunks).boxed()).await.unwrap();
        assert_eq!(size, bytes.len() as u64);
        let file = world.media.open(&device, &named(id)).await.unwrap().unwrap();
        assert_eq!(file.size_bytes, bytes.len() as u64);
        assert!(collect(file.body).await == bytes, "{id}");
    }
}

pub async fn a_file_that_is_not_there_is_none(world: World) {
    let (a, b) = (device("a").id, device("b").id);
    put(&world, &a, "x", "of a").await;
    assert_eq!(read(&world, &a, "y").await, None);
    assert_eq!(read(&world, &b, "x").await, None);
    assert!(!world.media.keep(&a, &named("y")).await.unwrap());
    world.media.delete(&a, &named("y")).await.unwrap();
    world.media.clear(&b).await.unwrap();
    assert_eq!(read(&world, &a, "x").await.as_deref(), Some("of a"));
}

pub async fn a_file_is_read_to_its_end_and_no_further(world: World) {
    let device = device("a").id;
    // The last one first: more than an adapter takes at once, less, and exactly as much.
    for chunks in [[1, 5 * 1024 * 1024], [0, 1], [0, 5 * 1024 * 1024]] {
        let size: usize = chunks.iter().sum();
        let mut left = chunks.to_vec();
        // Whoever asks on after the end finds a panic.
        let body = stream::unfold(true, move |goes_on| {
            assert!(goes_on, "it has ended");
            let chunk = left.pop().filter(|size| *size > 0 || !left.is_empty());
            async move { chunk.map(|size| (Ok(Bytes::from(vec![7; size])), true)) }
        });
        assert_eq!(world.media.put(&device, &named("x"), body.boxed()).await.unwrap(), size as u64);
        assert_eq!(world.media.open(&device, &named("x")).await.unwrap().unwrap().size_bytes, size as u64);
    }
}

pub async fn a_file_that_is_put_again_takes_the_place_of_the_former(world: World) {
    let device = device("a").id;
    for (round, text) in ["first, and long", "second", "third"].into_iter().enumerate() {
        put(&world, &device, "x", text).await;
        assert_eq!(read(&world, &device, "x").await.as_deref(), Some(text));
        if round > 0 {
            assert!(world.media.keep(&device, &named("x")).await.unwrap());
            assert_eq!(read(&world, &device, "x").await.as_deref(), Some(text));
        }
    }
}

pub async fn of_racing_puts_one_is_seen_and_whole(world: World) {
    let device = device("a").id;
    let text = |n: u64| n.to_string().repeat(100_000);
    racing(8, |n| {
        let (media, device) = (world.media.clone(), device.clone());
        async move {
            media.put(&device, &named("x"), body(&text(n))).await.unwrap();
            assert!(media.keep(&device, &named("x")).await.unwrap());
        }
    })
    .await;
    let seen = read(&world, &device, "x").await.unwrap();
    assert!((0..8).any(|n| seen == text(n)));
}

pub async fn a_file_that_breaks_off_is_not_stored_and_leaves_the_former(world: World) {
    let device = device("a").id;
    put(&world, &device, "known", "whole").await;
    for id in ["known", "new"] {
        let chunks = vec![Ok(Bytes::from_static(b"half")), Err(io::ErrorKind::ConnectionReset.into())];
        let broken = world.media.put(&device, &named(id), stream::iter(chunks).boxed()).await;
        assert!(matches!(broken, Err(PutError::Body(error)) if error.kind() == io::ErrorKind::ConnectionReset));
    }
    assert_eq!(read(&world, &device, "known").await.as_deref(), Some("whole"));
    assert_eq!(read(&world, &device, "new").await, None);
}

pub async fn keeping_a_file_says_whether_there_is_one_however_often(world: World) {
    let device = device("a").id;
    assert!(!world.media.keep(&device, &named("x")).await.unwrap());
    put(&world, &device, "x", "text").await;
    for _ in 0..3 {
        assert!(world.media.keep(&device, &named("x")).await.unwrap());
    }
    assert_eq!(read(&world, &device, "x").await.as_deref(), Some("text"));
}

pub async fn a_deleted_file_is_gone_kept_or_not(world: World) {
    let device = device("a").id;
    for id in ["kept", "put", "both"] {
        put(&world, &device, id, "text").await;
    }
    for id in ["kept", "both"] {
        world.media.keep(&device, &named(id)).await.unwrap();
    }
    put(&world, &device, "both", "again").await;
    for id in ["kept", "put", "both"] {
        for _ in 0..2 {
            world.media.delete(&device, &named(id)).await.unwrap();
        }
        assert_eq!(read(&world, &device, id).await, None, "{id}");
        assert!(!world.media.keep(&device, &named(id)).await.unwrap(), "{id}");
    }
}

pub async fn clearing_a_device_removes_its_files_and_nobody_elses(world: World) {
    let (a, b) = (device("a").id, device("b").id);
    for device in [&a, &b] {
        put(&world, device, "put", "text").await;
        put(&world, device, "kept", "text").await;
        world.media.keep(device, &named("kept")).await.unwrap();
    }
    for _ in 0..2 {
        world.media.clear(&a).await.unwrap();
    }
    for (device, left) in [(&a, None), (&b, Some("text"))] {
        for id in ["put", "kept"] {
            assert_eq!(read(&world, device, id).await.as_deref(), left);
        }
    }
    put(&world, &a, "put", "new").await;
    assert_eq!(read(&world, &a, "put").await.as_deref(), Some("new"));
}

pub async fn ids_name_nothing_but_their_own_file(world: World) {
    let (long, longer) = ("x".repeat(199), "x".repeat(200));
    let ids = ["a", "A", "a/b", "a%2Fb", "..", "../a", ".", "/etc/passwd", "c:\\x", "a b", "\u{6771}\u{4eac}", "~", "CON", &long, &longer];
    let pairs = || ids.iter().flat_map(|device| ids.iter().map(move |id| (*device, *id)));
    for (device, id) in pairs() {
        put(&world, &DeviceId::parse(device).unwrap(), id, &format!("{device} has {id}")).await;
    }
    for (device, id) in pairs() {
        let found = read(&world, &DeviceId::parse(device).unwrap(), id).await;
        assert_eq!(found, Some(format!("{device} has {id}")));
    }
}

pub async fn a_file_and_its_keeping_survive_a_crash(world: World) {
    let device = device("a").id;
    for id in ["put", "kept"] {
        put(&world, &device, id, id).await;
    }
    world.media.keep(&device, &named("kept")).await.unwrap();
    let world = world.crash().await;
    for id in ["put", "kept"] {
        assert_eq!(read(&world, &device, id).await.as_deref(), Some(id));
        assert!(world.media.keep(&device, &named(id)).await.unwrap());
    }
}

pub async fn presigned_links_and_tickets_are_urls_of_one_file(world: World) {
    let device = device("a").id;
    let until = SystemClock.now() + Duration::from_secs(60);
    let options = LinkOptions { mime_type: Some("image/png".into()), file_name: Some("foto \u{6771}.png".into()) };
    let mut urls = Vec::new();
    for id in ["x", "y"] {
        for options in [&options, &LinkOptions::default()] {
            urls.extend(world.media.presign(&device, &named(id), until, options).await.unwrap());
        }
        urls.push(world.media.ticket(&device, &named(id), until, 1_000).await.unwrap().url);
    }
    assert!(urls.iter().all(|url| url.starts_with("http") && url.is_ascii() && !url.contains(' ')), "{urls:?}");
    let made = urls.len();
    urls.sort();
    urls.dedup();
    assert!(urls.len() == made && [2, 6].contains(&made), "{urls:?}");
}

fn named(id: &str) -> MediaId {
    MediaId::parse(id).unwrap()
}

fn body(text: &str) -> ByteStream {
    stream::iter([Ok(Bytes::copy_from_slice(text.as_bytes()))]).boxed()
}

async fn put(world: &World, device: &DeviceId, id: &str, text: &str) {
    assert_eq!(world.media.put(device, &named(id), body(text)).await.unwrap(), text.len() as u64);
}

async fn read(world: &World, device: &DeviceId, id: &str) -> Option<String> {
    let file = world.media.open(device, &named(id)).await.unwrap()?;
    Some(String::from_utf8(collect(file.body).await).unwrap())
}

async fn collect(body: ByteStream) -> Vec<u8> {
    body.try_fold(Vec::new(), |mut all, bytes| async move {
        all.extend(bytes);
        Ok(all)
    })
    .await
    .unwrap()
}
