//! From the moment a person sends a text to its arrival at the webhook: one at a time.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::percentiles;
use crate::{
    http::Http,
    link,
    table::{Budget, Table},
    webhook::Webhook,
    world::World,
};

const DEVICES: usize = 10;
/// Texts to each device before they count, and all texts.
const WARM_UP: usize = 2;
const TEXTS: usize = 500;

/// How long a text may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn run(table: &mut Table) -> Result<()> {
    let world = World::start().await?;
    let mut webhook = Webhook::listen().await?;
    let devices = link::devices(&world, 0..DEVICES, Some(&webhook.url)).await?;
    let customers = link::customers(&world, DEVICES).await?;
    world.warta.idle().await?;

    let mut phones = Http::connect(world.phones).await?;
    let mut taken = Vec::with_capacity(TEXTS);
    let mut meter = world.meter()?;
    for (index, (device, customer)) in devices.iter().zip(&customers).cycle().take(DEVICES * WARM_UP + TEXTS).enumerate() {
        if index == DEVICES * WARM_UP {
            meter = world.meter()?;
        }
        let text = format!("Where is my order number {index}?");
        let start = Instant::now();
        phones.post(&format!("/phones/{customer}/messages"), &json!({"to": device.number, "text": text})).await?;
        let arrived = timeout(PATIENCE, arrival(&mut webhook, &text)).await.context("a text did not reach the webhook")??;
        if index >= DEVICES * WARM_UP {
            taken.push(arrived - start);
        }
    }
    table.split("one inbound message at a time", &meter.read(&world)?);
    percentiles(table, "one inbound message to its webhook", taken, Budget::AtMost(10.0));
    world.stop().await
}

async fn arrival(webhook: &mut Webhook, text: &str) -> Result<Instant> {
    loop {
        let (body, at) = webhook.received.recv().await.context("the webhook is open")?;
        let event: Value = serde_json::from_slice(&body)?;
        if event["event"] == "message_received" && event["data"]["message"] == text {
            return Ok(at);
        }
    }
}
