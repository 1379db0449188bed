//! `/devices/{id}/settings`

pub mod ai;
