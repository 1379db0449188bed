//! What people do with warta, from end to end.

mod crash;
mod newcomer;
