//! `/messages`

pub mod list;
