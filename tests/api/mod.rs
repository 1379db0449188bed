//! Every endpoint: URL = module.

mod any;
mod device;
mod devices;
mod health;
mod media;
mod messages;
mod send;
mod socket;
mod users;
mod visibility;
