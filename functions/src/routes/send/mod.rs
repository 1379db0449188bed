//! `/send`, and the same under `/device/send` for a device that sends by its key.

pub mod audio;
pub mod bulk;
pub mod contact;
pub mod document;
pub mod image;
pub mod location;
pub mod poll;
pub mod reaction;
pub mod sticker;
pub mod template;
pub mod text;
pub mod video;
