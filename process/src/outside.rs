//! What lies outside and may be reached: users' URLs, and who answers for language models. A sandbox build stays on this machine.

use ai::{Endpoint, Providers, Timing};
use fetch::{Poster, Reach};

use crate::Settings;

/// What may be reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Outside {
    /// `ALLOW_PRIVATE_URLS`: whether webhooks, and files to be sent, may lie on this machine and in private networks.
    pub allow_private_urls: bool,
    /// `OPENAI_API_KEY`, `OPENAI_BASE_URL` (OpenAI's own): who answers for all models but Gemini's; an address alone will do.
    pub openai: Option<Endpoint>,
    /// `GEMINI_API_KEY`, `GEMINI_BASE_URL` (Google's own): who answers for models named `gemini-…`.
    pub gemini: Option<Endpoint>,
}

impl Outside {
    /// Reads it; whether private URLs are allowed unless the settings say so is the program's to know.
    pub fn read(settings: &mut Settings<'_>, allow_private_urls: bool) -> Self {
        Self {
            allow_private_urls: settings.parse("ALLOW_PRIVATE_URLS", "true or false").unwrap_or(allow_private_urls),
            openai: settings.endpoint("OPENAI_API_KEY", "OPENAI_BASE_URL", Endpoint::OPENAI),
            gemini: settings.endpoint("GEMINI_API_KEY", "GEMINI_BASE_URL", Endpoint::GEMINI),
        }
    }

    /// Where the URLs of users may lead.
    pub fn reach(&self) -> Reach {
        match self.allow_private_urls {
            _ if cfg!(feature = "sandbox") => Reach::Loopback,
            true => Reach::Anywhere,
            false => Reach::Public,
        }
    }

    /// The operator's providers, wherever they are.
    pub fn providers(&self, timing: Timing) -> Providers {
        let reach = if cfg!(feature = "sandbox") { Reach::Loopback } else { Reach::Anywhere };
        Providers::new(Poster::new(reach), ai::Config { openai: self.openai.clone(), gemini: self.gemini.clone(), timing })
    }
}
