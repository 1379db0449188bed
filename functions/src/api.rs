//! What the endpoints work with.

use std::{sync::Arc, time::Duration};

use domain::{
    model::Timestamp,
    pipeline::Intake,
    ports::{Clock, Devices, Ids, Messages, Statistics, Subscription},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The ports and settings behind the endpoints.
#[derive(Clone)]
pub struct Api {
    pub devices: Arc<dyn Devices>,
    pub messages: Arc<dyn Messages>,
    pub intake: Intake,
    pub statistics: Arc<dyn Statistics>,
    pub subscription: Arc<dyn Subscription>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub config: ApiConfig,
    /// When the program started.
    pub started_at: Timestamp,
    /// Cancelled when the program stops: sockets say goodbye and long waits end.
    pub closing: CancellationToken,
    /// The open sockets, to be waited for after `closing`: close the tracker, then wait.
    pub sockets: TaskTracker,
}

/// The settings of the endpoints.
#[derive(Clone)]
pub struct ApiConfig {
    /// The operator's token; sees everything.
    pub api_token: String,
    /// Where clients find the WebSocket, without the token: `ws://127.0.0.1:3001`.
    pub public_ws_url: String,
    /// How long a request waits for a host's answer before it goes on without.
    pub send_wait: Duration,
    /// The program's version, for the health report.
    pub version: String,
}
