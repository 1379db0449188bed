//! `GET /link/{token}`: the page itself. It does nothing yet, since whoever previews the address in a chat asks for it too.

use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::LinkedTo;
use crate::{console, error::ApiError};

/// An address that is worth nothing shows the same page, which says so.
pub async fn handle(linked: Result<LinkedTo, ApiError>, headers: HeaderMap) -> Result<Response, ApiError> {
    let status = match linked {
        Ok(_) => StatusCode::OK,
        Err(error @ (ApiError::LinkExpired | ApiError::NotFound)) => error.status(),
        Err(error) => return Err(error),
    };
    console::file("link.html", status, &headers)
}
