//! `GET /messages`

mod delete;
mod edit;
mod forward;

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::world::{Device, World, assert_like, assert_schema, eventually, moment};

const RESPONSE: &str = r#"{
    "success": true,
    "data": {
        "messages": [
            {
                "id": "msg_123456789",
                "deviceId": "123",
                "sessionId": "user_123_device_my_device",
                "direction": "outgoing",
                "from": "123456789@s.whatsapp.net",
                "to": "987654321@s.whatsapp.net",
                "type": "text",
                "content": "Hello from WhatsApp API!",
                "timestamp": "2024-01-01T10:00:00Z",
                "status": "delivered",
                "readAt": "2024-01-01T10:05:00Z",
                "metadata": {
                    "messageId": "msg_123456789",
                    "quoted": null,
                    "forwarded": false,
                    "fromMe": true
                }
            }
        ],
        "pagination": {
            "page": 1,
            "limit": 50,
            "total": 1250,
            "totalPages": 25
        }
    }
}"#;

const SCHEMA: &str = r#"{
    "id": "string",
    "deviceId": "string",
    "sessionId": "string",
    "direction": "incoming|outgoing",
    "from": "string",
    "to": "string",
    "type": "text|image|video|audio|document|sticker|location|contact",
    "content": "string",
    "mediaUrl": "string|null",
    "caption": "string|null",
    "timestamp": "string (ISO 8601)",
    "status": "pending|sent|delivered|read|failed",
    "readAt": "string (ISO 8601)|null",
    "metadata": {
        "messageId": "string",
        "quoted": "QuotedMessage|null",
        "forwarded": "boolean",
        "fromMe": "boolean",
        "broadcast": "boolean"
    }
}"#;

