//! `/devices/{id}/settings`

mod ai;
mod webhook;
