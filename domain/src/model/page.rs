//! Pages of a list.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Where the next page starts: a place in a list's order, opaque to users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub Vec<u8>);

/// The text was not made by [`Cursor::encode`].
#[derive(Debug, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct InvalidCursor;

impl Cursor {
    /// The cursor as users see it.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// Reads what [`Cursor::encode`] wrote.
    pub fn decode(text: &str) -> Result<Self, InvalidCursor> {
        BASE64_URL_SAFE_NO_PAD.decode(text).map(Self).map_err(|_| InvalidCursor)
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Counted from 1; ignored if there is a cursor.
    pub page: u32,
    /// Most items to answer with, 1 to 200.
    pub limit: u32,
    /// Continues a former page: costs the same however deep it lies.
    pub cursor: Option<Cursor>,
}

impl PageRequest {
    /// Longest page anyone gets.
    pub const MAX_LIMIT: u32 = 200;

    /// How many items lie before this page, if it is asked for by number.
    pub fn offset(&self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(self.limit)
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// How many items the whole list has.
    pub total: u64,
    /// Where the next page starts; `None` after the last.
    pub next: Option<Cursor>,
}
