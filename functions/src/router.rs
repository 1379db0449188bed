//! All endpoints in one table.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::{
        HeaderName, Method,
        header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
    },
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any as AnyOrigin, CorsLayer},
};

use crate::{
    api::Api,
    auth, console, drain,
    error::ApiError,
    limits,
    openapi::{self, Table},
    request_id,
    routes::{self, devices, health, link, media, messages, metrics, send, sessions, socket, templates, users},
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
    let key = middleware::from_fn_with_state(api.clone(), auth::require_key);
    let owners = owners()
        .merge(people())
        .merge(webhooks())
        .merge(sends())
        .with(|router| router.method_not_allowed_fallback(method_not_allowed).fallback(not_found).layer(authenticated.clone()));
    let devices = sends().by_key("/device").with(|router| router.method_not_allowed_fallback(method_not_allowed).layer(key));
    let asked = owners.merge(devices).with(|router| router.layer(limited.clone()).layer(DefaultBodyLimit::max(MAX_BODY)));
    let (endpoints, entries) = asked.merge(open()).split();
    let router = Router::new()
        .nest(BASE, endpoints)
        // The one path under it that nesting leaves out.
        .route(&format!("{BASE}/"), any(not_found).layer(authenticated).layer(limited.clone()))
        .route("/health", get(health::handle))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::handle))
        .route("/ws", get(socket::open).layer(limited.clone()))
        .merge(link::routes().layer(limited))
        .merge(console::routes())
        .merge(openapi::routes(BASE, entries))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found);
    finish(router, api)
}

/// What the operator and users ask for.
fn owners() -> Table {
    Table::new()
        .get("/devices", devices::list::handle, devices::list::doc)
        .post("/devices", devices::create::handle, devices::create::doc)
        .get("/devices/{id}", devices::get::handle, devices::get::doc)
        .put("/devices/{id}", devices::update::handle, devices::update::doc)
        .delete("/devices/{id}", devices::delete::handle, devices::delete::doc)
        .post("/devices/{id}/connect", devices::connect::handle, devices::connect::doc)
        .post("/devices/{id}/disconnect", devices::disconnect::handle, devices::disconnect::doc)
        .post("/devices/{id}/relogin", devices::relogin::handle, devices::relogin::doc)
        .post("/devices/{id}/link-page", devices::link_page::handle, devices::link_page::doc)
        .get("/devices/{id}/qr", devices::qr::handle, devices::qr::doc)
        .post("/devices/{id}/key", devices::key::handle, devices::key::doc)
        .post("/devices/{id}/read", devices::read::handle, devices::read::doc)
        .post("/devices/{id}/typing", devices::typing::handle, devices::typing::doc)
        .get("/devices/{id}/settings/ai", devices::settings::ai::get::handle, devices::settings::ai::get::doc)
        .put("/devices/{id}/settings/ai", devices::settings::ai::update::handle, devices::settings::ai::update::doc)
        .post("/devices/{id}/settings/ai/test", devices::settings::ai::test::handle, devices::settings::ai::test::doc)
        .get("/devices/{id}/messages", devices::messages::list, devices::messages::list_doc)
        .get("/devices/{id}/messages/{contactId}", devices::messages::of_contact, devices::messages::of_contact_doc)
        .post("/devices/{id}/pairing-code", devices::pairing_code::handle, devices::pairing_code::doc)
        .get("/devices/{id}/passkey", devices::passkey::get, devices::passkey::get_doc)
        .post("/devices/{id}/passkey", devices::passkey::answer, devices::passkey::answer_doc)
        .post("/devices/{id}/passkey/confirm", devices::passkey::confirm, devices::passkey::confirm_doc)
        .get("/users/{userId}/devices", users::devices::list, users::devices::doc)
        .get("/users/{userId}/messages", users::messages::list, users::messages::doc)
        .post("/auth/token", routes::auth::token::handle, routes::auth::token::doc)
        .get("/sessions", sessions::list::handle, sessions::list::doc)
        .post("/sessions/{sessionId}/cancel", sessions::cancel::handle, sessions::cancel::doc)
        .get("/templates", templates::list::handle, templates::list::doc)
        .post("/templates", templates::create::handle, templates::create::doc)
        .get("/templates/{name}", templates::get::handle, templates::get::doc)
        .put("/templates/{name}", templates::update::handle, templates::update::doc)
        .delete("/templates/{name}", templates::delete::handle, templates::delete::doc)
        .get("/messages", messages::list::handle, messages::list::doc)
        .post("/messages/{messageId}/edit", messages::edit::handle, messages::edit::doc)
        .post("/messages/{messageId}/delete", messages::delete::handle, messages::delete::doc)
        .post("/messages/{messageId}/forward", messages::forward::handle, messages::forward::doc)
}

/// Where a device's events go, and what became of them.
fn webhooks() -> Table {
    use devices::{deliveries, settings::webhook};
    Table::new()
        .get("/devices/{id}/settings/webhook", webhook::get::handle, webhook::get::doc)
        .put("/devices/{id}/settings/webhook", webhook::update::handle, webhook::update::doc)
        .post("/devices/{id}/settings/webhook/test", webhook::test::handle, webhook::test::doc)
        .get("/devices/{id}/deliveries", deliveries::list::handle, deliveries::list::doc)
        .post("/devices/{id}/deliveries/replay", deliveries::replay::handle, deliveries::replay::doc)
}

