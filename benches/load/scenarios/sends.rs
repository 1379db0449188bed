//! Texts from `POST /send` to WhatsApp's acknowledgement: one at a time, then as many as go.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, future, stream};
use serde_json::json;

use super::percentiles;
use crate::{
    http::{Http, request},
    link::{self, Device},
    table::{Budget, Table},
    world::{BASE, World},
};

const DEVICES: usize = 50;
/// People each device writes to.
const CUSTOMERS: usize = 4;
/// Texts sent one at a time.
const SINGLE: usize = 500;
/// How long as many as go are sent, and how long before they begin to count.
const BUSY: Duration = Duration::from_secs(12);
const RAMP: Duration = Duration::from_secs(2);

pub async fn run(table: &mut Table) -> Result<()> {
    let world = World::start().await?;
    let devices = link::devices(&world, 0..DEVICES, None).await?;
    let customers = link::customers(&world, DEVICES * CUSTOMERS).await?;
    let texts: Vec<Vec<u8>> = devices
        .iter()
        .zip(customers.chunks(CUSTOMERS))
        .flat_map(|(device, customers)| customers.iter().map(|to| text(device, to)))
        .collect();
    // The first text to anyone opens a Signal session, which is not what is measured.
    stream::iter(&texts)
        .map(|text| async { send(&mut Http::connect(world.api).await?, text).await })
        .buffer_unordered(8)
        .try_collect::<()>()
        .await?;
    world.warta.idle().await?;

    let mut api = Http::connect(world.api).await?;
    let mut taken = Vec::with_capacity(SINGLE);
    let meter = world.meter()?;
    for text in texts.iter().step_by(CUSTOMERS).cycle().take(SINGLE) {
        let start = Instant::now();
        send(&mut api, text).await?;
        taken.push(start.elapsed());
    }
    table.split("one send at a time", &meter.read(&world)?);
    percentiles(table, "one send", taken, Budget::AtMost(15.0));

    let meter = world.meter()?;
    let start = Instant::now();
    let (from, until) = (start + RAMP, start + BUSY);
    let senders = texts.iter().map(|text| keep_sending(&world, text, from, until));
    let taken: Vec<Duration> = future::try_join_all(senders).await?.concat();
    let rate = taken.len() as f64 / (until - from).as_secs_f64();
    table.row(format!("sends over {DEVICES} devices"), rate, "/s", Budget::AtLeast(1500.0));
    table.split("as many sends as go", &meter.read(&world)?);
    percentiles(table, &format!("a send among {} at once", texts.len()), taken, Budget::None);
    world.stop().await
}

fn text(device: &Device, to: &str) -> Vec<u8> {
    let message = "Your order has left our house and will be with you tomorrow before noon.";
    request("POST", &format!("{BASE}/send"), Some(&json!({"sessionId": device.session_id, "recipient": to, "message": message})))
}

/// Sends a text; anything but its acknowledgement is an error.
async fn send(api: &mut Http, text: &[u8]) -> Result<()> {
    let (status, body) = api.exchange(text).await?;
    ensure!(status == 200, "a send was answered with {status}: {}", String::from_utf8_lossy(body));
    Ok(())
}

/// Sends one text after another; the times of those acknowledged in time.
async fn keep_sending(world: &World, text: &[u8], from: Instant, until: Instant) -> Result<Vec<Duration>> {
    let mut api = Http::connect(world.api).await?;
    let mut taken = Vec::new();
    loop {
        let start = Instant::now();
        if start >= until {
            return Ok(taken);
        }
        send(&mut api, text).await?;
        if (from..until).contains(&Instant::now()) {
            taken.push(start.elapsed());
        }
    }
}
