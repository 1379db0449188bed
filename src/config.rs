//! Settings from the environment, read once and checked as a whole.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use functions::RateLimits;
use process::{
    Outside, Problems, Settings,
    telemetry::{self, LogFormat},
};

/// Everything that can be set.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// `HOST` (127.0.0.1): the address to listen on.
    pub host: IpAddr,
    /// `PORT` (3000): the API's port; 0 picks a free one.
    pub port: u16,
    /// `WS_PORT` (3001): the WebSocket's port; 0 picks a free one.
    pub ws_port: u16,
    /// `DATA_DIR` (./data): the folder that holds all state.
    pub data_dir: PathBuf,
    /// `API_TOKEN`: the operator's token; generated and kept in the data folder if unset.
    pub api_token: Option<String>,
    /// `JWT_SECRET`: signs the tokens of users; generated and kept in the data folder if unset.
    pub jwt_secret: Option<String>,
    /// `WEBHOOK_SECRET`: signs for webhooks without a secret of their own; generated and kept in the data folder if unset.
    pub webhook_secret: Option<String>,
    /// `SEND_WAIT_MS` (5000): how long a request waits for WhatsApp's answer.
    pub send_wait: Duration,
    /// `MAX_FILE_SIZE` (10MB): the largest file that is taken in, in bytes.
    pub max_file_bytes: u64,
    /// `RATE_LIMIT_IP_PER_HOUR` (1000), `RATE_LIMIT_MESSAGES_PER_MINUTE` (100), `RATE_LIMIT_MEDIA_PER_MINUTE` (10),
    /// `RATE_LIMIT_QR_PER_MINUTE` (5): how often things may be done; 0 for as often as anyone likes.
    pub rate_limits: RateLimits,
    /// `PUBLIC_URL`: what this program is reached by from outside, such as `https://wa.example.com`; links to files and link pages begin with it.
    pub public_url: Option<String>,
    /// `ALLOW_PRIVATE_URLS` (true), `OPENAI_…`, `GEMINI_…`: what may be reached.
    pub outside: Outside,
    /// `LOG_FORMAT` (text), `OTEL_EXPORTER_OTLP_ENDPOINT`: where is told what happens.
    pub telemetry: telemetry::Config,
    /// Which sandbox to talk to.
    #[cfg(feature = "sandbox")]
    pub sandbox: SandboxConfig,
}

/// Settings that only builds with the feature `sandbox` have.
#[cfg(feature = "sandbox")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxConfig {
    /// `SANDBOX_PORT` (3002): where `--sandbox` starts one; 0 picks a free port.
    pub port: u16,
    /// `SANDBOX_URL`: a sandbox that runs already.
    pub url: Option<String>,
    /// `CRASH_AT`: the step to die at, for tests.
    pub crash_at: Option<session_host::crash::CrashAt>,
    /// `WEBHOOK_SPEED` (1): how many times faster webhooks are tried again, and paused, for tests.
    pub webhook_speed: u32,
    /// `AI_PAUSE_MS`: how long a chat has to be silent before a device answers by itself, for tests.
    pub ai_pause: Option<Duration>,
}

