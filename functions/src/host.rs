//! Having a host do something while the caller waits, and what its refusals mean to them.

use std::time::Duration;

use domain::model::{Command, Device, DeviceId, Outcome, Status};
use tokio::time::Instant;

use crate::{api::Api, error::ApiError};

/// How long WhatsApp may take to answer, beyond what a host takes to get a message out.
const QUERY: Duration = Duration::from_secs(15);

/// For what means nothing later: the device is on line.
pub fn on_line(device: &Device) -> Result<(), ApiError> {
    if device.session.status == Status::Connected { Ok(()) } else { Err(off_line(device)) }
}

/// Why nothing can be done through a device that is not on line.
pub fn off_line(device: &Device) -> ApiError {
    if device.session.is_expired() { ApiError::SessionExpired } else { ApiError::DeviceNotConnected }
}

/// When whoever asks a host now gives up waiting.
pub fn deadline(api: &Api) -> Instant {
    Instant::now() + api.config.send_wait + QUERY
}

/// Has the host of a device that is on line do something there.
pub async fn ask_on_line(api: &Api, device: &Device, command: Command) -> Result<Outcome, ApiError> {
    on_line(device)?;
    ask(api, &device.id, command).await
}

/// Has a host do something, and tells what came of it.
pub async fn ask(api: &Api, device: &DeviceId, command: Command) -> Result<Outcome, ApiError> {
    ask_until(api, device, command, deadline(api)).await
}

/// The same as one of several steps that end together.
pub async fn ask_until(api: &Api, device: &DeviceId, command: Command, deadline: Instant) -> Result<Outcome, ApiError> {
    let command = api.intake.command(device, command, true).await?;
    let outcome = api.intake.outcome(&command, deadline.saturating_duration_since(Instant::now()));
    match api.closing.run_until_cancelled(outcome).await.transpose()?.flatten() {
        Some(Outcome::Failed { error }) => Err(refusal(error)),
        Some(Outcome::Removed(_)) => Err(ApiError::DeviceNotFound),
        Some(outcome) => Ok(outcome),
        None => Err(ApiError::Timeout),
    }
}

/// Hosts answer each command with its own kind of outcome.
pub fn unexpected(outcome: &Outcome) -> ApiError {
    ApiError::Internal(format!("a host answered a command with {outcome:?}").into())
}

/// What a host's word for a failure is to users.
fn refusal(error: String) -> ApiError {
    match error.as_str() {
        "not_connected" | "disconnected" => ApiError::DeviceNotConnected,
        "timeout" => ApiError::Timeout,
        "not_found" => ApiError::Missing("WhatsApp knows no such person or group"),
        "forbidden" => ApiError::Forbidden("the account is not in the group, or no admin of it"),
        "invalid_invite" => ApiError::invalid("invite", "WhatsApp knows no such invitation, or no longer"),
        "invalid_subject" => ApiError::invalid("subject", "WhatsApp does not take it"),
        "invalid_description" => ApiError::invalid("description", "WhatsApp does not take it"),
        "awaiting_approval" => ApiError::Conflict("an admin of the group has to let the account in"),
        "busy" => ApiError::RateLimitExceeded {
            details: "the device has as many questions open as WhatsApp is asked at a time; try again".into(),
        },
        "already_linked" => ApiError::Conflict("the device is linked already; relogin links it anew"),
        "invalid_phone" => ApiError::InvalidPhoneNumber,
        "invalid_assertion" => ApiError::invalid("assertion", "WhatsApp does not take it"),
        "cancelled" => ApiError::Conflict("it was cancelled meanwhile"),
        "conflict" => ApiError::Conflict("WhatsApp has it otherwise by now"),
        _ => ApiError::Refused { reason: error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_host_is_a_status_and_a_code() {
        for (word, status, code) in [
            ("not_connected", 400, "DEVICE_NOT_CONNECTED"),
            ("disconnected", 400, "DEVICE_NOT_CONNECTED"),
            ("timeout", 504, "TIMEOUT"),
            ("not_found", 404, "NOT_FOUND"),
            ("forbidden", 403, "FORBIDDEN"),
            ("invalid_invite", 400, "VALIDATION_ERROR"),
            ("invalid_subject", 400, "VALIDATION_ERROR"),
            ("invalid_description", 400, "VALIDATION_ERROR"),
            ("awaiting_approval", 409, "CONFLICT"),
            ("conflict", 409, "CONFLICT"),
            ("already_linked", 409, "CONFLICT"),
            ("cancelled", 409, "CONFLICT"),
            ("invalid_assertion", 400, "VALIDATION_ERROR"),
            ("invalid_phone", 400, "INVALID_PHONE_NUMBER"),
            ("busy", 429, "RATE_LIMIT_EXCEEDED"),
            ("a word of later", 502, "WHATSAPP_REFUSED"),
        ] {
            let error = refusal(word.into());
            assert_eq!((error.status().as_u16(), error.code()), (status, code), "{word}");
        }
    }
}
