//! `GET /devices/{id}/messages`, `GET /devices/{id}/messages/{contactId}`

use serde_json::{Value, json};

use crate::world::{World, assert_like, eventually};

/// What the contract answers of messages, wherever they are listed.
pub const RESPONSE: &str = r#"{
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
                "readAt": null,
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
        },
        "statistics": {
            "totalMessages": 1250,
            "sentMessages": 800,
            "receivedMessages": 450,
            "mediaMessages": 120,
            "textMessages": 1130
        }
    }
}"#;

fn ids(data: &Value) -> Vec<String> {
    data["messages"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_shows_a_devices_messages_with_one_contact() {
    let world = World::new().await;
    let (ani, friend, budi) =
        (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "Friend").await, world.phone("6281100000002", "Budi").await);
    let (device, other) = (world.linked("My Device", &ani).await, world.linked("Other", &budi).await);
    let sent = device.sent(&world.program, &friend.number, "Hello from WhatsApp API!").await;
    let received = friend.write(&ani.number, "Hello!").await;
    let to_budi = device.sent(&world.program, &budi.number, "Hello Budi!").await;
    other.sent(&world.program, &friend.number, "Hello from Budi!").await;
    for id in [&sent, &received] {
        world.wait_for_message(id, "delivered").await;
    }
    let path = format!("/devices/{}/messages/1234567890@s.whatsapp.net?page=1&limit=50", device.id);
    let found = world.program.get(&path).await;
    assert_like(&found.body, RESPONSE);
    let mut both = ids(&found.body["data"]);
    both.sort();
    let mut expected = [sent.clone(), received.clone()];
    expected.sort();
    assert_eq!(both, expected);
    let statistics = json!({"totalMessages": 2, "sentMessages": 1, "receivedMessages": 1, "mediaMessages": 0, "textMessages": 2});
    assert_eq!(found.body["data"]["statistics"], statistics);

    let all = world.program.get(&format!("/devices/{}/messages", device.id)).await;
    assert_like(&all.body, RESPONSE);
    assert_eq!(all.body["data"]["pagination"]["total"], 3);
    assert!(ids(&all.body["data"]).contains(&to_budi));
    let elsewhere = world.program.get(&format!("/devices/{}/messages?deviceId={}&messageId={sent}", device.id, other.id)).await;
    assert_eq!(ids(&elsewhere.body["data"]), [sent], "the path says whose they are");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_is_read_to_its_beginning_without_gaps_while_it_goes_on() {
    let (world, device, ani, budi) = World::pair().await;
    let mut wanted = Vec::new();
    for number in 0..30 {
        wanted.push(budi.write(&ani.number, &format!("Nomor {number}")).await);
    }
    let path = format!("/devices/{}/messages/{}", device.id, budi.number);
    eventually("all is on record", async || {
        (world.program.get(&path).await.body["data"]["pagination"]["total"] == wanted.len()).then_some(())
    })
    .await;
    let by_page: Vec<String> = {
        let mut found = Vec::new();
        for page in 1..=5 {
            found.extend(ids(&world.program.get(&format!("{path}?limit=7&page={page}")).await.body["data"]));
        }
        found
    };
    let (mut by_cursor, mut cursor, mut more) = (Vec::new(), String::new(), 0);
    loop {
        let found = world.program.get(&format!("{path}?limit=7{cursor}")).await;
        by_cursor.extend(ids(&found.body["data"]));
        more += 1;
        let written = budi.write(&ani.number, &format!("lagi {more}")).await;
        world.wait_for_message(&written, "delivered").await;
        match found.body["data"]["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(by_cursor, by_page);
    by_cursor.sort();
    wanted.sort();
    assert_eq!(by_cursor, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_contact_or_filter_is_refused() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/messages", device.id);
    for contact in ["0811", "abc", "%20", "6281100000002@example.com"] {
        for url in [format!("{path}/{contact}"), format!("{path}?contactId={contact}")] {
            let refused = world.program.get(&url).await;
            assert_eq!((refused.status, refused.code()), (400, "INVALID_PHONE_NUMBER"), "{url}: {:?}", refused.body);
        }
    }
    for query in [
        "type=letter",
        "status=gone",
        "direction=up",
        "dateFrom=yesterday",
        "dateTo=2024-02-30",
        "page=0",
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "page=-1",
    ] {
        let refused = world.program.get(&format!("{path}?{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{query}: {:?}", refused.body);
        assert!(refused.body["error"]["details"].as_str().unwrap().contains(query.split('=').next().unwrap()), "{:?}", refused.body);
    }
    let nothing = world.program.get(&format!("{path}/6281100000002")).await;
    assert_eq!((nothing.status, &nothing.body["data"]["pagination"]["total"]), (200, &json!(0)));
}
