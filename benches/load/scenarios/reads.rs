//! `GET /devices/{id}`, as many as go.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future;

use crate::{
    http::{Http, request},
    link,
    table::{Budget, Table},
    world::World,
};

const DEVICES: usize = 50;
const CONNECTIONS: usize = 16;
const BUSY: Duration = Duration::from_secs(6);
const RAMP: Duration = Duration::from_secs(1);

pub async fn run(table: &mut Table) -> Result<()> {
    let world = World::start().await?;
    let devices = link::devices(&world, 0..DEVICES, None).await?;
    world.warta.idle().await?;

    let requests: Vec<Vec<u8>> = devices.iter().map(|device| request("GET", &device.path, None)).collect();
    let meter = world.meter()?;
    let start = Instant::now();
    let (from, until) = (start + RAMP, start + BUSY);
    let readers = (0..CONNECTIONS).map(|reader| keep_reading(&world, &requests, reader, from, until));
    let count: u32 = future::try_join_all(readers).await?.into_iter().sum();
    table.row("GET /devices/{id}", f64::from(count) / (until - from).as_secs_f64(), "/s", Budget::AtLeast(8000.0));
    table.split("as many reads as go", &meter.read(&world)?);
    world.stop().await
}

/// Reads one device after another; the number of answers in time.
async fn keep_reading(world: &World, requests: &[Vec<u8>], first: usize, from: Instant, until: Instant) -> Result<u32> {
    let mut api = Http::connect(world.api).await?;
    let mut count = 0;
    for request in requests.iter().cycle().skip(first) {
        let (status, _) = api.exchange(request).await?;
        ensure!(status == 200, "a read was answered with {status}");
        let now = Instant::now();
        if now >= until {
            break;
        }
        count += u32::from(now >= from);
    }
    Ok(count)
}