/// Reads the list and answers its `data`; every message in it fits the contract's schema.
async fn list(world: &World, query: &str) -> Value {
    let answer = world.program.get(&format!("/messages{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {:?}", answer.body);
    for message in answer.body["data"]["messages"].as_array().unwrap() {
        assert_schema(message, SCHEMA);
    }
    answer.body["data"].clone()
}

fn ids(data: &Value) -> Vec<String> {
    data["messages"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_read_has_everything_the_contract_shows() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("My Device", &ani).await;
    let id = device.sent(&world.program, "6281100000002", "Hello from WhatsApp API!").await;
    budi.wait_for("Hello from WhatsApp API!").await;
    budi.read(&ani.jid()).await;
    world.wait_for_message(&id, "read").await;

    let found = world.program.get("/messages?page=1&limit=50&type=text&status=read").await;
    assert_like(&found.body, RESPONSE);
    let message = &found.body["data"]["messages"][0];
    assert_schema(message, SCHEMA);
    let expected = json!({
        "id": id, "deviceId": device.id, "sessionId": "user_123_device_my_device", "direction": "outgoing",
        "chatId": budi.jid(), "from": ani.jid(), "to": budi.jid(), "lid": message["lid"], "pushName": null,
        "type": "text", "content": "Hello from WhatsApp API!", "mediaUrl": null, "caption": null,
        "timestamp": message["timestamp"], "status": "read", "readAt": message["readAt"], "error": null,
        "media": null, "location": null, "contacts": null, "poll": null, "mentions": [], "editedAt": null, "deletedAt": null, "bulkId": null,
        "metadata": {"messageId": id, "quoted": null, "forwarded": false, "fromMe": true, "broadcast": false, "author": "api"},
    });
    assert_eq!(*message, expected);
    // WhatsApp tells the second alone.
    assert!(moment(&message["readAt"]).timestamp() >= moment(&message["timestamp"]).timestamp());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_both_directions_and_those_typed_on_the_phone_are_one_list() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("My Device", &ani).await;
    let sent = device.sent(&world.program, "6281100000002", "from the API").await;
    let received = budi.write(&ani.number, "from Budi").await;
    world.wait_for_message(&received, "delivered").await;
    let typed = ani.write(&budi.number, "from Ani's own phone").await;
    world.wait_for_message(&typed, "sent").await;

    let of_device = list(&world, &format!("?deviceId={}", device.id)).await;
    assert_eq!(of_device["pagination"]["total"], 3);
    let find = |id: &str| of_device["messages"].as_array().unwrap().iter().find(|message| message["id"] == id).unwrap().clone();
    for (id, direction, from, to, content) in [
        (&sent, "outgoing", ani.jid(), budi.jid(), "from the API"),
        (&received, "incoming", budi.jid(), ani.jid(), "from Budi"),
        (&typed, "outgoing", ani.jid(), budi.jid(), "from Ani's own phone"),
    ] {
        let message = find(id);
        assert_eq!((&message["direction"], &message["content"]), (&json!(direction), &json!(content)));
        assert_eq!((&message["from"], &message["to"], &message["chatId"]), (&json!(from), &json!(to), &json!(budi.jid())), "{content}");
        assert_eq!(message["metadata"]["fromMe"], direction == "outgoing");
        let alone = list(&world, &format!("?messageId={id}")).await;
        assert_eq!((&alone["messages"], &alone["pagination"]["total"]), (&json!([message]), &json!(1)));
    }
    assert_eq!((&find(&received)["pushName"], &find(&received)["lid"]), (&json!("Budi"), &json!(budi.lid)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_by_id_is_found_and_nothing_else() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let (one, two) = (world.linked("One", &ani).await, world.linked("Two", &budi).await);
    let id = one.sent(&world.program, &budi.number, "hello").await;
    // The same message at its other end, under the same WhatsApp id.
    eventually("both ends have it", async || (list(&world, &format!("?messageId={id}")).await["pagination"]["total"] == 2).then_some(()))
        .await;
    for (device, direction) in [(&one, "outgoing"), (&two, "incoming")] {
        let found = list(&world, &format!("?messageId={id}&deviceId={}", device.id)).await;
        assert_eq!((ids(&found), &found["messages"][0]["direction"]), (vec![id.clone()], &json!(direction)));
    }
    for query in ["?messageId=unknown", "?deviceId=unknown", &format!("?messageId={id}&deviceId=unknown")] {
        assert_eq!(list(&world, query).await["pagination"]["total"], 0, "{query}");
    }
    for query in ["?messageId=", "?deviceId=", "?messageId=%00", &format!("?deviceId={}", "x".repeat(201))] {
        let refused = world.program.get(&format!("/messages{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_of_many_is_reached_by_page_and_by_cursor_while_more_arrive() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let (device, other) = (world.linked("My Device", &ani).await, world.linked("Other", &budi).await);
    let send = |device: Device, n: usize| {
        let world = &world;
        async move { device.queued(&world.program, "6281100000002", &format!("{n}")).await }
    };
    let mut all: Vec<String> = stream::iter(0..100).map(|n| send(device.clone(), n)).buffer_unordered(16).collect().await;
    for n in 0..20 {
        all.push(budi.write(&ani.number, &format!("back {n}")).await);
    }
    all.sort_unstable();
    eventually("all is on record", async || {
        let found = list(&world, &format!("?deviceId={}&limit=1", device.id)).await;
        (found["pagination"]["total"] == 120).then_some(())
    })
    .await;

    let mut by_page = Vec::new();
    for (page, count) in [(1, 50), (2, 50), (3, 20), (4, 0)] {
        let data = list(&world, &format!("?deviceId={}&limit=50&page={page}", device.id)).await;
        assert_eq!((ids(&data).len(), &data["pagination"]["totalPages"]), (count, &json!(3)));
        by_page.push(data["messages"].clone());
    }
    let by_page: Vec<Value> = by_page.into_iter().flat_map(|messages| messages.as_array().unwrap().clone()).collect();
    assert!(by_page.is_sorted_by(|one, two| one["timestamp"].as_str() >= two["timestamp"].as_str()), "newest first");
    let mut sorted: Vec<String> = by_page.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect();
    let in_order = sorted.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, all);

    for filter in [format!("&deviceId={}", device.id), String::new()] {
        let (mut by_cursor, mut cursor) = (Vec::new(), String::new());
        loop {
            let data = list(&world, &format!("?limit=30{filter}{cursor}")).await;
            by_cursor.extend(ids(&data));
            device.queued(&world.program, "6281100000002", "one more").await;
            let Some(next) = data["pagination"]["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let known: BTreeSet<_> = all.iter().collect();
        let mine: Vec<_> = by_cursor.iter().filter(|id| known.contains(id)).cloned().collect();
        if filter.is_empty() {
            // Each end of the conversation has its own record.
            assert_eq!(mine.iter().collect::<BTreeSet<_>>(), known);
        } else {
            assert_eq!(mine, in_order);
        }
    }
    assert!(list(&world, &format!("?deviceId={}", other.id)).await["pagination"]["total"].as_u64() >= Some(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_says_who_wrote_it_for_the_account() {
    let (world, device, ani, budi) = World::pair().await;
    let by_api = device.sent(&world.program, &budi.number, "dari API").await;
    let by_phone = ani.write(&budi.number, "dari telepon").await;
    let by_budi = budi.write(&ani.number, "dari Budi").await;
    for (id, author) in [(by_api, json!("api")), (by_phone, json!("phone")), (by_budi, json!(null))] {
        let record = world.record(&id, "is there", |_| true).await;
        assert_eq!(record["metadata"]["author"], author, "{record}");
    }
}
