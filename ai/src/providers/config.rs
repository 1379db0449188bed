//! Where the providers are, and how patient we are with them. Keys show nowhere.

use std::{fmt, time::Duration};

use domain::pipeline::Backoff;
use http::{HeaderValue, Uri};

/// The providers an operator has.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// For all models but Gemini's: `OPENAI_API_KEY`, `OPENAI_BASE_URL`.
    pub openai: Option<Endpoint>,
    /// For models named `gemini-…`: `GEMINI_API_KEY`, `GEMINI_BASE_URL`. If the URL ends with `/openai`, it is spoken to as OpenAI is.
    pub gemini: Option<Endpoint>,
    /// How patient we are.
    pub timing: Timing,
}

/// How long a provider may take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// One try.
    pub attempt: Duration,
    /// All of them, with the waits between them.
    pub deadline: Duration,
    /// The waits, unless the provider asks for longer ones.
    pub backoff: Backoff,
}

/// Where a provider is, and what it knows us by.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    base_url: String,
    key: Option<String>,
}

/// It is not an `http://` or `https://` URL, or a key that no header can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// The URL is none.
    #[error("expected an http:// or https:// URL")]
    Url,
    /// The key is none.
    #[error("expected a key of visible characters")]
    Key,
}

impl Endpoint {
    /// OpenAI, or what speaks like it.
    pub const OPENAI: &str = "https://api.openai.com/v1";

    /// Google's own.
    pub const GEMINI: &str = "https://generativelanguage.googleapis.com/v1beta";

    /// The provider at `base_url`, or at `default` with a `key` alone; `None` if neither is given.
    pub fn find(base_url: Option<&str>, key: Option<&str>, default: &str) -> Result<Option<Self>, InvalidEndpoint> {
        if base_url.is_none() && key.is_none() {
            return Ok(None);
        }
        let base_url = base_url.unwrap_or(default).trim_end_matches('/');
        let uri: Uri = base_url.parse().map_err(|_| InvalidEndpoint::Url)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
            return Err(InvalidEndpoint::Url);
        }
        if key.is_some_and(|key| key.contains(' ') || HeaderValue::from_str(key).is_err()) {
            return Err(InvalidEndpoint::Key);
        }
        Ok(Some(Self { base_url: base_url.to_owned(), key: key.map(str::to_owned) }))
    }

    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key as a header's value, behind `scheme`.
    pub(super) fn credential(&self, scheme: &str) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("{scheme}{}", self.key.as_ref()?)).expect("find has checked the key");
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base_url: Option<&str>, key: Option<&str>) -> Result<Option<String>, InvalidEndpoint> {
        Endpoint::find(base_url, key, Endpoint::OPENAI).map(|found| found.map(|endpoint| endpoint.base_url))
    }

    #[test]
    fn either_a_url_or_a_key_makes_a_provider() {
        assert_eq!(url(None, None), Ok(None));
        assert_eq!(url(None, Some("sk-1")), Ok(Some("https://api.openai.com/v1".into())));
        assert_eq!(url(Some("http://127.0.0.1:11434/v1/"), None), Ok(Some("http://127.0.0.1:11434/v1".into())));
    }

    #[test]
    fn what_cannot_work_is_refused_and_what_is_secret_is_not_shown() {
        for wrong in ["", "localhost:11434", "ftp://example.org", "http://", "/v1", "http://a/?key=1", "ht tp://a"] {
            assert_eq!(url(Some(wrong), None), Err(InvalidEndpoint::Url), "{wrong}");
        }
        for wrong in ["a\nb", "a b"] {
            assert_eq!(url(None, Some(wrong)), Err(InvalidEndpoint::Key), "{wrong}");
        }
        let endpoint = Endpoint::find(None, Some("sk-secret"), Endpoint::OPENAI).unwrap();
        let shown = format!("{:?} {:?}", Config { openai: endpoint.clone(), ..Config::default() }, endpoint.unwrap().credential("Bearer "));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