impl Config {
    /// Reads the variables that `variable` knows; one that is empty counts as unset.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut settings = Settings::new(variable);
        let limits = RateLimits::default();
        let config = Self {
            host: settings.parse("HOST", "an IP address").unwrap_or(IpAddr::from([127, 0, 0, 1])),
            port: settings.parse("PORT", "a port number").unwrap_or(3000),
            ws_port: settings.parse("WS_PORT", "a port number").unwrap_or(3001),
            data_dir: settings.text("DATA_DIR").unwrap_or_else(|| "./data".into()).into(),
            api_token: settings.secret("API_TOKEN"),
            jwt_secret: settings.secret("JWT_SECRET"),
            webhook_secret: settings.secret("WEBHOOK_SECRET"),
            send_wait: Duration::from_millis(settings.at_most("SEND_WAIT_MS", 60_000).unwrap_or(5000)),
            max_file_bytes: settings.size("MAX_FILE_SIZE").unwrap_or(10 << 20),
            rate_limits: RateLimits {
                ip_per_hour: settings.parse("RATE_LIMIT_IP_PER_HOUR", "a number").unwrap_or(limits.ip_per_hour),
                messages_per_minute: settings.parse("RATE_LIMIT_MESSAGES_PER_MINUTE", "a number").unwrap_or(limits.messages_per_minute),
                media_per_minute: settings.parse("RATE_LIMIT_MEDIA_PER_MINUTE", "a number").unwrap_or(limits.media_per_minute),
                qr_per_minute: settings.parse("RATE_LIMIT_QR_PER_MINUTE", "a number").unwrap_or(limits.qr_per_minute),
            },
            public_url: settings.base_url("PUBLIC_URL"),
            outside: Outside::read(&mut settings, true),
            telemetry: telemetry::Config::read(&mut settings, LogFormat::Text),
            #[cfg(feature = "sandbox")]
            sandbox: SandboxConfig {
                port: settings.parse("SANDBOX_PORT", "a port number").unwrap_or(3002),
                url: settings.text("SANDBOX_URL"),
                crash_at: settings.parse("CRASH_AT", "a step and a side, such as sent/before"),
                webhook_speed: settings.parse("WEBHOOK_SPEED", "a number").unwrap_or(1),
                ai_pause: settings.parse("AI_PAUSE_MS", "a number").map(Duration::from_millis),
            },
        };
        if config.port == config.ws_port && config.port != 0 {
            settings.problem("PORT and WS_PORT must differ");
        }
        settings.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Problems> {
        Config::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = read(&[("PORT", "")]).unwrap();
        assert_eq!((config.host.to_string().as_str(), config.port, config.ws_port), ("127.0.0.1", 3000, 3001));
        assert_eq!((config.send_wait, config.outside.allow_private_urls, config.api_token), (Duration::from_secs(5), true, None));
    }

    #[test]
    fn sizes_have_units_and_limits_can_be_switched_off() {
        for (text, bytes) in [("10MB", 10 << 20), ("512 kb", 512 << 10), ("1G", 1 << 30), ("77", 77)] {
            assert_eq!(read(&[("MAX_FILE_SIZE", text)]).ok().map(|config| config.max_file_bytes), Some(bytes), "{text}");
        }
        for text in ["0", "MB", "3GB", "-1", "10MiBs", "99999999999999999999"] {
            assert!(read(&[("MAX_FILE_SIZE", text)]).is_err(), "{text}");
        }
        let config = read(&[("RATE_LIMIT_IP_PER_HOUR", "0"), ("PUBLIC_URL", "https://wa.example.com/")]).unwrap();
        assert_eq!((config.rate_limits.ip_per_hour, config.rate_limits.messages_per_minute), (0, 100));
        assert_eq!(config.public_url.as_deref(), Some("https://wa.example.com"));
        assert!(read(&[("PUBLIC_URL", "wa.example.com")]).is_err());
    }

    #[test]
    fn all_problems_are_listed_at_once_and_no_secret_is_shown() {
        let problems = read(&[
            ("HOST", "localhost"),
            ("PORT", "99999"),
            ("SEND_WAIT_MS", "60001"),
            ("ALLOW_PRIVATE_URLS", "yes"),
            ("API_TOKEN", "hush hush"),
            ("OPENAI_API_KEY", "hush hush"),
            ("GEMINI_BASE_URL", "hush"),
        ])
        .err()
        .map(|problems| problems.to_string())
        .unwrap();
        assert_eq!(
            problems,
            "these settings cannot be used:\n  HOST must be an IP address, not \"localhost\"\n  PORT must be a port number, not \"99999\"\n  \
             API_TOKEN must be printable ASCII without spaces\n  SEND_WAIT_MS must be a number from 0 to 60000, not 60001\n  \
             ALLOW_PRIVATE_URLS must be true or false, not \"yes\"\n  OPENAI_API_KEY must be printable ASCII without spaces\n  \
             GEMINI_BASE_URL must be an http or https URL"
        );
    }
}
