//! Whatever is asked, the answer is what the API's document says: thousands of requests made up by schemathesis.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio};

use reqwest::Url;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    one_machine_only,
    world::{Device, TOKEN, World, answer, eventually, put_at},
};

/// A picture of one pixel.
const PNG: &str = "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0\
                   0000000049454e44ae426082";

fn path(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

/// A link in parts, as schemathesis fills in parts of an operation.
fn parts(link: &str) -> Value {
    let url = Url::parse(link).unwrap();
    let path: Vec<_> = url.path_segments().unwrap().rev().take(2).collect();
    let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    json!({"path": {"deviceId": path[1], "mediaId": path[0]}, "query": query})
}

/// A place for a file of the device's, as its ticket says.
async fn place(world: &World, device: &Device) -> Value {
    let answer = world.program.post("/media", &json!({"sessionId": device.session_id, "fileName": "pixel.png"})).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    answer.body["data"].clone()
}

/// Everything that there may be in a world, and what it is called there.
async fn furnish(world: &World) -> (Value, String) {
    let program = &world.program;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("Toko", &ani).await;
    let (spare, doomed) = (world.device("Spare").await, world.device("Doomed").await);
    for name in ["greeting", "doomed"] {
        let answer = program.post("/templates", &json!({"name": name, "content": "Halo!"})).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
    }
    let (message, doomed_message) = (device.sent(program, &budi.number, "one").await, device.sent(program, &budi.number, "two").await);
    let received = budi.write(&ani.number, "three").await;
    world.wait_for_message(&received, "delivered").await;
    let (group, doomed_group) = (world.group("Arisan", &ani, &[&budi]).await, world.group("Rapat", &ani, &[&budi]).await);
    let recipients = json!([{"phone": budi.number, "message": "four"}, {"phone": budi.number, "message": "five"}]);
    let bulk = json!({"sessionId": device.session_id, "recipients": recipients, "options": {"delay": 3_600_000}});
    let bulk = program.post("/send/bulk", &bulk).await;
    assert_eq!(bulk.status, 202, "{:?}", bulk.body);
    let ticket = place(world, &device).await;
    let put = answer(put_at(&ticket).body(hex::decode(PNG).unwrap())).await;
    assert_eq!(put.status, 200, "{:?}", put.body);
    let image = json!({"sessionId": device.session_id, "recipient": budi.number, "mediaId": ticket["mediaId"]});
    let image = program.post("/send/image", &image).await;
    assert_eq!(image.status, 200, "{:?}", image.body);
    let sent = format!("/messages?messageId={}", image.body["data"]["messageId"].as_str().unwrap());
    let download = eventually("the picture has a link", async || {
        program.get(&sent).await.body["data"]["messages"][0]["mediaUrl"].as_str().map(str::to_owned)
    })
    .await;
    let key = program.get(&format!("/devices/{}", device.id)).await.body["data"]["device"]["apiKey"].as_str().unwrap().to_owned();
    let world = json!({
        "device": device.id,
        "spareDevice": spare.id,
        "doomedDevice": doomed.id,
        "sessionId": device.session_id,
        "spareSession": spare.session_id,
        "groupId": group,
        "doomedGroup": doomed_group,
        "userId": 123,
        "contactId": budi.jid(),
        "message": message,
        "doomedMessage": doomed_message,
        "received": received,
        "bulkId": bulk.body["data"]["bulkId"],
        "template": "greeting",
        "doomedTemplate": "doomed",
        "mediaId": ticket["mediaId"],
        "file": PNG,
        "downloadFile": parts(&download),
        "uploadFile": parts(place(world, &device).await["uploadUrl"].as_str().unwrap()),
    });
    (world, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_one_that_the_document_has() {
    one_machine_only!(
        "the endpoints and the document are the same there; files are S3's, and MiniStack takes too long for thousands of requests"
    );
    // Nobody answers for a group that there is not: that need not take long.
    let world = World::with(&[("SEND_WAIT_MS", "500")]).await;
    let (furniture, key) = furnish(&world).await;
    let schemathesis = path(".tools/venv/bin/schemathesis");
    assert!(schemathesis.exists(), "{} is missing: run tests/run first, it installs it", schemathesis.display());
    let document = format!("{}/openapi.json", world.program.api);
    let output = Command::new(schemathesis)
        .arg("--config-file")
        .arg(path("fuzz/schemathesis.toml"))
        .args(["run", &document, "--no-color"])
        .args(["-H", &format!("X-API-Token: {TOKEN}"), "-H", &format!("X-Device-API-Key: {key}")])
        .current_dir(path(".tools"))
        .env("SCHEMATHESIS_HOOKS", path("fuzz/hooks.py"))
        .env("WORLD", furniture.to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let device = world.program.get(&format!("/devices/{}", furniture["device"].as_str().unwrap())).await;
    assert_eq!(device.body["data"]["device"]["status"], "connected", "{:?}", device.body);
}
