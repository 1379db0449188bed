//! Every endpoint: URL = module.

mod any;
mod devices;
mod health;
mod messages;
mod send;
mod socket;
mod users;
