//! `/messages`

pub mod delete;
pub mod edit;
pub mod forward;
pub mod list;
