//! `/device`

mod send;
