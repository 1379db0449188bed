//! Settings from the environment, read once and checked as a whole.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use ai::{Endpoint, InvalidEndpoint};
use functions::RateLimits;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json"),
        }
    }
}

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
    /// `ALLOW_PRIVATE_URLS` (true): whether webhooks, and files to be sent, may lie on this machine and in private networks.
    pub allow_private_urls: bool,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector that traces go to, such as `http://127.0.0.1:4318`; none without.
    pub otlp_endpoint: Option<String>,
    /// `OPENAI_API_KEY`, `OPENAI_BASE_URL` (OpenAI's own): who answers for all models but Gemini's; an address alone will do.
    pub openai: Option<Endpoint>,
    /// `GEMINI_API_KEY`, `GEMINI_BASE_URL` (Google's own): who answers for models named `gemini-…`.
    pub gemini: Option<Endpoint>,
    /// `LOG_FORMAT` (text): how log lines are written.
    pub log_format: LogFormat,
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
    pub crash_at: Option<crate::crash::CrashAt>,
    /// `WEBHOOK_SPEED` (1): how many times faster webhooks are tried again, and paused, for tests.
    pub webhook_speed: u32,
    /// `AI_PAUSE_MS`: how long a chat has to be silent before a device answers by itself, for tests.
    pub ai_pause: Option<Duration>,
}

/// Everything that is wrong with the environment.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these settings cannot be used:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

impl Config {
    /// Reads the variables that `variable` knows; one that is empty counts as unset.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader { variable: |name: &str| variable(name).filter(|value| !value.is_empty()), problems: Vec::new() };
        let limits = RateLimits::default();
        let config = Self {
            host: reader.parse("HOST", "an IP address").unwrap_or(IpAddr::from([127, 0, 0, 1])),
            port: reader.parse("PORT", "a port number").unwrap_or(3000),
            ws_port: reader.parse("WS_PORT", "a port number").unwrap_or(3001),
            data_dir: reader.text("DATA_DIR").unwrap_or_else(|| "./data".into()).into(),
            api_token: reader.secret("API_TOKEN"),
            jwt_secret: reader.secret("JWT_SECRET"),
            webhook_secret: reader.secret("WEBHOOK_SECRET"),
            send_wait: Duration::from_millis(reader.at_most("SEND_WAIT_MS", 60_000).unwrap_or(5000)),
            max_file_bytes: reader.parse("MAX_FILE_SIZE", "a size such as 10MB, at most 2GB").map_or(10 << 20, |Size(bytes)| bytes),
            rate_limits: RateLimits {
                ip_per_hour: reader.parse("RATE_LIMIT_IP_PER_HOUR", "a number").unwrap_or(limits.ip_per_hour),
                messages_per_minute: reader.parse("RATE_LIMIT_MESSAGES_PER_MINUTE", "a number").unwrap_or(limits.messages_per_minute),
                media_per_minute: reader.parse("RATE_LIMIT_MEDIA_PER_MINUTE", "a number").unwrap_or(limits.media_per_minute),
                qr_per_minute: reader.parse("RATE_LIMIT_QR_PER_MINUTE", "a number").unwrap_or(limits.qr_per_minute),
            },
            public_url: reader.parse("PUBLIC_URL", "an http or https URL").map(|BaseUrl(url)| url),
            allow_private_urls: reader.parse("ALLOW_PRIVATE_URLS", "true or false").unwrap_or(true),
            otlp_endpoint: reader.parse("OTEL_EXPORTER_OTLP_ENDPOINT", "an http or https URL").map(|BaseUrl(url)| url),
            openai: reader.endpoint("OPENAI_API_KEY", "OPENAI_BASE_URL", Endpoint::OPENAI),
            gemini: reader.endpoint("GEMINI_API_KEY", "GEMINI_BASE_URL", Endpoint::GEMINI),
            log_format: reader.parse("LOG_FORMAT", "text or json").unwrap_or(LogFormat::Text),
            #[cfg(feature = "sandbox")]
            sandbox: SandboxConfig {
                port: reader.parse("SANDBOX_PORT", "a port number").unwrap_or(3002),
                url: reader.text("SANDBOX_URL"),
                crash_at: reader.parse("CRASH_AT", "a step and a side, such as sent/before"),
                webhook_speed: reader.parse("WEBHOOK_SPEED", "a number").unwrap_or(1),
                ai_pause: reader.parse("AI_PAUSE_MS", "a number").map(Duration::from_millis),
            },
        };
        #[cfg(feature = "sandbox")]
        if config.otlp_endpoint.as_deref().is_some_and(|url| !is_on_loopback(url)) {
            reader
                .problems
                .push("OTEL_EXPORTER_OTLP_ENDPOINT must be on this machine: a sandbox build talks to loopback addresses only".into());
        }
        if config.port == config.ws_port && config.port != 0 {
            reader.problems.push("PORT and WS_PORT must differ".into());
        }
        if reader.problems.is_empty() { Ok(config) } else { Err(Problems(reader.problems)) }
    }
}

/// A size in bytes, or with a unit of 1,024: `512KB`, `10MB`, `1GB`.
struct Size(u64);

impl FromStr for Size {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim().to_ascii_uppercase();
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let shift = match text[digits.len()..].trim() {
            "" | "B" => 0,
            "K" | "KB" => 10,
            "M" | "MB" => 20,
            "G" | "GB" => 30,
            _ => return Err(()),
        };
        let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift)).ok_or(())?;
        (1..=2 << 30).contains(&bytes).then_some(Self(bytes)).ok_or(())
    }
}

#[cfg(feature = "sandbox")]
fn is_on_loopback(url: &str) -> bool {
    let url: Option<axum::http::Uri> = url.parse().ok();
    let host = url.as_ref().and_then(|url| url.host()).unwrap_or_default().trim_matches(['[', ']']);
    host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The beginning of a URL, without a slash at its end.
struct BaseUrl(String);

impl FromStr for BaseUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let url: axum::http::Uri = text.parse().map_err(|_| ())?;
        let known = matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some() && url.query().is_none();
        known.then(|| Self(text.trim_end_matches('/').to_owned())).ok_or(())
    }
}

struct Reader<F> {
    variable: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name)
    }

    fn parse<T: FromStr>(&mut self, name: &str, what: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.problems.push(format!("{name} must be {what}, not {text:?}"));
        }
        value
    }

    fn at_most(&mut self, name: &str, most: u64) -> Option<u64> {
        let value: u64 = self.parse(name, &format!("a number from 0 to {most}"))?;
        if value > most {
            self.problems.push(format!("{name} must be a number from 0 to {most}, not {value}"));
        }
        Some(value)
    }

    /// Whoever asks a provider shows it the key, and nobody else.
    fn endpoint(&mut self, key: &str, url: &str, default: &str) -> Option<Endpoint> {
        let found = Endpoint::find(self.text(url).as_deref(), self.text(key).as_deref(), default);
        found.unwrap_or_else(|problem| {
            self.problems.push(match problem {
                InvalidEndpoint::Url => format!("{url} must be an http or https URL"),
                InvalidEndpoint::Key => format!("{key} must be printable ASCII without spaces"),
            });
            None
        })
    }

    /// A secret travels in headers and query strings, and its value is never shown.
    fn secret(&mut self, name: &str) -> Option<String> {
        let secret = self.text(name)?;
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.problems.push(format!("{name} must be printable ASCII without spaces"));
        }
        Some(secret)
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
        assert_eq!((config.send_wait, config.allow_private_urls, config.api_token), (Duration::from_secs(5), true, None));
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
