//! Memory with more and more linked devices, and how soon they are back after a start.

use std::time::Instant;

use anyhow::Result;

use crate::{
    http::Http,
    link,
    table::{Budget, Table},
    world::World,
};

const MEMORY: Budget = Budget::AtMost(450.0);

pub async fn run(table: &mut Table) -> Result<()> {
    let world = World::start().await?;
    world.warta.idle().await?;
    table.megabytes("memory, 0 devices", world.warta.rss()?, Budget::None);

    let linking = Instant::now();
    let mut devices = link::devices(&world, 0..100, None).await?;
    world.warta.idle().await?;
    table.megabytes("memory, 100 devices", world.warta.rss()?, Budget::None);
    devices.extend(link::devices(&world, 100..1000, None).await?);
    table.note(format!("linking 1,000 devices took {:.0} s", linking.elapsed().as_secs_f64()));
    world.warta.idle().await?;
    table.megabytes("memory, 1,000 devices", world.warta.rss()?, MEMORY);
    table.note(format!("the store of 1,000 devices takes {:.0} MB on disk", world.stored()? as f64 / 1e6));

    let mut api = Http::connect(world.api).await?;
    let mut before = Vec::with_capacity(devices.len());
    for device in &devices {
        before.push(device.presence(&mut api).await?.since);
    }
    drop(api);

    let (world, started) = world.restart().await?;
    let meter = world.meter()?;
    let mut api = Http::connect(world.api).await?;
    for (device, before) in devices.iter().zip(&before) {
        device.connected(&mut api, before).await?;
    }
    table.row("start until 1,000 devices are connected", started.elapsed().as_secs_f64(), "s", Budget::AtMost(15.0));
    table.split("the start", &meter.read(&world)?);
    world.warta.idle().await?;
    table.megabytes("memory, 1,000 devices after the start", world.warta.rss()?, MEMORY);
    world.stop().await
}
