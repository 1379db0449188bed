//! Outgoing HTTP to addresses that users give: webhooks, media, link previews; and to services the operator names.
//!
//! Names are looked up first, addresses that may not be reached are refused, and the connection is made to the address that was checked.
//! No redirect is followed, and time and size have a bound. A rustls crypto provider must be installed before the first client is made.

mod addresses;
mod ask;
mod client;
mod error;
mod get;
mod name;
mod post;
mod preview;
mod webhook;

pub use self::{
    addresses::Reach,
    ask::Answer,
    error::FetchError,
    get::{Body, Fetched, Fetcher, Limits},
    name::file_name,
    post::Poster,
    preview::{LinkPreview, first_url, link_preview},
    webhook::{CONNECTION_HEADERS, NotTaken, Webhooks},
};
