//! DynamoDB, SQS, S3 and API Gateway: the adapters of the serverless split.

mod aliases;
mod bulks;
mod client;
mod commands;
mod counts;
mod deliveries;
mod devices;
mod error;
mod events;
mod fences;
mod journal;
mod key_value;
pub mod layout;
mod limits;
mod media;
mod messages;
mod pages;
mod people;
mod push;
mod records;
mod replies;
mod resources;
mod statistics;
mod table;
mod templates;

pub use client::Clients;
pub use commands::Queues;
pub use key_value::DeviceKeys;
pub use limits::Counters;
pub use media::Bucket;
pub use push::Sockets;
pub use records::Records;
pub use replies::Outcomes;
pub use resources::{MissingResource, Resources};
