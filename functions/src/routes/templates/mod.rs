//! `/templates`

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;

use domain::model::{Template, TemplateOwner, Timestamp, UserId, variables};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, json};

use crate::{auth::Caller, fields::Text};

type Content = Text<1, 65_536>;

/// Letters, digits, `_`, `-` and `.`, so that it can be written in a URL.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, extend("pattern" = "^[A-Za-z0-9_.-]{1,100}$"))]
pub struct TemplateName(String);

impl<'de> Deserialize<'de> for TemplateName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        // Two names mean something else in a URL's path.
        if plain && (1..=100).contains(&name.len()) && name != "." && name != ".." {
            Ok(Self(name))
        } else {
            Err(D::Error::custom("expected 1 to 100 letters, digits, _, - and ."))
        }
    }
}

/// Whose template is meant, in a URL's query.
#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    user_id: Option<UserId>,
}

/// Whose template a caller means: a user's own, or that of anybody the operator names, or everyone's. `None` if it is not for them to see.
fn owner(caller: &Caller, user: Option<UserId>) -> Option<TemplateOwner> {
    match user.or(caller.user()) {
        Some(user) => caller.may_see_user(user).then_some(TemplateOwner::User(user)),
        None => Some(TemplateOwner::Everyone),
    }
}

/// Everything there is to say of a template.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Template")]
#[serde(rename_all = "camelCase")]
pub struct TemplateView {
    name: String,
    content: String,
    variables: Vec<String>,
    /// `null` for everyone's.
    user_id: Option<UserId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// One template.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "OneTemplate")]
pub struct Response {
    template: TemplateView,
}

impl TemplateView {
    fn example() -> Value {
        json!({
            "name": "welcome_message",
            "content": "Hello {{customer_name}}, thank you for order {{order_id}}.",
            "variables": ["customer_name", "order_id"],
            "userId": null,
            "createdAt": "2024-01-01T10:00:00Z",
            "updatedAt": "2024-01-01T10:00:00Z",
        })
    }
}

impl Response {
    fn example(message: Option<&str>) -> Value {
        let mut example = json!({"success": true, "data": {"template": TemplateView::example()}});
        if let Some(message) = message {
            example["message"] = message.into();
        }
        example
    }
}

impl From<Template> for TemplateView {
    fn from(template: Template) -> Self {
        Self {
            variables: variables(&template.content).into_iter().map(str::to_owned).collect(),
            name: template.name,
            content: template.content,
            user_id: match template.owner {
                TemplateOwner::Everyone => None,
                TemplateOwner::User(user) => Some(user),
            },
            created_at: template.created_at,
            updated_at: template.updated_at,
        }
    }
}

impl From<Template> for Response {
    fn from(template: Template) -> Self {
        Self { template: template.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_text_that_a_path_can_hold() {
        let good = |name: &str| serde_json::from_value::<TemplateName>(name.into()).is_ok();
        assert!(good("welcome_message") && good("v1.2-B") && good("...") && good(&"x".repeat(100)));
        for name in ["", ".", "..", "a b", "a/b", "é", "{{x}}", &"x".repeat(101)] {
            assert!(!good(name), "{name}");
        }
    }
}
