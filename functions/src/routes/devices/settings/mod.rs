//! `/devices/{id}/settings`

pub mod ai;
pub mod webhook;
