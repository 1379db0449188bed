//! How rows are written. Rows of the library's own types are JSON: its serde attributes keep old rows readable by newer versions.
//! Rows of our own shape are a version byte and postcard.

use serde::{Serialize, de::DeserializeOwned};
use wacore::store::error::{Result, StoreError};

/// The one shape of packed rows so far; a changed shape takes the next number and keeps reading this one.
const VERSION: u8 = 1;

/// Writes a row of our own shape.
pub(super) fn pack<T: Serialize>(row: &T) -> Result<Vec<u8>> {
    postcard::to_extend(row, vec![VERSION]).map_err(serialization)
}

/// Reads what [`pack`] wrote.
pub(super) fn unpack<T: DeserializeOwned>(value: &[u8]) -> Result<T> {
    match value.split_first() {
        Some((&VERSION, row)) => postcard::from_bytes(row).map_err(serialization),
        _ => Err(StoreError::Validation("a packed row of an unknown version".into())),
    }
}

/// Writes a row of a library type.
pub(super) fn to_json<T: Serialize>(row: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(row).map_err(serialization)
}

/// Reads what [`to_json`] wrote.
pub(super) fn from_json<T: DeserializeOwned>(value: &[u8]) -> Result<T> {
    serde_json::from_slice(value).map_err(serialization)
}

fn serialization(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Serialization(Box::new(error))
}
