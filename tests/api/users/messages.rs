//! `GET /users/{userId}/messages`

use serde_json::json;

use crate::{
    api::devices::RESPONSE,
    world::{World, assert_like, eventually},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_messages_are_those_of_all_their_devices_and_nobody_elses() {
    let world = World::new().await;
    let (ani, budi, citra) = (
        world.phone("6281100000001", "Ani").await,
        world.phone("6281100000002", "Budi").await,
        world.phone("6281100000003", "Citra").await,
    );
    let friend = world.phone("1234567890", "Friend").await;
    let (one, two) = (world.linked("One", &ani).await, world.linked("Two", &budi).await);
    let others = world.device_of(json!({"userId": 456, "alias": "Other"})).await;
    world.link(&others, &citra).await;
    let mut wanted = vec![
        one.sent(&world.program, &friend.number, "dari satu").await,
        two.sent(&world.program, &friend.number, "dari dua").await,
        friend.write(&ani.number, "ke satu").await,
    ];
    let foreign = others.sent(&world.program, &friend.number, "dari yang lain").await;
    let elsewhere = two.sent(&world.program, &citra.number, "ke Citra").await;
    for (user, total) in [(123, 4), (456, 2)] {
        eventually("all is on record", async || {
            let found = world.program.get(&format!("/users/{user}/messages")).await;
            (found.body["data"]["pagination"]["total"] == total).then_some(())
        })
        .await;
    }
    let list = async |query: &str| {
        let found = world.program.get(&format!("/users/{query}")).await;
        assert_eq!(found.status, 200, "{:?}", found.body);
        let mut ids: Vec<_> =
            found.body["data"]["messages"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        (found.body, ids)
    };
    wanted.sort();
    // The contract's example.
    let (body, found) = list("123/messages?page=1&limit=50&contactId=1234567890@s.whatsapp.net").await;
    assert_like(&body, RESPONSE);
    assert_eq!(found, wanted);
    let statistics = json!({"totalMessages": 3, "sentMessages": 2, "receivedMessages": 1, "mediaMessages": 0, "textMessages": 3});
    assert_eq!(body["data"]["statistics"], statistics);
    wanted.push(elsewhere);
    wanted.sort();
    assert_eq!(list("123/messages").await.1, wanted);
    assert_eq!(list(&format!("123/messages?deviceId={}", two.id)).await.1.len(), 2);
    assert_eq!(list(&format!("123/messages?deviceId={}", others.id)).await.1, Vec::<String>::new());
    assert!(list("456/messages").await.1.contains(&foreign));
    assert_eq!(list("789/messages").await.0["data"]["pagination"]["total"], 0);
}
