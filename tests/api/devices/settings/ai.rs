//! `GET` and `PUT /devices/{id}/settings/ai`, `POST /devices/{id}/settings/ai/test`

use serde_json::{Value, json};

use crate::world::{Llm, Saying, World, assert_like};

/// The contract's answer to `GET /devices/123/settings/ai`.
const SETTINGS: &str = r#"{
    "success": true,
    "data": {
        "aiSettings": {
            "enabled": true,
            "autoReply": true,
            "botName": "Support Bot",
            "language": "id",
            "maxTokens": 500,
            "temperature": 0.7,
            "model": "gpt-3.5-turbo",
            "systemPrompt": "You are a helpful customer support assistant.",
            "triggerKeywords": ["help", "support", "bantuan"],
            "excludeGroups": true,
            "workingHours": {
                "enabled": true,
                "timezone": "Asia/Jakarta",
                "start": "09:00",
                "end": "17:00",
                "days": ["monday", "tuesday", "wednesday", "thursday", "friday"]
            },
            "autoResponses": [
                {
                    "trigger": "hello",
                    "response": "Hello! How can I help you today?"
                }
            ]
        }
    }
}"#;

/// The contract's request to `PUT /devices/123/settings/ai`.
const UPDATE: &str = r#"{
    "enabled": true,
    "autoReply": true,
    "botName": "Customer Support Bot",
    "language": "id",
    "maxTokens": 1000,
    "temperature": 0.8,
    "model": "gpt-4",
    "systemPrompt": "You are a helpful customer support assistant for an e-commerce platform.",
    "triggerKeywords": ["help", "support", "bantuan", "info"],
    "excludeGroups": true,
    "workingHours": {
        "enabled": true,
        "timezone": "Asia/Jakarta",
        "start": "08:00",
        "end": "20:00",
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    },
    "autoResponses": [
        {
            "trigger": "hello",
            "response": "Halo! Ada yang bisa saya bantu?"
        },
        {
            "trigger": "price",
            "response": "Untuk informasi harga, silakan kunjungi website kami atau hubungi sales team."
        }
    ]
}"#;

/// Our answer to `POST /devices/123/settings/ai/test`.
const TESTED: &str = r#"{"success": true, "data": {"answer": "Ya.", "model": "gpt-3.5-turbo", "tokensUsed": 118}}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_are_kept_as_they_were_given() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/settings/ai", device.id);
    let request: Value = serde_json::from_str(UPDATE).unwrap();
    let updated = world.program.put(&path, &request).await;
    assert_eq!((updated.status, &updated.body["message"]), (200, &json!("AI settings updated successfully")), "{:?}", updated.body);
    for answer in [updated, world.program.get(&path).await] {
        assert_eq!(answer.status, 200);
        assert_like(&answer.body, SETTINGS);
        let settings = &answer.body["data"]["aiSettings"];
        for (field, value) in request.as_object().unwrap() {
            assert_eq!(&settings[field], value, "{field}");
        }
    }
    let shown = world.program.get(&format!("/devices/{}", device.id)).await;
    assert_eq!(shown.body["data"]["device"]["aiSettings"]["botName"], "Customer Support Bot");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_out_stays_as_it_is() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/settings/ai", device.id);
    let before = world.program.get(&path).await.body["data"]["aiSettings"].clone();
    assert_eq!((&before["enabled"], &before["autoReply"], &before["dailyTokenLimit"]), (&json!(false), &json!(false), &json!(200_000)));
    let changed = world.program.put(&path, &json!({"workingHours": {"start": "22:00"}, "dailyTokenLimit": 0})).await;
    let mut expected = before;
    expected["workingHours"]["start"] = "22:00".into();
    expected["dailyTokenLimit"] = 0.into();
    assert_eq!(changed.body["data"]["aiSettings"], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_cannot_work_are_refused() {
    let world = World::new().await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/settings/ai", device.id);
    for (body, field) in [
        (json!({"temperature": 3}), "temperature"),
        (json!({"model": ""}), "model"),
        (json!({"workingHours": {"timezone": "Mars/Olympus"}}), "workingHours.timezone"),
        (json!({"workingHours": {"days": ["funday"]}}), "workingHours.days[0]"),
        (json!({"triggerKeywords": "help"}), "triggerKeywords"),
        (json!({"dailyTokenLimit": -1}), "dailyTokenLimit"),
    ] {
        let refused = world.program.put(&path, &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}");
        let details = refused.body["error"]["details"].as_str().unwrap();
        assert!(details.starts_with(field), "{body}: {details}");
    }
    for path in ["/devices/dev_none/settings/ai", "/devices/dev_none/settings/ai/test"] {
        let unknown = world.program.post(path, &json!({"message": "x"})).await;
        assert!([404, 405].contains(&unknown.status), "{:?}", unknown.body);
    }
    assert_eq!(world.program.get("/devices/dev_none/settings/ai").await.code(), "DEVICE_NOT_FOUND");
    assert_eq!(world.program.put("/devices/dev_none/settings/ai", &json!({})).await.code(), "DEVICE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_asks_the_model_whether_or_not_the_device_is_on() {
    let llm = Llm::start().await;
    let world = World::with(&[("OPENAI_BASE_URL", &llm.openai()), ("OPENAI_API_KEY", "sk-secret")]).await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/settings/ai/test", device.id);
    let tested = world.program.post(&path, &json!({"message": "Buka hari Minggu?"})).await;
    assert_eq!(tested.status, 200, "{:?}", tested.body);
    assert_like(&tested.body, TESTED);
    assert_eq!(tested.body["data"], json!({"answer": "You said: Buka hari Minggu?", "model": "gpt-3.5-turbo", "tokensUsed": 10}));
    assert_eq!(llm.asked()[0].headers["authorization"], "Bearer sk-secret");
    for body in [json!({}), json!({"message": ""}), json!({"message": 1})] {
        let refused = world.program.post(&path, &body).await;
        assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_gives_no_answer_is_an_unavailable_service_and_why_is_said() {
    let llm = Llm::start().await;
    let world = World::with(&[("OPENAI_BASE_URL", &llm.openai())]).await;
    let device = world.device("Toko").await;
    let path = format!("/devices/{}/settings/ai", device.id);
    for (saying, error) in [
        (Saying::Status(401, None), "refused_401"),
        (Saying::CutOff, "cut_off"),
        (Saying::Filtered, "filtered"),
        (Saying::Text(""), "invalid_answer"),
    ] {
        llm.say(saying);
        let failed = world.program.post(&format!("{path}/test"), &json!({"message": "x"})).await;
        assert_eq!((failed.status, failed.code()), (503, "AI_SERVICE_UNAVAILABLE"));
        assert_eq!(failed.body["error"]["details"], error);
    }
    world.program.put(&path, &json!({"model": "gemini-1.5-flash"})).await;
    let failed = world.program.post(&format!("{path}/test"), &json!({"message": "x"})).await;
    assert_eq!((failed.status, &failed.body["error"]["details"]), (503, &json!("not_configured")));
}
