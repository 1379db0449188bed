//! `POST /devices/{id}/settings/ai/test`: what the model would say.

use std::sync::Arc;

use ai::{Question, Role, Turn, prompt};
use axum::{Extension, extract::State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    fields::Text,
    limits::{Allowance, Limit},
    openapi::Operation,
    reply::Success,
};

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "TestAi")]
pub struct Request {
    message: Text<1, 4096>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "TestedAi")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    answer: String,
    model: String,
    /// What the model used, question and answer together.
    tokens_used: u64,
}

pub fn doc() -> Operation {
    Operation::new("testAiSettings", "Settings", "Ask a device's model")
        .describe("Asks the model as the device would, whether or not it answers by itself now. Nobody is sent anything. It counts as a message, and against no daily limit.")
        .takes::<Request>(json!({"message": "Apakah toko buka hari Minggu?"}))
        .answers::<Response>(
            200,
            "What the model says.",
            json!({
                "success": true,
                "data": {"answer": "Ya, kami buka dari jam 9 sampai jam 5.", "model": "gpt-3.5-turbo", "tokensUsed": 118},
            }),
        )
        .refuses([ApiError::AiServiceUnavailable { reason: String::new() }])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(allowance): Extension<Allowance>,
    PathDevice(device): PathDevice,
    Json(request): Json<Request>,
) -> Result<Success<Response>, ApiError> {
    allowance.device(&api, &device, Limit::Messages).await?;
    let mut prompt = prompt(&device.ai, [], api.clock.now());
    prompt.turns.push(Turn { role: Role::User, text: request.message.0 });
    let model = device.ai.model;
    let question = Question { model: model.clone(), prompt, max_tokens: device.ai.max_tokens, temperature: device.ai.temperature };
    match api.providers.ask(&question).await {
        Ok(answer) => Ok(Success::of(Response { answer: answer.text, model, tokens_used: answer.tokens })),
        Err(error) => Err(ApiError::AiServiceUnavailable { reason: error.to_string() }),
    }
}
