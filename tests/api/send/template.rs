//! `POST /send/template`

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, answer, assert_like};

const REQUEST: &str = r#"{
    "sessionId": "user_123_device_my_device",
    "recipient": "1234567890@s.whatsapp.net",
    "template": {
        "name": "welcome_message",
        "variables": {
            "customer_name": "John Doe",
            "order_id": "12345",
            "amount": "$99.99"
        }
    }
}"#;

/// What a text is answered.
const RESPONSE: &str = r#"{
    "success": true,
    "message": "Message sent successfully",
    "data": {
        "messageId": "msg_123456789",
        "recipient": "1234567890@s.whatsapp.net",
        "timestamp": "2024-01-01T10:00:00Z",
        "status": "sent",
        "messageType": "text"
    }
}"#;

async fn template(world: &World, body: Value) {
    let made = world.program.post("/templates", &body).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_example_sends_the_template_with_its_variables() {
    let world = World::new().await;
    let (ani, john) = (world.phone("6281100000001", "Ani").await, world.phone("1234567890", "John").await);
    let device = world.linked("My Device", &ani).await;
    let content = "Hello {{customer_name}}! Order {{ order_id }} costs {{amount}}. Bye, {{customer_name}}.";
    template(&world, json!({"name": "welcome_message", "content": content})).await;
    let request = world.program.request(Method::POST, "/send/template").header("content-type", "application/json");
    let sent = answer(request.body(REQUEST)).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    assert_like(&sent.body, RESPONSE);
    let id = sent.body["data"]["messageId"].as_str().unwrap();
    let text = "Hello John Doe! Order 12345 costs $99.99. Bye, John Doe.";
    assert_eq!(john.got(id).await["text"], text);
    assert_eq!(world.wait_for_message(id, "delivered").await["content"], text);
    assert_eq!(world.records(&device).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_own_template_goes_before_everyones_of_the_same_name() {
    let (world, device, _ani, budi) = World::pair().await;
    let send = async || {
        let id = device.sent_as(&world.program, "/send/template", &budi.number, json!({"template": {"name": "salam"}})).await;
        budi.got(&id).await["text"].as_str().unwrap().to_owned()
    };
    template(&world, json!({"name": "salam", "content": "milik 456", "userId": 456})).await;
    let refused = device.send_as(&world.program, "/send/template", &budi.number, json!({"template": {"name": "salam"}})).await;
    assert_eq!((refused.status, refused.code()), (404, "TEMPLATE_NOT_FOUND"));
    template(&world, json!({"name": "salam", "content": "milik semua"})).await;
    assert_eq!(send().await, "milik semua");
    template(&world, json!({"name": "salam", "content": "milik 123", "userId": 123})).await;
    assert_eq!(send().await, "milik 123");
    assert_eq!(world.program.delete("/templates/salam?userId=123").await.status, 200);
    assert_eq!(send().await, "milik semua");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_are_text_numbers_and_truth_and_are_never_read_as_templates() {
    let (world, device, _ani, budi) = World::pair().await;
    template(&world, json!({"name": "isi", "content": "{{a}}|{{b}}|{{c}}|{{d}}"})).await;
    let variables = json!({"a": "{{b}}", "b": 9.5, "c": true, "d": "baris\nbaru 👋", "more": "unused"});
    let body = json!({"template": {"name": "isi", "variables": variables}});
    let id = device.sent_as(&world.program, "/send/template", &budi.number, body).await;
    assert_eq!(budi.got(&id).await["text"], "{{b}}|9.5|true|baris\nbaru 👋");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_variable_is_named_and_nothing_is_sent() {
    let (world, device, _ani, budi) = World::pair().await;
    template(&world, json!({"name": "dua", "content": "{{first}} {{second}}"})).await;
    for (template, status, code, details) in [
        (json!({"name": "dua"}), 400, "VALIDATION_ERROR", "template.variables.first"),
        (json!({"name": "dua", "variables": {"first": "x"}}), 400, "VALIDATION_ERROR", "template.variables.second"),
        (json!({"name": "dua", "variables": {"first": "x", "Second": "y"}}), 400, "VALIDATION_ERROR", "template.variables.second"),
        (json!({"name": "dua", "variables": {"first": " ", "second": " "}}), 400, "VALIDATION_ERROR", "template.variables"),
        (json!({"name": "dua", "variables": {"first": ["x"], "second": "y"}}), 400, "VALIDATION_ERROR", "template.variables"),
        (json!({"name": "dua", "variables": "x"}), 400, "VALIDATION_ERROR", "template.variables"),
        (json!({"variables": {}}), 400, "VALIDATION_ERROR", "name"),
        (json!({"name": "tiga"}), 404, "TEMPLATE_NOT_FOUND", ""),
    ] {
        let refused = device.send_as(&world.program, "/send/template", &budi.number, json!({"template": template})).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{template}: {:?}", refused.body);
        assert!(refused.body["error"]["details"].as_str().unwrap_or_default().contains(details), "{:?}", refused.body);
    }
    assert!(budi.inbox().await.is_empty() && world.records(&device).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_sends_once_even_if_the_template_has_changed_since() {
    let (world, device, _ani, budi) = World::pair().await;
    template(&world, json!({"name": "salam", "content": "pertama"})).await;
    let body = json!({"sessionId": device.session_id, "recipient": budi.number, "template": {"name": "salam"}});
    let send = || answer(world.program.request(Method::POST, "/send/template").header("idempotency-key", "sekali").json(&body));
    let first = send().await;
    assert_eq!(first.status, 200, "{:?}", first.body);
    assert_eq!(world.program.put("/templates/salam", &json!({"content": "kedua"})).await.status, 200);
    assert_eq!(send().await.body["data"]["messageId"], first.body["data"]["messageId"]);
    budi.wait_for("pertama").await;
    assert_eq!(budi.texts().await, ["pertama"]);
}
