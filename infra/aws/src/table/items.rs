//! Items, their attributes and keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ports::PortError;
use serde::{Serialize, de::DeserializeOwned};

use crate::error::flaw;

/// Attributes by their names.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A text attribute.
pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
pub(crate) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A key.
pub(crate) fn key(pk: &str, sk: &str) -> Item {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// A value as the item of its key.
pub(crate) fn item(pk: &str, sk: &str, value: &impl Serialize) -> Result<Item, PortError> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(value).map_err(flaw)?;
    item.extend(key(pk, sk));
    Ok(item)
}

/// What [`item`] made.
pub(crate) fn value<T: DeserializeOwned>(item: Item) -> Result<T, PortError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(flaw)
}

/// The text of an attribute.
pub(crate) fn text_of<'a>(item: &'a Item, name: &str) -> Result<&'a str, PortError> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).ok_or_else(|| flaw(format!("an item has no {name}")))
}

/// The number of an attribute.
pub(crate) fn number_of<T: std::str::FromStr>(item: &Item, name: &str) -> Result<T, PortError> {
    let number = item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
    number.ok_or_else(|| flaw(format!("an item has no {name}")))
}
