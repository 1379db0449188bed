//! `options`: what may be said of a message of any kind.

use std::{fmt, time::Duration};

use domain::{
    model::{Device, Jid, MessageId, Quoted, Server},
    pipeline::Draft,
};
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use crate::{
    api::Api,
    error::ApiError,
    fields::{List, Number},
};

/// What may be said of a message of any kind.
#[derive(Debug, Default, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// The message that this one answers.
    #[serde(default)]
    pub quoted: Quote,
    /// Milliseconds before it is sent.
    pub delay: Option<Number<0, 3_600_000>>,
    /// Whether the first link in a text is shown with a preview.
    pub link_preview: Option<bool>,
    /// The numbers of those mentioned in its text.
    pub mentions: Option<List<Mention, 1024>>,
}

impl Options {
    /// A draft with these options.
    pub async fn apply(self, api: &Api, device: &Device, draft: Draft) -> Result<Draft, ApiError> {
        let quoted = self.quoted.of(api, device).await?.or(draft.quoted);
        let delay = self.delay.map_or(0, |Number(delay_ms)| delay_ms);
        let mentions = self.mentions.map_or_else(Vec::new, |List(mentions)| mentions.into_iter().map(|Mention(jid)| jid).collect());
        let link_preview = self.link_preview.unwrap_or(draft.link_preview);
        Ok(Draft { quoted, mentions, link_preview, delay: Duration::from_millis(delay.into()), ..draft })
    }
}

/// What is refused in a request whose options are fields like the others.
pub fn without_options(error: ApiError) -> ApiError {
    match error {
        ApiError::Validation { details } => {
            ApiError::Validation { details: details.strip_prefix("options.").map(str::to_owned).unwrap_or(details) }
        }
        other => other,
    }
}

/// Somebody who is mentioned in a text.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, description = "")]
pub struct Mention(pub Jid);

impl<'de> Deserialize<'de> for Mention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let jid = Jid::deserialize(deserializer)?;
        match jid.server() {
            Server::Phone | Server::Lid => Ok(Self(jid)),
            Server::Group | Server::Newsletter | Server::Broadcast => Err(de::Error::custom("only people can be mentioned")),
        }
    }
}

/// `false` and `null` for nothing, or the id of the message to answer.
#[derive(Debug, Default, JsonSchema)]
#[schemars(inline, extend("type" = ["string", "boolean", "null"], "not" = {"const": true}))]
pub struct Quote(pub Option<String>);

impl Quote {
    /// That message, which the device must have.
    async fn of(self, api: &Api, device: &Device) -> Result<Option<Quoted>, ApiError> {
        let Some(id) = self.0 else { return Ok(None) };
        let unknown = || ApiError::invalid("options.quoted", "the device has no such message");
        let id = MessageId::parse(id).map_err(|_| unknown())?;
        let message = api.messages.get(&device.id, &id).await?.ok_or_else(unknown)?;
        Ok(Some(message.quote()))
    }
}

impl<'de> Deserialize<'de> for Quote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QuoteVisitor;

        impl Visitor<'_> for QuoteVisitor {
            type Value = Quote;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("false or the id of a message")
            }

            fn visit_bool<E: de::Error>(self, quoted: bool) -> Result<Quote, E> {
                if quoted { Err(E::invalid_value(de::Unexpected::Bool(true), &self)) } else { Ok(Quote(None)) }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Quote, E> {
                Ok(Quote(None))
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<Quote, E> {
                Ok(Quote(Some(id.to_owned())))
            }
        }

        deserializer.deserialize_any(QuoteVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Object;

    fn options(json: &str) -> Result<Options, String> {
        serde_json::from_str::<Object<Options>>(json).map(|Object(options)| options).map_err(|error| error.to_string())
    }

    #[test]
    fn quoted_is_false_or_an_id() {
        assert_eq!(options(r#"{"quoted":false,"linkPreview":true,"delay":0}"#).unwrap().quoted.0, None);
        assert_eq!(options(r#"{"quoted":"3EB0"}"#).unwrap().quoted.0.as_deref(), Some("3EB0"));
        for wrong in [r#"{"quoted":true}"#, r#"{"quoted":1}"#, r#"{"delay":3600001}"#, r#"{"linkPreview":"yes"}"#] {
            assert!(options(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_people_are_mentioned() {
        assert!(options(r#"{"mentions":["+62 811-0000-0001","100000012345678@lid"]}"#).is_ok());
        for wrong in [r#"{"mentions":["120363023345678901@g.us"]}"#, r#"{"mentions":["Ani"]}"#, r#"{"mentions":"6281100000001"}"#] {
            assert!(options(wrong).is_err(), "{wrong}");
        }
    }
}
