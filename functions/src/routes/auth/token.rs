//! `POST /auth/token`: a token for a user, who sees nothing but their own with it.

use std::{sync::Arc, time::Duration};

use axum::{Extension, extract::State, http::StatusCode};
use domain::model::{Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    auth::{self, Caller},
    error::ApiError,
    extract::Json,
    fields::Number,
    openapi::Operation,
    reply::Success,
};
use serde_json::json;

const DEFAULT_SECONDS: u32 = 3600;
const MAX_SECONDS: u32 = 30 * 24 * 3600;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "CreateToken")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    user_id: UserId,
    /// Seconds.
    expires_in: Option<Number<1, MAX_SECONDS>>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Token")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    token: String,
    token_type: &'static str,
    expires_at: Timestamp,
    user_id: UserId,
}

pub fn doc() -> Operation {
    Operation::new("createToken", "Access", "Create a user's token")
        .describe("Its bearer sees that user's devices alone. `expiresIn` is an hour unless told otherwise, and at most 30 days.")
        .operators()
        .takes::<Request>(json!({"userId": 123, "expiresIn": 3600}))
        .answers::<Response>(
            201,
            "The token.",
            json!({
                "success": true,
                "message": "Token created successfully",
                "data": {"token": "jwt_token_here", "tokenType": "Bearer", "expiresAt": "2024-01-01T11:00:00Z", "userId": 123},
            }),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Success<Response>), ApiError> {
    if caller.user().is_some() {
        return Err(ApiError::Forbidden("only the operator's token makes tokens"));
    }
    let now = api.clock.now();
    let life = Duration::from_secs(request.expires_in.map_or(DEFAULT_SECONDS, |Number(seconds)| seconds).into());
    // Tokens expire at whole seconds: rather late than early.
    let expires_at = Timestamp::from_millis(((now + life).seconds() + 1) * 1000);
    let token = auth::mint(&api.config.jwt_secret, request.user_id, now, expires_at)?;
    let response = Response { token, token_type: "Bearer", expires_at, user_id: request.user_id };
    Ok((StatusCode::CREATED, Success::with("Token created successfully", response)))
}
