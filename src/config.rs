//! Settings from the environment, read once and checked as a whole.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

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
    /// `WEBHOOK_SECRET`: signs for webhooks without a secret of their own; generated and kept in the data folder if unset.
    pub webhook_secret: Option<String>,
    /// `SEND_WAIT_MS` (5000): how long a request waits for WhatsApp's answer.
    pub send_wait: Duration,
    /// `ALLOW_PRIVATE_URLS` (true): whether webhooks may lie on this machine and in private networks.
    pub allow_private_urls: bool,
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
        let config = Self {
            host: reader.parse("HOST", "an IP address").unwrap_or(IpAddr::from([127, 0, 0, 1])),
            port: reader.parse("PORT", "a port number").unwrap_or(3000),
            ws_port: reader.parse("WS_PORT", "a port number").unwrap_or(3001),
            data_dir: reader.text("DATA_DIR").unwrap_or_else(|| "./data".into()).into(),
            api_token: reader.secret("API_TOKEN"),
            webhook_secret: reader.secret("WEBHOOK_SECRET"),
            send_wait: Duration::from_millis(reader.at_most("SEND_WAIT_MS", 60_000).unwrap_or(5000)),
            allow_private_urls: reader.parse("ALLOW_PRIVATE_URLS", "true or false").unwrap_or(true),
            log_format: reader.parse("LOG_FORMAT", "text or json").unwrap_or(LogFormat::Text),
            #[cfg(feature = "sandbox")]
            sandbox: SandboxConfig {
                port: reader.parse("SANDBOX_PORT", "a port number").unwrap_or(3002),
                url: reader.text("SANDBOX_URL"),
                crash_at: reader.parse("CRASH_AT", "a step and a side, such as sent/before"),
            },
        };
        if config.port == config.ws_port && config.port != 0 {
            reader.problems.push("PORT and WS_PORT must differ".into());
        }
        if reader.problems.is_empty() { Ok(config) } else { Err(Problems(reader.problems)) }
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
    fn all_problems_are_listed_at_once_and_no_secret_is_shown() {
        let problems = read(&[
            ("HOST", "localhost"),
            ("PORT", "99999"),
            ("SEND_WAIT_MS", "60001"),
            ("ALLOW_PRIVATE_URLS", "yes"),
            ("API_TOKEN", "hush hush"),
        ])
        .err()
        .map(|problems| problems.to_string())
        .unwrap();
        assert_eq!(
            problems,
            "these settings cannot be used:\n  HOST must be an IP address, not \"localhost\"\n  PORT must be a port number, not \"99999\"\n  \
             API_TOKEN must be printable ASCII without spaces\n  SEND_WAIT_MS must be a number from 0 to 60000, not 60001\n  \
             ALLOW_PRIVATE_URLS must be true or false, not \"yes\""
        );
    }
}
