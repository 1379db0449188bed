//! `GET /devices/{id}/contacts/check?numbers=`: which numbers are on WhatsApp.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, Jid, NumberCheck, Outcome, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    contact,
    error::ApiError,
    extract::{PathDevice, Query},
    host,
    openapi::Operation,
    reply::Success,
};
use serde_json::json;

/// Most numbers at once.
const MOST: usize = 50;

#[derive(JsonSchema, Deserialize)]
pub struct Asked {
    /// At most 50 phone numbers in international format, with commas between them.
    #[schemars(extend("minLength" = 1))]
    numbers: String,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "CheckedNumbers")]
pub struct Response {
    numbers: Vec<Checked>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "CheckedNumber")]
#[serde(rename_all = "camelCase")]
struct Checked {
    /// As it was asked for, digits only.
    number: String,
    exists: bool,
    /// The account it leads to, which may have another number.
    id: Option<Jid>,
    lid: Option<Jid>,
    #[serde(rename = "isWABusiness")]
    is_wa_business: bool,
}

pub fn doc() -> Operation {
    Operation::new("checkNumbers", "Contacts", "Check which numbers are on WhatsApp")
        .query::<Asked>()
        .asks_whatsapp()
        .refuses([ApiError::InvalidPhoneNumber])
        .answers::<Response>(
            200,
            "Each of the numbers, in their order.",
            json!({
                "success": true,
                "data": {
                    "numbers": [
                        {
                            "number": "1234567890",
                            "exists": true,
                            "id": "1234567890@s.whatsapp.net",
                            "lid": "100000012345678@lid",
                            "isWABusiness": false,
                        },
                        {"number": "1234567899", "exists": false, "id": null, "lid": null, "isWABusiness": false},
                    ],
                },
            }),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Query(Asked { numbers }): Query<Asked>,
) -> Result<Success<Response>, ApiError> {
    let numbers = read(&numbers)?;
    match host::ask_on_line(&api, &device, Command::CheckNumbers { numbers }).await? {
        Outcome::Numbers { checks } => Ok(Success::of(Response { numbers: checks.into_iter().map(Checked::from).collect() })),
        other => Err(host::unexpected(&other)),
    }
}

fn read(text: &str) -> Result<Vec<Jid>, ApiError> {
    let numbers: Vec<_> = text.split(',').map(str::trim).filter(|number| !number.is_empty()).collect();
    if !(1..=MOST).contains(&numbers.len()) {
        return Err(ApiError::invalid("numbers", format_args!("expected 1 to {MOST} phone numbers")));
    }
    let number = |(index, text): (usize, &&str)| {
        let field = format!("numbers[{index}]");
        let number = contact::parse(&field, text)?;
        if number.server() == Server::Phone {
            Ok(number)
        } else {
            Err(ApiError::InvalidContact { details: format!("{field}: not a phone number") })
        }
    };
    numbers.iter().enumerate().map(number).collect()
}

impl From<NumberCheck> for Checked {
    fn from(check: NumberCheck) -> Self {
        Self { number: check.number.user().to_owned(), exists: check.exists, id: check.jid, lid: check.lid, is_wa_business: check.business }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_like_any_with_commas_between_them() {
        let numbers = read("6281100000001, +62 811-0000-0002,,6281100000003@c.us,").unwrap();
        let users: Vec<_> = numbers.iter().map(Jid::user).collect();
        assert_eq!(users, ["6281100000001", "6281100000002", "6281100000003"]);
    }

    #[test]
    fn the_first_that_is_no_number_is_named_and_more_than_a_few_are_refused() {
        for (text, details) in [
            ("", "numbers: expected"),
            (" , ", "numbers: expected"),
            ("6281100000001,0811", "numbers[1]: not a phone"),
            ("100000012345678@lid", "numbers[0]: not a phone"),
            ("120363023345678901@g.us", "numbers[0]: not a phone"),
            (&vec!["6281100000001"; 51].join(","), "numbers: expected"),
        ] {
            match read(text) {
                Err(ApiError::Validation { details: found } | ApiError::InvalidContact { details: found }) => {
                    assert!(found.starts_with(details), "{found}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(read(&vec!["6281100000001"; 50].join(",")).unwrap().len(), 50);
    }
}
