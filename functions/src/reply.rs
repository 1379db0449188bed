//! The contract's shape of a success.

use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What was asked for, or what was done.
#[derive(Serialize)]
pub struct Success<T> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    data: T,
}

impl<T> Success<T> {
    /// What was asked for.
    pub fn of(data: T) -> Self {
        Self { success: true, message: None, data }
    }

    /// What was done, and that it was.
    pub fn with(message: &'static str, data: T) -> Self {
        Self { success: true, message: Some(message), data }
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        axum::Json(self).into_response()
    }
}
