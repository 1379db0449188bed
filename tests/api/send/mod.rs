//! `/send`

mod text;
