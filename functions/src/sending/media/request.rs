//! What is asked for beside the file, in JSON or in a form.

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected},
};
use serde_json::{Value, json};

use crate::{
    error::ApiError,
    extract::refuse,
    fields::{Object, Text},
    files::Form,
    sending::options::Options,
};

/// A file to send that is not in the request itself. In a form, what stands in `options` are fields like the others.
#[derive(Debug, JsonSchema, Deserialize)]
#[schemars(rename = "SendMedia", extend("oneOf" = [{"required": ["url"]}, {"required": ["mediaId"]}]))]
#[serde(rename_all = "camelCase")]
pub struct MediaRequest {
    pub(super) session_id: Option<String>,
    pub(super) recipient: String,
    /// The text under a picture, video or document.
    pub(super) caption: Option<Text<0, 65_536>>,
    pub(super) file_name: Option<Text<0, 1000>>,
    /// Whether a sound is sent as a voice note.
    pub(super) is_voice_note: Option<Flag>,
    /// Where the file lies.
    pub(super) url: Option<String>,
    /// The id of a file that was handed in before.
    pub(super) media_id: Option<String>,
    #[serde(default)]
    pub(super) options: Object<Options>,
}

/// What a form asks for, all of it text.
pub(super) fn read(form: &Form) -> Result<MediaRequest, ApiError> {
    let text = |name: &str| form.field(name);
    let quoted = text("quoted").filter(|quoted| *quoted != "false");
    let delay = text("delay").map(|delay| delay.trim().parse().map_or_else(|_| json!(delay), |delay: u64| json!(delay)));
    let request = json!({
        "sessionId": text("sessionId"),
        "recipient": text("recipient"),
        "caption": text("caption"),
        "fileName": text("fileName"),
        "isVoiceNote": text("isVoiceNote"),
        "url": text("url"),
        "mediaId": text("mediaId"),
        "options": {"quoted": quoted, "delay": delay, "mentions": mentions(form.values("mentions"))},
    });
    serde_path_to_error::deserialize(without_nulls(request)).map_err(|error| refuse(&error))
}

/// A field that was left out is missing, which says more than that it is `null`.
fn without_nulls(mut request: Value) -> Value {
    if let Value::Object(fields) = &mut request {
        fields.retain(|_, value| !value.is_null());
    }
    request
}

/// Several fields, a list in JSON, or numbers with commas between them.
fn mentions(values: &[String]) -> Value {
    let one = |value: &String| match serde_json::from_str(value) {
        Ok(Value::Array(items)) => items,
        _ => value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect(),
    };
    values.iter().flat_map(one).collect()
}

/// `true`, however it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline, description = "", extend("type" = ["boolean", "string", "integer"], "enum" = [true, false, "true", "false", "1", "0", 1, 0]))]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(is) => Ok(Self(is)),
            Value::String(text) if text == "true" || text == "1" => Ok(Self(true)),
            Value::String(text) if text == "false" || text == "0" => Ok(Self(false)),
            Value::Number(number) if number.as_u64() == Some(1) => Ok(Self(true)),
            Value::Number(number) if number.as_u64() == Some(0) => Ok(Self(false)),
            other => Err(D::Error::invalid_value(Unexpected::Other(&other.to_string()), &"true or false")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_note_may_be_asked_for_in_many_ways() {
        for (json, is) in [("true", true), ("\"true\"", true), ("\"1\"", true), ("1", true), ("false", false), ("\"0\"", false)] {
            assert_eq!(serde_json::from_str::<Flag>(json).unwrap(), Flag(is), "{json}");
        }
        for wrong in ["\"yes\"", "2", "[]", "null"] {
            assert!(serde_json::from_str::<Flag>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_forms_mentions_are_fields_or_lists() {
        let read = |values: &[&str]| mentions(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["6281100000001", "6281100000002"]), json!(["6281100000001", "6281100000002"]));
        assert_eq!(read(&["6281100000001, 6281100000002"]), json!(["6281100000001", "6281100000002"]));
        assert_eq!(read(&[r#"["6281100000001"]"#]), json!(["6281100000001"]));
        assert_eq!(read(&[]), json!([]));
    }
}
