//! `POST /send/contact`: one or several contact cards.

use std::sync::Arc;

use axum::extract::State;
use domain::{
    model::{Attachment, ContactCard, Jid, MessageType, Server},
    pipeline::Draft,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    api::Api,
    error::ApiError,
    extract::Json,
    fields::{List, Object, Text},
    openapi::Operation,
    sending::{self, Answer, Options, Sent, Terms, recipient},
};
use serde_json::json;

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "SendContact", extend("oneOf" = [{"required": ["contact"]}, {"required": ["contacts"]}]))]
#[serde(rename_all = "camelCase")]
pub struct Request {
    session_id: Option<String>,
    recipient: String,
    contact: Option<Contact>,
    #[schemars(extend("minItems" = 1))]
    contacts: Option<List<Contact, 100>>,
    #[serde(default)]
    options: Object<Options>,
}

/// Somebody with a phone number.
#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "ContactToSend")]
struct Contact {
    name: Name,
    phone: Phone,
}

pub fn doc() -> Operation {
    let operation = Operation::new("sendContact", "Messaging", "Send contacts")
        .describe("Either `contact` or `contacts`.")
        .sends()
        .takes::<Request>(json!({
            "sessionId": "user_123_device_my_device",
            "recipient": "1234567890@s.whatsapp.net",
            "contact": {"name": "Jane Doe", "phone": "+987654321"},
        }));
    Sent::doc(operation, "contact")
}

pub async fn handle(State(api): State<Arc<Api>>, terms: Terms, Json(request): Json<Request>) -> Result<Answer<Sent>, ApiError> {
    let contacts: Vec<_> = match (request.contact, request.contacts) {
        (Some(contact), None) => vec![contact],
        (None, Some(List(contacts))) if !contacts.is_empty() => contacts,
        (None, Some(_)) => return Err(ApiError::invalid("contacts", "expected at least one")),
        (Some(_), Some(_)) => return Err(ApiError::invalid("contacts", "expected either contact or contacts")),
        (None, None) => return Err(ApiError::invalid("contact", "missing")),
    };
    let cards: Vec<_> = contacts.iter().map(|contact| ContactCard::new(&contact.name.0, &contact.phone.0)).collect();
    let content = cards.iter().map(|card| card.name.as_str()).collect::<Vec<_>>().join(", ");
    let draft = Draft {
        attachment: Some(Attachment::Contacts { cards }),
        ..Draft::new(recipient(&request.recipient)?, MessageType::Contact, content)
    };
    sending::send(&api, terms, request.session_id.as_deref(), draft, request.options.0).await
}

/// One line: a card ends its fields with their lines.
#[derive(JsonSchema)]
#[schemars(inline, with = "Text<1, 200>")]
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(name) = Text::<1, 200>::deserialize(deserializer)?;
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            return Err(D::Error::custom("expected one line of text"));
        }
        Ok(Self(name))
    }
}

#[derive(JsonSchema)]
#[schemars(inline, with = "String")]
struct Phone(Jid);

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let phone = Jid::parse(&text).ok().filter(|jid| jid.server() == Server::Phone);
        phone.map(Self).ok_or_else(|| D::Error::custom("not a phone number in international format"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_has_a_name_of_one_line_and_a_phone_number() {
        let read = |json: &str| serde_json::from_str::<Contact>(json).is_ok();
        assert!(read(r#"{"name":"Ani; S.Kom","phone":"+62 811-0000-0001"}"#));
        for wrong in [
            r#"{"name":"Ani\nTEL:1","phone":"6281100000001"}"#,
            r#"{"name":" ","phone":"6281100000001"}"#,
            r#"{"name":"Ani","phone":"120363023345678901@g.us"}"#,
            r#"{"name":"Ani","phone":"0811000000"}"#,
            r#"{"name":"Ani"}"#,
        ] {
            assert!(!read(wrong), "{wrong}");
        }
    }
}
