//! `POST /messages/{messageId}/forward`

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Device, PDF, World, answer, assert_like, png};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent",
        "messageType": "text"
    }
}"#;

async fn forward(world: &World, device: &Device, id: &str, to: &str) -> Answer {
    world.program.post(&format!("/messages/{id}/forward"), &json!({"sessionId": device.session_id, "recipient": to})).await
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["data"]["messageId"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_either_side_is_forwarded_with_all_that_goes_with_it() {
    let (world, device, ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let text = budi.write(&ani.number, "kabar baik").await;
    world.wait_for_message(&text, "delivered").await;
    let forwarded = forward(&world, &device, &text, &citra.number).await;
    assert_like(&forwarded.body, RESPONSE);
    assert_eq!(forwarded.body["data"]["recipient"], citra.jid());
    let shown = citra.got(&id(&forwarded)).await;
    assert_eq!((&shown["text"], &shown["forwarded"], &shown["from"]), (&json!("kabar baik"), &json!(true), &json!(ani.jid())));
    let record = world.record(&id(&forwarded), "is there", |_| true).await;
    assert_eq!((&record["metadata"]["forwarded"], &record["content"]), (&json!(true), &json!("kabar baik")));

    let file =
        budi.hand(&ani.number, "document", PDF, json!({"fileName": "surat.pdf", "caption": "Baca", "mimeType": "application/pdf"})).await;
    world.record(&file, "has its file", |record| record["media"]["status"] == "stored").await;
    let sent = id(&forward(&world, &device, &file, &citra.number).await);
    let (shown, _) = world.arrived(&citra, &sent, PDF).await;
    assert_eq!((&shown["fileName"], &shown["caption"], &shown["forwarded"]), (&json!("surat.pdf"), &json!("Baca"), &json!(true)));

    let picture = device.sent_file(&world.program, "image", &budi.number, "x.png", &png()).await;
    let sent = id(&forward(&world, &device, &picture, &citra.number).await);
    let (shown, _) = world.arrived(&citra, &sent, &png()).await;
    assert_eq!(shown["forwarded"], true);
    for (path, body, kind) in [
        ("/send/location", json!({"latitude": 1.5, "longitude": 2, "name": "Monas"}), "location"),
        ("/send/contact", json!({"contact": {"name": "Dewi", "phone": "6281100000004"}}), "contact"),
        ("/send/poll", json!({"question": "?", "options": ["a", "b"]}), "poll"),
    ] {
        let first = device.sent_as(&world.program, path, &budi.number, body).await;
        let sent = id(&forward(&world, &device, &first, &citra.number).await);
        let (was, is) = (budi.got(&first).await, citra.got(&sent).await);
        assert_eq!((&is["type"], &is["forwarded"]), (&json!(kind), &json!(true)), "{is}");
        for field in ["text", "latitude", "name", "contacts"] {
            assert_eq!(is[field], was[field], "{kind} {field}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_forwarded_stays_when_its_first_message_is_taken_back() {
    let (world, device, _ani, budi) = World::pair().await;
    let picture = device.sent_file(&world.program, "image", &budi.number, "x.png", &png()).await;
    let sent = id(&forward(&world, &device, &picture, &budi.number).await);
    let deleted = world.program.post(&format!("/messages/{picture}/delete"), &json!({"sessionId": device.session_id})).await;
    assert_eq!(deleted.status, 200);
    world.arrived(&budi, &sent, &png()).await;
    let refused = forward(&world, &device, &picture, &budi.number).await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_forwarded_is_refused() {
    let (world, device, ani, budi) = World::pair().await;
    let own = device.sent(&world.program, &budi.number, "Halo").await;
    let reaction = json!({"sessionId": device.session_id, "messageId": own, "emoji": "👍"});
    let reaction = world.program.post("/send/reaction", &reaction).await;
    world.faults(&json!({"goneDownloads": 100})).await;
    let lost = budi.hand(&ani.number, "image", &png(), json!({})).await;
    world.record(&lost, "is there", |_| true).await;
    for id in [id(&reaction), lost] {
        let refused = forward(&world, &device, &id, &budi.number).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
    }
    assert_eq!(forward(&world, &device, "3EB0000000000000000000", &budi.number).await.code(), "MESSAGE_NOT_FOUND");
    assert_eq!(forward(&world, &device, &own, "0811").await.code(), "INVALID_PHONE_NUMBER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forwarding_twice_with_one_key_forwards_once() {
    let (world, device, _ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let own = device.sent(&world.program, &budi.number, "Halo").await;
    let ask = async || {
        let request = world.program.request(Method::POST, &format!("/messages/{own}/forward"));
        let body = json!({"sessionId": device.session_id, "recipient": citra.number});
        answer(request.json(&body).header("idempotency-key", "one")).await
    };
    let (first, second): (Answer, Answer) = tokio::join!(ask(), ask());
    assert_eq!((first.status, &first.body), (200, &second.body));
    let ids: Vec<Value> = citra.inbox().await.iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [json!(id(&first))]);
}
