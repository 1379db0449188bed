//! Several session hosts on one stack: each device is on exactly one, and what happens to a host happens to no message.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    split_only,
    world::{Device, Host, Phone, TOKEN, World, answer, eventually, http},
};

/// Devices, each with an account of its own: enough for nearly every lane to have some.
const DEVICES: usize = 8;

struct Scene {
    world: World,
    devices: Vec<(Device, Phone)>,
    /// Somebody who writes with all of them.
    budi: Phone,
}

impl Scene {
    /// A stack with one host.
    async fn new() -> Self {
        let world = World::new().await;
        let budi = world.phone("6281100000999", "Budi").await;
        let mut devices = Vec::new();
        for n in 0..DEVICES {
            let phone = world.phone(&format!("62811000001{n:02}"), &format!("Toko {n}")).await;
            devices.push((world.linked(&format!("Toko {n}"), &phone).await, phone));
        }
        Self { world, devices, budi }
    }

    /// How many devices each of these hosts has on line, once all are and on one host each.
    async fn shares(&self, hosts: &[&Host]) -> Vec<usize> {
        eventually("each device is on line on one host", async || {
            let mut shares = Vec::new();
            for host in hosts {
                shares.push(host.devices().await?);
            }
            (shares.iter().sum::<usize>() == DEVICES).then_some(shares)
        })
        .await
    }

    /// Everything that Budi has got and that was got from him, once and in order for each device.
    async fn all_arrived(&self, told: &Traffic) {
        let told = told.so_far();
        for ((device, phone), (sent, written)) in self.devices.iter().zip(&told) {
            let wanted: Vec<String> = sent.clone();
            let got = eventually(&format!("Budi has got all of {}", phone.number), async || {
                let texts = self.budi.texts().await;
                let own: Vec<String> = texts.into_iter().filter(|text| text.starts_with(&format!("{}:", phone.number))).collect();
                (own.len() >= wanted.len()).then_some(own)
            })
            .await;
            assert_eq!(got, wanted, "what Budi got of {}", phone.number);
            let records = eventually(&format!("{} has stored all", phone.number), async || {
                let records = self.world.records(device).await;
                let incoming = records.iter().filter(|record| record["direction"] == "incoming").count();
                (incoming >= written.len()).then_some(records)
            })
            .await;
            let mut incoming: Vec<&str> = records
                .iter()
                .filter(|record| record["direction"] == "incoming")
                .map(|record| record["content"].as_str().unwrap())
                .collect();
            incoming.reverse();
            assert_eq!(incoming, written.iter().map(String::as_str).collect::<Vec<_>>(), "what {} got", phone.number);
            for record in records.iter().filter(|record| record["direction"] == "outgoing") {
                assert_ne!(record["status"], "failed", "{record}");
            }
        }
    }
}

/// What was asked to be sent by each device, and what was written to it.
type Said = Vec<(Vec<String>, Vec<String>)>;

/// Messages in both directions, of all devices, until it is stopped.
struct Traffic {
    said: Arc<Mutex<Said>>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Traffic {
    fn start(scene: &Scene) -> Self {
        let said = Arc::new(Mutex::new(vec![(Vec::new(), Vec::new()); scene.devices.len()]));
        let stop = Arc::new(AtomicBool::new(false));
        let devices: Vec<(String, String)> =
            scene.devices.iter().map(|(device, phone)| (device.session_id.clone(), phone.number.clone())).collect();
        let (api, budi, sandbox) = (scene.world.program.api.clone(), scene.budi.number.clone(), scene.world.sandbox.addr());
        let (said_by, stopped) = (said.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let client = http();
            let mut rounds = tokio::time::interval(Duration::from_millis(250));
            for n in 0_u32.. {
                rounds.tick().await;
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                for (place, (session, number)) in devices.iter().enumerate() {
                    let text = format!("{number}: {n}");
                    let body = json!({"sessionId": session, "recipient": budi, "message": text});
                    let request = client.post(format!("{api}/send")).header("x-api-token", TOKEN).header("prefer", "respond-async");
                    let taken = answer(request.json(&body)).await;
                    assert_eq!(taken.status, 202, "{taken:?}");
                    said_by.lock().unwrap()[place].0.push(text);
                    let text = format!("ke {number}: {n}");
                    let url = format!("http://{sandbox}/phones/{budi}/messages");
                    let written = client.post(url).json(&json!({"to": number, "text": text})).send().await.unwrap();
                    assert_eq!(written.status(), 201);
                    said_by.lock().unwrap()[place].1.push(text);
                }
            }
        });
        Self { said, stop, task }
    }

    fn so_far(&self) -> Said {
        self.said.lock().unwrap().clone()
    }

    /// Waits until some more was said.
    async fn goes_on(&self) {
        let before = self.so_far()[0].0.len();
        eventually("more is said", async || (self.so_far()[0].0.len() >= before + 4).then_some(())).await;
    }

