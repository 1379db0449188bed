//! `POST /send/bulk`, `GET /send/bulk/{bulkId}`, `POST /send/bulk/{bulkId}/cancel`

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Device, Phone, World, answer, assert_like, eventually, moment};

const REQUEST: &str = r#"{
    "sessionId": "user_123_device_my_device",
    "recipients": [
        {
            "phone": "1234567890@s.whatsapp.net",
            "message": "Hello John!",
            "variables": {
                "name": "John"
            }
        },
        {
            "phone": "0987654321@s.whatsapp.net",
            "message": "Hello Jane!",
            "variables": {
                "name": "Jane"
            }
        }
    ],
    "options": {
        "delay": 2000,
        "template": "greeting_template"
    }
}"#;

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Bulk accepted",
    "data": {
        "bulkId": "blk_1",
        "sessionId": "user_123_device_my_device",
        "total": 2,
        "delay": 2000,
        "status": "pending",
        "messages": [{"messageId": "msg_1", "recipient": "1234567890@s.whatsapp.net", "status": "pending", "error": null}]
    }
}"#;

const PROGRESS: &str = r#"{
    "success": true,
    "data": {
        "bulkId": "blk_1",
        "sessionId": "user_123_device_my_device",
        "status": "completed",
        "total": 2,
        "progress": {"pending": 0, "sent": 0, "delivered": 2, "read": 0, "failed": 0},
        "delay": 2000,
        "createdAt": "2024-01-01T10:00:00Z",
        "cancelledAt": null,
        "messages": [{"messageId": "msg_1", "recipient": "1234567890@s.whatsapp.net", "status": "delivered", "error": null}],
        "pagination": {"page": 1, "limit": 50, "total": 2, "totalPages": 1}
    }
}"#;

/// Waits until all of the bulk is delivered; answers it.
async fn delivered(world: &World, id: &str) -> Value {
    eventually("the bulk is delivered", async || {
        let found = world.program.get(&format!("/send/bulk/{id}")).await;
        (found.body["data"]["progress"]["delivered"] == found.body["data"]["total"]).then_some(found.body)
    })
    .await
}

fn body(device: &Device, recipients: Value) -> Value {
    json!({"sessionId": device.session_id, "recipients": recipients})
}

