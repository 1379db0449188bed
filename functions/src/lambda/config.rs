//! Settings of the functions, from the environment that the stack gives them.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};
use aws::Clients;
use futures::future::try_join_all;
use process::{
    Outside, Settings,
    telemetry::{self, LogFormat},
};

use crate::RateLimits;

/// How long an answer may take in all: API Gateway waits for 30 s, and Lambda is told to for 29.
pub const LONGEST: Duration = Duration::from_secs(27);

/// What a send may be waited for: what comes after it may take 15 s.
const LONGEST_SEND_WAIT: u64 = 10_000;

/// What may be given as the name of a secret in place of its value: `API_TOKEN_SECRET` for `API_TOKEN`.
const SECRETS: [&str; 6] = ["API_TOKEN", "JWT_SECRET", "LINK_SECRET", "WEBHOOK_SECRET", "OPENAI_API_KEY", "GEMINI_API_KEY"];

/// What can be set, besides the names of the stack's parts.
pub struct Config {
    /// `API_TOKEN`: the operator's token.
    pub api_token: String,
    /// `JWT_SECRET`: signs the tokens of users.
    pub jwt_secret: String,
    /// `LINK_SECRET`: signs links to files. `socket` does not need it.
    pub link_secret: String,
    /// `WEBHOOK_SECRET`: signs for webhooks without a secret of their own. `socket` does not need it.
    pub webhook_secret: String,
    /// `PUBLIC_URL`: where browsers find the API; `http` needs it.
    pub public_url: String,
    /// `PUBLIC_WS_URL`: where clients find the WebSocket; `http` needs it.
    pub public_ws_url: String,
    /// `SEND_WAIT_MS` (5000): how long a request waits for WhatsApp's answer.
    pub send_wait: Duration,
    /// `MAX_FILE_SIZE` (10MB): the largest file that is taken in, in bytes.
    pub max_file_bytes: u64,
    /// `RATE_LIMIT_…`: how often things may be done.
    pub rate_limits: RateLimits,
    /// `ALLOW_PRIVATE_URLS` (false), `OPENAI_…`, `GEMINI_…`: what may be reached.
    pub outside: Outside,
    /// `LOG_FORMAT` (json), `OTEL_EXPORTER_OTLP_ENDPOINT`: where is told what happens.
    pub telemetry: telemetry::Config,
}

impl Config {
    /// Reads it.
    pub fn read(settings: &mut Settings<'_>) -> Self {
        let limits = RateLimits::default();
        Self {
            api_token: needed_secret(settings, "API_TOKEN"),
            jwt_secret: needed_secret(settings, "JWT_SECRET"),
            link_secret: settings.secret("LINK_SECRET").unwrap_or_default(),
            webhook_secret: settings.secret("WEBHOOK_SECRET").unwrap_or_default(),
            public_url: settings.base_url("PUBLIC_URL").unwrap_or_default(),
            public_ws_url: settings.text("PUBLIC_WS_URL").unwrap_or_default(),
            send_wait: Duration::from_millis(settings.at_most("SEND_WAIT_MS", LONGEST_SEND_WAIT).unwrap_or(5000)),
            max_file_bytes: settings.size("MAX_FILE_SIZE").unwrap_or(10 << 20),
            rate_limits: RateLimits {
                ip_per_hour: settings.parse("RATE_LIMIT_IP_PER_HOUR", "a number").unwrap_or(limits.ip_per_hour),
                messages_per_minute: settings.parse("RATE_LIMIT_MESSAGES_PER_MINUTE", "a number").unwrap_or(limits.messages_per_minute),
                media_per_minute: settings.parse("RATE_LIMIT_MEDIA_PER_MINUTE", "a number").unwrap_or(limits.media_per_minute),
                qr_per_minute: settings.parse("RATE_LIMIT_QR_PER_MINUTE", "a number").unwrap_or(limits.qr_per_minute),
            },
            outside: Outside::read(settings, false),
            telemetry: telemetry::Config::read(settings, LogFormat::Json),
        }
    }
}

fn needed_secret(settings: &mut Settings<'_>, name: &str) -> String {
    settings.secret(name).unwrap_or_else(|| settings.needed(name))
}

/// The values of those secrets of which the environment has the name alone.
pub async fn secrets(clients: &Clients, variable: impl Fn(&str) -> Option<String>) -> Result<HashMap<&'static str, String>> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let named = SECRETS.into_iter().filter(|name| set(name).is_none()).filter_map(|name| Some((name, set(&format!("{name}_SECRET"))?)));
    let read = named.map(async |(name, id)| {
        let secret = clients.secret(&id).await.with_context(|| format!("{name} cannot be read"))?;
        anyhow::Ok((name, secret))
    });
    Ok(try_join_all(read).await?.into_iter().collect())
}
