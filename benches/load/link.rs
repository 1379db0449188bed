//! Phones, and devices linked to them.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    http::Http,
    world::{BASE, World},
};

/// Devices linked at the same time.
const AT_ONCE: usize = 32;

/// How long a device may take to come on line.
const PATIENCE: Duration = Duration::from_secs(60);

const GLANCE: Duration = Duration::from_millis(20);

/// A linked device, on line.
pub struct Device {
    pub path: String,
    pub session_id: String,
    /// The number of its phone.
    pub number: String,
}

/// A device's state.
pub struct Presence {
    pub connected: bool,
    /// When its session last began.
    pub since: String,
}

impl Device {
    pub async fn presence(&self, api: &mut Http) -> Result<Presence> {
        let answer = api.get(&self.path).await?;
        let device = &answer["data"]["device"];
        let since = device["stats"]["lastRestart"].as_str().unwrap_or_default().to_owned();
        Ok(Presence { connected: device["isConnected"] == true, since })
    }

    /// Waits until the device is on line in a session that did not begin at `before`.
    pub async fn connected(&self, api: &mut Http, before: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let presence = self.presence(api).await?;
            if presence.connected && presence.since != before {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "a device did not come on line");
            sleep(GLANCE).await;
        }
    }
}

/// Links a device to a new phone for each number of `range`; its events go to `webhook`.
pub async fn devices(world: &World, range: Range<usize>, webhook: Option<&str>) -> Result<Vec<Device>> {
    stream::iter(range).map(|number| device(world, number, webhook)).buffered(AT_ONCE).try_collect().await
}

/// Phones of people who have no devices: their numbers.
pub async fn customers(world: &World, count: usize) -> Result<Vec<String>> {
    let mut phones = Http::connect(world.phones).await?;
    let mut numbers = Vec::with_capacity(count);
    for index in 0..count {
        let number = format!("62812{index:07}");
        phones.post("/phones", &json!({"number": number, "name": "Customer"})).await?;
        numbers.push(number);
    }
    Ok(numbers)
}

async fn device(world: &World, index: usize, webhook: Option<&str>) -> Result<Device> {
    let (mut api, mut phones) = (Http::connect(world.api).await?, Http::connect(world.phones).await?);
    let number = format!("62811{index:07}");
    phones.post("/phones", &json!({"number": number, "name": "Shop"})).await?;
    let mut wanted = json!({"userId": 1, "alias": format!("Device {index}")});
    if let Some(url) = webhook {
        wanted["webhook"] = json!({"url": url, "events": ["message"]});
    }
    let created = api.post(&format!("{BASE}/devices"), &wanted).await?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("an id is text");
    let created = &created["data"]["device"];
    let path = format!("{BASE}/devices/{}", text(&created["id"])?);
    let device = Device { session_id: text(&created["sessionId"])?, number, path };
    api.post(&format!("{}/connect", device.path), &json!({})).await?;
    let qr = api.get(&format!("{}/qr", device.path)).await?;
    phones.post(&format!("/phones/{}/scan", device.number), &json!({"qr": qr["data"]["qrCode"]})).await?;
    device.connected(&mut api, "").await?;
    Ok(device)
}
