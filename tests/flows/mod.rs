//! What people do with warta, from end to end.

mod clients;
mod crash;
mod crowd;
mod newcomer;
mod production;
mod receivers;
mod sessions;
mod weather;
mod webhooks;
