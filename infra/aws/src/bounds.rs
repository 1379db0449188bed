//! What DynamoDB takes: an item has at most 400 KB, its attributes' names and keys included.

use std::borrow::Cow;

use serde_json::Value;

/// Most bytes of a text, so that there is room for all else of its item.
const MOST: usize = 380_000;

/// Bytes that are left of each text within one that is too long, as the first that suffices. Lists keep an item for every 16.
const LEFT: [usize; 4] = [65_536, 16_384, 4_096, 1_024];

/// JSON that fits into an item: of what is too long, such as many cards with photos, all long texts and lists in it are cut.
pub(crate) fn fit(json: &str) -> Cow<'_, str> {
    if json.len() <= MOST {
        return json.into();
    }
    let Ok(mut value) = serde_json::from_str::<Value>(json) else { return json.into() };
    for left in LEFT {
        cut(&mut value, left);
        let shorter = value.to_string();
        if shorter.len() <= MOST {
            return shorter.into();
        }
    }
    json.into()
}

fn cut(value: &mut Value, left: usize) {
    match value {
        Value::String(text) => text.truncate(text.floor_char_boundary(left)),
        Value::Array(values) => {
            values.truncate(left / 16);
            values.iter_mut().for_each(|value| cut(value, left));
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| cut(value, left)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        let json = r#"{"b": 1.0, "a": "Halo"}"#;
        assert_eq!(fit(json), json);
    }

    #[test]
    fn of_what_is_too_long_every_long_part_is_cut() {
        let long = "\u{1f44b}".repeat(80_000);
        let cards: Vec<_> = (0..256).map(|n| json!({"name": n.to_string(), "vcard": "x".repeat(20_000)})).collect();
        for value in [
            json!({"id": "a", "content": long, "caption": long}),
            json!({"id": "a", "cards": cards}),
            json!({"id": "a", "of": vec!["62811"; 90_000]}),
        ] {
            let fitting = fit(&value.to_string()).into_owned();
            assert!(fitting.len() <= MOST, "{}", fitting.len());
            assert_eq!(serde_json::from_str::<Value>(&fitting).unwrap()["id"], "a");
        }
    }
}
