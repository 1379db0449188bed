//! `GET /ws/chat`: the WhatsApp server itself.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::http::StatusCode;
use axum::response::Response;

use super::ControlError;
use crate::connection;
use crate::world::World;

/// As large as a frame can be.
const MESSAGE_LIMIT_BYTES: usize = 16 << 20;
/// The default would cost each of a thousand idle connections 128 kB.
const READ_BUFFER_BYTES: usize = 8 << 10;

pub async fn connect(
    State(world): State<Arc<World>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ControlError> {
    if world.faults.refuses_connections() {
        let message = "connections are refused at the moment";
        return Err(ControlError::new(StatusCode::SERVICE_UNAVAILABLE, message));
    }
    let upgrade = upgrade.map_err(|rejection| ControlError::new(rejection.status(), rejection.body_text()))?;
    let upgrade = upgrade.max_message_size(MESSAGE_LIMIT_BYTES).read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
    Ok(upgrade.on_upgrade(|socket| async move {
        let served = world.tasks.track_future(connection::serve(world.clone(), socket));
        served.await;
    }))
}
