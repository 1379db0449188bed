//! Pages of a list.

use domain::model::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, json};

use crate::fields::Number;

/// Where a list is to be read, with `LIMIT` items a page unless told otherwise.
#[derive(JsonSchema, Deserialize)]
pub struct PageQuery<const LIMIT: u32> {
    /// Counted from 1.
    #[schemars(extend("default" = 1))]
    page: Option<Number<1, { u32::MAX }>>,
    /// Most items on it.
    #[schemars(extend("default" = LIMIT))]
    limit: Option<Number<1, { PageRequest::MAX_LIMIT }>>,
    /// The `nextCursor` of the page before, instead of `page`: costs the same however deep it lies.
    cursor: Option<CursorText>,
}

impl<const LIMIT: u32> PageQuery<LIMIT> {
    /// The same for the ports.
    pub fn request(self) -> PageRequest {
        PageRequest {
            page: self.page.map_or(1, |Number(page)| page),
            limit: self.limit.map_or(LIMIT, |Number(limit)| limit),
            cursor: self.cursor.map(|CursorText(cursor)| cursor),
        }
    }
}

#[derive(JsonSchema)]
#[schemars(inline, with = "String")]
struct CursorText(Cursor);

impl<'de> Deserialize<'de> for CursorText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Cursor::decode(&text).map(Self).map_err(D::Error::custom)
    }
}

/// What a list has for those who may see nothing of it.
pub fn empty_page<T>() -> Page<T> {
    Page { items: Vec::new(), total: 0, next: None }
}

/// Where in a list a page lies.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    page: u32,
    limit: u32,
    total: u64,
    total_pages: u64,
    next_cursor: Option<String>,
}

impl Pagination {
    /// Of the answer to a request.
    pub fn of<T>(request: &PageRequest, page: &Page<T>) -> Self {
        Self {
            page: request.page,
            limit: request.limit,
            total: page.total,
            total_pages: page.total.div_ceil(u64::from(request.limit)),
            next_cursor: page.next.as_ref().map(Cursor::encode),
        }
    }

    /// As it may be.
    pub fn example() -> Value {
        json!({"page": 1, "limit": 50, "total": 1, "totalPages": 1, "nextCursor": null})
    }
}
