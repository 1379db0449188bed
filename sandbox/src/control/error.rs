//! How the remote control fails: a status and `{"error":"…"}`.

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::groups::Refusal;
use crate::pairing::LinkError;
use crate::phone::PhoneError;

#[derive(Debug)]
pub struct ControlError {
    status: StatusCode,
    message: String,
}

impl ControlError {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// The work on the answer broke off.
    pub fn lost() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer was lost")
    }

    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "no such method here")
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

impl From<LinkError> for ControlError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::NotAQrCode | LinkError::Expired | LinkError::WrongCode | LinkError::Refused => Self::bad_request(error.to_string()),
            LinkError::PhoneOff | LinkError::Full => Self::conflict(error.to_string()),
            LinkError::Silent => Self::new(StatusCode::REQUEST_TIMEOUT, error.to_string()),
        }
    }
}

impl From<Refusal> for ControlError {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::NotAcceptable => StatusCode::BAD_REQUEST,
            Refusal::Conflict | Refusal::Full => StatusCode::CONFLICT,
            Refusal::Gone => StatusCode::GONE,
        };
        Self::new(status, refusal.to_string())
    }
}

impl From<PhoneError> for ControlError {
    fn from(error: PhoneError) -> Self {
        match error {
            PhoneError::Off | PhoneError::NoKeys => Self::conflict(error.to_string()),
            PhoneError::Unheard => Self::new(StatusCode::FORBIDDEN, error.to_string()),
            PhoneError::Odd(_) => Self::bad_request(error.to_string()),
            PhoneError::UnknownRecipient | PhoneError::UnknownMessage => Self::not_found(error.to_string()),
        }
    }
}

impl From<JsonRejection> for ControlError {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for ControlError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ControlError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<BytesRejection> for ControlError {
    fn from(rejection: BytesRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

/// A JSON body whose rejection is a [`ControlError`].
#[derive(FromRequest)]
#[from_request(via(Json), rejection(ControlError))]
pub struct Body<T>(pub T);

/// Path parameters whose rejection is a [`ControlError`].
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ControlError))]
pub struct Path<T>(pub T);

/// Query parameters whose rejection is a [`ControlError`].
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ControlError))]
pub struct Query<T>(pub T);
