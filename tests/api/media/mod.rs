//! `/media`

mod create;
mod download;
mod upload;
