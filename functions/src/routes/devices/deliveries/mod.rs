//! `/devices/{id}/deliveries`

pub mod list;
pub mod replay;