/// Whom and what a device's account knows.
fn people() -> Table {
    use devices::{chats, contacts, groups};
    Table::new()
        .get("/devices/{id}/contacts", contacts::list::handle, contacts::list::doc)
        .get("/devices/{id}/contacts/live", contacts::live::all, contacts::live::all_doc)
        .get("/devices/{id}/contacts/check", contacts::check::handle, contacts::check::doc)
        .get("/devices/{id}/contacts/{contactId}", contacts::get::handle, contacts::get::doc)
        .get("/devices/{id}/contacts/{contactId}/live", contacts::live::one, contacts::live::one_doc)
        .post("/devices/{id}/contacts/{contactId}/block", contacts::block::block, contacts::block::block_doc)
        .post("/devices/{id}/contacts/{contactId}/unblock", contacts::block::unblock, contacts::block::unblock_doc)
        .get("/devices/{id}/chats", chats::list::handle, chats::list::doc)
        .get("/devices/{id}/chats/live", chats::live::handle, chats::live::doc)
        .get("/devices/{id}/groups", groups::list::handle, groups::list::doc)
        .post("/devices/{id}/groups", groups::create::handle, groups::create::doc)
        .get("/devices/{id}/groups/live", groups::live::all, groups::live::all_doc)
        .post("/devices/{id}/groups/join", groups::join::handle, groups::join::doc)
        .get("/devices/{id}/groups/{groupId}", groups::get::handle, groups::get::doc)
        .put("/devices/{id}/groups/{groupId}", groups::update::handle, groups::update::doc)
        .get("/devices/{id}/groups/{groupId}/live", groups::live::one, groups::live::one_doc)
        .post("/devices/{id}/groups/{groupId}/participants", groups::participants::add, groups::participants::add_doc)
        .delete("/devices/{id}/groups/{groupId}/participants", groups::participants::remove, groups::participants::remove_doc)
        .post("/devices/{id}/groups/{groupId}/admins", groups::admins::promote, groups::admins::promote_doc)
        .delete("/devices/{id}/groups/{groupId}/admins", groups::admins::demote, groups::admins::demote_doc)
        .post("/devices/{id}/groups/{groupId}/leave", groups::leave::handle, groups::leave::doc)
        .get("/devices/{id}/groups/{groupId}/invite", groups::invite::get, groups::invite::get_doc)
        .post("/devices/{id}/groups/{groupId}/invite/revoke", groups::invite::revoke, groups::invite::revoke_doc)
}

/// What sends, through the device that the caller is or names.
fn sends() -> Table {
    Table::new()
        .post("/send", send::text::handle, send::text::doc)
        .post("/send/template", send::template::handle, send::template::doc)
        .post("/send/bulk", send::bulk::create::handle.layer(DefaultBodyLimit::max(MAX_BULK)), send::bulk::create::doc)
        .get("/send/bulk/{bulkId}", send::bulk::get::handle, send::bulk::get::doc)
        .post("/send/bulk/{bulkId}/cancel", send::bulk::cancel::handle, send::bulk::cancel::doc)
        .post("/send/image", send::image::handle, send::image::doc)
        .post("/send/video", send::video::handle, send::video::doc)
        .post("/send/document", send::document::handle, send::document::doc)
        .post("/send/audio", send::audio::handle, send::audio::doc)
        .post("/send/sticker", send::sticker::handle, send::sticker::doc)
        .post("/send/location", send::location::handle, send::location::doc)
        .post("/send/contact", send::contact::handle, send::contact::doc)
        .post("/send/poll", send::poll::handle, send::poll::doc)
        .post("/send/reaction", send::reaction::handle, send::reaction::doc)
        .post("/media", media::create::handle, media::create::doc)
}

/// What anybody may ask for.
fn open() -> Table {
    Table::new()
        .get("/health", health::handle, health::doc)
        // Signed links: no token, and no limit.
        .get("/media/{deviceId}/{mediaId}", media::download::handle, media::download::doc)
        .put("/media/{deviceId}/{mediaId}", media::upload::handle, media::upload::doc)
}

/// Everything the WebSocket's own port answers: the WebSocket, at any path.
pub fn socket_router(api: Api) -> Router {
    single(api, any(socket::open))
}

/// One endpoint, at any path.
pub(crate) fn single(api: Api, endpoint: MethodRouter<Arc<Api>>) -> Router {
    let api = Arc::new(api);
    let limited = middleware::from_fn_with_state(api.clone(), limits::run);
    finish(Router::new().fallback_service(endpoint.with_state(api.clone())).layer(limited), api)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::Body;

    #[test]
    fn every_example_of_a_request_can_be_read() {
        let (_, entries) = owners().merge(people()).merge(webhooks()).merge(sends()).split();
        for entry in entries {
            if let Some(Body::Json { example, reads, .. }) = (entry.say)().body {
                assert_eq!(reads(&example), Ok(()), "{} {}", entry.method, entry.path);
            }
        }
    }
}
