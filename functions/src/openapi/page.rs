//! The document and the page that shows it.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    response::Html,
    routing::get,
};

use super::{Entry, document};
use crate::api::Api;

/// All of the page: it loads nothing but the document.
const PAGE: &str = include_str!("docs.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

/// `/openapi.json` and `/docs`, for everybody, of endpoints that all lie under `base`.
pub fn routes(base: &'static str, entries: Vec<Entry>) -> Router<Arc<Api>> {
    // Made when it is first asked for: most never are.
    let made = Arc::new(LazyLock::new(move || document(base, &entries).to_string()));
    let json = get(async move || ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], LazyLock::force(&made).clone()));
    let page = get(async || ([(CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE)));
    Router::new().route("/openapi.json", json.clone()).route(&format!("{base}/openapi.json"), json).route("/docs", page)
}
