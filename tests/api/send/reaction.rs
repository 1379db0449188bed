//! `POST /send/reaction`

use serde_json::{Value, json};

use crate::world::{Answer, Device, World, answer, assert_like};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent",
        "messageType": "reaction"
    }
}"#;

async fn react(world: &World, device: &Device, id: &str, emoji: &str) -> Answer {
    let body = json!({"sessionId": device.session_id, "messageId": id, "emoji": emoji});
    world.program.post("/send/reaction", &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emoji_is_put_on_a_message_of_either_side_changed_and_taken_back() {
    let (world, device, ani, budi) = World::pair().await;
    let theirs = budi.write(&ani.number, "halo").await;
    world.wait_for_message(&theirs, "delivered").await;
    let own = device.sent(&world.program, &budi.number, "halo juga").await;
    for id in [&theirs, &own] {
        for emoji in ["👍", "👩🏽‍❤️‍💋‍👨🏿", ""] {
            let sent = react(&world, &device, id, emoji).await;
            assert_eq!(sent.status, 200, "{:?}", sent.body);
            assert_like(&sent.body, RESPONSE);
            assert_eq!(sent.body["data"]["recipient"], budi.jid());
            let shown = budi.shows(id, "with the reaction", |row| {
                let on = if emoji.is_empty() { json!([]) } else { json!([{"from": ani.jid(), "emoji": emoji}]) };
                row["reactions"] == on
            });
            shown.await;
            let record = world.record(sent.body["data"]["messageId"].as_str().unwrap(), "is there", |_| true).await;
            assert_eq!((&record["type"], &record["content"]), (&json!("reaction"), &json!(emoji)));
            assert_eq!(record["metadata"]["quoted"]["messageId"], *id.as_str());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_reacted_to_is_refused() {
    let (world, device, _ani, budi) = World::pair().await;
    let own = device.sent(&world.program, &budi.number, "halo").await;
    for emoji in [":)", "ok", "👍 👍", " ", "\n", "👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍"] {
        let refused = react(&world, &device, &own, emoji).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{emoji:?}: {:?}", refused.body);
    }
    let unknown = react(&world, &device, "3EB0000000000000000000", "👍").await;
    assert_eq!(unknown.status, 404, "{:?}", unknown.body);
    let elsewhere = json!({"sessionId": device.session_id, "messageId": own, "emoji": "👍", "recipient": "6281100000009"});
    let refused = world.program.post("/send/reaction", &elsewhere).await;
    assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{:?}", refused.body);
    let there = device.send_as(&world.program, "/send/reaction", &budi.number, json!({"messageId": own, "emoji": "👍"})).await;
    assert_eq!(there.status, 200, "{:?}", there.body);
    let on_reaction = react(&world, &device, there.body["data"]["messageId"].as_str().unwrap(), "👍").await;
    assert_eq!((on_reaction.status, on_reaction.code()), (400, "VALIDATION_ERROR"), "{:?}", on_reaction.body);
    let citra = world.phone("6281100000003", "Citra").await;
    let foreign = world.linked("Other", &citra).await;
    assert_eq!(react(&world, &foreign, &own, "👎").await.status, 404, "it is not the other device's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_asked_for_twice_with_one_key_is_one() {
    let (world, device, _ani, budi) = World::pair().await;
    let own = device.sent(&world.program, &budi.number, "halo").await;
    let body = json!({"sessionId": device.session_id, "messageId": own, "emoji": "👍"});
    let ask = async || {
        let request = world.program.request(reqwest::Method::POST, "/send/reaction").json(&body);
        answer(request.header("idempotency-key", "one")).await
    };
    let (first, second) = tokio::join!(ask(), ask());
    assert_eq!((first.status, &first.body), (200, &second.body));
    let reactions: Vec<Value> = world.records(&device).await.into_iter().filter(|record| record["type"] == "reaction").collect();
    assert_eq!(reactions.len(), 1);
}
