//! All endpoints in one table.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{
        HeaderName, Method,
        header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
    },
    middleware,
    response::{IntoResponse, Response},
    routing::{any, delete, get, post, put},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any as AnyOrigin, CorsLayer},
};

use crate::{
    api::Api,
    auth, drain,
    error::ApiError,
    limits, request_id,
    routes::{self, devices, health, media, messages, send, socket, templates, users},
};

/// What every endpoint of the contract starts with.
const BASE: &str = "/api/whatsapp";
/// Largest JSON body.
const MAX_BODY: usize = 1024 * 1024;
/// The same for a bulk: as many texts, of a length that people write.
const MAX_BULK: usize = 4 * 1024 * 1024;

/// Everything the API's port answers, its WebSocket at `/ws` included.
pub fn router(api: Api) -> Router {
    let api = Arc::new(api);
    let authenticated = middleware::from_fn_with_state(api.clone(), auth::require);
    let limited = middleware::from_fn_with_state(api.clone(), limits::run);
    let endpoints = Router::new()
        .route("/devices", post(devices::create::handle))
        .route("/devices/{id}", get(devices::get::handle))
        .route("/devices/{id}", put(devices::update::handle))
        .route("/devices/{id}", delete(devices::delete::handle))
        .route("/devices/{id}/connect", post(devices::connect::handle))
        .route("/devices/{id}/disconnect", post(devices::disconnect::handle))
        .route("/devices/{id}/relogin", post(devices::relogin::handle))
        .route("/devices/{id}/qr", get(devices::qr::handle))
        .route("/devices/{id}/key", post(devices::key::handle))
        .route("/devices/{id}/read", post(devices::read::handle))
        .route("/devices/{id}/typing", post(devices::typing::handle))
        .route("/devices/{id}/messages", get(devices::messages::list))
        .route("/devices/{id}/messages/{contactId}", get(devices::messages::of_contact))
        .route("/users/{userId}/devices", get(users::devices::list))
        .route("/users/{userId}/messages", get(users::messages::list))
        .route("/auth/token", post(routes::auth::token::handle))
        .route("/templates", get(templates::list::handle))
        .route("/templates", post(templates::create::handle))
        .route("/templates/{name}", get(templates::get::handle))
        .route("/templates/{name}", put(templates::update::handle))
        .route("/templates/{name}", delete(templates::delete::handle))
        .merge(sends())
        .route("/messages", get(messages::list::handle))
        .route("/messages/{messageId}/edit", post(messages::edit::handle))
        .route("/messages/{messageId}/delete", post(messages::delete::handle))
        .route("/messages/{messageId}/forward", post(messages::forward::handle))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(authenticated.clone());
    // Those of a device itself, known by its key alone.
    let of_device = Router::new()
        .nest("/device", sends())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(api.clone(), auth::require_key));
    let endpoints = endpoints.merge(of_device).layer(limited.clone()).layer(DefaultBodyLimit::max(MAX_BODY));
    let open = Router::new()
        .nest(BASE, endpoints)
        // The one path under it that nesting leaves out.
        .route(&format!("{BASE}/"), any(not_found).layer(authenticated).layer(limited.clone()))
        .route(&format!("{BASE}/health"), get(health::handle))
        // Signed links: no token, and no limit.
        .route(&format!("{BASE}/media/{{deviceId}}/{{mediaId}}"), get(media::download::handle).put(media::upload::handle))
        .route("/health", get(health::handle))
        .route("/ws", get(socket::open).layer(limited))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found);
    finish(open, api)
}

/// What sends, through the device that the caller is or names.
fn sends() -> Router<Arc<Api>> {
    Router::new()
        .route("/send", post(send::text::handle))
        .route("/send/template", post(send::template::handle))
        .route("/send/bulk", post(send::bulk::create::handle).layer(DefaultBodyLimit::max(MAX_BULK)))
        .route("/send/bulk/{bulkId}", get(send::bulk::get::handle))
        .route("/send/bulk/{bulkId}/cancel", post(send::bulk::cancel::handle))
        .route("/send/image", post(send::image::handle))
        .route("/send/video", post(send::video::handle))
        .route("/send/document", post(send::document::handle))
        .route("/send/audio", post(send::audio::handle))
        .route("/send/sticker", post(send::sticker::handle))
        .route("/send/location", post(send::location::handle))
        .route("/send/contact", post(send::contact::handle))
        .route("/send/poll", post(send::poll::handle))
        .route("/send/reaction", post(send::reaction::handle))
        .route("/media", post(media::create::handle))
}

/// Everything the WebSocket's own port answers: the WebSocket, at any path.
pub fn socket_router(api: Api) -> Router {
    let api = Arc::new(api);
    let limited = middleware::from_fn_with_state(api.clone(), limits::run);
    finish(Router::new().fallback(any(socket::open)).layer(limited), api)
}

/// What holds for every request, outermost first.
fn finish(router: Router<Arc<Api>>, api: Arc<Api>) -> Router {
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(api.clone(), request_id::run))
        .layer(middleware::from_fn(drain::run))
        .layer(cors())
        .layer(CatchPanicLayer::custom(panicked));
    router.layer(layers).with_state(api)
}

/// A token in a header, never a cookie: any page may ask.
fn cors() -> CorsLayer {
    let own = ["idempotency-key", "prefer"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(
            [CONTENT_TYPE, AUTHORIZATION, auth::API_TOKEN, auth::DEVICE_KEY, request_id::HEADER].into_iter().chain(own).collect::<Vec<_>>(),
        )
        .expose_headers([request_id::HEADER, RETRY_AFTER].into_iter().chain(limits::HEADERS).collect::<Vec<_>>())
        .max_age(Duration::from_secs(3600))
}

async fn not_found() -> ApiError {
    ApiError::NotFound
}

async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::Internal(format!("a handler panicked: {}", text.unwrap_or("without words")).into()).into_response()
}
