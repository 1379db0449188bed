//! The clients in the contract's languages: each holds a whole conversation by its example program, with phones at the other end.

use std::{path::PathBuf, process::Stdio, time::Duration};

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use crate::world::{Receiver, TOKEN, World};

/// How long a conversation may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const THANKS: &str = r#"Terima kasih, "Budi" 🙏 — \o/ é"#;
const LOOK: &str = "Check out this image! 📷";
const ANSWER: &str = "Halo juga, \"Ani\" 👋🏽\\n";
const FILE_NAME: &str = "matahari terbit é.png";

fn client(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients").join(path)
}

/// What `tests/run` installs.
fn tool(path: &str) -> PathBuf {
    let tool = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/.tools").join(path);
    assert!(tool.exists(), "{} is missing: run tests/run first, it installs what the clients need", tool.display());
    tool
}

fn picture() -> Vec<u8> {
    let (mut bytes, gradient) = (Vec::new(), |x: u32, y: u32| Rgb([x, y, x ^ y].map(|part| part.to_le_bytes()[0])));
    RgbImage::from_fn(320, 240, gradient).write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

/// Runs the program and plays the people it talks to; `hello` is what it says first.
async fn holds_a_conversation(mut program: Command, hello: &str) {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let (budi, citra) = (world.phone("6281100000002", "Budi").await, world.phone("6281100000003", "Citra").await);
    let receiver = Receiver::start().await;
    let (folder, picture) = (TempDir::new().unwrap(), picture());
    let path = folder.path().join(FILE_NAME);
    std::fs::write(&path, &picture).unwrap();

    program.env("API_URL", &world.program.api).env("WS_URL", &world.program.socket).env("API_TOKEN", TOKEN);
    program.env("RECIPIENTS", format!("{},{}", budi.jid(), citra.jid()));
    program.env("WEBHOOK_URL", &receiver.url).env("IMAGE", &path).env("PYTHONUTF8", "1");
    let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    let conversation = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            match line.split_once(": ") {
                Some(("QR Code", code)) => drop(ani.scan(code).await),
                Some(("Bulk accepted", _)) => {
                    budi.wait_for("Hello John!").await;
                    citra.wait_for("Hello Jane!").await;
                    budi.write(&ani.number, ANSWER).await;
                    said.push(line);
                }
                _ => said.push(line),
            }
        }
        child.wait().await.unwrap()
    };
    let status = timeout(PATIENCE, conversation).await;
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{status:?} {said:#?}");
    assert_eq!(
        said,
        [
            "Device created: user_123_device_my_whatsapp_device",
            "Connected: +6281100000001",
            "Message sent: sent",
            "Sent once: true",
            &format!("Image sent: {FILE_NAME} {}", picture.len()),
            "Bulk accepted: 2",
            &format!("New message: {ANSWER}"),
            &format!("History: outgoing text {hello}"),
            &format!("History: outgoing text {THANKS}"),
            &format!("History: outgoing image {LOOK}"),
            "History: outgoing text Hello John!",
            &format!("History: incoming text {ANSWER}"),
            "Devices: Updated Device Name",
            "Device deleted: Updated Device Name",
            "And now: DEVICE_NOT_FOUND",
        ]
    );

    let inbox = budi.inbox().await;
    let row = |message: &Value| json!([message["type"], message["text"], message["caption"], message["quotedId"], message["sha256"]]);
    let sha256 = hex::encode(Sha256::digest(&picture));
    assert_eq!(
        inbox.iter().map(row).collect::<Vec<_>>(),
        [
            json!(["text", hello, null, null, null]),
            json!(["text", THANKS, null, inbox[0]["id"], null]),
            json!(["image", null, LOOK, null, sha256]),
            json!(["text", "Hello John!", null, null, null]),
        ]
    );
    assert_eq!(citra.texts().await, ["Hello Jane!"]);
    receiver.wait_for("the answer", |body| body["event"] == "message_received" && body["data"]["message"] == ANSWER).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_javascript_client_holds_a_conversation() {
    // Installed as a user would: by copying the file.
    for file in ["whatsapp-api.mjs", "conversation.mjs"] {
        std::fs::copy(client("javascript").join(file), tool("javascript").join(file)).unwrap();
    }
    let mut program = Command::new("node");
    program.arg(tool("javascript/conversation.mjs"));
    holds_a_conversation(program, "Hello from API!").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_client_holds_a_conversation() {
    let mut program = Command::new(tool("venv/bin/python"));
    program.arg("-B").arg(client("python/conversation.py"));
    holds_a_conversation(program, "Hello from Python API!").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_php_client_holds_a_conversation() {
    let mut program = Command::new(tool("bin/php"));
    program.arg(client("php/conversation.php"));
    holds_a_conversation(program, "Hello from PHP API!").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_go_client_holds_a_conversation() {
    let mut program = Command::new(tool("bin/go"));
    program.args(["run", "./conversation"]).current_dir(client("go"));
    holds_a_conversation(program, "Hello from Go API!").await;
}
