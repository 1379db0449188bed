//! `/devices/{id}/chats`

use serde_json::{Value, json};

use crate::world::{Device, World, assert_like, eventually};

const RESPONSE: &str = r#"{
    "success": true,
    "data": {
        "chats": [
            {
                "id": "1234567890@s.whatsapp.net",
                "name": "John Doe",
                "isGroup": false,
                "unreadCount": 0,
                "markedUnread": false,
                "isArchived": false,
                "isPinned": false,
                "isMuted": false,
                "mutedUntil": null,
                "lastMessageAt": "2024-01-01T10:00:00Z",
                "lastMessage": {"id": "msg_123456789"}
            }
        ],
        "pagination": {"page": 1, "limit": 20, "total": 1, "totalPages": 1}
    }
}"#;

/// The list, once it is like this.
async fn listed(world: &World, device: &Device, query: &str, what: &str, like: impl Fn(&[Value]) -> bool) -> Value {
    let path = format!("/devices/{}/chats{query}", device.id);
    eventually(&format!("chats{query} {what}"), async || {
        let answer = world.program.get(&path).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        like(answer.body["data"]["chats"].as_array().unwrap()).then_some(answer.body)
    })
    .await
}

fn are<'a>(ids: &'a [&str]) -> impl Fn(&[Value]) -> bool + 'a {
    move |chats| chats.iter().map(|chat| chat["id"].as_str().unwrap()).eq(ids.iter().copied())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_are_listed_with_what_was_last_said_in_them() {
    let (world, device, ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    let group = world.group("Arisan", &ani, &[&budi, &citra]).await;
    let first = budi.write(&ani.number, "halo").await;
    world.wait_for_message(&first, "delivered").await;
    let sent = device.sent(&world.program, &citra.number, "rahasia").await;
    world.wait_for_message(&sent, "delivered").await;
    let last = budi.write(&group, "halo semua").await;
    world.wait_for_message(&last, "delivered").await;

    let three = [&*group, &citra.jid(), &budi.jid()];
    let found = listed(&world, &device, "", "are three", |chats| are(&three)(chats) && chats[0]["name"] == "Arisan").await;
    let chats = &found["data"]["chats"];
    assert_eq!((&chats[0]["isGroup"], &chats[2]["isGroup"], &chats[2]["name"]), (&json!(true), &json!(false), &json!("Budi")), "{chats:#}");
    assert_eq!((&chats[0]["unreadCount"], &chats[1]["unreadCount"], &chats[2]["unreadCount"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!((&chats[1]["lastMessage"]["id"], &chats[2]["lastMessage"]["content"]), (&json!(sent), &json!("halo")));
    let of_budi = listed(&world, &device, &format!("?search={}", budi.number), "is Budi's", are(&[&budi.jid()])).await;
    assert_like(&of_budi, RESPONSE);
    let record = world.program.get(&format!("/messages?messageId={first}")).await;
    assert_eq!(of_budi["data"]["chats"][0]["lastMessage"], record.body["data"]["messages"][0], "a message is the same everywhere");

    listed(&world, &device, "?unreadOnly=true", "are unread", are(&[&group, &budi.jid()])).await;
    listed(&world, &device, "?search=ARISAN", "is the group", are(&[&group])).await;
    let read = world.program.post(&format!("/devices/{}/read", device.id), &json!({"contactId": budi.number})).await;
    assert_eq!(read.status, 200, "{:?}", read.body);
    listed(&world, &device, "?unreadOnly=true", "is unread", are(&[&group])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_are_as_the_phone_arranges_them() {
    let (world, device, ani, budi) = World::pair().await;
    let citra = world.phone("6281100000003", "Citra").await;
    for phone in [&budi, &citra] {
        let id = phone.write(&ani.number, "halo").await;
        world.wait_for_message(&id, "delivered").await;
    }
    ani.arranges(&budi.jid(), json!({"pinned": true, "mutedUntil": -1})).await;
    ani.arranges(&citra.jid(), json!({"archived": true})).await;
    let found = listed(&world, &device, "", "are arranged", |chats| {
        are(&[&budi.jid(), &citra.jid()])(chats) && chats[0]["isMuted"] == true && chats[1]["isArchived"] == true
    })
    .await;
    let chats = &found["data"]["chats"];
    assert_eq!((&chats[0]["isPinned"], &chats[0]["mutedUntil"]), (&json!(true), &json!("9999-12-31T23:59:59.999Z")), "{chats:#}");
    listed(&world, &device, "?archived=true", "is archived", are(&[&citra.jid()])).await;
    listed(&world, &device, "?archived=false", "is not archived", are(&[&budi.jid()])).await;
    let muted = world.program.get(&format!("/devices/{}/contacts/{}", device.id, budi.number)).await;
    assert_eq!((muted.status, &muted.body["data"]["contact"]["isMuted"]), (200, &json!(true)), "{:?}", muted.body);
    ani.arranges(&budi.jid(), json!({"pinned": false, "mutedUntil": 0, "read": true})).await;
    ani.arranges(&budi.jid(), json!({"read": false})).await;
    listed(&world, &device, "?unreadOnly=true&archived=false", "is marked", |chats| {
        are(&[&budi.jid()])(chats) && chats[0]["markedUnread"] == true && chats[0]["isPinned"] == false && chats[0]["isMuted"] == false
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_are_fetched_as_they_are_now() {
    let (world, device, ani, budi) = World::pair().await;
    let id = budi.write(&ani.number, "halo").await;
    world.wait_for_message(&id, "delivered").await;
    ani.arranges(&budi.jid(), json!({"archived": true})).await;
    let live = world.program.get(&format!("/devices/{}/chats/live?archived=true", device.id)).await;
    assert_eq!(live.status, 200, "{:?}", live.body);
    assert!(are(&[&budi.jid()])(live.body["data"]["chats"].as_array().unwrap()), "{:#}", live.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_makes_no_sense_is_refused() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/chats", device.id);
    let none = world.program.get(&path).await;
    let pagination = json!({"page": 1, "limit": 20, "total": 0, "totalPages": 0, "nextCursor": null});
    assert_eq!((none.status, &none.body["data"]), (200, &json!({"chats": [], "pagination": pagination})));
    for query in ["?unreadOnly=1", "?archived=x", "?limit=0", "?cursor=x"] {
        let refused = world.program.get(&format!("{path}{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{query}: {:?}", refused.body);
    }
}
