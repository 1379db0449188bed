//! `POST /send/bulk`: a text to many, one after another, each its own or all of one template.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, http::StatusCode};
use domain::{
    model::{Bulk, BulkId, BulkProgress, Jid, Message, PageRequest, SessionId, Template},
    pipeline::Draft,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BulkMessage, BulkStatus, delay_ms};
use crate::{
    api::Api,
    contact,
    error::ApiError,
    extract::Json,
    fields::{List, Number, Object, Text},
    openapi::Operation,
    reply::Success,
    sending::{Answer, Mention, Terms, Variables, filled, template},
};
use serde_json::json;

const MOST: usize = 1000;
/// From the first message to the last, and one delay more.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "SendBulk")]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    #[schemars(extend("minItems" = 1))]
    recipients: List<Recipient, MOST>,
    #[serde(default)]
    options: Object<Options>,
}

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "BulkRecipient")]
struct Recipient {
    phone: String,
    message: Option<Text<1, 65_536>>,
    variables: Option<Object<Variables>>,
}

#[derive(Default, JsonSchema, Deserialize)]
#[schemars(rename = "BulkOptions")]
#[serde(rename_all = "camelCase")]
struct Options {
    /// Milliseconds between one message and the next.
    delay: Option<Number<0, 3_600_000>>,
    template: Option<String>,
    link_preview: Option<bool>,
    mentions: Option<List<Mention, 1024>>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "AcceptedBulk")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    bulk_id: BulkId,
    session_id: SessionId,
    total: u32,
    /// Milliseconds.
    delay: u64,
    status: BulkStatus,
    messages: Vec<BulkMessage>,
}

pub fn doc() -> Operation {
    Operation::new("sendBulk", "Bulks", "Send bulk messages")
        .describe(
            "Each recipient is sent their own `message`, or all are sent `options.template`. Counts as one message against the limit.",
        )
        .sends()
        .takes::<Request>(json!({
            "sessionId": "user_123_device_my_device",
            "recipients": [
                {"phone": "1234567890@s.whatsapp.net", "message": "Hello John!", "variables": {"name": "John"}},
                {"phone": "0987654321@s.whatsapp.net", "message": "Hello Jane!", "variables": {"name": "Jane"}},
            ],
            "options": {"delay": 2000, "template": "greeting_template"},
        }))
        .answers::<Response>(
            202,
            "The bulk with its messages, which are sent one after another.",
            json!({
                "success": true,
                "message": "Bulk accepted",
                "data": {
                    "bulkId": "blk_123456789",
                    "sessionId": "user_123_device_my_device",
                    "total": 2,
                    "delay": 2000,
                    "status": "pending",
                    "messages": [
                        {"messageId": "msg_1", "recipient": "1234567890@s.whatsapp.net", "status": "pending", "error": null},
                        {"messageId": "msg_2", "recipient": "0987654321@s.whatsapp.net", "status": "pending", "error": null},
                    ],
                },
            }),
        )
        .refuses([ApiError::TemplateNotFound])
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, Json(request): Json<Request>) -> Result<Answer<Response>, ApiError> {
    let Request { session_id, recipients: List(recipients), options: Object(options) } = request;
    let delay = Duration::from_millis(options.delay.map_or(0, |Number(delay_ms)| delay_ms.into()));
    let to = addresses(&recipients)?;
    if delay * u32::try_from(to.len()).unwrap_or(u32::MAX) > LONGEST {
        return Err(ApiError::invalid("options.delay", "the last message would go out more than 24 hours from now"));
    }
    let device = terms.device(&api, session_id.as_deref()).await?;
    if let Some(key) = terms.idempotency_key()
        && let Some(first) = api.bulks.accepted(&device.id, key).await?
    {
        return repeated(&api, first).await;
    }
    let sender = terms.sender(&api, session_id.as_deref()).await?;
    let template = match &options.template {
        Some(name) => Some(template(&api, &device, name).await?),
        None => None,
    };
    let mentions: Vec<_> = options.mentions.map_or_else(Vec::new, |List(mentions)| mentions.into_iter().map(|Mention(jid)| jid).collect());
    let mut drafts = Vec::with_capacity(to.len());
    for (index, (to, recipient)) in to.into_iter().zip(recipients).enumerate() {
        let text = recipient.text(index, template.as_ref())?;
        let link_preview = options.link_preview.unwrap_or_default();
        drafts.push(Draft { mentions: mentions.clone(), link_preview, ..Draft::text(to, text) });
    }
    let (bulk, messages) = api.intake.bulk(&sender.device, drafts, delay, sender.idempotency_key.as_deref()).await?;
    // Another request with this key was faster.
    if messages.is_empty() {
        return repeated(&api, bulk).await;
    }
    Ok(answer(bulk, BulkStatus::Pending, messages))
}

fn addresses(recipients: &[Recipient]) -> Result<Vec<Jid>, ApiError> {
    if recipients.is_empty() {
        return Err(ApiError::invalid("recipients", format_args!("expected 1 to {MOST} items")));
    }
    let address = |(index, recipient): (usize, &Recipient)| {
        let field = format!("recipients[{index}].phone");
        let to = contact::parse(&field, &recipient.phone)?;
        if to.is_recipient() {
            Ok(to)
        } else {
            Err(ApiError::InvalidContact { details: format!("{field}: nobody can be written to there") })
        }
    };
    recipients.iter().enumerate().map(address).collect()
}

