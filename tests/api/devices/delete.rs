//! `DELETE /devices/{id}`

use futures::join;
use serde_json::json;

use crate::world::{World, assert_like, eventually};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Device deleted successfully",
    "data": {
        "deletedDevice": {
            "id": "123",
            "alias": "My WhatsApp Device"
        },
        "cleanedData": {
            "messagesDeleted": 150,
            "contactsDeleted": 45,
            "sessionsDeleted": 1
        }
    }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_goes_with_its_messages_and_its_place_on_the_account() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let cici = world.phone("6281100000003", "Cici").await;
    let device = world.device("My WhatsApp Device").await;
    let companion = world.link(&device, &ani).await;
    let other = world.linked("Other", &cici).await;
    let sent = device.sent(&world.program, "6281100000002", "one").await;
    let kept = other.sent(&world.program, "6281100000002", "kept").await;
    let received = budi.write(&ani.number, "two").await;
    world.wait_for_message(&received, "delivered").await;

    let path = format!("/devices/{}", device.id);
    eventually("Budi is known", async || {
        let contacts = world.program.get(&format!("{path}/contacts")).await;
        (contacts.body["data"]["pagination"]["total"] == 1).then_some(())
    })
    .await;
    let deleted = world.program.delete(&path).await;
    assert_eq!(deleted.status, 200, "{:?}", deleted.body);
    assert_like(&deleted.body, RESPONSE);
    assert_eq!(deleted.body["message"], "Device deleted successfully");
    let expected = json!({
        "deletedDevice": {"id": device.id, "alias": "My WhatsApp Device"},
        "cleanedData": {"messagesDeleted": 2, "contactsDeleted": 1, "sessionsDeleted": 1},
    });
    assert_eq!(deleted.body["data"], expected);

    for answer in [
        world.program.get(&path).await,
        world.program.delete(&path).await,
        world.program.post(&format!("{path}/connect"), &json!({})).await,
        device.send(&world.program, "6281100000002", "three").await,
    ] {
        assert_eq!((answer.status, answer.code()), (404, "DEVICE_NOT_FOUND"));
    }
    for filter in [format!("messageId={sent}"), format!("messageId={received}"), format!("deviceId={}", device.id)] {
        let list = world.program.get(&format!("/messages?{filter}")).await;
        assert_eq!((list.status, &list.body["data"]["pagination"]["total"]), (200, &json!(0)), "{filter}");
    }
    let all = world.program.get("/messages").await;
    assert_eq!((&all.body["data"]["pagination"]["total"], &all.body["data"]["messages"][0]["id"]), (&json!(1), &json!(kept)));
    let list = world.program.get("/users/123/devices").await;
    assert_eq!((&list.body["data"]["pagination"]["total"], &list.body["data"]["devices"][0]["id"]), (&json!(1), &json!(other.id)));
    assert!(!ani.unlink_if_linked(companion).await, "the phone has no such device any more");

    let again = world.linked("My WhatsApp Device", &ani).await;
    assert_ne!(again.id, device.id);
    assert_eq!(again.session_id, device.session_id);
    again.sent(&world.program, "6281100000002", "from the new one").await;
    budi.wait_for("from the new one").await;
    other.sent(&world.program, "6281100000002", "still here").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_was_never_linked_leaves_no_session() {
    let world = World::new().await;
    for connect in [false, true] {
        let device = world.device("Toko").await;
        if connect {
            world.program.post(&format!("/devices/{}/connect", device.id), &json!({})).await;
            assert_eq!(world.program.get(&format!("/devices/{}/qr", device.id)).await.status, 200);
        }
        let deleted = world.program.delete(&format!("/devices/{}", device.id)).await;
        assert_eq!(deleted.status, 200, "{:?}", deleted.body);
        assert_eq!(deleted.body["data"]["cleanedData"], json!({"messagesDeleted": 0, "contactsDeleted": 0, "sessionsDeleted": 0}));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_deletions_at_once_one_finds_nothing() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}", device.id);
    let (one, two) = join!(world.program.delete(&path), world.program.delete(&path));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404], "{:?} {:?}", one.body, two.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_to_be_sent_is_deleted_too() {
    let world = World::new().await;
    let (ani, budi) = (world.phone("6281100000001", "Ani").await, world.phone("6281100000002", "Budi").await);
    let device = world.linked("Toko", &ani).await;
    let body = json!({"sessionId": device.session_id, "recipient": budi.number, "message": "late", "options": {"delay": 3_600_000}});
    assert_eq!(world.program.post("/send", &body).await.status, 202);
    let deleted = world.program.delete(&format!("/devices/{}", device.id)).await;
    assert_eq!((deleted.status, &deleted.body["data"]["cleanedData"]["messagesDeleted"]), (200, &json!(1)));
    assert_eq!(budi.inbox().await.len(), 0);
}
