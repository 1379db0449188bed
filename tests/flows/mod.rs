//! What people do with warta, from end to end.

mod newcomer;
