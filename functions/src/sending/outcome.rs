//! Waiting for what becomes of a message, for a while.

use std::time::Duration;

use domain::{
    model::{CommandId, Message, MessageStatus, Outcome},
    pipeline::Taken,
};
use tokio::time::{Instant, sleep};

use crate::{api::Api, error::ApiError};

/// How often the record is looked at, at first and later, while no reply may come.
const GLANCE: Duration = Duration::from_millis(50);
const LATER: Duration = Duration::from_millis(250);

/// The accepted message as its outcome made it, or still pending if there is none in time.
///
/// Of several requests that wait for one message, one gets the reply: a `repeatable` one looks at the record as well.
pub async fn of_message(api: &Api, taken: Taken, repeatable: bool) -> Result<Message, ApiError> {
    match taken {
        Taken { message, command: Some(command) } => wait(api, message, Some(&command), repeatable).await,
        Taken { message, command: None } => Ok(message),
    }
}

/// The same for a message whose outcome nobody tells this request.
pub async fn of_record(api: &Api, message: Message) -> Result<Message, ApiError> {
    wait(api, message, None, true).await
}

async fn wait(api: &Api, mut message: Message, command: Option<&CommandId>, glances: bool) -> Result<Message, ApiError> {
    let deadline = Instant::now() + api.config.send_wait;
    let mut glance = GLANCE;
    while message.status == MessageStatus::Pending {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let pause = if glances { left.min(glance) } else { left };
        glance = (glance * 5 / 4).min(LATER);
        let outcome = match command {
            Some(command) => api.intake.outcome(command, pause).await?,
            None => {
                sleep(pause).await;
                None
            }
        };
        match outcome {
            Some(Outcome::Sent { .. }) => message.status = MessageStatus::Sent,
            Some(Outcome::Failed { error }) => {
                message.status = MessageStatus::Failed;
                message.error = Some(error);
            }
            // Whatever happened to the reply, the record tells.
            Some(_) | None => {
                message = api.messages.get(&message.device_id, &message.id).await?.unwrap_or(message);
            }
        }
    }
    Ok(message)
}
