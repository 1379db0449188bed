//! What goes wrong on the way to AWS, as the ports name it.

use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_smithy_runtime_api::client::result::SdkError;
use domain::ports::PortError;

/// A stored thing that cannot be read, or a request that AWS does not understand: a flaw of ours.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Flaw(pub String);

/// A request that failed for good, after all its tries.
pub(crate) fn unavailable<E, R>(error: SdkError<E, R>) -> PortError
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    PortError::unavailable(Flaw(DisplayErrorContext(&error).to_string()))
}

/// Something stored that is not what was put there.
pub(crate) fn flaw(what: impl std::fmt::Display) -> PortError {
    PortError::unavailable(Flaw(what.to_string()))
}
