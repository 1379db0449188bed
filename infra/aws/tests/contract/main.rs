//! The contract suites on DynamoDB, SQS and S3, by way of MiniStack. `tests/run aws` starts it once for all (`MINISTACK_URL`); a test that finds none starts its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod between;
mod blocks;
mod bucket;
mod bulk_crash;
mod commits;
mod history;
mod page_cost;
mod queue;
mod removal;
mod sockets;
mod stand_in;
mod world;

domain::aliases_contract!(crate::world::start);
domain::bulks_contract!(crate::world::start);
domain::commands_contract!(crate::world::start);
domain::deliveries_contract!(crate::world::start);
domain::devices_contract!(crate::world::start);
domain::events_contract!(crate::world::start);
domain::journal_contract!(crate::world::start);
domain::key_value_contract!(crate::world::start);
domain::leases_contract!(crate::world::leases);
domain::limits_contract!(crate::world::start);
domain::media_contract!(crate::world::start);
domain::messages_contract!(crate::world::start);
domain::people_contract!(crate::world::start);
domain::replies_contract!(crate::world::start);
domain::statistics_contract!(crate::world::start);
domain::templates_contract!(crate::world::start);
