//! What the endpoints work with.

use std::{sync::Arc, time::Duration};

use ai::Providers;
use domain::{
    model::Timestamp,
    pipeline::{Intake, Links},
    ports::{
        Aliases, Bulks, Clock, Deliveries, Devices, Events, Ids, Limits, Media, Messages, People, Statistics, Subscription, Templates,
    },
};
use fetch::{Fetcher, Webhooks};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The ports and settings behind the endpoints.
#[derive(Clone)]
pub struct Api {
    pub devices: Arc<dyn Devices>,
    pub messages: Arc<dyn Messages>,
    pub bulks: Arc<dyn Bulks>,
    pub templates: Arc<dyn Templates>,
    pub aliases: Arc<dyn Aliases>,
    pub people: Arc<dyn People>,
    pub events: Arc<dyn Events>,
    pub deliveries: Arc<dyn Deliveries>,
    pub media: Arc<dyn Media>,
    /// Links to files.
    pub links: Links,
    /// Gets files from where users say they lie.
    pub fetcher: Fetcher,
    /// Hands webhooks what they are to be tested with.
    pub webhooks: Webhooks,
    /// Asks language models.
    pub providers: Providers,
    pub limits: Arc<dyn Limits>,
    pub intake: Intake,
    pub statistics: Arc<dyn Statistics>,
    /// Tells what happens to the sockets here; `None` where sockets are elsewhere.
    pub subscription: Option<Arc<dyn Subscription>>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub config: ApiConfig,
    /// Writes down the figures of this process, if it keeps any.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// Whether the program has taken up its devices.
    pub ready: CancellationToken,
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
    /// Signs and checks the tokens of users.
    pub jwt_secret: String,
    /// Largest file that is taken in, in bytes.
    pub max_file_bytes: u64,
    /// Largest request that can arrive here, where that is less than a file may have: larger files go by upload ticket.
    pub max_request_bytes: Option<u64>,
    /// How often things may be done.
    pub rate_limits: RateLimits,
    /// Where clients find the WebSocket, without the token: `ws://127.0.0.1:3001`.
    pub public_ws_url: String,
    /// Where browsers find this program: `http://127.0.0.1:3000`.
    pub public_url: String,
    /// How long a request waits for a host's answer before it goes on without.
    pub send_wait: Duration,
    /// Whether hosts tell what becomes of messages by a reply. Where replies cost as much as records, the records are watched.
    pub replies_to_sends: bool,
    /// The program's version, for the health report.
    pub version: String,
}

/// How often things may be done; 0 for as often as anyone likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests of one address.
    pub ip_per_hour: u32,
    /// Messages of one device; a bulk counts as one.
    pub messages_per_minute: u32,
    /// Files of one device.
    pub media_per_minute: u32,
    /// QR codes of one device.
    pub qr_per_minute: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { ip_per_hour: 1000, messages_per_minute: 100, media_per_minute: 10, qr_per_minute: 5 }
    }
}
