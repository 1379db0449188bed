//! Settings of a session host, from the environment.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use aws::Resources;
use process::{
    Outside, Problems, Settings,
    telemetry::{self, LogFormat},
};

/// Where the health of a host is asked for unless the settings say otherwise.
const HEALTH_PORT: u16 = 8080;

/// The parts of a stack that a host works with.
const PARTS: [&str; 8] = [
    "RECORDS_TABLE",
    "KEYS_TABLE",
    "PASSING_TABLE",
    "LEASES_TABLE",
    "COMMAND_QUEUES",
    "DEAD_COMMANDS_QUEUE",
    "FILES_BUCKET",
    "SOCKETS_ENDPOINT",
];

/// What it needs besides.
const NEEDS: [&str; 3] = ["PUBLIC_URL", "LINK_SECRET", "WEBHOOK_SECRET"];

/// Everything that can be set, besides what the AWS SDK reads for itself.
pub struct Config {
    /// `RECORDS_TABLE` and so on: the stack.
    pub resources: Resources,
    /// `PUBLIC_URL`: where the API is found; links to files begin with it.
    pub public_url: String,
    /// `LINK_SECRET`: signs them, as `http` checks them.
    pub link_secret: String,
    /// `WEBHOOK_SECRET`: signs for webhooks without a secret of their own.
    pub webhook_secret: String,
    /// `ALLOW_PRIVATE_URLS` (false), `OPENAI_…`, `GEMINI_…`: what may be reached.
    pub outside: Outside,
    /// `LEASE_MS` (8000): how long a host is waited for that shows no sign of life. The same for all hosts.
    pub lease: Duration,
    /// `HOST` (127.0.0.1), `HEALTH_PORT` (8080; 0 picks a free one): where health and metrics are told.
    pub health: SocketAddr,
    /// `LOG_FORMAT` (json), `OTEL_EXPORTER_OTLP_ENDPOINT`: where is told what happens.
    pub telemetry: telemetry::Config,
    /// Which sandbox to talk to.
    #[cfg(feature = "sandbox")]
    pub sandbox: SandboxConfig,
}

/// Settings that only builds with the feature `sandbox` have.
#[cfg(feature = "sandbox")]
pub struct SandboxConfig {
    /// `SANDBOX_URL`: the sandbox.
    pub url: String,
    /// `CRASH_AT`: the step to die at, for tests.
    pub crash_at: Option<session_host::crash::CrashAt>,
    /// `WEBHOOK_SPEED` (1): how many times faster webhooks are tried again, and paused, for tests.
    pub webhook_speed: u32,
    /// `AI_PAUSE_MS`: how long a chat has to be silent before a device answers by itself, for tests.
    pub ai_pause: Option<Duration>,
}

impl Config {
    pub fn read(mut settings: Settings<'_>) -> Result<Self, Problems> {
        for needed in PARTS.iter().chain(&NEEDS) {
            settings.needed(needed);
        }
        let config = Self {
            resources: Resources::read(|name| settings.text(name)),
            public_url: settings.base_url("PUBLIC_URL").unwrap_or_default(),
            link_secret: settings.secret("LINK_SECRET").unwrap_or_default(),
            webhook_secret: settings.secret("WEBHOOK_SECRET").unwrap_or_default(),
            outside: Outside::read(&mut settings, false),
            lease: Duration::from_millis(settings.parse("LEASE_MS", "a number").unwrap_or(8000)),
            health: health(&mut settings),
            telemetry: telemetry::Config::read(&mut settings, LogFormat::Json),
            #[cfg(feature = "sandbox")]
            sandbox: SandboxConfig {
                url: settings.needed("SANDBOX_URL"),
                crash_at: settings.parse("CRASH_AT", "a step and a side, such as sent/before"),
                webhook_speed: settings.parse("WEBHOOK_SPEED", "a number").unwrap_or(1),
                ai_pause: settings.parse("AI_PAUSE_MS", "a number").map(Duration::from_millis),
            },
        };
        if config.lease < Duration::from_secs(1) {
            settings.problem("LEASE_MS must be 1000 or more");
        }
        settings.finish(config)
    }
}

/// Where the health of a host is told.
pub fn health(settings: &mut Settings<'_>) -> SocketAddr {
    let host = settings.parse("HOST", "an IP address").unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    SocketAddr::new(host, settings.parse("HEALTH_PORT", "a port number").unwrap_or(HEALTH_PORT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Problems> {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::read(Settings::new(value))
    }

    #[test]
    fn what_is_missing_is_listed_at_once() {
        let problems = read(&[("RECORDS_TABLE", "records"), ("LEASE_MS", "10"), ("HEALTH_PORT", "x")]).err().unwrap().to_string();
        for missing in PARTS.iter().filter(|part| **part != "RECORDS_TABLE").chain(&NEEDS) {
            assert!(problems.contains(&format!("\n  {missing} must be set")), "{missing}: {problems}");
        }
        assert!(problems.contains("LEASE_MS must be 1000 or more") && problems.contains("HEALTH_PORT must be a port number"));
        assert!(!problems.contains("RECORDS_TABLE"));
    }

    #[test]
    fn a_stack_its_place_and_secrets_are_enough() {
        let mut variables: Vec<(&str, &str)> = PARTS.map(|part| (part, "there")).to_vec();
        variables.extend([
            ("WEBHOOK_SECRET", "hush"),
            ("LINK_SECRET", "hush"),
            ("PUBLIC_URL", "https://wa.example.com"),
            ("COMMAND_QUEUES", "q0,q1"),
            ("SANDBOX_URL", "http://127.0.0.1:3002"),
        ]);
        variables.retain(|variable| *variable != ("COMMAND_QUEUES", "there"));
        let config = read(&variables).unwrap();
        assert_eq!(
            (config.resources.lanes(), config.lease, config.health.to_string().as_str()),
            (2, Duration::from_secs(8), "127.0.0.1:8080")
        );
        assert_eq!((config.outside.allow_private_urls, config.telemetry.log_format), (false, LogFormat::Json));
    }
}
