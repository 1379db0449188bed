//! What WhatsApp wants to know about a file besides its bytes.
//!
//! All of it is computed from the bytes alone, whatever they are, within bounds of memory and time that do not depend on what they
//! claim. It takes milliseconds to seconds of a processor: call it on a thread that may block.

mod kind;
mod picture;
mod sniff;
mod sticker;

pub use self::{
    kind::Kind,
    picture::{ImageInfo, image},
    sniff::sniff,
    sticker::sticker,
};

/// The bytes are not what they should be, or more than is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a readable file of this kind")]
pub struct Unreadable;
