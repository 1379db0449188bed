//! The contract suites on SQLite and in-process structures, and what these adapters promise beyond them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod folder;
mod migration;
mod speed;
mod store;
mod world;

domain::aliases_contract!(crate::world::start);
domain::bulks_contract!(crate::world::start);
domain::commands_contract!(crate::world::start);
domain::deliveries_contract!(crate::world::start);
domain::devices_contract!(crate::world::start);
domain::events_contract!(crate::world::start);
domain::journal_contract!(crate::world::start);
domain::key_value_contract!(crate::world::start);
domain::limits_contract!(crate::world::start);
domain::media_contract!(crate::world::start);
domain::messages_contract!(crate::world::start);
domain::people_contract!(crate::world::start);
domain::replies_contract!(crate::world::start);
domain::statistics_contract!(crate::world::start);
domain::templates_contract!(crate::world::start);
domain::push_contract!(crate::world::sockets);
