//! Answers by a language model: whether a message is answered, with what in mind, and by which provider. Knows nothing of WhatsApp's wire.

mod conversation;
mod providers;
mod rules;
#[cfg(test)]
mod samples;

pub use self::{
    conversation::{Prompt, Role, Turn, prompt},
    providers::{Answer, Config, Endpoint, Error, InvalidEndpoint, Providers, Question, Timing},
    rules::{Decision, Ignored, LISTENS, answerable, decide, is_time_zone},
};
