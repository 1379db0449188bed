//! The remote control: JSON requests that play the people, and the weather.

mod chat;
mod error;
mod faults;
mod groups;
mod media;
mod phones;
mod reset;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};

use crate::world::World;
use error::ControlError;

const BODY_LIMIT_BYTES: usize = 1 << 20;
/// A file may come with it, in base64.
const MESSAGE_LIMIT_BYTES: usize = media::FILE_LIMIT_BYTES / 3 * 4 + BODY_LIMIT_BYTES;

pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/ws/chat", get(chat::connect))
        .route("/health", get(|| async { "ok" }))
        .route("/reset", post(reset::reset))
        .route("/faults", post(faults::change))
        .route("/mms/{kind}/{token}", post(media::upload).layer(DefaultBodyLimit::max(media::FILE_LIMIT_BYTES)))
        .route("/media/{token}", get(media::download))
        .route("/groups", post(groups::create))
        .route("/groups/join", post(groups::join))
        .route("/groups/{id}", get(groups::show).put(groups::set))
        .route("/groups/{id}/participants", post(groups::change_members))
        .route("/groups/{id}/leave", post(groups::leave))
        .route("/phones", post(phones::create::create))
        .route("/phones/{number}/scan", post(phones::scan::scan))
        .route("/phones/{number}/link-code", post(phones::link_code::enter))
        .route("/phones/{number}/passkey", get(phones::passkey::show).post(phones::passkey::require))
        .route("/phones/{number}/passkey/assertion", post(phones::passkey::assert))
        .route(
            "/phones/{number}/messages",
            post(phones::messages::write).get(phones::messages::list).layer(DefaultBodyLimit::max(MESSAGE_LIMIT_BYTES)),
        )
        .route("/phones/{number}/messages/{id}/media", get(phones::messages::media))
        .route("/phones/{number}/read", post(phones::read::read))
        .route("/phones/{number}/history", post(phones::history::seed))
        .route("/phones/{number}/typing", post(phones::typing::tell).get(phones::typing::list))
        .route("/phones/{number}/power", post(phones::power::switch))
        .route("/phones/{number}/ban", post(phones::ban::ban))
        .route("/phones/{number}/block", post(phones::block::set))
        .route("/phones/{number}/profile", put(phones::profile::change))
        .route("/phones/{number}/contacts", get(phones::contacts::list).post(phones::contacts::save))
        .route("/phones/{number}/contacts/{contact}", delete(phones::contacts::forget))
        .route("/phones/{number}/chats/{chat}", get(phones::chats::show).post(phones::chats::change))
        .route("/phones/{number}/devices/{device}", delete(phones::devices::remove))
        .fallback(|| async { ControlError::not_found("no such path") })
        .method_not_allowed_fallback(|| async { ControlError::method_not_allowed() })
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .with_state(world)
}
