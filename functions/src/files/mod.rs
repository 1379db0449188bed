//! Files on their way in: streamed to the store, sniffed, counted and named, never held whole.

mod form;
mod kind;
mod name;
mod receive;

pub use form::{Form, Part, is_form};
pub use kind::{accepted, message_type, word};
pub use name::{default_name, disposition, given_name, name_in, named, original_name};
pub use receive::{Origin, Received, arrives, mime_type, open_head, promised, receive};
