//! `POST /media`

use chrono::{Duration, Utc};
use serde_json::{Value, json};

use crate::world::{PDF, World, ZIP, assert_like, moment, png, put_at};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Put the file at uploadUrl, then send its mediaId",
    "data": {
        "mediaId": "med_123456789",
        "uploadUrl": "http://localhost:3000/api/whatsapp/media/123/med_123456789",
        "method": "PUT",
        "headers": {},
        "expiresAt": "2024-01-01T11:00:00Z",
        "maxFileSize": 10485760
    }
}"#;

async fn put(place: &Value, bytes: &[u8]) -> u16 {
    put_at(place).body(bytes.to_vec()).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_handed_in_and_sent_as_often_as_one_likes() {
    let (world, device, _ani, budi) = World::pair().await;
    let place = world.program.post("/media", &json!({"sessionId": device.session_id, "fileName": "foto 世界.png"})).await;
    assert_eq!(place.status, 201, "{:?}", place.body);
    assert_like(&place.body, RESPONSE);
    let data = &place.body["data"];
    assert_eq!((&data["method"], &data["maxFileSize"]), (&json!("PUT"), &json!(10 * 1024 * 1024)));
    let left = moment(&data["expiresAt"]) - Utc::now();
    assert!(left > Duration::minutes(59) && left <= Duration::hours(1), "{left}");

    let body = json!({"mediaId": data["mediaId"], "caption": "Halo"});
    let early = device.send_as(&world.program, "/send/image", &budi.number, body.clone()).await;
    assert_eq!((early.status, early.code()), (404, "MEDIA_NOT_FOUND"), "{:?}", early.body);
    assert_eq!(put(data, &png()).await, 200);
    for kind in ["image", "image", "document"] {
        let id = device.sent_as(&world.program, &format!("/send/{kind}"), &budi.number, body.clone()).await;
        let (shown, record) = world.arrived(&budi, &id, &png()).await;
        assert_eq!((&shown["type"], &shown["caption"]), (&json!(kind), &json!("Halo")));
        assert_eq!(record["media"]["fileName"], "foto 世界.png");
    }
    let form = device.form(&budi.number).text("mediaId", data["mediaId"].as_str().unwrap());
    let sent = crate::world::answer(form.post(&world.program, "/send/image")).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    let wrong = device.send_as(&world.program, "/send/audio", &budi.number, body).await;
    assert_eq!((wrong.status, wrong.code()), (400, "INVALID_MEDIA_TYPE"), "{:?}", wrong.body);
    assert_eq!(world.files().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_is_its_devices_own() {
    let (world, device, _ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let other = world.linked("Other", &citra).await;
    let place = world.program.post("/media", &json!({"sessionId": device.session_id})).await.body["data"].clone();
    assert_eq!(put(&place, ZIP).await, 200);
    for id in [place["mediaId"].as_str().unwrap(), "med_0", "../../messages.db", "", "med_0.x"] {
        let refused = other.send_as(&world.program, "/send/document", &budi.number, json!({"mediaId": id})).await;
        assert_eq!((refused.status, refused.code()), (404, "MEDIA_NOT_FOUND"), "{id}: {:?}", refused.body);
    }
    let sent = device.send_as(&world.program, "/send/document", &budi.number, json!({"mediaId": place["mediaId"]})).await;
    assert_eq!((sent.status, &sent.body["data"]["fileName"]), (200, &json!("document.zip")), "{:?}", sent.body);
    let both = json!({"mediaId": place["mediaId"], "url": "http://127.0.0.1/"});
    let refused = device.send_as(&world.program, "/send/document", &budi.number, both).await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_is_made_for_devices_on_and_off_line_and_for_no_others() {
    let world = World::new().await;
    let idle = world.device("Idle").await;
    let place = world.program.post("/media", &json!({"sessionId": idle.session_id})).await;
    assert_eq!(place.status, 201, "{:?}", place.body);
    assert_eq!(put(&place.body["data"], PDF).await, 200);
    for (body, status) in [
        (json!({"sessionId": "nobody's"}), 404),
        (json!({}), 400),
        (json!({"sessionId": idle.session_id, "fileName": ""}), 400),
        (json!({"sessionId": idle.session_id, "fileName": ".."}), 400),
        (json!({"sessionId": idle.session_id, "fileName": "x".repeat(1001)}), 400),
    ] {
        let refused = world.program.post("/media", &body).await;
        assert_eq!(refused.status, status, "{body}: {:?}", refused.body);
    }
}
