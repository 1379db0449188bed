//! Types for the fields of requests, so that a request that was read is a request that is valid. Errors name the field by its path
//! because they arise where it is read.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// Text of `MIN` to `MAX` characters.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, description = "", extend("minLength" = MIN, "maxLength" = MAX))]
pub struct Text<const MIN: usize, const MAX: usize>(pub String);

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let length = text.chars().count();
        if (MIN..=MAX).contains(&length) {
            Ok(Self(text))
        } else {
            Err(D::Error::custom(format_args!("expected text of {MIN} to {MAX} characters, got {length}")))
        }
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, JsonSchema)]
#[schemars(inline, description = "", extend("minimum" = MIN, "maximum" = MAX))]
pub struct Number<const MIN: u32, const MAX: u32>(pub u32);

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Number<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        match u32::try_from(number) {
            Ok(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            _ => Err(D::Error::custom(format_args!("expected a number from {MIN} to {MAX}, got {number}"))),
        }
    }
}

/// A list of at most `MAX` items.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, description = "", extend("maxItems" = MAX))]
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::deserialize(deserializer)?;
        if items.len() <= MAX { Ok(Self(items)) } else { Err(D::Error::custom(format_args!("expected at most {MAX} items"))) }
    }
}

/// A JSON object; `null` and `[]` are an empty one, since that is what PHP makes of an empty array.
#[derive(Clone, Debug, Default)]
pub struct Object<T>(pub T);

impl<'de, T: DeserializeOwned + Default> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned + Default> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                match list.next_element::<IgnoredAny>()? {
                    None => Ok(Object(T::default())),
                    Some(_) => Err(A::Error::custom("expected an object, got a list")),
                }
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Object(T::default()))
            }
        }

        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Object<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<T>(), {"type": "array", "maxItems": 0}, {"type": "null"}]})
    }
}

/// What a list is searched for.
pub type Search = Text<0, 200>;

/// What is to be found; nothing but blanks is everywhere.
pub fn searched(search: Option<Search>) -> Option<String> {
    search.map(|Text(text)| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// For fields where `null` means more than leaving the field out: `Some(None)`.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    struct Inner {
        size: Option<Number<2, 9>>,
    }

    fn object(json: &str) -> Result<Option<u32>, String> {
        let read: Result<Object<Inner>, _> = serde_json::from_str(json);
        read.map(|object| object.0.size.map(|size| size.0)).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_list_and_null_are_empty_objects() {
        assert_eq!(object("[]"), Ok(None));
        assert_eq!(object("null"), Ok(None));
        assert_eq!(object(r#"{"size":9,"other":1}"#), Ok(Some(9)));
    }

    #[test]
    fn anything_else_is_no_object() {
        for json in ["[1]", "1", "\"x\"", r#"{"size":1}"#, r#"{"size":10}"#, r#"{"size":-1}"#, r#"{"size":4294967298}"#, r#"{"size":2.5}"#]
        {
            assert!(object(json).is_err(), "{json}");
        }
    }

    #[test]
    fn text_is_counted_in_characters() {
        assert!(serde_json::from_str::<Text<1, 2>>(r#""東京""#).is_ok());
        assert!(serde_json::from_str::<Text<1, 2>>(r#""東京都""#).is_err());
        assert!(serde_json::from_str::<Text<1, 2>>(r#""""#).is_err());
    }
}
