//! Which sockets are told what, by a gateway that says so.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws::{Audience, Clients, OpenSockets, Records, Resources, Seen, Socket, Sockets};
use domain::{
    contract::samples,
    model::{ApiKey, Device, Event, EventFilter, EventId, EventKind, Timestamp, UserId},
    ports::{Clock, Devices, Ids, Push, RandomIds, SystemClock, before_events},
};
use serde_json::{Value, value::RawValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use crate::stand_in::StandIn;

/// What a gateway was asked.
#[derive(Default)]
struct Asked {
    /// By socket; a frame to one of those that are gone is none.
    frames: HashMap<String, Vec<Value>>,
    closed: HashSet<String>,
    gone: HashSet<String>,
    failing: HashSet<String>,
}

/// A gateway to sockets.
#[derive(Clone, Default)]
struct Gateway(Arc<Mutex<Asked>>);

impl Gateway {
    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(self.clone().answer(stream));
        }
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let head = loop {
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(end) = request.windows(4).position(|end| end == b"\r\n\r\n") {
                break String::from_utf8(request.drain(..end + 4).collect()).unwrap();
            }
        };
        let length =
            head.to_ascii_lowercase().split_once("content-length: ").map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
        while request.len() < length {
            assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        }
        let id = head.split(' ').nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
        let (status, kind) = {
            let mut asked = self.0.lock().unwrap();
            if asked.gone.contains(&id) {
                ("410 Gone", "GoneException")
            } else if asked.failing.contains(&id) && head.starts_with("POST") {
                ("403 Forbidden", "ForbiddenException")
            } else if head.starts_with("DELETE") {
                asked.closed.insert(id);
                ("204 No Content", "")
            } else {
                asked.frames.entry(id).or_default().push(serde_json::from_slice(&request).unwrap());
                ("200 OK", "")
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\nx-amzn-errortype: {kind}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// A stack with two devices, and what pushes to its sockets.
struct World {
    gateway: Gateway,
    sockets: OpenSockets,
    push: Sockets,
    _stand_in: StandIn,
}

impl World {
    async fn start() -> Self {
        let stand_in = StandIn::find().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sockets_endpoint = format!("http://{}", listener.local_addr().unwrap());
        let gateway = Gateway::default();
        tokio::spawn(gateway.clone().serve(listener));
        let resources = Resources { sockets_endpoint, ..stand_in.stack().await };
        let clients = Clients::to(&stand_in.url);
        let records = Records::new(&clients, &resources);
        for device in [device("a", 1), device("b", 2)] {
            assert!(records.create(&device).await.unwrap());
        }
        let sockets = OpenSockets::new(&clients, &resources);
        let push = Sockets::new(&clients, &resources, Arc::new(records));
        Self { gateway, sockets, push, _stand_in: stand_in }
    }

    async fn open(&self, id: &str, change: impl FnOnce(Socket) -> Socket) {
        self.sockets.open(&change(socket(id))).await.unwrap();
    }

    async fn push(&self, device: &str, seq: u64) -> EventId {
        let event = event(device, seq);
        let id = event.id.clone();
        self.push.push(event).await.unwrap();
        id
    }

    /// The places of the events that a socket was told, once they are so many.
    async fn told(&self, id: &str, many: usize) -> Vec<(String, u64)> {
        let place = |frame: &Value| (frame["deviceId"].as_str().unwrap().replace("dev_", ""), frame["seq"].as_u64().unwrap());
        let told = || self.gateway.0.lock().unwrap().frames.get(id).map_or(Vec::new(), |frames| frames.iter().map(place).collect());
        self.eventually(|| told().len() >= many).await;
        told()
    }

    async fn eventually(&self, holds: impl Fn() -> bool) {
        let poll = async {
            while !holds() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), poll).await.expect("it comes about");
    }

    async fn is_closed(&self, id: &str) {
        self.eventually(|| self.gateway.0.lock().unwrap().closed.contains(id)).await;
        let poll = async {
            while self.sockets.get(id).await.unwrap().is_some() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), poll).await.expect("it is forgotten");
    }
}

fn device(name: &str, user: u64) -> Device {
    Device { user_id: UserId::parse(user).unwrap(), ..samples::device(name) }
}

/// One that wants everything from now on.
fn socket(id: &str) -> Socket {
    Socket {
        id: id.into(),
        audience: Audience::All,
        filter: EventFilter::default(),
        opened_at: SystemClock.now(),
        until: None,
        seen: None,
        from: Some(before_events(SystemClock.now())),
        told: None,
        begun: false,
    }
}

fn event(device: &str, seq: u64) -> Event {
    let data = Arc::from(RawValue::from_string("{}".into()).unwrap());
    let (id, device_id, at) = (RandomIds.event(), samples::device(device).id, SystemClock.now());
    Event { id, seq, device_id, kind: EventKind::QrCode, at, trace: None, data }
}

fn places(told: &[(&str, u64)]) -> Vec<(String, u64)> {
    told.iter().map(|(device, seq)| ((*device).to_owned(), *seq)).collect()
}

#[tokio::test]
async fn a_socket_is_told_what_its_client_may_see_and_wants() {
    let world = World::start().await;
    world.open("all", |socket| socket).await;
    world.open("one", |socket| Socket { audience: Audience::User(UserId::parse(1).unwrap()), ..socket }).await;
    world.open("b", |socket| Socket { audience: Audience::device(samples::device("b").id, &ApiKey::new("wak_b")), ..socket }).await;
    world.open("filtered", |socket| Socket { filter: EventFilter::parse("dev_b", "qr").unwrap(), ..socket }).await;
    world.open("other", |socket| Socket { filter: EventFilter::parse("", "message").unwrap(), ..socket }).await;
    for seq in 1..=20 {
        world.push("a", seq).await;
    }
    world.push("b", 1).await;
    world.push.flush().await;
    let mut all = world.told("all", 21).await;
    all.sort();
    let of_a: Vec<_> = (1..=20).map(|seq| ("a".to_owned(), seq)).collect();
    assert_eq!(all, [&of_a[..], &places(&[("b", 1)])].concat());
    assert_eq!(world.told("one", 20).await, of_a);
    assert_eq!(world.told("b", 1).await, places(&[("b", 1)]));
    assert_eq!(world.told("filtered", 1).await, places(&[("b", 1)]));
    assert_eq!(world.told("other", 0).await, places(&[]));
}

#[tokio::test]
async fn a_socket_that_comes_up_late_is_told_what_it_needs_and_nothing_twice() {
    let world = World::start().await;
    let first = world.push("a", 1).await;
    world.push("a", 2).await;
    // One whose client saw the second, and one that was told the first by somebody else.
    let seen = Seen { device: samples::device("a").id, seq: 2, at: SystemClock.now() };
    world.push("a", 3).await;
    let long_ago = before_events(SystemClock.now() - Duration::from_secs(60));
    world.open("again", |socket| Socket { seen: Some(seen), from: Some(long_ago), ..socket }).await;
    world.open("missed", |socket| Socket { from: None, ..socket }).await;
    assert_eq!(world.told("again", 1).await, places(&[("a", 3)]));
    world.push("a", 4).await;
    assert!(world.sockets.begin("missed").await.unwrap() && !world.sockets.begin("missed").await.unwrap());
    world.sockets.go_on("missed", &first).await.unwrap();
    assert_eq!(world.told("missed", 3).await, places(&[("a", 2), ("a", 3), ("a", 4)]));
    assert_eq!(world.told("again", 2).await, places(&[("a", 3), ("a", 4)]));
}

#[tokio::test]
async fn a_socket_that_is_about_to_open_is_waited_for_and_one_that_is_gone_forgotten() {
    let world = World::start().await;
    let hour_ago = SystemClock.now() - Duration::from_secs(3600);
    world.gateway.0.lock().unwrap().gone.extend(["opening".to_owned(), "gone".to_owned()]);
    world.open("opening", |socket| socket).await;
    world.open("gone", |socket| Socket { opened_at: hour_ago, ..socket }).await;
    world.push("a", 1).await;
    world.push("a", 2).await;
    timeout(Duration::from_secs(20), async { while world.sockets.get("gone").await.unwrap().is_some() {} }).await.unwrap();
    world.gateway.0.lock().unwrap().gone.clear();
    assert_eq!(world.told("opening", 2).await, places(&[("a", 1), ("a", 2)]));
}

#[tokio::test]
async fn a_socket_is_closed_that_missed_something_or_may_see_nothing_any_more() {
    let world = World::start().await;
    world.open("expired", |socket| Socket { until: Some(Timestamp::from_millis(1)), ..socket }).await;
    world
        .open("renewed", |socket| Socket { audience: Audience::device(samples::device("a").id, &ApiKey::new("wak_before")), ..socket })
        .await;
    world.push("a", 1).await;
    world.is_closed("expired").await;
    world.is_closed("renewed").await;
    world.gateway.0.lock().unwrap().failing.insert("failing".into());
    world.open("failing", |socket| socket).await;
    world.push("a", 2).await;
    world.is_closed("failing").await;
    world.open("fine", |socket| socket).await;
    world.push.hang_up().await;
    world.is_closed("fine").await;
    assert_eq!((world.told("expired", 0).await, world.told("renewed", 0).await), (places(&[]), places(&[])));
}

#[tokio::test]
async fn an_event_that_no_frame_can_hold_is_named() {
    let world = World::start().await;
    world.open("all", |socket| socket).await;
    let data = Arc::from(RawValue::from_string(format!("\"{}\"", "x".repeat(200_000))).unwrap());
    world.push.push(Event { data, ..event("a", 1) }).await.unwrap();
    world.told("all", 1).await;
    let frame = world.gateway.0.lock().unwrap().frames["all"][0].clone();
    assert_eq!((&frame["type"], &frame["data"], &frame["truncated"]), (&"qr_code".into(), &Value::Null, &true.into()));
}
