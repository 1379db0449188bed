//! `GET /health`

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, answer, assert_like, eventually};

/// As the contract shows it, with the services that exist here.
const RESPONSE: &str = r#"{
    "status": "healthy",
    "timestamp": "2024-01-01T10:00:00Z",
    "version": "1.0.0",
    "uptime": "24h 30m",
    "services": {
        "database": "connected",
        "queue": "connected",
        "websocket": "active"
    },
    "statistics": {
        "activeDevices": 15,
        "totalMessages": 1250,
        "messagesPerMinute": 5.2
    }
}"#;

/// Asks without a token.
async fn health(world: &World) -> Value {
    let health = answer(world.program.anonymous(Method::GET, "/health")).await;
    assert_eq!(health.status, 200);
    assert_like(&health.body, RESPONSE);
    health.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_counts_what_is_on_line_and_what_went_through() {
    let mut world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let idle = health(&world).await;
    assert_eq!((&idle["status"], &idle["uptime"]), (&json!("healthy"), &json!("0h 0m")));
    assert_eq!(idle["services"], json!({"database": "connected", "queue": "connected", "storage": "connected", "websocket": "active"}));
    assert_eq!(idle["statistics"], json!({"activeDevices": 0, "totalMessages": 0, "messagesPerMinute": 0.0}));

    let device = world.linked("Toko", &ani).await;
    world.device("Idle").await;
    for n in 0..4 {
        device.sent(&world.program, &budi.number, &format!("{n}")).await;
    }
    let received = budi.write(&ani.number, "back").await;
    world.wait_for_message(&received, "delivered").await;
    let busy = json!({"activeDevices": 1, "totalMessages": 5, "messagesPerMinute": 1.0});
    assert_eq!(health(&world).await["statistics"], busy);

    // Monitors look at the root as well.
    let root = world.program.api.strip_suffix("/api/whatsapp").unwrap();
    let outside = answer(crate::world::http().get(format!("{root}/health"))).await;
    assert_eq!((outside.status, &outside.body["statistics"]), (200, &busy));

    world.restart().await;
    eventually("the figures are what they were", async || (health(&world).await["statistics"] == busy).then_some(())).await;

    world.program.post(&format!("/devices/{}/disconnect", device.id), &json!({})).await;
    assert_eq!(health(&world).await["statistics"]["activeDevices"], 0);
    world.program.delete(&format!("/devices/{}", device.id)).await;
    let empty = json!({"activeDevices": 0, "totalMessages": 0, "messagesPerMinute": 0.0});
    assert_eq!(health(&world).await["statistics"], empty);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_loses_its_connection_does_not_count() {
    let world = World::new().await;
    let ani = world.phone("6281100000001", "Ani").await;
    world.linked("Toko", &ani).await;
    world.faults(&json!({"refuseConnections": true, "dropConnections": true})).await;
    eventually("no device is on line", async || (health(&world).await["statistics"]["activeDevices"] == 0).then_some(())).await;
    world.faults(&json!({"refuseConnections": false})).await;
    eventually("the device is back", async || (health(&world).await["statistics"]["activeDevices"] == 1).then_some(())).await;
}
