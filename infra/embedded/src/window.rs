//! The part of a list that is asked for: where it starts, and what comes after it.

use domain::model::{Cursor, Page, PageRequest};
use serde::{Serialize, de::DeserializeOwned};

use crate::{error::StoreError, rows::integer};

/// Part of a list whose items have a place of type `P` in its order.
pub(crate) struct Window<P> {
    /// The place before its first item, if it continues a former part.
    pub after: Option<P>,
    /// How many items to skip.
    pub offset: i64,
    /// How many items to read: one more than it has, to know whether there are more.
    pub rows: i64,
}

impl<P: Serialize + DeserializeOwned> Window<P> {
    pub fn of(page: &PageRequest) -> Self {
        // What is no place of this list starts at its beginning.
        let after = page.cursor.as_ref().and_then(|cursor| serde_json::from_slice(&cursor.0).ok());
        let offset = if after.is_some() { 0 } else { integer(page.offset()) };
        Self { after, offset, rows: i64::from(page.limit.clamp(1, PageRequest::MAX_LIMIT)) + 1 }
    }

    /// The page of the items that were read, with their places.
    pub fn page<T>(&self, mut items: Vec<(T, P)>, total: u64) -> Result<Page<T>, StoreError> {
        let more = items.len() as i64 == self.rows;
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(|(_, place)| serde_json::to_vec(place).map(Cursor)).transpose()?;
        Ok(Page { items: items.into_iter().map(|(item, _)| item).collect(), total, next })
    }
}
