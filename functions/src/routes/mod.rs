//! The endpoints: the path of a URL is the path of its module.

pub mod auth;
pub mod devices;
pub mod health;
pub mod link;
pub mod media;
pub mod messages;
pub mod metrics;
pub mod send;
pub mod sessions;
pub mod socket;
pub mod templates;
pub mod users;