impl Recipient {
    /// What they are sent. The gaps of a message are filled only if there is something to fill them with.
    fn text(self, index: usize, template: Option<&Template>) -> Result<String, ApiError> {
        let field = |name: &str| format!("recipients[{index}].{name}");
        let (text, variables) = match (template, self.message, self.variables) {
            (Some(template), _, variables) => (template.content.clone(), variables.unwrap_or_default()),
            (None, Some(Text(message)), Some(variables)) => (message, variables),
            (None, Some(Text(message)), None) if message.trim().is_empty() => {
                return Err(ApiError::invalid(&field("message"), "expected more than blanks"));
            }
            (None, Some(Text(message)), None) => return Ok(message),
            (None, None, _) => return Err(ApiError::invalid(&field("message"), "missing, and there is no template")),
        };
        filled(&text, variables.0, || field("variables"))
    }
}

/// What the first request was answered, with its messages as they are now.
async fn repeated(api: &Api, bulk: Bulk) -> Result<Answer<Response>, ApiError> {
    let mut request = PageRequest { page: 1, limit: PageRequest::MAX_LIMIT, cursor: None };
    let mut messages = Vec::new();
    loop {
        let page = api.bulks.messages(&bulk.id, &request).await?;
        messages.extend(page.items);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    let progress: BulkProgress = api.bulks.progress(&bulk.id).await?;
    let status = BulkStatus::of(&bulk, &progress);
    Ok(answer(bulk, status, messages))
}

fn answer(bulk: Bulk, status: BulkStatus, messages: Vec<Message>) -> Answer<Response> {
    let response = Response {
        bulk_id: bulk.id,
        session_id: bulk.session_id,
        total: bulk.size,
        delay: delay_ms(bulk.delay),
        status,
        messages: messages.into_iter().map(BulkMessage::from).collect(),
    };
    (StatusCode::ACCEPTED, Success::with("Bulk accepted", response))
}

#[cfg(test)]
mod tests {
    use domain::model::{TemplateOwner, Timestamp};

    use super::*;

    fn text(recipient: &str, template: Option<&str>) -> Result<String, String> {
        let at = Timestamp::from_millis(0);
        let template = template.map(|content| Template {
            owner: TemplateOwner::Everyone,
            name: "greeting".into(),
            content: content.into(),
            created_at: at,
            updated_at: at,
        });
        let recipient: Recipient = serde_json::from_str(recipient).map_err(|error| error.to_string())?;
        recipient.text(3, template.as_ref()).map_err(|error| match error {
            ApiError::Validation { details } => details,
            other => other.to_string(),
        })
    }

    #[test]
    fn everybody_is_sent_the_template_or_their_own_message() {
        let john = r#"{"phone":"1","message":"Hello {{name}}!","variables":{"name":"John"}}"#;
        assert_eq!(text(john, Some("Dear {{name}}")).unwrap(), "Dear John");
        assert_eq!(text(john, None).unwrap(), "Hello John!");
        assert_eq!(text(r#"{"phone":"1","message":"Hello {{name}}!"}"#, None).unwrap(), "Hello {{name}}!");
        assert_eq!(text(r#"{"phone":"1"}"#, Some("Dear all")).unwrap(), "Dear all");
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        for (recipient, template, details) in [
            (r#"{"phone":"1","message":"x","variables":{}}"#, Some("Dear {{name}}"), "recipients[3].variables.name: missing"),
            (r#"{"phone":"1","message":"{{name}}","variables":[]}"#, None, "recipients[3].variables.name: missing"),
            (r#"{"phone":"1","message":" "}"#, None, "recipients[3].message: expected more than blanks"),
            (r#"{"phone":"1"}"#, None, "recipients[3].message: missing, and there is no template"),
        ] {
            assert_eq!(text(recipient, template).unwrap_err(), details);
        }
    }

    #[test]
    fn addresses_are_all_good_or_the_first_bad_one_is_named() {
        let recipients = |json: &str| serde_json::from_str::<Vec<Recipient>>(json).unwrap();
        let same_twice = recipients(r#"[{"phone":"6281100000001"},{"phone":"+62 811-0000-0001"},{"phone":"120363023345678901@g.us"}]"#);
        assert_eq!(addresses(&same_twice).unwrap().len(), 3);
        for (json, details) in [
            ("[]", "recipients: expected"),
            (r#"[{"phone":"6281100000001"},{"phone":"0811"}]"#, "recipients[1].phone: not a phone number"),
            (r#"[{"phone":"status@broadcast"}]"#, "recipients[0].phone: nobody"),
        ] {
            match addresses(&recipients(json)) {
                Err(ApiError::Validation { details: found } | ApiError::InvalidContact { details: found }) => {
                    assert!(found.starts_with(details), "{found}");
                }
                other => panic!("{json}: {other:?}"),
            }
        }
    }
}
