//! The parameters behind the question mark.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;

use super::plainly;
use crate::error::ApiError;

/// Parameters that were read as a `T`; unknown ones are ignored.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|axum::extract::Query(value)| Self(value)).map_err(|rejection| {
            let text = rejection.body_text();
            let problem = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            match problem.split_once(": ") {
                Some((field, problem)) => ApiError::invalid(field, plainly(problem)),
                None => ApiError::Validation { details: problem.to_owned() },
            }
        })
    }
}
