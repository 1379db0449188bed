//! A device's settings as users write them: whatever they leave out stays as it is.

mod ai;
mod webhook;

pub use ai::AiInput;
pub use webhook::WebhookInput;
