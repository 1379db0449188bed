//! What WhatsApp wants to know about a file besides its bytes.
//!
//! All of it is computed from the bytes alone, whatever they are, within bounds of memory and time that do not depend on what they
//! claim. It takes milliseconds to seconds of a processor: call it on a thread that may block.

mod kind;
mod length;
mod picture;
mod sniff;
mod sticker;
mod video;
mod voice;

pub use self::{
    kind::Kind,
    length::audio,
    picture::{ImageInfo, image},
    sniff::sniff,
    sticker::sticker,
    video::{VideoInfo, video},
    voice::{Voice, voice},
};

/// The bytes are not what they should be, or more than is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a readable file of this kind")]
pub struct Unreadable;

/// Decoders of others, made to take any bytes: should one panic all the same, the bytes are unreadable and nothing else is harmed.
fn guarded<T>(read: impl FnOnce() -> Result<T, Unreadable>) -> Result<T, Unreadable> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or(Err(Unreadable))
}
