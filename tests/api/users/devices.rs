//! `GET /users/{userId}/devices`

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::world::{World, assert_like};

const RESPONSE: &str = r#"{
    "success": true,
    "data": {
        "devices": [
            {
                "id": "123",
                "alias": "My WhatsApp Device",
                "status": "connected",
                "phoneNumber": "+1234567890",
                "lastSeen": "2024-01-01T10:00:00Z",
                "messageCount": 150,
                "isConnected": true
            }
        ],
        "pagination": {
            "page": 1,
            "limit": 10,
            "total": 1,
            "totalPages": 1
        }
    }
}"#;

/// Reads a list of the user and answers its `data`.
async fn list(world: &World, query: &str) -> Value {
    let answer = world.program.get(&format!("/users/123/devices{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {:?}", answer.body);
    answer.body["data"].clone()
}

fn aliases(data: &Value) -> Vec<String> {
    data["devices"].as_array().unwrap().iter().map(|device| device["alias"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_request_finds_the_connected_device() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    world.device("Idle").await;
    let device = world.linked("My WhatsApp Device", &ani).await;
    device.sent(&world.program, &budi.number, "one").await;
    let received = budi.write(&ani.number, "two").await;
    world.wait_for_message(&received, "delivered").await;
    let found = world.program.get("/users/123/devices?page=1&limit=10&status=connected").await;
    assert_eq!(found.status, 200);
    assert_like(&found.body, RESPONSE);
    let item = &found.body["data"]["devices"][0];
    assert_eq!((&item["id"], &item["messageCount"], &item["phoneNumber"]), (&json!(device.id), &json!(2), &json!("+6281100000001")));
    let pagination = json!({"page": 1, "limit": 10, "total": 1, "totalPages": 1, "nextCursor": null});
    assert_eq!(found.body["data"]["pagination"], pagination);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_are_found_by_status() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    world.device("Pending").await;
    let connecting = world.device("Connecting").await;
    world.program.post(&format!("/devices/{}/connect", connecting.id), &json!({})).await;
    world.linked("Connected", &ani).await;
    let disconnected = world.linked("Disconnected", &ani).await;
    world.program.post(&format!("/devices/{}/disconnect", disconnected.id), &json!({})).await;
    for alias in ["Pending", "Connecting", "Connected", "Disconnected"] {
        let found = list(&world, &format!("?status={}", alias.to_lowercase())).await;
        assert_eq!((aliases(&found), &found["pagination"]["total"]), (vec![alias.to_owned()], &json!(1)));
    }
    assert_eq!(aliases(&list(&world, "?status=error").await), Vec::<String>::new());
    assert_eq!(aliases(&list(&world, "").await), ["Pending", "Connecting", "Connected", "Disconnected"], "oldest first");
    for status in ["asleep", "", "Connected"] {
        let refused = world.program.get(&format!("/users/123/devices?status={status}")).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_see_their_own_devices_alone() {
    let world = World::new().await;
    world.device("Mine").await;
    world.device_of(json!({"userId": 1234, "alias": "Not mine"})).await;
    assert_eq!(aliases(&list(&world, "").await), ["Mine"]);
    let nobody = world.program.get("/users/9/devices").await;
    let pagination = json!({"page": 1, "limit": 10, "total": 0, "totalPages": 0, "nextCursor": null});
    assert_eq!((nobody.status, &nobody.body["data"]), (200, &json!({"devices": [], "pagination": pagination})));
    for user in ["x", "-1", "1.5", "9007199254740992", "%20"] {
        let refused = world.program.get(&format!("/users/{user}/devices")).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_device_of_many_is_reached_by_page_and_by_cursor() {
    let world = World::new().await;
    let made = stream::iter(0..250).map(|n| world.device_of(json!({"userId": 123, "alias": format!("Toko {n}")})));
    let mut all: Vec<String> = made.buffer_unordered(16).map(|device| device.id).collect().await;
    all.sort_unstable();
    let ids = |data: &Value| -> Vec<String> {
        data["devices"].as_array().unwrap().iter().map(|device| device["id"].as_str().unwrap().to_owned()).collect()
    };

    let mut by_page = Vec::new();
    for (page, count) in [(1, 100), (2, 100), (3, 50), (4, 0)] {
        let data = list(&world, &format!("?limit=100&page={page}")).await;
        assert_eq!(ids(&data).len(), count);
        let pagination = &data["pagination"];
        assert_eq!((&pagination["total"], &pagination["totalPages"], &pagination["page"]), (&json!(250), &json!(3), &json!(page)));
        assert_eq!(pagination["nextCursor"].is_string(), page < 3, "{pagination}");
        by_page.extend(ids(&data));
    }
    let mut sorted = by_page.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, all);

    let (mut by_cursor, mut cursor) = (Vec::new(), String::new());
    let mut pages = 0;
    loop {
        let data = list(&world, &format!("?limit=40{cursor}")).await;
        by_cursor.extend(ids(&data));
        pages += 1;
        // Somebody adds and deletes meanwhile: what was there stays to be found once.
        world.device_of(json!({"userId": 123, "alias": format!("New {pages}")})).await;
        if pages == 2 {
            assert_eq!(world.program.delete(&format!("/devices/{}", by_cursor[0])).await.status, 200);
        }
        let Some(next) = data["pagination"]["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(by_cursor[..250], by_page);
    let unique: std::collections::BTreeSet<_> = by_cursor.iter().collect();
    assert_eq!(unique.len(), by_cursor.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_have_1_to_200_items_and_count_from_1() {
    let world = World::new().await;
    world.device("Toko").await;
    for query in ["?limit=1", "?limit=200", "?page=4294967295", "?page=1&limit=10&color=red", "?cursor="] {
        list(&world, query).await;
    }
    assert_eq!(list(&world, "").await["pagination"]["limit"], 10);
    for query in ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "page=0", "page=-1", "page=x", "page=4294967296", "cursor=!"] {
        for path in ["/users/123/devices", "/messages"] {
            let refused = world.program.get(&format!("{path}?{query}")).await;
            assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{path} {query}");
            let field = query.split_once('=').unwrap().0;
            assert!(refused.body["error"]["details"].as_str().unwrap().starts_with(&format!("{field}: ")), "{:?}", refused.body);
        }
    }
    // What was not made here leads somewhere, harmlessly.
    for cursor in ["AAAA", "_____________________w", "eyJ4IjoxfQ"] {
        list(&world, &format!("?cursor={cursor}")).await;
    }
}
