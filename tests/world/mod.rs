//! A world for one test: a sandbox with its phones, and warta as a process beside it.

mod access;
mod between;
mod browser;
mod collector;
mod contract;
mod device;
mod files;
mod form;
mod host;
mod line;
mod llm;
mod phone;
mod program;
mod receiver;
mod site;
mod socket;
mod stack;

use std::{future::Future, time::Duration};

use sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;

pub use between::{Between, Counts, Fault};
pub use browser::Browser;
pub use collector::{Collector, Span};
pub use contract::{assert_like, assert_schema, moment};
pub use device::Device;
pub use files::{MP3, MP4, OGG, PDF, ZIP, copy_folder, download, files_in, png, put_at, sha256, sized, wav};
pub use form::Form;
pub use host::Host;
pub use line::Line;
pub use llm::{Llm, Saying};
pub use phone::{Phone, read_qr};
pub use program::{Answer, Place, Program, TOKEN, answer, attempt};
pub use receiver::{Answering, Delivered, Receiver};
pub use site::Site;
pub use socket::Socket;
pub use stack::{Stack, is_refusal, is_split};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// One test's world. Everything in it ends with it.
pub struct World {
    pub sandbox: Sandbox,
    pub program: Program,
    settings: Vec<(String, String)>,
    data: TempDir,
    /// The stack, if this is the serverless split.
    stack: Option<Stack>,
}

/// Ends a test, with a word why, that makes sense on one machine alone.
#[macro_export]
macro_rules! one_machine_only {
    ($why:literal) => {
        if $crate::world::is_split() {
            eprintln!("skipped on AWS: {}", $why);
            return;
        }
    };
}

/// Ends a test, with a word why, that makes sense on AWS alone.
#[macro_export]
macro_rules! split_only {
    ($why:literal) => {
        if !$crate::world::is_split() {
            eprintln!("skipped on one machine: {}", $why);
            return;
        }
    };
}

