//! The one error of all endpoints, and its one match to status and code.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{model::Timestamp, ports::PortError};
use schemars::JsonSchema;
use serde::Serialize;

/// Details quote what the user sent, but not all of it.
const MAX_DETAILS: usize = 300;

/// Why a request was not done. What it displays is the message users read.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("The API token is missing or wrong: send it as X-API-Token, or a user's as Authorization: Bearer")]
    InvalidApiToken,
    #[error("The token has expired: get a new one")]
    ApiTokenExpired,
    #[error("The device's API key is missing or wrong: send it as X-Device-API-Key")]
    InvalidDeviceKey,
    #[error("That is more often than allowed; try again later")]
    RateLimitExceeded { details: String },
    #[error("There is no such device")]
    DeviceNotFound,
    #[error("A device of this user with this alias exists already, or its session id is still in use")]
    DeviceAlreadyExists,
    #[error("The device is not connected to WhatsApp: connect it and scan the QR code if it is not linked yet")]
    DeviceNotConnected,
    #[error("The device is not linked to its account any more: connect it and link it again")]
    SessionExpired,
    #[error("The recipient is not a phone number in international format nor a WhatsApp address")]
    InvalidPhoneNumber,
    #[error("That is neither a phone number in international format nor a WhatsApp address")]
    InvalidContact { details: String },
    #[error("There is no such template")]
    TemplateNotFound,
    #[error("There is a template of this name already")]
    TemplateAlreadyExists,
    #[error("There is no such bulk")]
    BulkNotFound,
    #[error("There is no QR code to scan: {0}")]
    InvalidQrCode(&'static str),
    #[error("The file is not of a type that can be sent this way")]
    InvalidMediaType { details: String },
    #[error("The file is too large")]
    FileTooLarge { max_bytes: u64 },
    #[error("The device has no such message")]
    MessageNotFound,
    #[error("There is no such file, or no longer")]
    MediaNotFound,
    #[error("WhatsApp did not take the message")]
    MessageSendFailed { reason: Option<String> },
    #[error("WhatsApp did not do what it was asked")]
    Refused { reason: String },
    #[error("That does not go with how things are: {0}")]
    Conflict(&'static str),
    #[error("There is no answer from a model")]
    AiServiceUnavailable { reason: String },
    #[error("The webhook did not take the delivery")]
    WebhookDeliveryFailed { reason: String },
    #[error("The request is not valid")]
    Validation { details: String },
    #[error("The request's body is not JSON: send it with the header Content-Type: application/json")]
    UnsupportedMediaType,
    #[error("The request's body is too large")]
    PayloadTooLarge,
    #[error("The request's body is too large: put the file at an upload ticket of POST /media and send its mediaId")]
    RequestTooLarge { max_bytes: u64 },
    #[cfg(feature = "aws")]
    #[error("The answer would be too large: ask for less at a time, with a smaller limit")]
    AnswerTooLarge,
    #[error("The link has expired, or its device is gone")]
    LinkExpired,
    #[error("That is not allowed: {0}")]
    Forbidden(&'static str),
    #[error("There is nothing at this address")]
    NotFound,
    #[error("The WebSocket is at another address")]
    SocketElsewhere { url: String },
    #[error("{0}")]
    Missing(&'static str),
    #[error("This address does not know this method")]
    MethodNotAllowed,
    #[error("It takes longer than expected; it is still being worked on")]
    Timeout,
    #[error("Something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// A field, by its path, that cannot be used.
    pub fn invalid(field: &str, problem: impl std::fmt::Display) -> Self {
        Self::Validation { details: format!("{field}: {problem}") }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status_and_code().0
    }

    /// The word for it that stays.
    pub fn code(&self) -> &'static str {
        self.status_and_code().1
    }

    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidApiToken | Self::ApiTokenExpired | Self::InvalidDeviceKey => (StatusCode::UNAUTHORIZED, "INVALID_API_TOKEN"),
            Self::RateLimitExceeded { .. } => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED"),
            Self::DeviceNotFound => (StatusCode::NOT_FOUND, "DEVICE_NOT_FOUND"),
            Self::DeviceAlreadyExists => (StatusCode::CONFLICT, "DEVICE_ALREADY_EXISTS"),
            Self::DeviceNotConnected => (StatusCode::BAD_REQUEST, "DEVICE_NOT_CONNECTED"),
            Self::SessionExpired => (StatusCode::UNAUTHORIZED, "SESSION_EXPIRED"),
            Self::TemplateNotFound => (StatusCode::NOT_FOUND, "TEMPLATE_NOT_FOUND"),
            Self::TemplateAlreadyExists => (StatusCode::CONFLICT, "TEMPLATE_ALREADY_EXISTS"),
            Self::BulkNotFound => (StatusCode::NOT_FOUND, "BULK_NOT_FOUND"),
            Self::InvalidPhoneNumber | Self::InvalidContact { .. } => (StatusCode::BAD_REQUEST, "INVALID_PHONE_NUMBER"),
            Self::InvalidQrCode(_) => (StatusCode::BAD_REQUEST, "INVALID_QR_CODE"),
            Self::InvalidMediaType { .. } => (StatusCode::BAD_REQUEST, "INVALID_MEDIA_TYPE"),
            Self::FileTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "FILE_TOO_LARGE"),
            Self::MessageNotFound => (StatusCode::NOT_FOUND, "MESSAGE_NOT_FOUND"),
            Self::MediaNotFound => (StatusCode::NOT_FOUND, "MEDIA_NOT_FOUND"),
            Self::MessageSendFailed { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "MESSAGE_SEND_FAILED"),
            Self::Refused { .. } => (StatusCode::BAD_GATEWAY, "WHATSAPP_REFUSED"),
            Self::AiServiceUnavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "AI_SERVICE_UNAVAILABLE"),
            Self::WebhookDeliveryFailed { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "WEBHOOK_DELIVERY_FAILED"),
            Self::Validation { .. } => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "CONFLICT"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
            #[cfg(feature = "aws")]
            Self::AnswerTooLarge => (StatusCode::BAD_REQUEST, "ANSWER_TOO_LARGE"),
            Self::PayloadTooLarge | Self::RequestTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            Self::LinkExpired => (StatusCode::GONE, "LINK_EXPIRED"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::NotFound | Self::SocketElsewhere { .. } | Self::Missing(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::Timeout => (StatusCode::GATEWAY_TIMEOUT, "TIMEOUT"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
        }
    }

    fn details(&self) -> Option<String> {
        let details = match self {
            Self::FileTooLarge { max_bytes } | Self::RequestTooLarge { max_bytes } => &format!("expected at most {max_bytes} bytes"),
            Self::SocketElsewhere { url } => url,
            Self::Validation { details }
            | Self::InvalidContact { details }
            | Self::InvalidMediaType { details }
            | Self::RateLimitExceeded { details } => details,
            Self::MessageSendFailed { reason } => reason.as_ref()?,
            Self::Refused { reason } | Self::AiServiceUnavailable { reason } | Self::WebhookDeliveryFailed { reason } => reason,
            _ => return None,
        };
        Some(details.chars().take(MAX_DETAILS).collect())
    }

    /// The contract's shape of an error.
    pub fn body(&self, request_id: &str, at: Timestamp) -> Body {
        let error = Fields {
            code: self.code(),
            message: self.to_string(),
            details: self.details(),
            timestamp: at,
            request_id: request_id.to_owned(),
        };
        Body { success: false, error }
    }
}

/// What users read of an error.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Error")]
pub struct Body {
    #[schemars(extend("const" = false))]
    success: bool,
    error: Fields,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
#[serde(rename_all = "camelCase")]
struct Fields {
    /// What programs tell errors apart by: it stays as it is.
    code: &'static str,
    /// What went wrong, for people.
    message: String,
    /// What exactly, and where.
    details: Option<String>,
    timestamp: Timestamp,
    /// Names the request in our log, as the header `X-Request-Id` does.
    request_id: String,
}

impl From<PortError> for ApiError {
    fn from(error: PortError) -> Self {
        Self::Internal(error.into())
    }
}

/// The status alone: `request_id` knows the rest of what the body says, and writes it.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_contracts_shape() {
        let error = ApiError::invalid("webhook.url", "not an http or https URL");
        let body = error.body("req_1", Timestamp::from_millis(0));
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"success":false,"error":{"code":"VALIDATION_ERROR","message":"The request is not valid","details":"webhook.url: not an http or https URL","timestamp":"1970-01-01T00:00:00.000Z","requestId":"req_1"}}"#
        );
    }

    #[test]
    fn a_failure_of_ours_says_nothing_of_its_cause() {
        let error = ApiError::from(PortError::unavailable("disk /dev/secret is full"));
        let body = serde_json::to_string(&error.body("req_1", Timestamp::from_millis(0))).unwrap();
        assert!(body.contains("INTERNAL_ERROR") && !body.contains("secret"), "{body}");
    }

    #[test]
    fn details_quote_only_so_much_of_a_request() {
        let error = ApiError::invalid("alias", "é".repeat(10_000));
        assert_eq!(error.details().map(|details| details.chars().count()), Some(MAX_DETAILS));
    }
}
