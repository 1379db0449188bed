//! What holds for every request.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use functions::{router, socket_router};
use serde_json::Value;
use tower::ServiceExt;

use crate::world::{PANICKING_SESSION, TOKEN, api};

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    fn details(&self) -> &str {
        self.body["error"]["details"].as_str().unwrap_or_default()
    }
}

async fn ask(request: Request<Body>) -> Answer {
    let response = router(api().0).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("x-api-token", TOKEN)
}

async fn get(path: &str) -> Answer {
    ask(request(Method::GET, path).body(Body::empty()).unwrap()).await
}

async fn post(path: &str, body: impl Into<Body>) -> Answer {
    ask(request(Method::POST, path).header("content-type", "application/json").body(body.into()).unwrap()).await
}

#[tokio::test]
async fn nobody_learns_anything_without_the_token() {
    for (method, path) in [
        (Method::GET, "/api/whatsapp/devices/1"),
        (Method::POST, "/api/whatsapp/devices"),
        (Method::GET, "/api/whatsapp/no/such/thing"),
        (Method::DELETE, "/api/whatsapp/messages"),
        (Method::GET, "/api/whatsapp"),
        (Method::GET, "/api/whatsapp/"),
        (Method::POST, "/api/whatsapp/devices/"),
    ] {
        for token in [None, Some(""), Some("t0ken"), Some("t0ken+&x")] {
            let mut request = Request::builder().method(method.clone()).uri(path);
            if let Some(token) = token {
                request = request.header("x-api-token", token);
            }
            let answer = ask(request.body(Body::empty()).unwrap()).await;
            assert_eq!((answer.status, answer.code()), (401, "INVALID_API_TOKEN"), "{method} {path} {token:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_contracts_shape() {
    for path in [
        "/api/whatsapp/no/such/thing",
        "/api/whatsapp",
        "/api/whatsapp/",
        "/elsewhere",
        "/console/",
        "/console/nothing.js",
        "/link/nonsense/state",
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.code()), (404, "NOT_FOUND"), "{path}");
    }
    let answer = ask(request(Method::DELETE, "/api/whatsapp/messages").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.code()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(answer.headers["allow"], "GET,HEAD");
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_request_keeps_its_id_and_gets_one_if_it_has_none() {
    let answer = get("/elsewhere").await;
    let id = answer.headers["x-request-id"].to_str().unwrap();
    assert!(id.starts_with("req_"), "{id}");
    assert_eq!(answer.body["error"]["requestId"], id);

    let answer = ask(request(Method::GET, "/elsewhere").header("x-request-id", "mine-1").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["x-request-id"], "mine-1");
    assert_eq!(answer.body["error"]["requestId"], "mine-1");
}

#[tokio::test]
async fn a_failing_store_is_an_internal_error_that_says_nothing() {
    let send = format!(r#"{{"sessionId":"{PANICKING_SESSION}","recipient":"6281100000001","message":"x"}}"#);
    for answer in [
        get("/api/whatsapp/devices/1").await,
        get("/api/whatsapp/messages").await,
        post("/api/whatsapp/devices", r#"{"userId":1,"alias":"a"}"#).await,
        post("/api/whatsapp/send", send).await,
    ] {
        assert_eq!((answer.status, answer.code()), (500, "INTERNAL_ERROR"));
        assert_eq!(answer.body["error"]["details"], Value::Null);
        assert!(!answer.body.to_string().contains("host-17"));
        assert!(answer.headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn health_needs_no_token_and_tells_that_the_store_is_down() {
    for path in ["/health", "/api/whatsapp/health"] {
        let answer = ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.body["status"], "unhealthy");
        assert_eq!(answer.body["services"]["database"], "disconnected");
        assert_eq!(answer.body["version"], "1.2.3");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_with_the_reason() {
    for (body, status, code, details) in [
        ("", 400, "VALIDATION_ERROR", "the body is empty"),
        ("{", 400, "VALIDATION_ERROR", "the body is not valid JSON: EOF"),
        ("[]", 400, "VALIDATION_ERROR", "the body is a list"),
        ("\"x\"", 400, "VALIDATION_ERROR", "expected an object"),
        (r#"{"alias":"a"}"#, 400, "VALIDATION_ERROR", "userId"),
        (r#"{"userId":"1","alias":"a"}"#, 400, "VALIDATION_ERROR", "userId: "),
        (r#"{"userId":9007199254740992,"alias":"a"}"#, 400, "VALIDATION_ERROR", "userId: "),
        (r#"{"userId":1,"alias":""}"#, 400, "VALIDATION_ERROR", "alias: "),
        (r#"{"userId":1,"alias":"!"}"#, 400, "VALIDATION_ERROR", "alias: "),
        (r#"{"userId":1,"alias":"a","webhook":{"events":[]}}"#, 400, "VALIDATION_ERROR", "webhook.url: "),
        (
            r#"{"userId":1,"alias":"a","webhook":{"url":"http://x","events":["qr","nonsense"]}}"#,
            400,
            "VALIDATION_ERROR",
            "webhook.events[1]: unknown variant `nonsense`",
        ),
        (r#"{"userId":1,"alias":"a","aiSettings":{"temperature":3}}"#, 400, "VALIDATION_ERROR", "aiSettings.temperature: "),
    ] {
        let answer = post("/api/whatsapp/devices", body).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{body}");
        assert!(answer.details().contains(details), "{body}: {}", answer.details());
    }

    let answer = post("/api/whatsapp/devices", vec![b' '; (1 << 20) + 1]).await;
    assert_eq!((answer.status, answer.code()), (413, "PAYLOAD_TOO_LARGE"));

    let form = request(Method::POST, "/api/whatsapp/devices").header("content-type", "text/plain").body("userId=1".into()).unwrap();
    let answer = ask(form).await;
    assert_eq!((answer.status, answer.code()), (415, "UNSUPPORTED_MEDIA_TYPE"));
}

#[tokio::test]
async fn parameters_that_cannot_be_used_are_named() {
    for (path, details) in [
        ("/api/whatsapp/messages?page=0", "page: "),
        ("/api/whatsapp/messages?limit=201", "limit: "),
        ("/api/whatsapp/messages?limit=x", "limit: expected a whole number"),
        ("/api/whatsapp/messages?cursor=%21", "cursor: "),
        ("/api/whatsapp/messages?messageId=", "messageId: "),
        ("/api/whatsapp/users/1/devices?status=asleep", "status: unknown variant `asleep`"),
        ("/api/whatsapp/users/x/devices", "the path has x where a whole number is expected"),
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.code()), (400, "VALIDATION_ERROR"), "{path}");
        assert!(answer.details().contains(details), "{path}: {}", answer.details());
    }
}

#[tokio::test]
async fn a_page_of_any_origin_may_ask() {
    let preflight = Request::options("/api/whatsapp/send")
        .header("origin", "https://example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,authorization,x-api-token,x-device-api-key,idempotency-key");
    let answer = ask(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let allowed = answer.headers["access-control-allow-headers"].to_str().unwrap();
    for header in ["authorization", "x-api-token", "x-device-api-key", "idempotency-key"] {
        assert!(allowed.contains(header), "{allowed}");
    }

    let answer = ask(Request::get("/health").header("origin", "https://example.com").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("x-request-id") && exposed.contains("x-ratelimit-remaining"), "{exposed}");
}

#[tokio::test]
async fn the_sockets_port_answers_a_plain_request_with_an_error() {
    for (path, status) in [("/", StatusCode::UNAUTHORIZED), ("/?token=t0ken%2B%26", StatusCode::BAD_REQUEST)] {
        let response = socket_router(api().0).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}