impl World {
    /// A world at rest: no phones, no devices.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A world whose program starts with these environment variables.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::start_all(settings, false).await
    }

    /// A stack whose requests to AWS are counted, and can be made to fail.
    pub async fn watched(settings: &[(&str, &str)]) -> Self {
        Self::start_all(settings, true).await
    }

    async fn start_all(settings: &[(&str, &str)], watched: bool) -> Self {
        let sandbox = Sandbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let data = TempDir::new().unwrap();
        let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let stack = if is_split() { Some(Stack::start(data.path(), watched).await) } else { None };
        let place = stack.as_ref().map_or(Place::Folder(data.path()), Place::Stack);
        let program = Program::start(place, sandbox.addr(), &settings).await;
        Self { sandbox, program, settings, data, stack }
    }

    fn place(&self) -> Place<'_> {
        self.stack.as_ref().map_or(Place::Folder(self.data.path()), Place::Stack)
    }

    /// The stack of the serverless split.
    pub fn stack(&self) -> &Stack {
        self.stack.as_ref().expect("this is the serverless split")
    }

    /// Starts one more session host.
    pub async fn add_host(&self, settings: &[(&str, &str)]) -> Host {
        let more = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let all: Vec<_> = self.settings.iter().cloned().chain(more).collect();
        self.stack().start_host(&program::all_settings(self.sandbox.addr(), &all)).await.expect("a host ended before it was ready")
    }

    /// The folder with all of the program's state.
    pub fn data_dir(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Ends the program at once, as a crash does.
    pub async fn crash(&mut self) {
        self.program.kill().await;
    }

    /// Waits until the program has died by itself.
    pub async fn wait_for_crash(&self) {
        tokio::time::timeout(PATIENCE, self.program.wait()).await.expect("the program lives on");
    }

    /// Starts the program again on the same data, with other settings on top of its first ones.
    pub async fn start_with(&mut self, settings: &[(&str, &str)]) {
        assert!(self.launch_with(settings).await, "the program ended before it listened");
    }

    /// The same, for a program that may die as soon as it starts: answers whether it came to listen.
    pub async fn launch_with(&mut self, settings: &[(&str, &str)]) -> bool {
        let more = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let all: Vec<_> = self.settings.iter().cloned().chain(more).collect();
        let program = Program::launch(self.place(), self.sandbox.addr(), &all).await;
        let listens = program.is_some();
        if let Some(program) = program {
            self.program = program;
        }
        listens
    }

    /// Starts the program again on the same data.
    pub async fn start(&mut self) {
        self.start_with(&[]).await;
    }

    /// Stops the program in an orderly way and starts it again on the same data.
    pub async fn restart(&mut self) {
        self.program.terminate().await;
        self.start().await;
    }

    /// Switches on a phone with a fresh account.
    pub async fn phone(&self, number: &str, name: &str) -> Phone {
        Phone::new(self.sandbox.addr(), number, name).await
    }

    /// Creates a device of user 123 that has never been connected.
    pub async fn device(&self, alias: &str) -> Device {
        self.device_of(json!({"userId": 123, "alias": alias})).await
    }

    /// Creates a device from a request body.
    pub async fn device_of(&self, body: Value) -> Device {
        let answer = self.program.post("/devices", &body).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        Device::from(&answer.body["data"]["device"])
    }

    /// Connects the device and has the phone scan its code; returns when it is connected. Answers the companion's number at the phone.
    pub async fn link(&self, device: &Device, phone: &Phone) -> u64 {
        let answer = self.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let qr = self.program.get(&format!("/devices/{}/qr", device.id)).await;
        assert_eq!(qr.status, 200, "{:?}", qr.body);
        let companion = phone.scan(qr.body["data"]["qrCode"].as_str().unwrap()).await;
        self.wait_for_status(device, "connected").await;
        companion
    }

    /// A device of user 123, linked to the phone and connected.
    pub async fn linked(&self, alias: &str, phone: &Phone) -> Device {
        let device = self.device(alias).await;
        self.link(&device, phone).await;
        device
    }

    /// Waits until the device is in this status.
    pub async fn wait_for_status(&self, device: &Device, status: &str) {
        let path = format!("/devices/{}", device.id);
        eventually(&format!("the device is {status}"), async || {
            let answer = self.program.get(&path).await;
            (answer.body["data"]["device"]["status"] == status).then_some(())
        })
        .await;
    }

    /// Waits until the message is in this status; answers its record.
    pub async fn wait_for_message(&self, id: &str, status: &str) -> Value {
        let path = format!("/messages?messageId={id}");
        eventually(&format!("message {id} is {status}"), async || {
            let answer = self.program.get(&path).await;
            let message = &answer.body["data"]["messages"][0];
            (message["status"] == status).then(|| message.clone())
        })
        .await
    }

    /// Every record of the device, newest first.
    pub async fn records(&self, device: &Device) -> Vec<Value> {
        let (mut records, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = self.program.get(&format!("/messages?deviceId={}&limit=200{cursor}", device.id)).await;
            assert_eq!(answer.status, 200, "{:?}", answer.body);
            records.extend(answer.body["data"]["messages"].as_array().unwrap().iter().cloned());
            match answer.body["data"]["pagination"]["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return records,
            }
        }
    }

    /// A world where Ani's phone is linked to a device and Budi has a phone.
    pub async fn pair() -> (Self, Device, Phone, Phone) {
        Self::pair_with(&[]).await
    }

    /// The same with these settings.
    pub async fn pair_with(settings: &[(&str, &str)]) -> (Self, Device, Phone, Phone) {
        let world = Self::with(settings).await;
        let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
        let device = world.linked("Toko", &ani).await;
        (world, device, ani, budi)
    }

    /// Makes a group; answers its id.
    pub async fn group(&self, subject: &str, owner: &Phone, participants: &[&Phone]) -> String {
        let participants: Vec<_> = participants.iter().map(|phone| &phone.number).collect();
        let body = json!({"subject": subject, "owner": owner.number, "participants": participants});
        let answer = http().post(format!("http://{}/groups", self.sandbox.addr())).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let group: Value = answer.json().await.unwrap();
        group["id"].as_str().unwrap().to_owned()
    }

    /// The one record of this message, once it is like this.
    pub async fn record(&self, id: &str, what: &str, like: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/messages?messageId={id}");
        eventually(&format!("the record of {id} {what}"), async || {
            let answer = self.program.get(&path).await;
            let messages = answer.body["data"]["messages"].as_array().unwrap();
            assert!(messages.len() <= 1, "{messages:#?}");
            messages.first().filter(|message| like(message)).cloned()
        })
        .await
    }

    /// Fails unless this very file arrived at the phone, and lies behind the link in the record. Answers how the phone shows it, and the record.
    pub async fn arrived(&self, phone: &Phone, id: &str, bytes: &[u8]) -> (Value, Value) {
        let shown = phone.got(id).await;
        assert_eq!((&shown["downloaded"], &shown["size"]), (&json!(true), &json!(bytes.len())), "{shown}");
        assert_eq!(shown["sha256"], sha256(bytes), "{shown}");
        assert!(phone.file(id).await == bytes);
        // A crash may swallow the tick that tells of its delivery.
        let record =
            self.record(id, "is sent", |record| ["sent", "delivered", "read"].iter().any(|status| record["status"] == *status)).await;
        assert_eq!((&record["media"]["status"], &record["media"]["fileSize"]), (&json!("stored"), &json!(bytes.len())), "{record}");
        let (status, _, linked) = download(record["mediaUrl"].as_str().unwrap()).await;
        assert!(status == 200 && linked == bytes, "{status} {record}");
        (shown, record)
    }

    /// Every file that the program keeps or is writing.
    pub fn files(&self) -> Vec<std::path::PathBuf> {
        match &self.stack {
            Some(stack) => stack.files(),
            None => files_in(&self.data.path().join("media")),
        }
    }

    /// Changes the sandbox's weather.
    pub async fn faults(&self, faults: &Value) {
        let url = format!("http://{}/faults", self.sandbox.addr());
        let answer = http().post(url).json(faults).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }
}

/// An HTTP client of the test's own.
pub fn http() -> reqwest::Client {
    // The second one finds it set up, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Asks again and again until there is an answer; fails the test if there is none for long.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl FnMut() -> F) -> T {
    within(PATIENCE, ask).await.unwrap_or_else(|| panic!("never came true: {what}"))
}

/// Asks again and again until there is an answer or the time is over.
pub async fn within<T, F: Future<Output = Option<T>>>(patience: Duration, mut ask: impl FnMut() -> F) -> Option<T> {
    let deadline = tokio::time::Instant::now() + patience;
    let mut asking = tokio::time::interval(Duration::from_millis(20));
    loop {
        asking.tick().await;
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if tokio::time::Instant::now() >= deadline {
            return None;
        }
    }
}
