//! The lives of a session: logged out, linked anew, taken over, banned, deleted, stopped in the middle of things.

use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    one_machine_only,
    world::{Device, Phone, Place, Program, Receiver, World, answer, attempt, copy_folder, eventually, is_split},
};

/// What a device's record says of it.
async fn read(program: &Program, device: &Device) -> Value {
    let answer = program.get(&format!("/devices/{}", device.id)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["data"]["device"].clone()
}

/// Waits until the device is in this status for this reason.
async fn wait_for(program: &Program, device: &Device, status: &str, reason: Option<&str>) {
    eventually(&format!("the device is {status} because of {reason:?}"), async || {
        let record = read(program, device).await;
        (record["status"] == *status && record["reason"].as_str() == reason).then_some(())
    })
    .await;
}

/// Asks something of a device that has no body.
async fn ask(program: &Program, device: &Device, what: &str) -> Value {
    let answer = program.post(&format!("/devices/{}/{what}", device.id), &json!({})).await;
    assert_eq!(answer.status, 200, "{what}: {:?}", answer.body);
    answer.body["data"].clone()
}

/// The code that the device shows.
async fn code(program: &Program, device: &Device) -> String {
    let answer = program.get(&format!("/devices/{}/qr", device.id)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["data"]["qrCode"].as_str().unwrap().to_owned()
}

async fn refuses_to_send(program: &Program, device: &Device, to: &Phone) {
    let answer = device.send(program, &to.number, "No way").await;
    assert_eq!((answer.status, answer.code()), (400, "DEVICE_NOT_CONNECTED"), "{:?}", answer.body);
}

/// Two phones, the first with a linked device, by this number at the phone.
async fn linked() -> (World, Phone, Phone, Device, u64) {
    linked_with(&[]).await
}

async fn linked_with(settings: &[(&str, &str)]) -> (World, Phone, Phone, Device, u64) {
    let world = World::with(settings).await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.device("Toko").await;
    let companion = world.link(&device, &ani).await;
    (world, ani, budi, device, companion)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_its_phone_logs_out_refuses_to_send_and_can_be_linked_again() {
    let (world, ani, budi, device, companion) = linked().await;
    let program = &world.program;
    ani.unlink(companion).await;
    wait_for(program, &device, "disconnected", Some("logged_out")).await;
    let record = read(program, &device).await;
    assert_eq!((&record["phoneNumber"], &record["lid"]), (&Value::Null, &Value::Null));
    let sent = device.send(program, &budi.number, "No way").await;
    assert_eq!((sent.status, sent.code()), (401, "SESSION_EXPIRED"), "{:?}", sent.body);
    let asked = program.get(&format!("/devices/{}/contacts/live", device.id)).await;
    assert_eq!((asked.status, asked.code()), (401, "SESSION_EXPIRED"), "{:?}", asked.body);

    assert_eq!(ask(program, &device, "connect").await["qrRequired"], true);
    refuses_to_send(program, &device, &budi).await;
    let again = ani.scan(&code(program, &device).await).await;
    assert_ne!(again, companion);
    world.wait_for_status(&device, "connected").await;
    device.sent(program, &budi.number, "Back").await;
    budi.write(&ani.number, "Welcome").await;
    eventually("the answer is stored", async || world.records(&device).await.iter().find(|record| record["content"] == "Welcome").cloned())
        .await;
    assert_eq!(budi.texts().await, ["Back"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_to_be_sent_fails_when_the_device_turns_out_to_be_logged_out() {
    let (world, ani, budi, device, companion) = linked().await;
    world.faults(&json!({"refuseConnections": true, "dropConnections": true})).await;
    world.wait_for_status(&device, "connecting").await;
    let id = device.queued(&world.program, &budi.number, "Too late").await;
    ani.unlink(companion).await;
    world.faults(&json!({"refuseConnections": false})).await;
    wait_for(&world.program, &device, "disconnected", Some("logged_out")).await;
    assert_eq!(world.wait_for_message(&id, "failed").await["error"], "logged_out");
    world.link(&device, &ani).await;
    device.sent(&world.program, &budi.number, "In time").await;
    budi.wait_for("In time").await;
    assert_eq!(budi.texts().await, ["In time"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relogin_leaves_the_account_and_links_to_another_one() {
    let (world, ani, budi, device, companion) = linked().await;
    let citra = world.phone("6281100000003", "Citra").await;
    assert_eq!(ask(&world.program, &device, "relogin").await["qrRequired"], true);
    assert!(!ani.unlink_if_linked(companion).await, "still linked at the phone");
    refuses_to_send(&world.program, &device, &budi).await;
    citra.scan(&code(&world.program, &device).await).await;
    world.wait_for_status(&device, "connected").await;
    assert_eq!(read(&world.program, &device).await["phoneNumber"], "+6281100000003");
    device.sent(&world.program, &budi.number, "From somebody else").await;
    assert_eq!(budi.wait_for("From somebody else").await["from"], citra.jid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnected_device_stays_linked_and_gets_what_it_missed_when_it_is_back() {
    let (mut world, ani, budi, device, _) = linked().await;
    assert_eq!(ask(&world.program, &device, "disconnect").await["status"], "disconnected");
    refuses_to_send(&world.program, &device, &budi).await;
    budi.write(&ani.number, "Missed").await;
    // It stays off line over a restart.
    world.restart().await;
    let record = read(&world.program, &device).await;
    assert_eq!((&record["status"], &record["isConnected"]), (&json!("disconnected"), &json!(false)));
    assert_eq!(world.records(&device).await.len(), 0);

    assert_eq!(ask(&world.program, &device, "connect").await["qrRequired"], false);
    world.wait_for_status(&device, "connected").await;
    eventually("the missed message is stored", async || (world.records(&device).await.len() == 1).then_some(())).await;
    device.sent(&world.program, &budi.number, "Back").await;
    budi.wait_for("Back").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_of_two_programs_with_the_same_device_gives_way_and_takes_over_only_when_asked() {
    one_machine_only!("a stack cannot be copied; hosts give way to each other by leases");
    let (mut world, ani, budi, device, _) = linked().await;
    world.program.terminate().await;
    let copy = TempDir::new().unwrap();
    copy_folder(world.data_dir(), copy.path());
    world.start().await;
    world.wait_for_status(&device, "connected").await;

    let other = Program::start(Place::Folder(copy.path()), world.sandbox.addr(), &[]).await;
    wait_for(&world.program, &device, "error", Some("replaced")).await;
    wait_for(&other, &device, "connected", None).await;
    refuses_to_send(&world.program, &device, &budi).await;
    let connected = read(&other, &device).await;
    device.sent(&other, &budi.number, "From the copy").await;
    budi.write(&ani.number, "To the copy").await;
    eventually("the copy has the answer", async || {
        let answer = other.get("/messages").await;
        answer.body["data"]["messages"].as_array().unwrap().iter().any(|record| record["content"] == "To the copy").then_some(())
    })
    .await;
    // Nobody fought back: the copy was never started anew, and the first stays where it is.
    assert_eq!(read(&other, &device).await["stats"]["lastRestart"], connected["stats"]["lastRestart"]);
    wait_for(&world.program, &device, "error", Some("replaced")).await;
    wait_for(&other, &device, "connected", None).await;

    ask(&world.program, &device, "connect").await;
    wait_for(&other, &device, "error", Some("replaced")).await;
    wait_for(&world.program, &device, "connected", None).await;
    device.sent(&world.program, &budi.number, "From the first").await;
    budi.wait_for("From the first").await;
    assert_eq!(budi.texts().await, ["From the copy", "From the first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_banned_device_comes_back_by_itself_when_the_ban_is_over() {
    let (mut world, ani, budi, device, _) = linked().await;
    // A host that stops tells sockets the last of it first, for some seconds.
    ani.ban(if is_split() { 20 } else { 3 }).await;
    wait_for(&world.program, &device, "error", Some("temporary_ban")).await;
    refuses_to_send(&world.program, &device, &budi).await;
    world.restart().await;
    wait_for(&world.program, &device, "error", Some("temporary_ban")).await;
    wait_for(&world.program, &device, "connected", None).await;
    device.sent(&world.program, &budi.number, "Pardoned").await;
    budi.wait_for("Pardoned").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_device_leaves_nothing_behind_at_the_phone_or_here() {
    let (world, ani, budi, device, companion) = linked().await;
    let receiver = Receiver::start().await;
    let path = format!("/devices/{}", device.id);
    assert_eq!(world.program.put(&path, &json!({"webhook": {"url": receiver.url}})).await.status, 200);
    device.sent(&world.program, &budi.number, "Goodbye").await;
    budi.write(&ani.number, "Bye").await;
    receiver.wait_for("the answer", |body| body["data"]["message"] == "Bye").await;

    let answer = world.program.delete(&path).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.body["data"]["deletedDevice"], json!({"id": device.id, "alias": "Toko"}));
    assert_eq!(answer.body["data"]["cleanedData"], json!({"messagesDeleted": 2, "contactsDeleted": 1, "sessionsDeleted": 1}));
    assert!(!ani.unlink_if_linked(companion).await, "still linked at the phone");
    for (status, code) in
        [world.program.get(&path).await, world.program.delete(&path).await].iter().map(|answer| (answer.status, answer.code()))
    {
        assert_eq!((status, code), (404, "DEVICE_NOT_FOUND"));
    }
    let answer = device.send(&world.program, &budi.number, "Ghost").await;
    assert_eq!((answer.status, answer.code()), (404, "DEVICE_NOT_FOUND"));
    assert_eq!(world.program.get("/messages").await.body["data"]["messages"], json!([]));

    let again = world.linked("Toko", &ani).await;
    assert_eq!(again.session_id, device.session_id);
    assert_ne!(again.id, device.id);
    // What the new device knows of the past, it was told by the phone.
    assert!(world.records(&again).await.iter().all(|record| record["deviceId"] == again.id));
    again.sent(&world.program, &budi.number, "Born again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_deleted_off_line_is_unlinked_at_the_phone_too() {
    let (world, ani, _budi, device, companion) = linked().await;
    let path = format!("/devices/{}", device.id);
    assert_eq!(world.program.post(&format!("{path}/disconnect"), &json!({})).await.status, 200);
    assert_eq!(world.program.delete(&path).await.status, 200);
    assert!(!ani.unlink_if_linked(companion).await, "still linked at the phone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_on_the_same_folder_is_refused_and_says_why() {
    one_machine_only!("any number of hosts share a stack");
    let (world, _ani, budi, device, _) = linked().await;
    let second = Command::new(env!("CARGO_BIN_EXE_warta"))
        .env("PORT", "0")
        .env("WS_PORT", "0")
        .env("DATA_DIR", world.data_dir())
        .env("SANDBOX_URL", format!("http://{}", world.sandbox.addr()))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(30), second).await.expect("it goes on").unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains(&world.data_dir().display().to_string()) && said.contains("in use by another warta"), "{said}");
    device.sent(&world.program, &budi.number, "Unimpressed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_told_to_stop_answers_what_it_was_asked_first() {
    let (mut world, ani, budi, device, _) = linked_with(&[("SEND_WAIT_MS", "9000")]).await;
    // Nobody there who could acknowledge by a receipt, and WhatsApp takes its time.
    budi.power(false).await;
    world.faults(&json!({"ackDelayMs": 1000})).await;
    let texts: Vec<_> = (0..10).map(|number| format!("text {number}")).collect();
    let asks: Vec<_> = texts.iter().map(|text| tokio::spawn(answer(device.request(&world.program, &budi.number, text)))).collect();
    for text in &texts {
        ani.wait_for(text).await;
    }
    world.program.terminate().await;
    let mut ids = Vec::new();
    for ask in asks {
        let answer = ask.await.unwrap();
        assert_eq!((answer.status, &answer.body["data"]["status"]), (200, &json!("sent")), "{:?}", answer.body);
        ids.push(answer.body["data"]["messageId"].as_str().unwrap().to_owned());
    }
    world.start().await;
    budi.power(true).await;
    for id in &ids {
        world.wait_for_message(id, "delivered").await;
    }
    let mut arrived = budi.texts().await;
    arrived.sort();
    assert_eq!(arrived, texts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_told_to_stop_in_an_outage_keeps_what_it_accepted_for_the_next_start() {
    let (mut world, _ani, budi, device, _) = linked_with(&[("SEND_WAIT_MS", "500")]).await;
    world.faults(&json!({"refuseConnections": true, "dropConnections": true})).await;
    world.wait_for_status(&device, "connecting").await;
    let asks: Vec<_> = ["one", "two", "three"].map(|text| tokio::spawn(attempt(device.request(&world.program, &budi.number, text)))).into();
    eventually("the texts are accepted", async || (world.records(&device).await.len() == 3).then_some(())).await;
    world.program.terminate().await;
    let mut ids = Vec::new();
    for ask in asks {
        let answer = ask.await.unwrap().unwrap();
        assert_eq!((answer.status, &answer.body["data"]["status"]), (202, &json!("pending")), "{:?}", answer.body);
        ids.push(answer.body["data"]["messageId"].as_str().unwrap().to_owned());
    }
    world.faults(&json!({"refuseConnections": false})).await;
    world.start().await;
    for id in &ids {
        world.wait_for_message(id, "delivered").await;
    }
    let mut arrived = budi.texts().await;
    arrived.sort();
    assert_eq!(arrived, ["one", "three", "two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_while_waiting_for_a_scan_shows_a_new_code() {
    let mut world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    ask(&world.program, &device, "connect").await;
    let first = code(&world.program, &device).await;
    world.restart().await;
    let second = code(&world.program, &device).await;
    assert_ne!(first, second);
    ani.scan(&second).await;
    world.wait_for_status(&device, "connected").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_right_after_the_scan_ends_linked_or_shows_a_code_again() {
    let mut world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    ask(&world.program, &device, "connect").await;
    ani.scan(&code(&world.program, &device).await).await;
    world.crash().await;
    world.start().await;
    let linked = eventually("the device is linked or shows a code", async || {
        let record = read(&world.program, &device).await;
        let shows = world.program.get(&format!("/devices/{}/qr", device.id)).await.status == 200;
        if record["status"] == "connected" { Some(true) } else { shows.then_some(false) }
    })
    .await;
    if !linked {
        ani.scan(&code(&world.program, &device).await).await;
    }
    world.wait_for_status(&device, "connected").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_twice_changes_nothing() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    let device = world.device("Toko").await;
    let first = ask(&world.program, &device, "connect").await;
    assert_eq!((&first["status"], &first["qrRequired"]), (&json!("connecting"), &json!(true)));
    let shown = code(&world.program, &device).await;
    assert_eq!(ask(&world.program, &device, "connect").await, first);
    assert_eq!(code(&world.program, &device).await, shown);

    ani.scan(&shown).await;
    world.wait_for_status(&device, "connected").await;
    let before = read(&world.program, &device).await;
    let again = ask(&world.program, &device, "connect").await;
    assert_eq!((&again["status"], &again["qrRequired"]), (&json!("connected"), &json!(false)));
    assert_eq!(read(&world.program, &device).await["stats"]["lastRestart"], before["stats"]["lastRestart"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_whatsapp_holds_up_no_command() {
    let (world, ani, budi, device, _) = linked().await;
    world.faults(&json!({"refuseConnections": true, "dropConnections": true})).await;
    world.wait_for_status(&device, "connecting").await;
    assert_eq!(ask(&world.program, &device, "connect").await["status"], "connecting");
    let id = device.queued(&world.program, &budi.number, "Never mind").await;
    assert_eq!(ask(&world.program, &device, "disconnect").await["status"], "disconnected");
    assert_eq!(world.wait_for_message(&id, "failed").await["error"], "disconnected");
    assert_eq!(ask(&world.program, &device, "disconnect").await["status"], "disconnected");
    assert_eq!(ask(&world.program, &device, "connect").await["status"], "connecting");
    assert_eq!(ask(&world.program, &device, "relogin").await["qrRequired"], true);
    let other = world.device("Gudang").await;
    assert_eq!(world.program.delete(&format!("/devices/{}", other.id)).await.status, 200);

    world.faults(&json!({"refuseConnections": false})).await;
    ani.scan(&code(&world.program, &device).await).await;
    world.wait_for_status(&device, "connected").await;
    device.sent(&world.program, &budi.number, "Now then").await;
    budi.wait_for("Now then").await;
    assert_eq!(budi.texts().await, ["Now then"]);
}
