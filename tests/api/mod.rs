//! Every endpoint: URL = module.

mod any;
mod auth;
mod device;
mod devices;
mod health;
mod limits;
mod media;
mod messages;
mod send;
mod sessions;
mod socket;
mod templates;
mod users;
mod visibility;