    async fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        (&mut self.task).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_added_takes_its_share_and_gives_it_back_when_it_is_told_to_stop() {
    split_only!("one machine is one host");
    let scene = Scene::new().await;
    let first = scene.world.program.host();
    assert_eq!(scene.shares(&[first]).await, [DEVICES]);

    let mut traffic = Traffic::start(&scene);
    let mut second = scene.world.add_host(&[]).await;
    eventually("the second has taken its share", async || (second.lanes().await? == 2 && first.lanes().await? == 2).then_some(())).await;
    scene.shares(&[first, &second]).await;
    traffic.goes_on().await;
    let mut third = scene.world.add_host(&[]).await;
    eventually("all three hold lanes", async || {
        let lanes = (first.lanes().await?, second.lanes().await?, third.lanes().await?);
        (lanes.0 + lanes.1 + lanes.2 == 4 && lanes.0 > 0 && lanes.1 > 0 && lanes.2 > 0).then_some(())
    })
    .await;
    traffic.goes_on().await;

    second.terminate().await;
    third.terminate().await;
    assert_eq!(scene.shares(&[first]).await, [DEVICES]);
    traffic.goes_on().await;
    traffic.stop().await;
    scene.all_arrived(&traffic).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_told_to_stop_hands_its_devices_over_without_a_gap_while_messages_flow() {
    split_only!("one machine is one host");
    let scene = Scene::new().await;
    let mut second = scene.world.add_host(&[]).await;
    let first = scene.world.program.host();
    eventually("the second has taken its share", async || (second.lanes().await? == 2 && first.lanes().await? == 2).then_some(())).await;
    let mut traffic = Traffic::start(&scene);
    traffic.goes_on().await;

    let gap = Gap::watch(&scene);
    second.terminate().await;
    traffic.goes_on().await;
    assert_eq!(scene.shares(&[first]).await, [DEVICES]);
    traffic.goes_on().await;
    traffic.stop().await;
    scene.all_arrived(&traffic).await;
    let longest = gap.longest().await;
    println!("the longest a text waited while its device changed hosts: {longest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_devices_of_a_host_that_dies_are_taken_over_within_the_lease() {
    split_only!("one machine is one host");
    let scene = Scene::new().await;
    let mut second = scene.world.add_host(&[]).await;
    let first = scene.world.program.host();
    eventually("the second has taken its share", async || (second.lanes().await? == 2).then_some(())).await;
    let mut traffic = Traffic::start(&scene);
    traffic.goes_on().await;

    second.kill().await;
    let died_at = Instant::now();
    eventually("its lanes are taken", async || (first.lanes().await? == 4).then_some(())).await;
    println!("the lanes of a host that died were taken after {:?}, with leases of 5 s", died_at.elapsed());
    assert_eq!(scene.shares(&[first]).await, [DEVICES]);
    traffic.goes_on().await;
    traffic.stop().await;
    scene.all_arrived(&traffic).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_was_paused_for_long_wakes_up_fenced_and_harms_nothing() {
    split_only!("one machine is one host");
    let scene = Scene::new().await;
    let second = scene.world.add_host(&[]).await;
    let first = scene.world.program.host();
    eventually("the second has taken its share", async || (second.lanes().await? == 2).then_some(())).await;
    let mut traffic = Traffic::start(&scene);
    traffic.goes_on().await;

    // Far longer than a lease.
    second.signal(Signal::STOP);
    assert_eq!(scene.shares(&[first]).await, [DEVICES]);
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        traffic.goes_on().await;
    }
    second.signal(Signal::CONT);
    eventually("it has found its place again", async || {
        let lanes = (first.lanes().await?, second.lanes().await?);
        (lanes == (2, 2)).then_some(())
    })
    .await;
    scene.shares(&[first, &second]).await;
    traffic.goes_on().await;
    traffic.stop().await;
    scene.all_arrived(&traffic).await;
    // Nobody was told that a device was replaced or failed.
    let mut statuses = HashMap::new();
    for (device, _) in &scene.devices {
        let record = scene.world.program.get(&format!("/devices/{}", device.id)).await.body["data"]["device"].clone();
        *statuses.entry(record["status"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(statuses, HashMap::from([("connected".to_owned(), DEVICES)]));
}

/// How long texts wait to arrive, while something happens.
struct Gap {
    task: JoinHandle<Duration>,
    stop: Arc<AtomicBool>,
}

impl Gap {
    /// Sends a text of each device now and then, and looks when it is sent.
    fn watch(scene: &Scene) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let (api, to) = (scene.world.program.api.clone(), scene.world.sandbox.addr());
        let devices: Vec<String> = scene.devices.iter().map(|(device, _)| device.session_id.clone()).collect();
        let task = tokio::spawn(async move {
            let client = http();
            let phone = "6281100000777";
            let url = format!("http://{to}/phones");
            client.post(url).json(&json!({"number": phone, "name": "Cici"})).send().await.unwrap();
            let mut longest = Duration::ZERO;
            while !stopped.load(Ordering::Relaxed) {
                let sends = devices.iter().map(|session| {
                    let body = json!({"sessionId": session, "recipient": phone, "message": "Masih?"});
                    let request = client.post(format!("{api}/send")).header("x-api-token", TOKEN).json(&body);
                    async move {
                        let begun = Instant::now();
                        let sent = answer(request).await;
                        assert_eq!((sent.status, &sent.body["data"]["status"]), (200, &Value::from("sent")), "{sent:?}");
                        begun.elapsed()
                    }
                });
                let waits = futures::future::join_all(sends).await;
                longest = waits.into_iter().max().unwrap_or_default().max(longest);
            }
            longest
        });
        Self { task, stop }
    }

    async fn longest(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}
