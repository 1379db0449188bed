//! Why a request failed.

use std::{error::Error, io};

use crate::addresses::AddressRefused;

/// Why a request failed. None of them tells the URL.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not an `http://` or `https://` URL.
    #[error("not an http or https URL")]
    InvalidUrl,
    /// It leads to an address that may not be reached.
    #[error("not an address that may be reached")]
    Refused,
    /// No name, no connection, no trust, or no HTTP; or the connection broke.
    #[error("could not be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// The answer's status is not a 2xx. A redirect's neither: none is followed.
    #[error("answered with status {0}")]
    Status(u16),
    /// More bytes than the limit.
    #[error("larger than the limit")]
    TooLarge,
    /// It took longer than the limit.
    #[error("took too long")]
    TimedOut,
}

impl FetchError {
    /// What a [`Body`](crate::Body) failed with, given the error that it yielded.
    pub fn within(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        if causes.any(|cause| cause.is::<AddressRefused>()) {
            Self::Refused
        } else if error.is_timeout() {
            Self::TimedOut
        } else if error.is_builder() {
            Self::InvalidUrl
        } else {
            Self::Unreachable(error.without_url().into())
        }
    }
}
