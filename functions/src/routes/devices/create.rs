//! `POST /devices`: a new device for a user.

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode};
use domain::model::{AiSettings, DeliveryStats, Device, MessageCounts, Session, SessionId, UserId, session_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Alias, Description};
use crate::{
    api::Api,
    auth::Caller,
    error::ApiError,
    extract::Json,
    fields::Object,
    openapi::Operation,
    reply::Success,
    settings::{AiInput, WebhookInput},
    views::DeviceView,
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "CreateDevice")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    user_id: UserId,
    alias: Alias,
    description: Option<Description>,
    webhook: Option<Object<WebhookInput>>,
    #[serde(default)]
    ai_settings: Object<AiInput>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "CreatedDevice")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    device: DeviceView,
    ws_endpoint: String,
}

pub fn doc() -> Operation {
    Operation::new("createDevice", "Devices", "Create a device")
        .takes::<Request>(json!({
            "userId": 123,
            "alias": "My WhatsApp Device",
            "description": "Device for customer support",
            "webhook": {"url": "https://your-webhook.com/whatsapp", "events": ["message", "connection", "qr"]},
            "aiSettings": {"enabled": true, "autoReply": true, "botName": "Support Bot"},
        }))
        .answers::<Response>(
            201,
            "The new device, still to be connected.",
            json!({
                "success": true,
                "message": "Device created successfully",
                "data": {"device": DeviceView::example(), "wsEndpoint": "ws://localhost:3001?token=your_token"},
            }),
        )
        .refuses([ApiError::Forbidden(""), ApiError::DeviceAlreadyExists])
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Success<Response>), ApiError> {
    if !caller.may_see_user(request.user_id) {
        return Err(ApiError::Forbidden("the token is another user's"));
    }
    let webhook = match request.webhook {
        Some(Object(input)) => Some(input.over(None).ok_or_else(|| ApiError::invalid("webhook.url", "missing"))?),
        None => None,
    };
    let now = api.clock.now();
    let device = Device {
        id: api.ids.device(),
        user_id: request.user_id,
        session_id: session_of(request.user_id, &request.alias)?,
        alias: request.alias.0,
        description: request.description.map(|description| description.0),
        api_key: api.ids.api_key(),
        webhook,
        ai: request.ai_settings.0.over(AiSettings::default()),
        created_at: now,
        updated_at: now,
        session: Session::new(),
        counts: MessageCounts::default(),
        deliveries: DeliveryStats::default(),
    };
    if !api.devices.create(&device).await? {
        return Err(ApiError::DeviceAlreadyExists);
    }
    let response = Response { device: DeviceView::of(device, now), ws_endpoint: caller.ws_endpoint(&api) };
    Ok((StatusCode::CREATED, Success::with("Device created successfully", response)))
}

/// The session id an alias makes.
pub(super) fn session_of(user: UserId, alias: &Alias) -> Result<SessionId, ApiError> {
    session_id(user, &alias.0).ok_or_else(|| {
        let named = alias.0.chars().any(char::is_alphanumeric);
        ApiError::invalid("alias", if named { "too long to make a session id of" } else { "expected at least one letter or digit" })
    })
}
