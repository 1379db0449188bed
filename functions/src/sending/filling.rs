//! Texts made of templates and variables.

use std::collections::BTreeMap;

use domain::model::{Device, Template, TemplateOwner, render};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{api::Api, error::ApiError};

/// Longest text, in characters.
const MOST: usize = 65_536;

/// What is written in a variable's place.
#[derive(Clone, Debug, JsonSchema, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Variable {
    /// As it is.
    Text(String),
    /// As JSON writes it.
    Number(serde_json::Number),
    /// `true` or `false`.
    Bool(bool),
}

/// Variables by their names.
pub type Variables = BTreeMap<String, Variable>;

/// The template of this name that a device may send: its user's own, or else everyone's.
pub async fn template(api: &Api, device: &Device, name: &str) -> Result<Template, ApiError> {
    if let Some(own) = api.templates.get(TemplateOwner::User(device.user_id), name).await? {
        return Ok(own);
    }
    api.templates.get(TemplateOwner::Everyone, name).await?.ok_or(ApiError::TemplateNotFound)
}

/// The text with its variables, which lie in a field of this name.
pub fn filled(text: &str, variables: Variables, field: impl Fn() -> String) -> Result<String, ApiError> {
    let variables = variables.into_iter().map(|(name, variable)| (name, variable.text())).collect();
    let text = render(text, &variables).map_err(|missing| ApiError::invalid(&format!("{}.{}", field(), missing.0), "missing"))?;
    if text.trim().is_empty() || text.chars().count() > MOST {
        return Err(ApiError::invalid(&field(), format_args!("they make a text of nothing but blanks, or of more than {MOST} characters")));
    }
    Ok(text)
}

impl Variable {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Bool(bool) => bool.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str, variables: &str) -> Result<String, String> {
        let variables = serde_json::from_str(variables).map_err(|error| error.to_string())?;
        filled(text, variables, || "variables".into()).map_err(|error| match error {
            ApiError::Validation { details } => details,
            other => other.to_string(),
        })
    }

    #[test]
    fn text_numbers_and_truth_fill_the_gaps() {
        let variables = r#"{"name":"Ani","count":3,"price":9.5,"paid":true}"#;
        assert_eq!(fill("{{name}}: {{count}} x {{price}}, {{paid}}", variables).unwrap(), "Ani: 3 x 9.5, true");
        assert!(fill("{{name}}", r#"{"name":null}"#).is_err());
        assert!(fill("{{name}}", r#"{"name":["Ani"]}"#).is_err());
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_too_long_is_refused() {
        assert_eq!(fill("{{name}}", "{}").unwrap_err(), "variables.name: missing");
        assert!(fill("{{name}}", r#"{"name":" "}"#).unwrap_err().starts_with("variables: "));
        let long = serde_json::json!({"name": "x".repeat(40_000)}).to_string();
        assert!(fill("{{name}}", &long).is_ok() && fill("{{name}}{{name}}", &long).is_err());
    }
}
