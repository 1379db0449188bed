//! To another user and to another device, what is not theirs does not exist.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::world::{Answer, Device, PDF, Phone, World, answer, put_at};

/// What a stranger asks for: an endpoint as the document names it, what follows its path, the status of the answer, and a body. What stands in braces is
/// somebody else's or has never been; `{own}` is the stranger's own session and `{mine}` their own device.
const ASKED: &[(&str, &str, u16, &str)] = &[
    ("POST /devices", "", 403, r#"{"userId": {userId}, "alias": "Toko"}"#),
    ("GET /devices", "?status=pending", 200, ""),
    ("GET /devices/{id}", "", 404, ""),
    ("PUT /devices/{id}", "", 404, r#"{"description": "mine"}"#),
    ("DELETE /devices/{id}", "", 404, ""),
    ("POST /devices/{id}/connect", "", 404, "{}"),
    ("POST /devices/{id}/disconnect", "", 404, "{}"),
    ("POST /devices/{id}/relogin", "", 404, "{}"),
    ("POST /devices/{id}/link-page", "", 404, "{}"),
    ("GET /devices/{id}/qr", "", 404, ""),
    ("POST /devices/{id}/key", "", 404, "{}"),
    ("POST /devices/{id}/read", "", 404, r#"{"contactId": "{contactId}"}"#),
    ("POST /devices/{mine}/read", "", 400, r#"{"contactId": "6281100000002", "messageIds": ["{messageId}"]}"#),
    ("POST /devices/{id}/typing", "", 404, r#"{"contactId": "{contactId}", "state": "composing"}"#),
    ("GET /devices/{id}/deliveries", "?status=failed", 404, ""),
    ("POST /devices/{id}/deliveries/replay", "", 404, r#"{"since": "2024-01-01"}"#),
    ("GET /devices/{id}/settings/webhook", "", 404, ""),
    ("PUT /devices/{id}/settings/webhook", "", 404, r#"{"url": "http://127.0.0.1:9/mine"}"#),
    ("POST /devices/{id}/settings/webhook/test", "", 404, r#"{"testPayload": {"mine": true}}"#),
    ("GET /devices/{id}/settings/ai", "", 404, ""),
    ("PUT /devices/{id}/settings/ai", "", 404, r#"{"enabled": true}"#),
    ("POST /devices/{id}/settings/ai/test", "", 404, r#"{"message": "mine"}"#),
    ("GET /devices/{id}/messages", "", 404, ""),
    ("GET /devices/{mine}/messages", "?messageId={messageId}", 200, ""),
    ("GET /devices/{mine}/messages", "?deviceId={id}", 200, ""),
    ("GET /devices/{id}/messages/{contactId}", "", 404, ""),
    ("GET /devices/{mine}/messages/{contactId}", "", 200, ""),
    ("POST /devices/{id}/pairing-code", "", 404, r#"{"phoneNumber": "6281100000001"}"#),
    ("GET /devices/{id}/passkey", "", 404, ""),
    ("POST /devices/{id}/passkey", "", 404, r#"{"assertion": {"id": "x"}}"#),
    ("POST /devices/{id}/passkey/confirm", "", 404, "{}"),
    ("GET /devices/{id}/contacts", "", 404, ""),
    ("GET /devices/{mine}/contacts", "?search={contactId}", 200, ""),
    ("GET /devices/{id}/contacts/live", "", 404, ""),
    ("GET /devices/{id}/contacts/check", "?numbers={contactId}", 404, ""),
    ("GET /devices/{id}/contacts/{contactId}", "", 404, ""),
    ("GET /devices/{mine}/contacts/{contactId}", "", 404, ""),
    ("GET /devices/{mine}/contacts/{lid}", "", 404, ""),
    ("GET /devices/{id}/contacts/{contactId}/live", "", 404, ""),
    ("POST /devices/{id}/contacts/{contactId}/block", "", 404, "{}"),
    ("POST /devices/{id}/contacts/{contactId}/unblock", "", 404, "{}"),
    ("GET /devices/{id}/chats", "", 404, ""),
    ("GET /devices/{mine}/chats", "?search={contactId}", 200, ""),
    ("GET /devices/{id}/chats/live", "", 404, ""),
    ("GET /devices/{id}/groups", "", 404, ""),
    ("GET /devices/{mine}/groups", "?search=Arisan", 200, ""),
    ("POST /devices/{id}/groups", "", 404, r#"{"subject": "mine", "participants": []}"#),
    ("GET /devices/{id}/groups/live", "", 404, ""),
    ("POST /devices/{id}/groups/join", "", 404, r#"{"invite": "AbCdEfGh"}"#),
    ("GET /devices/{id}/groups/{groupId}", "", 404, ""),
    ("GET /devices/{mine}/groups/{groupId}", "", 404, ""),
    ("PUT /devices/{id}/groups/{groupId}", "", 404, r#"{"subject": "mine"}"#),
    ("GET /devices/{id}/groups/{groupId}/live", "", 404, ""),
    ("POST /devices/{id}/groups/{groupId}/participants", "", 404, r#"{"participants": ["{contactId}"]}"#),
    ("DELETE /devices/{id}/groups/{groupId}/participants", "", 404, r#"{"participants": ["{contactId}"]}"#),
    ("POST /devices/{id}/groups/{groupId}/admins", "", 404, r#"{"participants": ["{contactId}"]}"#),
    ("DELETE /devices/{id}/groups/{groupId}/admins", "", 404, r#"{"participants": ["{contactId}"]}"#),
    ("POST /devices/{id}/groups/{groupId}/leave", "", 404, "{}"),
    ("GET /devices/{id}/groups/{groupId}/invite", "", 404, ""),
    ("POST /devices/{id}/groups/{groupId}/invite/revoke", "", 404, "{}"),
    ("GET /users/{userId}/devices", "", 200, ""),
    ("GET /users/{userId}/messages", "", 200, ""),
    ("GET /users/{userId}/messages", "?contactId={lid}", 200, ""),
    ("GET /users/456/messages", "?deviceId={id}", 200, ""),
    ("POST /auth/token", "", 403, r#"{"userId": {userId}}"#),
    ("GET /sessions", "?status=pending", 200, ""),
    ("POST /sessions/{sessionId}/cancel", "", 404, "{}"),
    ("GET /templates", "", 200, ""),
    ("GET /templates", "?userId={userId}", 200, ""),
    ("POST /templates", "", 403, r#"{"name": "{name}", "content": "x", "userId": {userId}}"#),
    ("GET /templates/{name}", "", 404, ""),
    ("GET /templates/{name}", "?userId={userId}", 404, ""),
    ("PUT /templates/{name}", "", 404, r#"{"content": "mine"}"#),
    ("PUT /templates/{name}", "?userId={userId}", 404, r#"{"content": "mine"}"#),
    ("DELETE /templates/{name}", "", 404, ""),
    ("DELETE /templates/{name}", "?userId={userId}", 404, ""),
    ("GET /messages", "", 200, ""),
    ("GET /messages", "?deviceId={id}", 200, ""),
    ("GET /messages", "?messageId={messageId}", 200, ""),
    ("GET /messages", "?contactId={contactId}", 200, ""),
    ("GET /messages", "?contactId={lid}", 200, ""),
    ("GET /messages", "?deviceId={id}&contactId={lid}", 200, ""),
    ("POST /messages/{messageId}/edit", "", 404, r#"{"sessionId": "{session}", "message": "mine"}"#),
    ("POST /messages/{messageId}/edit", "", 404, r#"{"sessionId": "{own}", "message": "mine"}"#),
    ("POST /messages/{messageId}/delete", "", 404, r#"{"sessionId": "{session}"}"#),
    ("POST /messages/{messageId}/delete", "", 404, r#"{"sessionId": "{own}"}"#),
    ("POST /messages/{messageId}/forward", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002"}"#),
    ("POST /messages/{messageId}/forward", "", 404, r#"{"sessionId": "{own}", "recipient": "6281100000002"}"#),
    ("POST /send", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "message": "mine"}"#),
    (
        "POST /send",
        "",
        400,
        r#"{"sessionId": "{own}", "recipient": "6281100000002", "message": "mine", "options": {"quoted": "{messageId}"}}"#,
    ),
    ("POST /send/template", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "template": {"name": "{name}"}}"#),
    ("POST /send/template", "", 404, r#"{"sessionId": "{own}", "recipient": "6281100000002", "template": {"name": "{name}"}}"#),
    ("POST /send/bulk", "", 404, r#"{"sessionId": "{session}", "recipients": [{"phone": "6281100000002", "message": "mine"}]}"#),
    (
        "POST /send/bulk",
        "",
        404,
        r#"{"sessionId": "{own}", "recipients": [{"phone": "6281100000002"}], "options": {"template": "{name}"}}"#,
    ),
    ("GET /send/bulk/{bulkId}", "", 404, ""),
    ("POST /send/bulk/{bulkId}/cancel", "", 404, "{}"),
    ("POST /send/image", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/image", "", 404, r#"{"sessionId": "{own}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/video", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/video", "", 404, r#"{"sessionId": "{own}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/document", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/document", "", 404, r#"{"sessionId": "{own}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/audio", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/audio", "", 404, r#"{"sessionId": "{own}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/sticker", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/sticker", "", 404, r#"{"sessionId": "{own}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /send/location", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "latitude": 1, "longitude": 2}"#),
    (
        "POST /send/contact",
        "",
        404,
        r#"{"sessionId": "{session}", "recipient": "6281100000002", "contact": {"name": "Citra", "phone": "6281100000003"}}"#,
    ),
    ("POST /send/poll", "", 404, r#"{"sessionId": "{session}", "recipient": "6281100000002", "question": "?", "options": ["a", "b"]}"#),
    ("POST /send/reaction", "", 404, r#"{"sessionId": "{session}", "messageId": "{messageId}", "emoji": "👍"}"#),
    ("POST /send/reaction", "", 404, r#"{"sessionId": "{own}", "messageId": "{messageId}", "emoji": "👍"}"#),
    ("POST /media", "", 404, r#"{"sessionId": "{session}"}"#),
    ("GET /media/{deviceId}/{mediaId}", "", 403, ""),
    ("PUT /media/{deviceId}/{mediaId}", "", 403, "mine"),
];

/// The same by a stranger's key, which needs no session: none that a body names counts.
const ASKED_BY_KEY: &[(&str, &str, u16, &str)] = &[
    ("POST /device/send", "", 400, r#"{"recipient": "6281100000002", "message": "mine", "options": {"quoted": "{messageId}"}}"#),
    ("POST /device/send/template", "", 404, r#"{"recipient": "6281100000002", "template": {"name": "{name}"}}"#),
    ("POST /device/send/bulk", "", 404, r#"{"recipients": [{"phone": "6281100000002"}], "options": {"template": "{name}"}}"#),
    ("GET /device/send/bulk/{bulkId}", "", 404, ""),
    ("POST /device/send/bulk/{bulkId}/cancel", "", 404, "{}"),
    ("POST /device/send/image", "", 404, r#"{"recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /device/send/video", "", 404, r#"{"recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /device/send/document", "", 404, r#"{"recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /device/send/audio", "", 404, r#"{"recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    ("POST /device/send/sticker", "", 404, r#"{"recipient": "6281100000002", "mediaId": "{mediaId}"}"#),
    (
        "POST /device/send/location",
        "",
        400,
        r#"{"recipient": "6281100000002", "latitude": 1, "longitude": 2, "options": {"quoted": "{messageId}"}}"#,
    ),
    (
        "POST /device/send/contact",
        "",
        400,
        r#"{"recipient": "6281100000002", "contact": {"name": "Citra", "phone": "6281100000003"}, "options": {"quoted": "{messageId}"}}"#,
    ),
    (
        "POST /device/send/poll",
        "",
        400,
        r#"{"recipient": "6281100000002", "question": "?", "options": ["a", "b"], "quoted": "{messageId}"}"#,
    ),
    ("POST /device/send/reaction", "", 404, r#"{"messageId": "{messageId}", "emoji": "👍"}"#),
];

/// What is the same for everybody, or makes something new of the caller's own.
const NOBODYS: [&str; 2] = ["GET /health", "POST /device/media"];

/// What stands for the words in braces.
type Names = Vec<(&'static str, String)>;

/// User 123 with everything a user can have, and user 456, who has a device and nothing else.
struct Two {
    world: World,
    phones: [Phone; 3],
    stranger: Device,
    /// What user 123 has.
    theirs: Names,
    /// What nobody ever had.
    nobodys: Names,
}

impl Two {
    async fn users() -> Self {
        let (world, device, ani, budi) = World::pair().await;
        let citra = world.phone("6281100000003", "Citra").await;
        let stranger = world.device_of(json!({"userId": 456, "alias": "Kios"})).await;
        world.link(&stranger, &citra).await;

        let group = world.group("Arisan", &ani, &[&budi]).await;
        let program = &world.program;
        let sent = device.sent(program, &budi.number, "rahasia").await;
        world.wait_for_message(&sent, "delivered").await;
        let answered = budi.write(&ani.number, "rahasia juga").await;
        world.wait_for_message(&answered, "delivered").await;
        let template = json!({"name": "salam", "content": "Halo", "userId": 123});
        assert_eq!(program.post("/templates", &template).await.status, 201);
        let place = program.post("/media", &json!({"sessionId": device.session_id, "fileName": "surat.pdf"})).await;
        assert_eq!(place.status, 201, "{:?}", place.body);
        let stored = put_at(&place.body["data"]).body(PDF).send().await.unwrap();
        assert_eq!(stored.status(), 200);
        let recipients = ["satu", "dua"].map(|text| json!({"phone": budi.number, "message": text}));
        let bulk = json!({"sessionId": device.session_id, "recipients": recipients, "options": {"delay": 3_600_000}});
        let bulk = program.post("/send/bulk", &bulk).await;
        assert_eq!(bulk.status, 202, "{:?}", bulk.body);
        world.wait_for_message(bulk.body["data"]["messages"][0]["messageId"].as_str().unwrap(), "delivered").await;

        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let own = [("{own}", stranger.session_id.clone()), ("{mine}", stranger.id.clone())];
        let ids = [
            ("{id}", device.id.clone()),
            ("{deviceId}", device.id.clone()),
            ("{session}", device.session_id.clone()),
            ("{sessionId}", device.session_id.clone()),
            ("{groupId}", group),
            ("{userId}", "123".to_owned()),
            ("{messageId}", sent),
            ("{contactId}", budi.number.clone()),
            ("{lid}", budi.lid.clone()),
            ("{name}", "salam".to_owned()),
            ("{bulkId}", text(&bulk.body["data"]["bulkId"])),
            ("{mediaId}", text(&place.body["data"]["mediaId"])),
        ];
        let nobodys = ids.clone().map(|(word, id)| (word, unlike(&id)));
        let [theirs, nobodys] = [ids, nobodys].map(|ids| ids.into_iter().chain(own.clone()).collect());
        Self { world, phones: [ani, budi, citra], stranger, theirs, nobodys }
    }

    /// All that is known of user 123 and on the phones.
    async fn everything(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for path in ["/devices/{id}", "/devices/{id}/messages", "/templates?userId={userId}", "/send/bulk/{bulkId}"] {
            let mut found = self.world.program.get(&fill(path, &self.theirs)).await;
            assert_eq!(found.status, 200, "{path}: {:?}", found.body);
            // Time goes on by itself.
            if let Some(device) = found.body["data"].get_mut("device") {
                device["stats"]["uptime"].take();
                device["lastSeen"].take();
            }
            all.push(found.body);
        }
        for user in [123, 124, 456] {
            let devices = self.world.program.get(&format!("/users/{user}/devices")).await;
            all.push(devices.body["data"]["pagination"]["total"].clone());
        }
        for phone in &self.phones {
            all.push(phone.messages().await.into());
            all.push(phone.typings().await.into());
        }
        all
    }

    /// Asks for what is another user's and for what never was, and fails unless both are answered alike.
    async fn ask(&self, (endpoint, rest, status, body): (&str, &str, u16, &str), request: impl Fn(Method, &str) -> RequestBuilder) {
        let asked = async |names: &Names| {
            let (method, path) = endpoint.split_once(' ').unwrap();
            let request = request(method.parse().unwrap(), &fill(&format!("{path}{rest}"), names));
            let request = match body {
                "" => request,
                body => request.header("content-type", "application/json").body(fill(body, names)),
            };
            said(answer(request).await)
        };
        let (of_another, of_nobody) = (asked(&self.theirs).await, asked(&self.nobodys).await);
        assert_eq!(of_another, of_nobody, "{endpoint}{rest} {body}");
        assert_eq!(of_another.0, status, "{endpoint}{rest} {body}: {}", of_another.1);
    }
}

fn fill(text: &str, names: &Names) -> String {
    names.iter().fold(text.to_owned(), |text, (word, name)| text.replace(word, name))
}

/// An id of the same form: its last letter or digit is another.
fn unlike(id: &str) -> String {
    let end = id.find('@').unwrap_or(id.len());
    let other = if id[..end].ends_with('7') { '8' } else { '7' };
    format!("{}{other}{}", &id[..end - 1], &id[end..])
}

/// All of an answer but what is each one's own.
fn said(Answer { status, mut body, .. }: Answer) -> (u16, Value) {
    if let Some(error) = body["error"].as_object_mut() {
        error.remove("requestId");
        error.remove("timestamp");
    }
    (status, body)
}

/// An endpoint as the document names it.
fn named(endpoint: &str) -> String {
    endpoint.replace("{mine}", "{id}").replace("{lid}", "{contactId}").replace("/users/456", "/users/{userId}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_walk_passes_every_endpoint_there_is() {
    let world = World::new().await;
    let document = answer(world.program.anonymous(Method::GET, "/openapi.json")).await.body;
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect::<Vec<_>>();
    let there_are: BTreeSet<String> =
        paths.iter().flat_map(|(path, item)| methods(item).into_iter().map(move |method| format!("{method} {path}"))).collect();
    let asked = ASKED.iter().chain(ASKED_BY_KEY).map(|(endpoint, ..)| named(endpoint));
    assert_eq!(asked.chain(NOBODYS.map(str::to_owned)).collect::<BTreeSet<_>>(), there_are);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_users_token_finds_and_does_nothing_wherever_it_asks() {
    let two = Two::users().await;
    let before = two.everything().await;
    let token = two.world.program.token_of(456).await;
    for asked in ASKED {
        two.ask(*asked, |method, path| two.world.program.by_user(method, path, &token)).await;
    }
    assert_eq!(two.everything().await, before);
    assert!(two.world.records(&two.stranger).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_devices_key_finds_and_does_nothing_wherever_it_asks() {
    let two = Two::users().await;
    let before = two.everything().await;
    let key = two.stranger.key(&two.world.program).await;
    for asked in ASKED_BY_KEY {
        two.ask(*asked, |method, path| two.world.program.by_key(method, path, &key)).await;
    }
    assert_eq!(two.everything().await, before);
    assert!(two.world.records(&two.stranger).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_devices_key_beside_another_users_token_does_nothing() {
    let two = Two::users().await;
    let before = two.everything().await;
    let token = two.world.program.token_of(456).await;
    let key = fill("{id}", &two.theirs);
    let key = Device { id: key, session_id: String::new() }.key(&two.world.program).await;
    for (endpoint, _, _, body) in ASKED_BY_KEY {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let request = two.world.program.by_key(method.parse().unwrap(), &fill(path, &two.theirs), &key).bearer_auth(&token);
        let refused = answer(request.header("content-type", "application/json").body(fill(body, &two.theirs))).await;
        assert_eq!((refused.status, refused.code()), (404, "DEVICE_NOT_FOUND"), "{endpoint}: {:?}", refused.body);
        // Nor does the token of anybody at all without a key.
        let own = two.world.program.token_of(123).await;
        for token in [&token, &own] {
            let request = two.world.program.by_user(method.parse().unwrap(), &fill(path, &two.theirs), token);
            let refused = answer(request.header("content-type", "application/json").body(fill(body, &two.theirs))).await;
            assert_eq!((refused.status, refused.code()), (401, "INVALID_API_TOKEN"), "{endpoint}: {:?}", refused.body);
        }
    }
    assert_eq!(two.everything().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_devices_key_opens_nothing_but_what_is_for_devices() {
    let two = Two::users().await;
    let before = two.everything().await;
    let key = Device { id: fill("{id}", &two.theirs), session_id: String::new() }.key(&two.world.program).await;
    for (endpoint, rest, _, body) in ASKED.iter().filter(|(endpoint, ..)| !endpoint.contains("{mediaId}")) {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let path = fill(&format!("{path}{rest}"), &two.theirs);
        let requests = || {
            let request = two.world.program.anonymous(method.parse().unwrap(), &path);
            request.header("content-type", "application/json").body(fill(body, &two.theirs))
        };
        for request in [requests().header("x-device-api-key", &key), requests().header("x-api-token", &key), requests().bearer_auth(&key)] {
            let refused = answer(request).await;
            assert_eq!((refused.status, refused.code()), (401, "INVALID_API_TOKEN"), "{endpoint}: {:?}", refused.body);
        }
    }
    assert_eq!(two.everything().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_see_and_do_with_their_own_whatever_the_operator_can() {
    let two = Two::users().await;
    let program = &two.world.program;
    let token = program.token_of(123).await;
    for path in [
        "/devices/{id}/messages",
        "/devices/{id}/messages/{contactId}",
        "/users/{userId}/messages",
        "/messages?deviceId={id}",
        "/templates?userId={userId}",
        "/templates/{name}?userId={userId}",
        "/send/bulk/{bulkId}",
    ] {
        let path = fill(path, &two.theirs);
        let (to_user, to_operator) = (answer(program.by_user(Method::GET, &path, &token)).await, program.get(&path).await);
        assert_eq!((to_user.status, &to_user.body), (200, &to_operator.body), "{path}");
    }
    let body = fill(r#"{"sessionId": "{session}", "recipient": "6281100000002", "mediaId": "{mediaId}"}"#, &two.theirs);
    let request = program.by_user(Method::POST, "/send/document", &token).header("content-type", "application/json").body(body);
    let sent = answer(request).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    two.world.arrived(&two.phones[1], sent.body["data"]["messageId"].as_str().unwrap(), PDF).await;
    let cancelled = answer(program.by_user(Method::POST, &fill("/send/bulk/{bulkId}/cancel", &two.theirs), &token)).await;
    assert_eq!((cancelled.status, &cancelled.body["data"]["status"]), (200, &json!("cancelled")), "{:?}", cancelled.body);
}
