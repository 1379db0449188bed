//! `/auth`

pub mod token;
