//! `/send`, and the same under `/device/send` for a device that sends by its key.

pub mod contact;
pub mod location;
pub mod poll;
pub mod reaction;
pub mod text;
