//! What a page of history costs with 10,000 and with 1,000,000 messages in the store.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use domain::{
    model::{
        AiSettings, DeliveryStats, Device, Direction, Jid, Message, MessageCounts, MessageStatus, MessageType, Session, Timestamp, UserId,
        session_id,
    },
    ports::{Change, Clock, Devices, Ids, Journal, RandomIds, Step, SystemClock},
};
use embedded::Store;
use futures::{StreamExt, TryStreamExt, stream};
use tempfile::TempDir;

use crate::{
    http::Http,
    table::{Budget, Table},
    world::{BASE, World, data},
};

const SIZES: [u64; 2] = [10_000, 1_000_000];
/// Users, each with as many devices, each with as many chats.
const USERS: u64 = 5;
const DEVICES: u64 = 2;
const CHATS: u64 = 500;
/// Messages stored at once.
const BATCH: usize = 2_000;
/// How far the history goes back.
const PAST: Duration = Duration::from_secs(90 * 24 * 3600);
/// How often each page is asked for.
const TIMES: usize = 200;

pub async fn run(table: &mut Table) -> Result<()> {
    for size in SIZES {
        let folder = TempDir::with_prefix("warta-load-")?;
        let device = fill(&folder, size).await?;
        let world = World::start_in(folder).await?;
        let mut api = Http::connect(world.api).await?;
        let chat = chat(7);
        let day = (SystemClock.now() - PAST / 2).to_string();
        let day = &day[..10];
        for (what, path) in [
            ("newest of all", "/messages?limit=50".to_owned()),
            ("one user's", "/users/1/messages?limit=50".to_owned()),
            ("pictures of all", "/messages?type=image&limit=50".to_owned()),
            ("failed ones of a day", format!("/messages?status=failed&dateFrom={day}&dateTo={day}&limit=50")),
            ("one chat's", format!("/devices/{device}/messages/{chat}?limit=50")),
        ] {
            let path = format!("{BASE}{path}");
            let mut taken = Vec::with_capacity(TIMES);
            for _ in 0..TIMES {
                let start = Instant::now();
                api.get(&path).await?;
                taken.push(start.elapsed());
            }
            taken.sort_unstable();
            table.milliseconds(format!("a page among {size} messages, {what}, median"), taken[TIMES / 2], Budget::None);
        }
        world.stop().await?;
    }
    Ok(())
}

/// Stores that many messages of the past, spread over devices, chats, kinds and days; answers one of the devices.
async fn fill(folder: &TempDir, size: u64) -> Result<String> {
    let (ids, now) = (RandomIds, SystemClock.now());
    let store = Arc::new(Store::open(&data(folder))?);
    let per_device = size / (USERS * DEVICES);
    let mut devices = Vec::new();
    for number in 0..USERS * DEVICES {
        let (user, alias) = (UserId::parse(number % USERS)?, format!("Device {number}"));
        let device = Device {
            id: ids.device(),
            user_id: user,
            session_id: session_id(user, &alias).context("the alias has letters")?,
            alias,
            description: None,
            api_key: ids.api_key(),
            webhook: None,
            ai: AiSettings::default(),
            created_at: now,
            updated_at: now,
            session: Session::new(),
            counts: MessageCounts::default(),
            deliveries: DeliveryStats::default(),
        };
        Devices::create(&*store, &device).await?;
        devices.push(device);
    }
    stream::iter(&devices)
        .map(|device| {
            let store = store.clone();
            async move {
                for from in (0..per_device).step_by(BATCH) {
                    let messages = (from..per_device.min(from + BATCH as u64))
                        .map(|n| message(device, n, now - PAST.mul_f64(n as f64 / per_device as f64)));
                    let steps = messages.map(|message| Step { change: Change::History(Box::new(message)), event: None }).collect();
                    store.commit(&device.id, store.epoch(), steps).await?;
                }
                anyhow::Ok(())
            }
        })
        .buffer_unordered(4)
        .try_collect::<()>()
        .await?;
    store.close().await;
    Ok(devices[0].id.to_string())
}

fn message(device: &Device, n: u64, timestamp: Timestamp) -> Message {
    let chat = chat(n % CHATS);
    let incoming = n.is_multiple_of(3);
    let own = Jid::parse("6281100000000").ok();
    let (from, to) = if incoming { (Some(chat.clone()), own) } else { (own, Some(chat.clone())) };
    Message {
        id: RandomIds.message(),
        device_id: device.id.clone(),
        session_id: device.session_id.clone(),
        direction: if incoming { Direction::Incoming } else { Direction::Outgoing },
        chat,
        from,
        to,
        lid: None,
        kind: if n.is_multiple_of(10) { MessageType::Image } else { MessageType::Text },
        content: "Your order has left our house and will be with you tomorrow before noon.".into(),
        caption: None,
        attachment: None,
        quoted: None,
        mentions: Vec::new(),
        link_preview: false,
        forwarded: false,
        broadcast: false,
        push_name: None,
        timestamp,
        status: match n % 100 {
            1 => MessageStatus::Failed,
            2..10 => MessageStatus::Delivered,
            _ => MessageStatus::Read,
        },
        read_at: None,
        error: None,
        due_at: None,
        bulk: None,
        author: None,
        edited_at: None,
        deleted_at: None,
    }
}

fn chat(number: u64) -> Jid {
    Jid::parse(&format!("62812{number:07}")).expect("a number in international format")
}
