//! The endpoints: the path of a URL is the path of its module.

pub mod devices;
pub mod health;
pub mod messages;
pub mod send;
pub mod socket;
pub mod users;
