//! The contract's own webhook receivers, run as they are: what they accept is what we sign, whatever is in it.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
};

use crate::world::{Phone, World, eventually};

const SECRET: &str = "shared-with-the-receivers";

fn root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What `tests/run` installs.
fn tool(path: &str) -> PathBuf {
    let tool = root("tests/.tools").join(path);
    assert!(tool.exists(), "{} is missing: run tests/run first, it installs what the receivers need", tool.display());
    tool
}

/// A receiver as a process.
struct Example {
    url: String,
    /// The events it accepted, as it understood them.
    accepted: Accepted,
    _child: Child,
}

type Accepted = Arc<Mutex<Vec<Value>>>;

impl Example {
    async fn express(secret: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(root("clients/webhooks/express/receiver.js")).env("NODE_PATH", tool("node_modules"));
        tool("node_modules/express");
        Self::start(command, secret).await
    }

    async fn flask(secret: &str) -> Self {
        let mut command = Command::new(tool("venv/bin/python"));
        command.arg("-u").arg(root("clients/webhooks/flask/receiver.py"));
        Self::start(command, secret).await
    }

    async fn start(mut command: Command, secret: &str) -> Self {
        command.env("WEBHOOK_SECRET", secret).env("PORT", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let accepted = Accepted::default();
        let (port, mut listens) = watch::channel(None);
        // Express says its port on the one, Flask on the other.
        tokio::spawn(listen(child.stdout.take().unwrap(), accepted.clone(), port.clone()));
        tokio::spawn(listen(child.stderr.take().unwrap(), accepted.clone(), port));
        let port = listens.wait_for(Option::is_some).await.expect("the receiver ended before it listened").unwrap();
        Self { url: format!("http://127.0.0.1:{port}/webhook/whatsapp"), accepted, _child: child }
    }

    fn accepted(&self) -> Vec<Value> {
        self.accepted.lock().unwrap().clone()
    }
}

/// Notes the port that is announced, and every accepted event: a line of JSON.
async fn listen(output: impl AsyncRead + Unpin, accepted: Accepted, port: watch::Sender<Option<u16>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let said = ["running on port ", "Running on http://127.0.0.1:"].iter().find_map(|words| line.split_once(words));
        if let Some(number) = said.and_then(|(_, number)| number.trim().parse().ok()) {
            port.send_replace(Some(number));
        } else if let Ok(event @ Value::Object(_)) = serde_json::from_str(&line) {
            accepted.lock().unwrap().push(event);
        }
    }
}

/// Texts that are easily written in two ways.
fn tricky() -> Vec<String> {
    let all_controls: String = (1..=0x1f).chain(0x7f..=0x9f).filter_map(char::from_u32).collect();
    let texts = [
        "“Halo” \"Budi\" 'apa' `kabar`?",
        "back\\slash, \\u0041 and \\\" and / and </script>",
        "👋🏽 👨‍👩‍👧‍👦 🇮🇩 𝒳 \u{10ffff}",
        "line\u{2028}paragraph\u{2029}nbsp\u{a0}bom\u{feff}zwj\u{200d}",
        "é e\u{301} ﷽ \u{202e}dexim\u{202c} 東京 العربية",
        "1.0 1e5 12345678901234567890 -0 null true {\"7\":1,\"6\":2}",
        "tab\tline\r\nfeed\u{c}back\u{8}nul-free\u{7f}",
    ];
    let mut texts: Vec<_> = texts.map(str::to_owned).into();
    texts.extend([all_controls, "a".repeat(60_000), "é\"\\".repeat(10_000)]);
    texts
}

async fn accepts_whatever_is_in_it(receiver: &Example) {
    let world = World::with(&[("WEBHOOK_SECRET", SECRET)]).await;
    let (ani, budi) = (world.phone("6281100000001", "Ani \"A\" 👩").await, world.phone("6281100000002", "Budi \\ é").await);
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url}})).await;
    world.link(&device, &ani).await;
    let texts = tricky();
    for text in &texts {
        device.sent(&world.program, &budi.number, text).await;
        budi.write(&ani.number, text).await;
    }
    let told = |kind: &str| -> Vec<String> {
        let told = receiver.accepted().into_iter().filter(|event| event["event"] == *kind);
        told.map(|event| event["data"]["message"].as_str().unwrap().to_owned()).collect()
    };
    eventually("everything is told", async || {
        (told("message_sent").len() >= texts.len() && told("message_received").len() >= texts.len()).then_some(())
    })
    .await;
    assert_eq!((told("message_sent"), told("message_received")), (texts.clone(), texts));
    let events = receiver.accepted();
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], place + 1, "each event was accepted at the first try");
    }
    let kinds = ["qr_code", "connection_update", "message_sent", "message_status", "message_received"];
    for kind in kinds {
        assert!(events.iter().any(|event| event["event"] == *kind), "{kind}");
    }
}

async fn refuses_another_secret(receiver: &Example, phone: &Phone, world: &World) {
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url}})).await;
    world.link(&device, phone).await;
    eventually("the webhook failed", async || {
        let answer = world.program.get(&format!("/devices/{}", device.id)).await;
        (answer.body["data"]["device"]["webhookSettings"]["status"] == "failing").then_some(())
    })
    .await;
    assert_eq!(receiver.accepted(), [Value::Null; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_express_receiver_accepts_whatever_we_sign() {
    accepts_whatever_is_in_it(&Example::express(SECRET).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_flask_receiver_accepts_whatever_we_sign() {
    accepts_whatever_is_in_it(&Example::flask(SECRET).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_receivers_refuse_what_another_secret_signed() {
    let world = World::with(&[("WEBHOOK_SECRET", "some-other-secret")]).await;
    let phone = world.phone("6281100000001", "Ani").await;
    let express = Example::express(SECRET).await;
    refuses_another_secret(&express, &phone, &world).await;
    let answer = world.program.get("/users/123/devices").await;
    let device = answer.body["data"]["devices"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.program.delete(&format!("/devices/{device}")).await.status, 200);
    let flask = Example::flask(SECRET).await;
    refuses_another_secret(&flask, &phone, &world).await;
}
