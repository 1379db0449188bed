//! Who may ask: checked before anything else of a request is looked at.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName},
    middleware::Next,
    response::Response,
};
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
    token: String,
}

impl Caller {
    /// Who bears this token.
    pub fn by_token(api: &Api, token: &str) -> Result<Self, ApiError> {
        let known: bool = token.as_bytes().ct_eq(api.config.api_token.as_bytes()).into();
        if known { Ok(Self { token: token.to_owned() }) } else { Err(ApiError::InvalidApiToken) }
    }

    fn by_headers(api: &Api, headers: &HeaderMap) -> Result<Self, ApiError> {
        let token = headers.get(API_TOKEN).and_then(|value| value.to_str().ok()).ok_or(ApiError::InvalidApiToken)?;
        Self::by_token(api, token)
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