async fn texts(phone: &Phone) -> Vec<String> {
    phone.texts().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_is_taken_as_it_stands() {
    let world = World::new().await;
    let (ani, john) = (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "John").await);
    let device = world.linked("My Device", &ani).await;
    let template = json!({"name": "greeting_template", "content": "Dear {{name}}, welcome!"});
    assert_eq!(world.program.post("/templates", &template).await.status, 201);
    let accepted = answer(world.program.request(Method::POST, "/send/bulk").header("content-type", "application/json").body(REQUEST)).await;
    assert_eq!(accepted.status, 202, "{:?}", accepted.body);
    assert_like(&accepted.body, RESPONSE);
    assert_eq!(accepted.body["data"]["messages"][1]["recipient"], "0987654321@s.whatsapp.net");
    john.wait_for("Dear John, welcome!").await;
    // No number begins with a zero: what becomes of Jane's message is WhatsApp's to say.
    let path = format!("/send/bulk/{}", accepted.body["data"]["bulkId"].as_str().unwrap());
    eventually("the bulk is done", async || (world.program.get(&path).await.body["data"]["status"] == "completed").then_some(())).await;
    assert_eq!(world.records(&device).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_template_goes_to_both_two_seconds_apart() {
    let world = World::new().await;
    let (ani, john, jane) =
        (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "John").await, world.phone("1987654321", "Jane").await);
    let device = world.linked("My Device", &ani).await;
    let body = REQUEST.replace("0987654321", "1987654321");
    let request = || world.program.request(Method::POST, "/send/bulk").header("content-type", "application/json").body(body.clone());
    let refused = answer(request()).await;
    assert_eq!((refused.status, refused.code()), (404, "TEMPLATE_NOT_FOUND"));
    let template = json!({"name": "greeting_template", "content": "Dear {{name}}, welcome!"});
    assert_eq!(world.program.post("/templates", &template).await.status, 201);

    let accepted = answer(request()).await;
    assert_eq!(accepted.status, 202, "{:?}", accepted.body);
    assert_like(&accepted.body, RESPONSE);
    let messages = accepted.body["data"]["messages"].as_array().unwrap().clone();
    assert_eq!([&messages[0]["recipient"], &messages[1]["recipient"]], [&json!(john.jid()), &json!(jane.jid())]);
    let bulk_id = accepted.body["data"]["bulkId"].as_str().unwrap();
    let done = delivered(&world, bulk_id).await;
    assert_like(&done, PROGRESS);
    assert_eq!((&done["data"]["status"], &done["data"]["delay"]), (&json!("completed"), &json!(2000)));
    let ids = |messages: &Value| messages.as_array().unwrap().iter().map(|row| row["messageId"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&done["data"]["messages"]), ids(&messages.clone().into()));
    assert_eq!((texts(&john).await, texts(&jane).await), (vec!["Dear John, welcome!".into()], vec!["Dear Jane, welcome!".into()]));
    let second = async |phone: &Phone| phone.inbox().await[0]["timestamp"].as_i64().unwrap();
    assert!(second(&jane).await - second(&john).await >= 1, "WhatsApp tells whole seconds");
    for record in world.records(&device).await {
        assert_eq!(record["bulkId"], bulk_id);
        moment(&record["timestamp"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_their_own_text_with_their_own_variables() {
    let (world, device, ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let group = world.group("Keluarga", &ani, &[&budi, &citra]).await;
    let recipients = json!([
        {"phone": budi.number, "message": "Halo {{nama}}, {{jumlah}} barang", "variables": {"nama": "Budi", "jumlah": 3}},
        {"phone": citra.jid(), "message": "Halo {{nama}}"},
        {"phone": format!("+{}", budi.number), "message": "Sekali lagi"},
        {"phone": group, "message": "Halo semua"},
        {"phone": citra.lid, "message": "Ke lid"},
    ]);
    let accepted = world.program.post("/send/bulk", &body(&device, recipients)).await;
    assert_eq!((accepted.status, &accepted.body["data"]["delay"]), (202, &json!(0)), "{:?}", accepted.body);
    for message in accepted.body["data"]["messages"].as_array().unwrap() {
        world.wait_for_message(message["messageId"].as_str().unwrap(), "delivered").await;
    }
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts
    };
    assert_eq!(sorted(texts(&budi).await), ["Halo Budi, 3 barang", "Halo semua", "Sekali lagi"]);
    assert_eq!(sorted(texts(&citra).await), ["Halo semua", "Halo {{nama}}", "Ke lid"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_recipient_refuses_all_and_is_named() {
    let (world, device, _ani, budi) = World::pair().await;
    assert_eq!(world.program.post("/templates", &json!({"name": "salam", "content": "Halo {{name}}"})).await.status, 201);
    let good = json!({"phone": budi.number, "message": "Halo"});
    let ok = json!({"phone": budi.number, "variables": {"name": "Budi"}});
    let many: Vec<_> = (0..1001).map(|_| good.clone()).collect();
    for (recipients, options, code, details) in [
        (json!([]), json!({}), "VALIDATION_ERROR", "recipients"),
        (json!(many), json!({}), "VALIDATION_ERROR", "recipients"),
        (json!({"phone": budi.number}), json!({}), "VALIDATION_ERROR", "recipients"),
        (json!([good, {"phone": "0811", "message": "x"}]), json!({}), "INVALID_PHONE_NUMBER", "recipients[1].phone"),
        (json!([good, {"phone": "status@broadcast", "message": "x"}]), json!({}), "INVALID_PHONE_NUMBER", "recipients[1].phone"),
        (json!([good, {"message": "x"}]), json!({}), "VALIDATION_ERROR", "recipients[1]"),
        (json!([good, {"phone": budi.number}]), json!({}), "VALIDATION_ERROR", "recipients[1].message"),
        (json!([good, {"phone": budi.number, "message": " "}]), json!({}), "VALIDATION_ERROR", "recipients[1].message"),
        (
            json!([good, {"phone": budi.number, "message": "{{x}}", "variables": {}}]),
            json!({}),
            "VALIDATION_ERROR",
            "recipients[1].variables.x",
        ),
        (json!([ok, {"phone": budi.number}]), json!({"template": "salam"}), "VALIDATION_ERROR", "recipients[1].variables.name"),
        (json!([good]), json!({"delay": -1}), "VALIDATION_ERROR", "options.delay"),
        (json!([good]), json!({"delay": 3_600_001}), "VALIDATION_ERROR", "options.delay"),
        (json!(vec![good.clone(); 25]), json!({"delay": 3_600_000}), "VALIDATION_ERROR", "options.delay"),
    ] {
        let mut request = body(&device, recipients);
        request["options"] = options;
        let refused = world.program.post("/send/bulk", &request).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{details}: {:?}", refused.body);
        assert!(refused.body["error"]["details"].as_str().unwrap().contains(details), "{details}: {:?}", refused.body);
    }
    assert!(world.records(&device).await.is_empty() && budi.inbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_requests_at_once_with_one_key_are_one_bulk() {
    let (mut world, device, _ani, budi) = World::pair().await;
    let request = body(&device, json!([{"phone": budi.number, "message": "satu"}, {"phone": budi.number, "message": "dua"}]));
    let ask = |world: &World| answer(world.program.request(Method::POST, "/send/bulk").header("idempotency-key", "sekali").json(&request));
    let answers = join_all((0..20).map(|_| ask(&world))).await;
    let said: BTreeSet<String> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 202, "{:?}", answer.body);
            let data = &answer.body["data"];
            let ids: Vec<_> = data["messages"].as_array().unwrap().iter().map(|row| row["messageId"].clone()).collect();
            assert_eq!(ids.len(), 2);
            format!("{} {ids:?}", data["bulkId"])
        })
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    let id = answers[0].body["data"]["bulkId"].as_str().unwrap().to_owned();
    delivered(&world, &id).await;
    world.restart().await;
    let again = ask(&world).await;
    assert_eq!((again.status, &again.body["data"]["bulkId"]), (202, &json!(id)), "{:?}", again.body);
    assert_eq!(again.body["data"]["status"], "completed");
    assert_eq!(texts(&budi).await, ["satu", "dua"]);
    assert_eq!(world.records(&device).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulks_messages_are_read_page_by_page_in_its_order() {
    let (world, device, _ani, budi) = World::pair().await;
    let recipients: Vec<_> = (0..7).map(|number| json!({"phone": budi.number, "message": format!("{number}")})).collect();
    let accepted = world.program.post("/send/bulk", &body(&device, recipients.into())).await;
    let ids = |data: &Value| data["messages"].as_array().unwrap().iter().map(|row| row["messageId"].clone()).collect::<Vec<_>>();
    let wanted = ids(&accepted.body["data"]);
    let path = format!("/send/bulk/{}", accepted.body["data"]["bulkId"].as_str().unwrap());
    let (mut by_cursor, mut by_page, mut cursor) = (Vec::new(), Vec::new(), String::new());
    for page in 1.. {
        by_page.extend(ids(&world.program.get(&format!("{path}?limit=3&page={page}")).await.body["data"]));
        let found = world.program.get(&format!("{path}?limit=3{cursor}")).await;
        by_cursor.extend(ids(&found.body["data"]));
        match found.body["data"]["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((&by_cursor, &by_page), (&wanted, &wanted));
    for path in ["/send/bulk/unknown", "/send/bulk/%00"] {
        let unknown = world.program.get(path).await;
        assert_eq!((unknown.status, unknown.code()), (404, "BULK_NOT_FOUND"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_not_connected_takes_no_bulk() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let refused = world.program.post("/send/bulk", &body(&device, json!([{"phone": "6281100000002", "message": "x"}]))).await;
    assert_eq!((refused.status, refused.code()), (400, "DEVICE_NOT_CONNECTED"));
    assert!(world.records(&device).await.is_empty());
}
