//! Who may ask: checked before anything else of a request is looked at.

mod jwt;
pub mod link;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION},
    middleware::Next,
    response::Response,
};
use domain::model::{ApiKey, Device, DeviceId, SessionId, Timestamp, UserId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use subtle::ConstantTimeEq;

pub use self::jwt::mint;
use crate::{
    api::Api,
    error::ApiError,
    limits::{Allowance, Limit},
};

/// Carries the operator's token.
pub const API_TOKEN: HeaderName = HeaderName::from_static("x-api-token");
/// Carries the key of a device.
pub const DEVICE_KEY: HeaderName = HeaderName::from_static("x-device-api-key");

/// What a URL's query may hold as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Whoever asks, with the token or key that proved it.
#[derive(Clone)]
pub struct Caller {
    identity: Identity,
    token: String,
    allowance: Allowance,
}

/// Who that is.
#[derive(Clone)]
enum Identity {
    /// Sees everything.
    Operator,
    /// Sees what is theirs.
    User(jwt::Bearer),
    /// Sees itself, as it was when it handed in its key.
    Device(Arc<Device>),
}

impl Caller {
    /// Who bears this token or key, of whatever kind.
    pub async fn by_token(api: &Api, token: &str) -> Result<Self, ApiError> {
        if let Ok(caller) = Self::operator(api, token) {
            return Ok(caller);
        }
        match Self::user_by_jwt(api, token) {
            Err(ApiError::InvalidApiToken) if !token.is_empty() => {}
            user_or_expired => return user_or_expired,
        }
        match api.devices.find_by_key(&ApiKey::new(token)).await? {
            Some(device) => Ok(Self::new(Identity::Device(device.into()), token)),
            None => Err(ApiError::InvalidApiToken),
        }
    }

    /// Who sent these headers: every token that comes along has to be good, and a user's says more than the operator's.
    fn by_headers(api: &Api, headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        let operator = headers.get(API_TOKEN).map(|token| Self::operator(api, text(token)?)).transpose()?;
        let user = bearer(headers).map(|token| Self::user_by_jwt(api, token)).transpose()?;
        Ok(user.or(operator))
    }

    /// The device whose key is among these headers.
    async fn by_key(api: &Api, headers: &HeaderMap) -> Result<Self, ApiError> {
        let others = Self::by_headers(api, headers)?;
        let key = headers.get(DEVICE_KEY).and_then(|key| key.to_str().ok()).ok_or(ApiError::InvalidDeviceKey)?;
        let device = api.devices.find_by_key(&ApiKey::new(key)).await?.ok_or(ApiError::InvalidDeviceKey)?;
        if others.is_some_and(|caller| !caller.may_see(&device)) {
            return Err(ApiError::DeviceNotFound);
        }
        Ok(Self::new(Identity::Device(device.into()), key))
    }

    fn operator(api: &Api, token: &str) -> Result<Self, ApiError> {
        let known: bool = token.as_bytes().ct_eq(api.config.api_token.as_bytes()).into();
        if known { Ok(Self::new(Identity::Operator, token)) } else { Err(ApiError::InvalidApiToken) }
    }

    fn user_by_jwt(api: &Api, token: &str) -> Result<Self, ApiError> {
        let bearer = jwt::read(&api.config.jwt_secret, token, api.clock.now())?;
        Ok(Self::new(Identity::User(bearer), token))
    }

    fn new(identity: Identity, token: &str) -> Self {
        Self { identity, token: token.to_owned(), allowance: Allowance::default() }
    }

    /// Whether a device exists for this caller: to everyone else it does not.
    pub fn may_see(&self, device: &Device) -> bool {
        match &self.identity {
            Identity::Operator => true,
            Identity::User(bearer) => device.user_id == bearer.user,
            Identity::Device(own) => device.id == own.id,
        }
    }

    /// Whether what belongs to a user exists for this caller.
    pub fn may_see_user(&self, user: UserId) -> bool {
        self.user().is_none_or(|own| own == user)
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
            Identity::User(bearer) => Some(bearer.user),
            Identity::Device(device) => Some(device.user_id),
        }
    }

    /// Until when the token is good, if it ends by itself.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match &self.identity {
            Identity::User(bearer) => Some(bearer.expires_at),
            Identity::Operator | Identity::Device(_) => None,
        }
    }

    /// Counts one more of what a device does. Ask once the device is known to be the caller's, before anything is done.
    pub async fn spend(&self, api: &Api, device: &Device, limit: Limit) -> Result<(), ApiError> {
        self.allowance.device(api, device, limit).await
    }

    fn seen(&self, device: Option<Device>) -> Result<Device, ApiError> {
        device.filter(|device| self.may_see(device)).ok_or(ApiError::DeviceNotFound)
    }

    /// Where this caller finds their WebSocket.
    pub fn ws_endpoint(&self, api: &Api) -> String {
        format!("{}?token={}", api.config.public_ws_url, utf8_percent_encode(&self.token, RESERVED))
    }
}

/// Lets nobody through but the operator and users, and tells the endpoint who it is.
pub async fn require(State(api): State<Arc<Api>>, request: Request, next: Next) -> Result<Response, ApiError> {
    let caller = Caller::by_headers(&api, request.headers())?.ok_or(ApiError::InvalidApiToken)?;
    go_on(caller, request, next).await
}

/// Lets nobody through but devices, and tells the endpoint which it is.
pub async fn require_key(State(api): State<Arc<Api>>, request: Request, next: Next) -> Result<Response, ApiError> {
    let caller = Caller::by_key(&api, request.headers()).await?;
    go_on(caller, request, next).await
}

async fn go_on(mut caller: Caller, mut request: Request, next: Next) -> Result<Response, ApiError> {
    caller.allowance = request.extensions().get().cloned().unwrap_or_default();
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn text(token: &HeaderValue) -> Result<&str, ApiError> {
    token.to_str().map_err(|_| ApiError::InvalidApiToken)
}

/// The token of a `Bearer`, a word that may be written in any case. Other schemes are none of ours.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
