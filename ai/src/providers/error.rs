//! Why there is no answer.

/// Why there is no answer. Its text is the stable word that users see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The operator has no provider for the model.
    #[error("not_configured")]
    NotConfigured,
    /// It took too long.
    #[error("timeout")]
    Timeout,
    /// No connection, or it broke.
    #[error("unreachable")]
    Unreachable,
    /// The provider has enough for now.
    #[error("rate_limited")]
    RateLimited,
    /// The provider answered with this status.
    #[error("refused_{0}")]
    Refused(u16),
    /// There is an answer that says nothing, or is none.
    #[error("invalid_answer")]
    InvalidAnswer {
        /// What it cost, as far as that is known.
        tokens: u64,
    },
    /// The answer is longer than allowed.
    #[error("cut_off")]
    CutOff {
        /// What it cost.
        tokens: u64,
    },
    /// The provider does not want to answer that.
    #[error("filtered")]
    Filtered {
        /// What it cost.
        tokens: u64,
    },
}

impl Error {
    /// What the attempt cost all the same.
    pub fn tokens(&self) -> u64 {
        match *self {
            Self::InvalidAnswer { tokens } | Self::CutOff { tokens } | Self::Filtered { tokens } => tokens,
            _ => 0,
        }
    }
}
