//! `/devices/{id}/settings`

mod ai;
