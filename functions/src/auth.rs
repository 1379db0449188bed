//! Who may ask: checked before anything else of a request is looked at.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName},
    middleware::Next,
    response::Response,
};
use domain::model::{Device, DeviceId, SessionId, UserId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use subtle::ConstantTimeEq;

use crate::{api::Api, error::ApiError};

/// Carries the operator's token.
pub const API_TOKEN: HeaderName = HeaderName::from_static("x-api-token");

/// What a URL's query may hold as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Whoever asks, with the token that proved it.
#[derive(Clone)]
pub struct Caller {
    identity: Identity,
    token: String,
}

/// Who that is.
#[derive(Clone)]
#[expect(dead_code, reason = "users and devices come next")]
enum Identity {
    /// Sees everything.
    Operator,
    /// Sees what is theirs.
    User(UserId),
    /// Sees itself, as it was when it handed in its key.
    Device(Arc<Device>),
}

impl Caller {
    /// Who bears this token.
    pub fn by_token(api: &Api, token: &str) -> Result<Self, ApiError> {
        let known: bool = token.as_bytes().ct_eq(api.config.api_token.as_bytes()).into();
        if known { Ok(Self { identity: Identity::Operator, token: token.to_owned() }) } else { Err(ApiError::InvalidApiToken) }
    }

    fn by_headers(api: &Api, headers: &HeaderMap) -> Result<Self, ApiError> {
        let token = headers.get(API_TOKEN).and_then(|value| value.to_str().ok()).ok_or(ApiError::InvalidApiToken)?;
        Self::by_token(api, token)
    }

    /// Whether a device exists for this caller: to everyone else it does not.
    pub fn may_see(&self, device: &Device) -> bool {
        match &self.identity {
            Identity::Operator => true,
            Identity::User(user) => device.user_id == *user,
            Identity::Device(own) => device.id == own.id,
        }
    }

    /// The device with this id, for this caller.
    pub async fn device(&self, api: &Api, id: &DeviceId) -> Result<Device, ApiError> {
        self.seen(api.devices.get(id).await?)
    }

    /// The device with this session id, for this caller.
    pub async fn session(&self, api: &Api, id: &str) -> Result<Device, ApiError> {
        let id = SessionId::parse(id).map_err(|_| ApiError::DeviceNotFound)?;
        self.seen(api.devices.find(&id).await?)
    }

    /// The device itself, if it is the caller.
    pub fn own_device(&self) -> Option<&Device> {
        match &self.identity {
            Identity::Device(device) => Some(device),
            Identity::Operator | Identity::User(_) => None,
        }
    }

    /// The one user whose things the caller sees; `None` for the operator, who sees everybody's.
    pub fn user(&self) -> Option<UserId> {
        match &self.identity {
            Identity::Operator => None,
            Identity::User(user) => Some(*user),
            Identity::Device(device) => Some(device.user_id),
        }
    }

    fn seen(&self, device: Option<Device>) -> Result<Device, ApiError> {
        device.filter(|device| self.may_see(device)).ok_or(ApiError::DeviceNotFound)
    }

    /// Where this caller finds their WebSocket.
    pub fn ws_endpoint(&self, api: &Api) -> String {
        format!("{}?token={}", api.config.public_ws_url, utf8_percent_encode(&self.token, RESERVED))
    }
}

/// Lets nobody through but known callers, and tells the endpoint who it is.
pub async fn require(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let caller = Caller::by_headers(&api, request.headers())?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}
