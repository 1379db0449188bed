//! Files in bad weather and through crashes: whatever was accepted arrives once, and whatever came in is there in the end, or told as lost.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    one_machine_only,
    world::{
        Answer, Device, PDF, Phone, Receiver, Socket, TOKEN, World, answer, attempt, download, eventually, is_split, png, put_at, sized,
    },
};

/// How often a file has to be gone until the phone is asked: the library looks again with a fresh permission.
const GONE: u32 = 2;

/// A linked device with a webhook.
async fn stage() -> (World, Device, Phone, Phone, Receiver) {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let receiver = Receiver::start().await;
    let device = world.device_of(json!({"userId": 123, "alias": "Toko", "webhook": {"url": receiver.url}})).await;
    world.link(&device, &ani).await;
    (world, device, ani, budi, receiver)
}

/// The events of a message, in order.
fn events(receiver: &Receiver, device: &Device, id: &str) -> Vec<String> {
    let events = receiver.events(&device.id).into_iter().filter(|event| event["data"]["messageId"] == *id);
    events.map(|event| event["event"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the message's file is there; fails unless it is this one, told once after its message.
async fn assert_received(world: &World, device: &Device, receiver: &Receiver, id: &str, bytes: &[u8]) {
    let record = world.record(id, "has its file", |record| record["media"]["status"] == "stored").await;
    let (status, _, linked) = download(record["mediaUrl"].as_str().unwrap()).await;
    assert!(status == 200 && linked == bytes, "{status} {record}");
    receiver.wait_for("the file", |body| body["event"] == "media_received" && body["data"]["messageId"] == *id).await;
    assert_eq!(events(receiver, device, id), ["message_received", "media_received"]);
}

/// Asks to send a picture under an idempotency key; `None` if the program died of it.
async fn ask(world: &World, device: &Device, to: &Phone, key: &str) -> Option<Answer> {
    let form = device.form(&to.number).text("caption", key).file("image", "x.png", "image/png", &png());
    let answer = attempt(form.post(&world.program, "/send/image").header("idempotency-key", key)).await.ok()?;
    assert!([200, 202].contains(&answer.status), "{:?}", answer.body);
    Some(answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_fails_or_breaks_off_is_tried_again_after_its_message_is_told() {
    let (world, device, ani, budi, receiver) = stage().await;
    let bytes = sized(PDF, 500_000);
    for fault in ["failDownloads", "truncateDownloads"] {
        world.faults(&json!({fault: 2})).await;
        let id = budi.hand(&ani.number, "document", &bytes, json!({"fileName": "surat.pdf"})).await;
        let waiting = world.record(&id, "is there", |_| true).await;
        assert_eq!((&waiting["status"], &waiting["type"]), (&json!("delivered"), &json!("document")));
        assert_received(&world, &device, &receiver, &id, &bytes).await;
    }
    assert_eq!(world.files().len(), 2, "nothing is left of what failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_gone_comes_from_the_phone_again() {
    let (world, device, ani, budi, receiver) = stage().await;
    world.faults(&json!({"goneDownloads": GONE})).await;
    let id = budi.hand(&ani.number, "image", &png(), json!({})).await;
    assert_received(&world, &device, &receiver, &id, &png()).await;
    let citra = world.phone("6281100000003", "Citra").await;
    let group = world.group("Arisan", &citra, &[&ani, &budi]).await;
    world.faults(&json!({"goneDownloads": GONE})).await;
    let id = citra.hand(&group, "image", &png(), json!({})).await;
    assert_received(&world, &device, &receiver, &id, &png()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_gone_for_good_is_told_as_lost_and_its_message_stays() {
    let (world, device, ani, budi, receiver) = stage().await;
    let socket = Socket::open(&format!("{}/?token={TOKEN}", world.program.socket)).await;
    world.faults(&json!({"goneDownloads": GONE, "phonesLostFiles": true})).await;
    let id = budi.hand(&ani.number, "image", &png(), json!({"caption": "Lihat"})).await;
    let failed = receiver.wait_for("the loss", |body| body["event"] == "media_failed" && body["data"]["messageId"] == *id).await.body;
    let data = &failed["data"];
    assert_eq!((&data["error"], &data["mediaUrl"], &data["mediaType"]), (&json!("gone"), &json!(null), &json!("image")));
    assert_eq!((&data["caption"], &data["fileSize"]), (&json!("Lihat"), &json!(png().len())));
    let frame = socket.wait_for("the loss", |frame| frame["type"] == "media_failed").await;
    assert_eq!(frame["data"], *data);
    let record = world.record(&id, "has no file", |record| record["media"]["status"] == "failed").await;
    assert_eq!((&record["media"]["error"], &record["mediaUrl"]), (&json!("gone"), &json!(null)));
    assert_eq!((&record["caption"], &record["status"]), (&json!("Lihat"), &json!("delivered")));
    assert_eq!(events(&receiver, &device, &id), ["message_received", "media_failed"]);
    // The next one comes.
    world.faults(&json!({"phonesLostFiles": false})).await;
    let next = budi.hand(&ani.number, "image", &png(), json!({})).await;
    assert_received(&world, &device, &receiver, &next, &png()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_file_holds_no_message_up() {
    let (world, device, ani, budi, receiver) = stage().await;
    world.faults(&json!({"mediaDelayMs": 60_000})).await;
    let mut files = Vec::new();
    for n in 0..5 {
        files.push(budi.hand(&ani.number, "document", &[n; 2000], json!({"fileName": format!("{n}")})).await);
    }
    let text = budi.write(&ani.number, "sesudah berkas").await;
    world.wait_for_message(&text, "delivered").await;
    for id in &files {
        let record = world.record(id, "is there", |_| true).await;
        assert_eq!((&record["media"]["status"], &record["mediaUrl"]), (&json!("downloading"), &json!(null)));
    }
    device.sent(&world.program, &budi.number, "jawaban").await;
    let told: Vec<_> = receiver.taken().into_iter().filter(|delivered| delivered.body["event"] == "media_received").collect();
    assert!(told.is_empty());
}

/// Lets the program die at a step while a file comes in; after the next start it is there, told once.
async fn receives_through_a_crash_at(step: &str) {
    let (mut world, device, ani, budi, receiver) = stage().await;
    world.crash().await;
    let bytes = sized(PDF, 300_000);
    // It comes with the backlog of the start, or while it runs.
    let waiting = budi.hand(&ani.number, "document", &bytes, json!({"fileName": "a"})).await;
    world.launch_with(&[("CRASH_AT", step)]).await;
    let coming = budi.hand(&ani.number, "document", &bytes, json!({"fileName": "b"})).await;
    world.wait_for_crash().await;
    world.start().await;
    for id in [&waiting, &coming] {
        assert_received(&world, &device, &receiver, id, &bytes).await;
    }
    assert_eq!(world.files().len(), 2, "{:?}", world.files());
    assert_eq!(world.records(&device).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_in_through_a_crash_before_its_message_is_stored() {
    receives_through_a_crash_at("received/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_in_through_a_crash_after_its_message_is_stored() {
    receives_through_a_crash_at("received/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_in_through_a_crash_before_it_is_recorded() {
    receives_through_a_crash_at("media/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_in_through_a_crash_after_it_is_recorded() {
    receives_through_a_crash_at("media/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_in_through_a_kill_in_the_middle_of_its_download() {
    let (mut world, device, ani, budi, receiver) = stage().await;
    world.faults(&json!({"mediaDelayMs": 60_000})).await;
    let id = budi.hand(&ani.number, "document", PDF, json!({"fileName": "a"})).await;
    world.record(&id, "is there", |_| true).await;
    world.crash().await;
    world.faults(&json!({"mediaDelayMs": 0})).await;
    world.start().await;
    assert_received(&world, &device, &receiver, &id, PDF).await;
}

/// Lets the program die at a step of sending a picture; after the next start, and when it is asked for again, the phone has it once.
async fn sends_through_a_crash_at(step: &str) {
    let (mut world, device, _ani, budi, _receiver) = stage().await;
    world.crash().await;
    world.start_with(&[("CRASH_AT", step)]).await;
    world.wait_for_status(&device, "connected").await;
    let first = ask(&world, &device, &budi, "gambar").await.map(|answer| answer.body["data"]["messageId"].clone());
    world.wait_for_crash().await;
    world.start().await;
    world.wait_for_status(&device, "connected").await;
    let again = join_all((0..20).map(|_| ask(&world, &device, &budi, "gambar"))).await;
    let id = again[0].as_ref().unwrap().body["data"]["messageId"].clone();
    assert!(again.iter().flatten().all(|answer| answer.body["data"]["messageId"] == id) && again.iter().all(Option::is_some));
    assert!(first.is_none_or(|first| first == id), "the repeated request was taken for another one");
    world.arrived(&budi, id.as_str().unwrap(), &png()).await;
    assert_eq!(budi.inbox().await.len(), 1);
    let records = world.records(&device).await;
    assert_eq!((records.len(), &records[0]["caption"]), (1, &json!("gambar")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_once_through_a_crash_before_it_is_accepted() {
    one_machine_only!("a function does this step, which takes nothing else with it when it dies");
    sends_through_a_crash_at("accept/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_once_through_a_crash_after_it_is_accepted() {
    one_machine_only!("a function does this step, which takes nothing else with it when it dies");
    sends_through_a_crash_at("accept/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_once_through_a_crash_before_it_is_queued() {
    one_machine_only!("a function does this step, which takes nothing else with it when it dies");
    sends_through_a_crash_at("enqueue/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_once_through_a_crash_after_it_is_queued() {
    one_machine_only!("a function does this step, which takes nothing else with it when it dies");
    sends_through_a_crash_at("enqueue/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_once_through_a_crash_between_its_sending_and_the_storing_of_that() {
    sends_through_a_crash_at("sent/before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_once_through_a_crash_after_its_sending_is_stored() {
    sends_through_a_crash_at("sent/after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_sent_through_a_kill_in_the_middle_of_its_upload() {
    let (mut world, device, _ani, budi, _receiver) = stage().await;
    world.faults(&json!({"mediaDelayMs": 60_000})).await;
    let form = device.form(&budi.number).file("image", "x.png", "image/png", &png());
    let taken = answer(form.post(&world.program, "/send/image").header("prefer", "respond-async")).await;
    assert_eq!(taken.status, 202, "{:?}", taken.body);
    let id = taken.body["data"]["messageId"].as_str().unwrap();
    let text = device.queued(&world.program, &budi.number, "sesudah gambar").await;
    world.crash().await;
    world.faults(&json!({"mediaDelayMs": 0})).await;
    world.start().await;
    world.arrived(&budi, id, &png()).await;
    budi.got(&text).await;
    let ids: Vec<_> = budi.inbox().await.iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [id, &text], "in the order they were asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_fails_is_tried_again() {
    let (world, device, _ani, budi, _receiver) = stage().await;
    world.faults(&json!({"failUploads": 2})).await;
    let form = device.form(&budi.number).file("image", "x.png", "image/png", &png());
    let taken = answer(form.post(&world.program, "/send/image")).await;
    assert!([200, 202].contains(&taken.status), "{:?}", taken.body);
    world.arrived(&budi, taken.body["data"]["messageId"].as_str().unwrap(), &png()).await;
    assert_eq!(budi.inbox().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_handed_in_outlives_a_crash_and_a_forgotten_upload_leaves_nothing() {
    let (mut world, device, _ani, budi, _receiver) = stage().await;
    let place = world.program.post("/media", &json!({"sessionId": device.session_id, "fileName": "surat.pdf"})).await.body["data"].clone();
    let stored = put_at(&place).body(PDF).send().await.unwrap();
    assert_eq!(stored.status(), 200);
    let (address, path) = place["uploadUrl"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!("PUT /{path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 400000\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, &sized(PDF, 300_000)).await.unwrap();
    // S3 shows nothing before it is whole.
    let begun = if is_split() { 1 } else { 2 };
    eventually("the second file is being written", async || (world.files().len() == begun).then_some(())).await;
    world.crash().await;
    assert_eq!(world.files().len(), begun);
    world.start().await;
    assert_eq!(world.files().len(), 1, "what was not written to its end is gone");
    world.wait_for_status(&device, "connected").await;
    let id = device.sent_as(&world.program, "/send/document", &budi.number, json!({"mediaId": place["mediaId"]})).await;
    let (shown, _): (Value, Value) = world.arrived(&budi, &id, PDF).await;
    assert_eq!(shown["fileName"], "surat.pdf");
}
