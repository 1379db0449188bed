//! Settings from the environment, read once and checked as a whole.

use std::{fmt, str::FromStr};

use ai::{Endpoint, InvalidEndpoint};
use http::Uri;

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

type Variable<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads variables, `None` for one that is unset or empty, and remembers which cannot be used.
pub struct Settings<'a> {
    variable: Box<Variable<'a>>,
    problems: Vec<String>,
}

impl<'a> Settings<'a> {
    /// Those of this process.
    pub fn of_environment() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// Those that `variable` knows.
    pub fn new(variable: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self { variable: Box::new(move |name| variable(name).filter(|value| !value.is_empty())), problems: Vec::new() }
    }

    /// What was read, if all of it can be used.
    pub fn finish<T>(self, read: T) -> Result<T, Problems> {
        if self.problems.is_empty() { Ok(read) } else { Err(Problems(self.problems)) }
    }

    /// Adds what is wrong to the list.
    pub fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// As it stands.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name)
    }

    /// As it stands; it has to be set.
    pub fn needed(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.problem(format!("{name} must be set"));
            String::new()
        })
    }

    /// As a `T`; `what` says in the list of problems what that is.
    pub fn parse<T: FromStr>(&mut self, name: &str, what: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.problem(format!("{name} must be {what}, not {text:?}"));
        }
        value
    }

    /// A number that is not above `most`.
    pub fn at_most(&mut self, name: &str, most: u64) -> Option<u64> {
        let value: u64 = self.parse(name, &format!("a number from 0 to {most}"))?;
        if value > most {
            self.problem(format!("{name} must be a number from 0 to {most}, not {value}"));
        }
        Some(value)
    }

    /// A size in bytes, or with a unit of 1,024: `512KB`, `10MB`, `1GB`.
    pub fn size(&mut self, name: &str) -> Option<u64> {
        self.parse(name, "a size such as 10MB, at most 2GB").map(|Size(bytes)| bytes)
    }

    /// The beginning of a URL, without a slash at its end.
    pub fn base_url(&mut self, name: &str) -> Option<String> {
        self.parse(name, "an http or https URL").map(|BaseUrl(url)| url)
    }

    /// Whoever asks a provider shows it the key, and nobody else.
    pub fn endpoint(&mut self, key: &str, url: &str, default: &str) -> Option<Endpoint> {
        let found = Endpoint::find(self.text(url).as_deref(), self.text(key).as_deref(), default);
        found.unwrap_or_else(|problem| {
            self.problem(match problem {
                InvalidEndpoint::Url => format!("{url} must be an http or https URL"),
                InvalidEndpoint::Key => format!("{key} must be printable ASCII without spaces"),
            });
            None
        })
    }

    /// A secret travels in headers and query strings, and its value is never shown.
    pub fn secret(&mut self, name: &str) -> Option<String> {
        let secret = self.text(name)?;
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.problem(format!("{name} must be printable ASCII without spaces"));
        }
        Some(secret)
    }
}

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

struct BaseUrl(String);

impl FromStr for BaseUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let url: Uri = text.parse().map_err(|_| ())?;
        let known = matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some() && url.query().is_none();
        known.then(|| Self(text.trim_end_matches('/').to_owned())).ok_or(())
    }
}
