//! The few ways SQL is run here: every statement prepared once a connection, every value bound, every column read into the model.

use domain::model::Timestamp;
use rusqlite::{Connection, Params, Row};
use serde::{
    Deserialize,
    de::{DeserializeOwned, value::StrDeserializer},
};

use crate::error::StoreError;

/// Runs a statement and answers how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

/// The first row of a query, if it has any.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    connection.prepare_cached(sql)?.query_and_then(params, read)?.next().transpose()
}

/// All rows of a query.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    connection.prepare_cached(sql)?.query_and_then(params, read)?.collect()
}

/// A query that answers one number.
pub(crate) fn number(connection: &Connection, sql: &str, params: impl Params) -> Result<u64, StoreError> {
    Ok(first(connection, sql, params, |row| count(row, 0))?.unwrap_or(0))
}

/// A text column that the model parses.
pub(crate) fn text<T: TryFrom<String>>(row: &Row<'_>, column: usize) -> Result<T, StoreError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(row.get(column)?).map_err(StoreError::record)
}

/// The same, or nothing.
pub(crate) fn text_or_null<T: TryFrom<String>>(row: &Row<'_>, column: usize) -> Result<Option<T>, StoreError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    row.get::<_, Option<String>>(column)?.map(T::try_from).transpose().map_err(StoreError::record)
}

/// A column of JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str().map_err(StoreError::record)?)?)
}

/// A column of JSON or nothing.
pub(crate) fn json_or_null<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<Option<T>, StoreError> {
    row.get_ref(column)?.as_str_or_null().map_err(StoreError::record)?.map(|text| Ok(serde_json::from_str(text)?)).transpose()
}

/// A column that holds one of an enum's words.
pub(crate) fn word<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    let word = row.get_ref(column)?.as_str().map_err(StoreError::record)?;
    T::deserialize(StrDeserializer::<serde_json::Error>::new(word)).map_err(StoreError::from)
}

/// A column of milliseconds since the Unix epoch.
pub(crate) fn moment(row: &Row<'_>, column: usize) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_millis(row.get(column)?))
}

/// The same, or nothing.
pub(crate) fn moment_or_null(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis))
}

/// A column that counts something.
pub(crate) fn count(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// A number of the model as SQLite holds it.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
