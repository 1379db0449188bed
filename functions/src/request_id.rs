//! Every request has an id: in its log lines, in its response, and in its error, which is written here.

use std::{borrow::Cow, sync::Arc, time::Instant};

use axum::{
    Json,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_LENGTH},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{
    ports::Ids,
    trace::{self, TraceParent},
};
use tracing::{Instrument, Span, field};

use crate::{api::Api, error::ApiError};

/// Carries the id, in both directions.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request with these headers: its client's, or a new one.
pub fn of(headers: &HeaderMap, ids: &dyn Ids) -> String {
    headers.get(HEADER).and_then(sane).map_or_else(|| ids.request(), str::to_owned)
}

/// Runs a request under its id.
pub async fn run(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let id = of(request.headers(), &*api.ids);
    // The template, never the path itself: the query may hold a token.
    let path = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str);
    let (method, begun) = (request.method().clone(), Instant::now());
    let span = tracing::info_span!("request", %method, path, request_id = %id, status = field::Empty);
    let traced = traced(&request, path, &id);
    let path = path.to_owned();
    async {
        let mut response = next.run(request).await;
        if let Some(error) = response.extensions_mut().remove::<Arc<ApiError>>() {
            if let ApiError::Internal(cause) = &*error {
                tracing::error!(cause = ?cause, "a request failed");
            }
            let body = Json(error.body(&id, api.clock.now())).into_response();
            // What is known of the length is that of no body at all.
            response.headers_mut().remove(CONTENT_LENGTH);
            response.headers_mut().extend(body.headers().clone());
            *response.body_mut() = body.into_body();
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(HEADER, value);
        }
        let status = response.status();
        span.record("status", status.as_u16());
        traced.record("http.response.status_code", status.as_u16());
        tracing::debug!("a request was answered");
        let labels = [("method", known(&method)), ("path", path.into()), ("status", status.as_str().to_owned().into())];
        metrics::histogram!("warta_http_request_duration_seconds", &labels).record(begun.elapsed());
        response
    }
    .instrument(traced.clone())
    .instrument(span.clone())
    .await
}

/// Its part of a trace: the client's, if it sends one along.
fn traced(request: &Request, path: &str, id: &str) -> Span {
    let span = tracing::info_span!(
        target: trace::TARGET, "request",
        otel.name = format_args!("{} {path}", request.method()), otel.kind = "server",
        http.request.method = %request.method(), http.route = path, http.response.status_code = field::Empty, request_id = id
    );
    if !span.is_disabled() {
        let parent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
        trace::adopt(&span, parent.map(|parent| TraceParent(parent.to_owned())).as_ref());
    }
    span
}

/// Of methods that nobody knows there may be any number.
fn known(method: &Method) -> Cow<'static, str> {
    let known = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::HEAD, Method::PATCH];
    if known.contains(method) { method.as_str().to_owned().into() } else { "other".into() }
}

/// The client's own id, if it can go into logs and headers as it is.
fn sane(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
    ((1..=128).contains(&text.len()) && text.bytes().all(plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_of_clients_are_taken_over() {
        for (text, taken) in [("req_1", true), ("0b1e-4.a:7", true), ("", false), ("a b", false), ("a\"b", false)] {
            assert_eq!(sane(&HeaderValue::from_static(text)).is_some(), taken, "{text}");
        }
        assert_eq!(sane(&HeaderValue::from_str(&"x".repeat(129)).unwrap()), None);
    }
}
