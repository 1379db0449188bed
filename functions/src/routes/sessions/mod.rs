//! `/sessions`

pub mod cancel;
pub mod list;
