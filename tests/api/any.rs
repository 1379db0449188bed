//! What holds for every endpoint.

use std::collections::BTreeSet;

use reqwest::{Body, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::world::{Answer, Device, TOKEN, World, answer, is_split, moment};

/// Every endpoint that asks for a token, with a body that would do.
const ENDPOINTS: [(&str, &str, Option<&str>); 23] = [
    ("GET", "/devices", None),
    ("POST", "/devices", Some(r#"{"userId":1,"alias":"Any"}"#)),
    ("GET", "/devices/{id}", None),
    ("PUT", "/devices/{id}", Some(r#"{"description":"any"}"#)),
    ("DELETE", "/devices/{id}", None),
    ("GET", "/devices/{id}/settings/webhook", None),
    ("PUT", "/devices/{id}/settings/webhook", Some(r#"{"url":"http://127.0.0.1:9/"}"#)),
    ("POST", "/devices/{id}/settings/webhook/test", Some(r#"{"testPayload":{}}"#)),
    ("GET", "/devices/{id}/deliveries", None),
    ("POST", "/devices/{id}/deliveries/replay", Some(r#"{"ids":[]}"#)),
    ("POST", "/devices/{id}/connect", None),
    ("POST", "/devices/{id}/disconnect", None),
    ("POST", "/devices/{id}/relogin", None),
    ("GET", "/devices/{id}/qr", None),
    ("GET", "/devices/{id}/contacts", None),
    ("GET", "/devices/{id}/chats", None),
    ("GET", "/devices/{id}/groups", None),
    ("POST", "/devices/{id}/groups", Some(r#"{"subject":"Any","participants":[]}"#)),
    ("GET", "/sessions", None),
    ("POST", "/sessions/user_123_device_toko/cancel", None),
    ("GET", "/users/123/devices", None),
    ("POST", "/send", Some(r#"{"sessionId":"user_123_device_toko","recipient":"6281100000002","message":"x"}"#)),
    ("GET", "/messages", None),
];

/// A world with a device that was never connected.
async fn start() -> (World, Device) {
    let world = World::new().await;
    let device = world.device("Toko").await;
    (world, device)
}

fn method(name: &str) -> Method {
    name.parse().unwrap()
}

/// Fails unless this is the contract's error, with nothing in it that is not for users.
fn assert_error(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{what}: {:?}", answer.body);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&answer.body), BTreeSet::from(["error", "success"].map(String::from)), "{what}");
    let error = &answer.body["error"];
    assert_eq!(keys(error), BTreeSet::from(["code", "details", "message", "requestId", "timestamp"].map(String::from)), "{what}");
    assert_eq!(answer.body["success"], false);
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert!(error["details"].is_string() || error["details"].is_null());
    let age = chrono::Utc::now() - moment(&error["timestamp"]);
    assert!(age.abs() < chrono::TimeDelta::seconds(60), "{what}: {age}");
    assert_eq!(answer.headers["x-request-id"], error["requestId"].as_str().unwrap(), "{what}");
    assert_eq!(answer.headers["content-type"], "application/json", "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_without_the_token() {
    let (world, device) = start().await;
    let elsewhere =
        [("GET", "", None), ("GET", "/", None), ("GET", "/unknown", None), ("PATCH", "/devices", None), ("GET", "/devices/unknown", None)];
    let garbage = [("POST", "/devices", Some("{")), ("POST", "/send", Some("[]"))];
    for (name, path, body) in ENDPOINTS.into_iter().chain(elsewhere).chain(garbage) {
        let path = path.replace("{id}", &device.id);
        let request = || {
            let request = world.program.anonymous(method(name), &path);
            match body {
                Some(body) => request.header("content-type", "application/json").body(body),
                None => request,
            }
        };
        let what = format!("{name} {path}");
        assert_error(&answer(request()).await, 401, "INVALID_API_TOKEN", &what);
        for token in ["", "wrong", "test12", "test1234", "TEST123", "test123,test123", "Bearer test123"] {
            assert_error(&answer(request().header("x-api-token", token)).await, 401, "INVALID_API_TOKEN", &format!("{what} {token}"));
        }
        assert_error(&answer(request().bearer_auth(TOKEN)).await, 401, "INVALID_API_TOKEN", &what);
        let in_query = world.program.anonymous(method(name), &format!("{path}?token={TOKEN}"));
        assert_error(&answer(in_query).await, 401, "INVALID_API_TOKEN", &what);
        assert_error(&answer(request().header("x-api-token", b"\xff\xfe".as_slice())).await, 401, "INVALID_API_TOKEN", &what);
    }
    assert_eq!(world.program.get(&format!("/devices/{}", device.id)).await.status, 200, "nothing was done");
    assert_eq!(world.program.get("/users/1/devices").await.body["data"]["pagination"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_nobody_knows_is_not_found() {
    let (world, device) = start().await;
    let long = "x".repeat(1000);
    for (name, path, body) in ENDPOINTS.into_iter().filter(|(_, path, _)| path.contains("{id}")) {
        for id in ["unknown", "123", &long, "%ff", "%00", "%20", "%E6%9D%B1", "a%2Fb", &device.id.to_uppercase(), &device.session_id] {
            let request = world.program.request(method(name), &path.replace("{id}", id));
            let request = match body {
                Some(body) => request.header("content-type", "application/json").body(body),
                None => request,
            };
            // API Gateway decodes paths: a device's name is the way to another address there.
            let code = if is_split() && id == "a%2Fb" { "NOT_FOUND" } else { "DEVICE_NOT_FOUND" };
            assert_error(&answer(request).await, 404, code, &format!("{name} {path} {id}"));
        }
    }
    let send = json!({"sessionId": "unknown", "recipient": "6281100000002", "message": "x"});
    assert_error(&world.program.post("/send", &send).await, 404, "DEVICE_NOT_FOUND", "send");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_not_even_text_names_nothing() {
    let (world, device) = start().await;
    let id = &device.id;
    for (name, path, code) in [
        ("GET", "/devices/%ff/contacts", "DEVICE_NOT_FOUND"),
        ("GET", &format!("/devices/{id}/contacts/%ff"), "NOT_FOUND"),
        ("GET", &format!("/devices/{id}/groups/%ff"), "NOT_FOUND"),
        ("GET", &format!("/devices/{id}/messages/%ff"), "NOT_FOUND"),
        ("POST", "/sessions/%ff/cancel", "DEVICE_NOT_FOUND"),
        ("GET", "/users/%ff/devices", "NOT_FOUND"),
        ("GET", "/users/%ff/messages", "NOT_FOUND"),
        ("GET", "/templates/%ff", "TEMPLATE_NOT_FOUND"),
        ("DELETE", "/templates/%c3%28", "TEMPLATE_NOT_FOUND"),
        ("POST", "/messages/%ff/delete", "MESSAGE_NOT_FOUND"),
        ("GET", "/send/bulk/%ff", "BULK_NOT_FOUND"),
        ("POST", "/send/bulk/%ff/cancel", "BULK_NOT_FOUND"),
        ("GET", "/media/%ff/med_1", "MEDIA_NOT_FOUND"),
        ("GET", "/media/dev_1/%ff", "MEDIA_NOT_FOUND"),
    ] {
        assert_error(&answer(world.program.request(method(name), path)).await, 404, code, &format!("{name} {path}"));
    }
}

/// Each endpoint with a body, given this one.
async fn with_bodies<B: Into<Body>>(world: &World, device: &Device, body: impl Fn() -> B, type_: Option<&str>) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for (name, path, _) in ENDPOINTS.into_iter().filter(|(.., body)| body.is_some()) {
        let mut request: RequestBuilder = world.program.request(method(name), &path.replace("{id}", &device.id)).body(body());
        if let Some(type_) = type_ {
            request = request.header("content-type", type_);
        }
        answers.push((format!("{name} {path}"), answer(request).await));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_no_json_object_is_refused() {
    let (world, device) = start().await;
    let deep = format!(r#"{{"alias":{}"#, "[".repeat(100_000));
    for body in [
        "",
        " \n",
        "{",
        "}",
        "[]",
        "[1]",
        "null",
        "true",
        "7",
        "\"x\"",
        "{} {}",
        "{\"alias\":}",
        "{'alias':'x'}",
        "userId=1&alias=x",
        "\u{feff}{}",
        "{\"alias\":\"\\ud800\"}",
        "{\"alias\": NaN}",
        &deep,
    ] {
        let shown: String = body.chars().take(20).collect();
        for (endpoint, answer) in with_bodies(&world, &device, || body.to_owned(), Some("application/json")).await {
            assert_error(&answer, 400, "VALIDATION_ERROR", &format!("{endpoint} {shown}"));
            assert!(answer.body["error"]["details"].is_string(), "{endpoint} {shown}");
        }
    }
    for bytes in [b"\xff\xfe{}".as_slice(), b"{\"alias\":\"\xff\"}", b"\0", b"\x1f\x8b\x08\0"] {
        for (endpoint, answer) in with_bodies(&world, &device, || bytes.to_vec(), Some("application/json")).await {
            assert_error(&answer, 400, "VALIDATION_ERROR", &endpoint);
        }
    }
    // What is deep but of no interest is passed over.
    let harmless = format!(r#"{{"description":"deep","junk":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let request = world.program.request(Method::PUT, &format!("/devices/{}", device.id)).header("content-type", "application/json");
    assert_eq!(answer(request.body(harmless)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_is_missing_or_of_the_wrong_type_is_named() {
    let (world, device) = start().await;
    let update = format!("/devices/{}", device.id);
    let message = r#""recipient":"6281100000002","message":"x""#;
    for (name, path, body, field) in [
        ("POST", "/devices", "{}".to_owned(), "userId"),
        ("POST", "/devices", r#"{"alias":"x"}"#.to_owned(), "userId"),
        ("POST", "/devices", r#"{"userId":1}"#.to_owned(), "alias"),
        ("POST", "/devices", r#"{"userId":"1","alias":"x"}"#.to_owned(), "userId: "),
        ("POST", "/devices", r#"{"userId":1,"alias":["x"]}"#.to_owned(), "alias: "),
        ("POST", "/devices", r#"{"userId":1,"userId":2,"alias":"x"}"#.to_owned(), "userId"),
        ("PUT", &update, r#"{"alias":{}}"#.to_owned(), "alias: "),
        ("PUT", &update, r#"{"aiSettings":{"workingHours":{"days":[1]}}}"#.to_owned(), "aiSettings.workingHours.days[0]: "),
        ("POST", "/send", "{}".to_owned(), "recipient"),
        ("POST", "/send", format!("{{{message}}}"), "sessionId"),
        ("POST", "/send", r#"{"sessionId":"user_123_device_toko","message":"x"}"#.to_owned(), "recipient"),
        ("POST", "/send", r#"{"sessionId":"user_123_device_toko","recipient":"6281100000002"}"#.to_owned(), "message"),
        ("POST", "/send", format!(r#"{{"sessionId":null,{message}}}"#), "sessionId"),
        ("POST", "/send", format!(r#"{{"sessionId":"x",{message},"options":{{"delay":[]}}}}"#), "options.delay: "),
    ] {
        let request = world.program.request(method(name), path).header("content-type", "application/json").body(body.clone());
        let refused = answer(request).await;
        assert_error(&refused, 400, "VALIDATION_ERROR", &body);
        let details = refused.body["error"]["details"].as_str().unwrap();
        assert!(details.contains(field), "{body}: {details}");
        assert!(!details.contains("line 1"), "{details}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_another_type_is_unsupported() {
    let (world, device) = start().await;
    for type_ in [
        None,
        Some("text/plain"),
        Some("text/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some(""),
    ] {
        for (endpoint, answer) in with_bodies(&world, &device, || "{}", type_).await {
            assert_error(&answer, 415, "UNSUPPORTED_MEDIA_TYPE", &format!("{endpoint} {type_:?}"));
        }
    }
    for type_ in ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=UTF-8", "application/vnd.api+json"] {
        let request = world.program.request(Method::PUT, &format!("/devices/{}", device.id)).header("content-type", type_).body("{}");
        assert_eq!(answer(request).await.status, 200, "{type_}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_is_refused_however_it_is_sent() {
    let (world, device) = start().await;
    let json = |size: usize| format!(r#"{{"description":"x"{}}}"#, " ".repeat(size - 19));
    for size in [(1 << 20) + 1, 8 << 20] {
        for (endpoint, answer) in with_bodies(&world, &device, || json(size), Some("application/json")).await {
            assert_error(&answer, 413, "PAYLOAD_TOO_LARGE", &format!("{endpoint} {size}"));
        }
        let chunks = move || {
            let pieces = json(size).into_bytes().chunks(64 << 10).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>();
            Body::wrap_stream(futures::stream::iter(pieces))
        };
        for (endpoint, answer) in with_bodies(&world, &device, chunks, Some("application/json")).await {
            assert_error(&answer, 413, "PAYLOAD_TOO_LARGE", &format!("{endpoint} {size} in chunks"));
        }
    }
    let request = world.program.request(Method::PUT, &format!("/devices/{}", device.id)).header("content-type", "application/json");
    assert_eq!(answer(request.body(json(1 << 20))).await.status, 200, "what is just small enough is read");
    for path in ["/send", "/devices/unknown", "/unknown"] {
        let request = world.program.anonymous(Method::POST, path).header("content-type", "application/json");
        assert_error(&answer(request.body(json(8 << 20))).await, 401, "INVALID_API_TOKEN", "a stranger's large body");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_before_sending_a_body_is_told_to_send_it_only_if_it_is_wanted() {
    let (world, _device) = start().await;
    let (address, base) = world.program.api.strip_prefix("http://").unwrap().split_once('/').unwrap();
    // API Gateway takes every body in before it hands a request on.
    let unwanted = if is_split() { "HTTP/1.1 100 " } else { "HTTP/1.1 401 " };
    for (token, first) in [(TOKEN, "HTTP/1.1 100 "), ("wrong", unwanted)] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /{base}/devices HTTP/1.1\r\nHost: {address}\r\nX-API-Token: {token}\r\nContent-Type: application/json\r\n\
             Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut start = [0; 13];
        stream.read_exact(&mut start).await.unwrap();
        assert_eq!(std::str::from_utf8(&start).unwrap(), first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_that_an_address_does_not_know_is_not_allowed() {
    let (world, device) = start().await;
    let paths: BTreeSet<_> = ENDPOINTS.into_iter().map(|(_, path, _)| path).chain(["/health"]).collect();
    for path in paths {
        let mut known: BTreeSet<_> = ENDPOINTS.into_iter().filter(|(_, other, _)| *other == path).map(|(name, ..)| name).collect();
        if path == "/health" {
            known.insert("GET");
        }
        if known.contains("GET") {
            known.insert("HEAD");
        }
        for name in ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|name| !known.contains(name)) {
            let refused = answer(world.program.request(method(name), &path.replace("{id}", &device.id))).await;
            assert_error(&refused, 405, "METHOD_NOT_ALLOWED", &format!("{name} {path}"));
            let allowed: BTreeSet<_> = refused.headers["allow"].to_str().unwrap().split(',').collect();
            assert_eq!(allowed, known, "{name} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_leads_nowhere_is_not_found() {
    let (world, device) = start().await;
    let id = &device.id;
    for path in [
        "",
        "/",
        "/unknown",
        "/devices/",
        &format!("/devices/{id}/"),
        &format!("/devices/{id}/unknown"),
        "/users",
        "/users/123",
        "/send/",
        "/Devices",
        "//devices",
    ] {
        for name in ["GET", "POST"] {
            assert_error(&answer(world.program.request(method(name), path)).await, 404, "NOT_FOUND", &format!("{name} {path}"));
        }
    }
    let root = world.program.api.strip_suffix("/api/whatsapp").unwrap().to_owned();
    for path in ["/api", "/api/", "/api/whatsapp2", "/devices", "/favicon.ico", "/%2e%2e/etc/passwd"] {
        assert_error(&answer(crate::world::http().get(format!("{root}{path}"))).await, 404, "NOT_FOUND", path);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_bears_the_id_of_its_request() {
    let (world, device) = start().await;
    let mut made = BTreeSet::new();
    for (name, path, body) in ENDPOINTS {
        let request = || {
            let request = world.program.request(method(name), &path.replace("{id}", &device.id));
            match body {
                Some(body) => request.header("content-type", "application/json").body(body),
                None => request,
            }
        };
        // Deleting the device comes in between: what is answered does not matter here.
        let given = answer(request().header("x-request-id", "req_123456789")).await;
        assert_eq!(given.headers["x-request-id"], "req_123456789", "{name} {path}");
        if given.status >= 400 {
            assert_eq!(given.body["error"]["requestId"], "req_123456789");
        }
        let insane = ["", " ", "a b", "a\"b", "a/b", "a;b", "<script>", &"x".repeat(129)].map(|id| request().header("x-request-id", id));
        for request in [request(), request().header("x-request-id", b"\xff\xfe".as_slice())].into_iter().chain(insane) {
            let answer = answer(request).await;
            let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
            assert!(id.starts_with("req_") && id.len() >= 20, "{id}");
            assert!(made.insert(id), "each request has an id of its own");
        }
    }
    let health = world.program.anonymous(Method::GET, "/health").header("x-request-id", "0b1e-4.a:7");
    assert_eq!(answer(health).await.headers["x-request-id"], "0b1e-4.a:7");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_any_origin_may_ask_and_read_the_answer() {
    let (world, device) = start().await;
    for (name, path, _) in ENDPOINTS.into_iter().chain([("GET", "/health", None)]) {
        let path = path.replace("{id}", &device.id);
        let preflight = world
            .program
            .anonymous(Method::OPTIONS, &path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", name)
            .header("access-control-request-headers", "content-type,x-api-token,idempotency-key,prefer,x-request-id");
        let allowed = answer(preflight).await;
        assert!(matches!(allowed.status, 200 | 204) && allowed.body.is_null(), "{name} {path}: {allowed:?}");
        let header = |name: &str| allowed.headers[name].to_str().unwrap().to_lowercase();
        assert_eq!(header("access-control-allow-origin"), "*");
        assert!(header("access-control-allow-methods").split(',').any(|method| method.eq_ignore_ascii_case(name)), "{name}");
        for wanted in ["content-type", "x-api-token", "idempotency-key", "prefer", "x-request-id"] {
            assert!(header("access-control-allow-headers").split(',').any(|name| name == wanted), "{wanted}");
        }
        let refused = answer(world.program.anonymous(method(name), &path).header("origin", "https://shop.example")).await;
        assert_eq!(refused.headers["access-control-allow-origin"], "*", "an error can be read too");
        let exposed = refused.headers["access-control-expose-headers"].to_str().unwrap().to_lowercase();
        assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_one_pipeline_are_answered_in_their_order() {
    let (world, device) = start().await;
    let (address, base) = world.program.api.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = r#"{"description":"piped"}"#;
    let head = |method: &str, path: &str, id: &str| {
        format!("{method} /{base}{path} HTTP/1.1\r\nHost: {address}\r\nX-API-Token: {TOKEN}\r\nX-Request-Id: {id}\r\n")
    };
    let requests = [
        format!(
            "{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            head("PUT", &format!("/devices/{}", device.id), "one"),
            body.len()
        ),
        format!("{}\r\n", head("GET", &format!("/devices/{}", device.id), "two")),
        format!("{}\r\n", head("GET", "/unknown", "three")),
        format!("{}Content-Length: 1\r\n\r\n{{", head("POST", "/send", "four")),
        format!("{}Connection: close\r\n\r\n", head("GET", "/messages", "five")),
    ];
    stream.write_all(requests.concat().as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();

    let mut told = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(start) = response.parse(rest).unwrap() else { panic!("half a response") };
        let header = |name: &str| {
            let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).unwrap();
            std::str::from_utf8(found.value).unwrap().to_owned()
        };
        let end = start + header("content-length").parse::<usize>().unwrap();
        let body: Value = serde_json::from_slice(&rest[start..end]).unwrap();
        told.push((header("x-request-id"), response.code.unwrap(), body));
        rest = &rest[end..];
    }
    let statuses: Vec<_> = told.iter().map(|(id, status, _)| (id.as_str(), *status)).collect();
    assert_eq!(statuses, [("one", 200), ("two", 200), ("three", 404), ("four", 415), ("five", 200)]);
    assert_eq!(told[1].2["data"]["device"]["description"], "piped", "each sees what the one before did");
}
