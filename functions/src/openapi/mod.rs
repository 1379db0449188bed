//! The API's document (OpenAPI 3.1), made of the router's own table and the types that are read and written.

mod document;
mod operation;
mod page;
mod parts;
mod table;

pub use document::document;
#[cfg(test)]
pub use operation::Body;
pub use operation::{Content, Operation, example_time};
pub use page::routes;
pub use table::{Entry, Table};
