//! `/auth`

mod token;
