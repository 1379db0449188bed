//! `POST /send/contact`

use serde_json::json;

use crate::world::{World, assert_like};

const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent",
        "messageType": "contact"
    }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_arrive_alone_and_in_numbers() {
    let (world, device, _ani, budi) = World::pair().await;
    let contact = json!({"name": "Citra; Toko, \"Maju\"", "phone": "+62 811-0000-0003"});
    let sent = device.send_as(&world.program, "/send/contact", &budi.number, json!({"contact": contact})).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    let id = sent.body["data"]["messageId"].as_str().unwrap();
    let shown = budi.got(id).await;
    assert_eq!((&shown["type"], &shown["contacts"][0]["name"]), (&json!("contact"), &json!("Citra; Toko, \"Maju\"")));
    let vcard = shown["contacts"][0]["vcard"].as_str().unwrap();
    assert!(vcard.contains("TEL;type=CELL;type=VOICE;waid=6281100000003:+6281100000003"), "{vcard}");
    assert!(vcard.contains("FN:Citra\\; Toko\\, \"Maju\""), "{vcard}");
    let record = world.wait_for_message(id, "delivered").await;
    assert_eq!((&record["type"], &record["content"]), (&json!("contact"), &json!("Citra; Toko, \"Maju\"")));
    assert_eq!(record["contacts"], json!([{"name": "Citra; Toko, \"Maju\"", "phones": ["+6281100000003"], "vcard": vcard}]));

    let contacts = json!([{"name": "Dewi", "phone": "6281100000004"}, {"name": "エリ", "phone": "6281100000005@s.whatsapp.net"}]);
    let id = device.sent_as(&world.program, "/send/contact", &budi.number, json!({"contacts": contacts})).await;
    let shown = budi.got(&id).await;
    let names: Vec<_> = shown["contacts"].as_array().unwrap().iter().map(|card| card["name"].clone()).collect();
    assert_eq!(names, ["Dewi", "エリ"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_card_is_refused() {
    let (world, device, _ani, budi) = World::pair().await;
    let good = json!({"name": "Citra", "phone": "6281100000003"});
    for (body, field) in [
        (json!({}), "contact"),
        (json!({"contacts": []}), "contacts"),
        (json!({"contact": good, "contacts": [good]}), "contacts"),
        (json!({"contact": {"name": "Citra"}}), "phone"),
        (json!({"contact": {"name": "Citra", "phone": "0811"}}), "contact.phone"),
        (json!({"contact": {"name": "Citra\nTEL:1", "phone": "6281100000003"}}), "contact.name"),
        (json!({"contacts": [good, {"name": "", "phone": "6281100000003"}]}), "contacts[1].name"),
        (json!({"contacts": vec![good.clone(); 101]}), "contacts"),
        (json!({"contact": "Citra"}), "contact"),
    ] {
        let refused = device.send_as(&world.program, "/send/contact", &budi.number, body.clone()).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}: {:?}", refused.body);
        assert!(refused.body["error"]["details"].as_str().unwrap().contains(field), "{body}: {:?}", refused.body);
    }
    assert!(budi.inbox().await.is_empty());
}
