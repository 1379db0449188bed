//! What people do with warta, from end to end.

mod ai;
mod bulk;
mod clients;
mod console;
mod costs;
mod crash;
mod crowd;
mod faults;
mod fuzz;
mod history;
mod hosts;
mod kinds;
mod link_page;
mod media;
mod newcomer;
mod observing;
mod production;
mod receivers;
mod sessions;
mod weather;
mod webhooks;
