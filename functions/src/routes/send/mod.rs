//! `/send`, and the same under `/device/send` for a device that sends by its key.

pub mod text;
