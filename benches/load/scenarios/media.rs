//! Pictures of 1 MB from `POST /send/image` to WhatsApp's acknowledgement: handed in, kept, made a thumbnail of, encrypted, uploaded, sent.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, future, stream};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::percentiles;
use crate::{
    http::{Http, form},
    link,
    table::{Budget, Table},
    world::{BASE, World},
};

const DEVICES: usize = 10;
/// Pictures sent one at a time.
const SINGLE: usize = 50;
/// How long as many as go are sent, and how long before they begin to count.
const BUSY: Duration = Duration::from_secs(12);
const RAMP: Duration = Duration::from_secs(2);
/// Noise does not compress: this many pixels of three bytes make 1 MB.
const SIDE: u32 = 590;

pub async fn run(table: &mut Table) -> Result<()> {
    let world = World::start().await?;
    let devices = link::devices(&world, 0..DEVICES, None).await?;
    let customers = link::customers(&world, DEVICES).await?;
    let picture = picture()?;
    table.note(format!("a picture has {:.2} MB", picture.len() as f64 / 1e6));
    let pictures: Vec<Vec<u8>> = devices
        .iter()
        .zip(&customers)
        .map(|(device, to)| {
            let fields = [("sessionId", device.session_id.as_str()), ("recipient", to), ("caption", "Our new shop")];
            form(&format!("{BASE}/send/image"), &fields, "image", "shop.png", &picture)
        })
        .collect();
    // The first message to anyone opens a Signal session, which is not what is measured.
    stream::iter(&pictures)
        .map(|picture| async { send(&mut Http::connect(world.api).await?, picture).await })
        .buffer_unordered(4)
        .try_collect::<()>()
        .await?;
    world.warta.idle().await?;

    let mut api = Http::connect(world.api).await?;
    let mut taken = Vec::with_capacity(SINGLE);
    for picture in pictures.iter().cycle().take(SINGLE) {
        let start = Instant::now();
        send(&mut api, picture).await?;
        taken.push(start.elapsed());
    }
    percentiles(table, "one picture", taken, Budget::None);

    let before = world.warta.rss()?;
    let meter = world.meter()?;
    let start = Instant::now();
    let (from, until) = (start + RAMP, start + BUSY);
    let senders = pictures.iter().map(|picture| keep_sending(&world, picture, from, until));
    let sent: usize = future::try_join_all(senders).await?.into_iter().sum();
    let rate = sent as f64 / (until - from).as_secs_f64();
    table.row(format!("pictures of 1 MB over {DEVICES} devices"), rate, "/s", Budget::None);
    table.split("as many pictures as go", &meter.read(&world)?);
    table.megabytes("memory gained by that", world.warta.rss()?.saturating_sub(before), Budget::None);
    world.stop().await
}

fn picture() -> Result<Vec<u8>> {
    let noise: Vec<u8> = std::iter::repeat_with(rand::random::<u8>).take((SIDE * SIDE * 3) as usize).collect();
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(&noise, SIDE, SIDE, ExtendedColorType::Rgb8).context("noise is a picture")?;
    Ok(png)
}

/// Sends a picture; anything but its acknowledgement is an error.
async fn send(api: &mut Http, picture: &[u8]) -> Result<()> {
    let (status, body) = api.exchange(picture).await?;
    ensure!(status == 200, "a picture was answered with {status}: {}", String::from_utf8_lossy(body));
    Ok(())
}

/// Sends one picture after another; how many were acknowledged in time.
async fn keep_sending(world: &World, picture: &[u8], from: Instant, until: Instant) -> Result<usize> {
    let mut api = Http::connect(world.api).await?;
    let mut sent = 0;
    while Instant::now() < until {
        send(&mut api, picture).await?;
        sent += usize::from((from..until).contains(&Instant::now()));
    }
    Ok(sent)
}
