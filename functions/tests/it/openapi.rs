//! The API's document: committed, whole, and true to its own schemas.

use std::{collections::BTreeSet, env, fs};

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use functions::router;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::world::api;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

async fn get(path: &str) -> (u16, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router(api().0).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(to_bytes(response.into_body(), 4 << 20).await.unwrap().to_vec()).unwrap())
}

async fn document() -> Value {
    let (status, text) = get("/openapi.json").await;
    assert_eq!(status, 200);
    serde_json::from_str(&text).unwrap()
}

/// Every operation: its name, and what is said of it.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    operations.collect()
}

#[tokio::test]
async fn the_document_is_the_committed_one() {
    let document = document().await;
    if env::var_os("UPDATE").is_some() {
        fs::write(COMMITTED, serde_json::to_string_pretty(&document).unwrap() + "\n").unwrap();
    }
    let committed: Value = serde_json::from_str(&fs::read_to_string(COMMITTED).unwrap_or_default()).unwrap_or_default();
    assert!(document == committed, "functions/openapi.json is not what the code says: renew it with `UPDATE=1 cargo test -p functions`");
}

#[tokio::test]
async fn the_document_and_its_page_need_no_token_and_nothing_from_elsewhere() {
    assert_eq!(get("/api/whatsapp/openapi.json").await, get("/openapi.json").await);
    let (status, page) = get("/docs").await;
    assert_eq!(status, 200);
    for elsewhere in ["src=", "@import", "url(", "<link", "http://", "https://"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

#[tokio::test]
async fn every_operation_is_there_and_has_a_name_and_examples() {
    let document = document().await;
    let mut ids = BTreeSet::new();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for (name, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}: another operation has its id");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name}");
        assert!(tags.contains(&&operation["tags"][0]), "{name}");
        let json = |content: &Value| content.get("application/json").cloned();
        if let Some(body) = json(&operation["requestBody"]["content"]) {
            assert!(body["example"].is_object(), "{name}");
        }
        for (status, answer) in operation["responses"].as_object().unwrap() {
            if let Some(answer) = json(&answer["content"]) {
                assert!(answer["example"].is_object() || answer["examples"].is_object(), "{name} {status}");
            }
        }
    }
    assert!(ids.len() >= 58, "{}", ids.len());
}

#[tokio::test]
async fn the_router_has_every_operation_of_the_document() {
    let document = document().await;
    for (name, _) in operations(&document) {
        let (method, path) = name.split_once(' ').unwrap();
        let path = path.replace("{userId}", "1").replace(['{', '}'], "");
        let request = Request::builder().method(method).uri(format!("/api/whatsapp{path}")).header("x-api-token", crate::world::TOKEN);
        let response = router(api().0).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body: Value = serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap();
        let code = body["error"]["code"].as_str().unwrap_or_default();
        assert!(code != "METHOD_NOT_ALLOWED" && (code != "NOT_FOUND" || path.starts_with("/media/")), "{name}: {status} {body}");
    }
}

#[tokio::test]
async fn every_example_is_what_its_schema_says() {
    let document = document().await;
    let check = |what: &str, schema: &Value, example: &Value| {
        let schema = json!({"allOf": [schema], "components": document["components"]});
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(example).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{what}: {errors:?}");
    };
    for (name, operation) in operations(&document) {
        let request = &operation["requestBody"]["content"]["application/json"];
        if !request.is_null() {
            check(&name, &request["schema"], &request["example"]);
        }
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let content = &answer["content"]["application/json"];
            if !content["example"].is_null() {
                check(&format!("{name} {status}"), &content["schema"], &content["example"]);
            }
        }
    }
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        for code in name.split('-') {
            let example = &document["components"]["examples"][code]["value"];
            check(name, &response["content"]["application/json"]["schema"], example);
        }
    }
}
