//! The parameters in the path.

use axum::{
    extract::{FromRequestParts, path::ErrorKind, rejection::PathRejection},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Parameters that were read as a `T`.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|rejection| refuse(&rejection))
    }
}

fn refuse(rejection: &PathRejection) -> ApiError {
    match rejection {
        PathRejection::FailedToDeserializePathParams(error) => match error.kind() {
            ErrorKind::InvalidUtf8InPathParam { key } => unknown(key),
            ErrorKind::ParseError { value, .. } | ErrorKind::ParseErrorAtKey { value, .. } => {
                ApiError::Validation { details: format!("the path has {value} where a whole number is expected") }
            }
            _ => ApiError::Validation { details: error.body_text() },
        },
        other => ApiError::Validation { details: other.body_text() },
    }
}

/// There is nothing under a name that is not even text.
fn unknown(parameter: &str) -> ApiError {
    match parameter {
        "id" | "sessionId" => ApiError::DeviceNotFound,
        "messageId" => ApiError::MessageNotFound,
        "bulkId" => ApiError::BulkNotFound,
        "name" => ApiError::TemplateNotFound,
        "deviceId" | "mediaId" => ApiError::MediaNotFound,
        _ => ApiError::NotFound,
    }
}
