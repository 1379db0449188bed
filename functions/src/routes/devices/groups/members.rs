//! Members of a group in requests and answers, and changes of several at once.

use domain::model::{Command, Device, GroupChange, Jid, MemberOutcome, Outcome, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Named, changes};
use crate::{api::Api, contact, error::ApiError, fields::List, host, openapi::Operation, reply::Success};

/// As many as WhatsApp lets into a group.
const MOST: usize = 1024;

/// The `participants` of a request.
#[derive(JsonSchema, Deserialize)]
#[schemars(inline, with = "List<Jid, MOST>")]
#[serde(transparent)]
pub struct People(List<String, MOST>);

impl People {
    /// Their addresses.
    pub fn parse(self) -> Result<Vec<Jid>, ApiError> {
        let List(people) = self.0;
        let person = |(index, text): (usize, &String)| {
            let field = format!("participants[{index}]");
            let person = contact::parse(&field, text)?;
            match person.server() {
                Server::Phone | Server::Lid => Ok(person),
                Server::Group | Server::Newsletter | Server::Broadcast => {
                    Err(ApiError::InvalidContact { details: format!("{field}: only people can be in a group") })
                }
            }
        };
        people.iter().enumerate().map(person).collect()
    }
}

/// Whose place in a group is to change.
#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "ChangeParticipants")]
pub struct Request {
    #[schemars(extend("minItems" = 1))]
    participants: People,
}

/// What became of each of them.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ChangedParticipants")]
#[serde(rename_all = "camelCase")]
pub struct Response {
    group_id: Jid,
    participants: Vec<Participant>,
}

/// What became of one of them.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ParticipantOutcome")]
pub struct Participant {
    pub id: Jid,
    pub success: bool,
    /// Why not, in a word that stays.
    pub error: Option<String>,
}

impl From<MemberOutcome> for Participant {
    fn from(outcome: MemberOutcome) -> Self {
        Self { id: outcome.jid, success: outcome.error.is_none(), error: outcome.error }
    }
}

/// What there is to say of such a change.
pub fn doc(operation: Operation, done: &str) -> Operation {
    let participants = json!([
        {"id": "1234567890@s.whatsapp.net", "success": true, "error": null},
        {"id": "0987654321@s.whatsapp.net", "success": false, "error": "not_found"},
    ]);
    let data = json!({"groupId": "120363023345678901@g.us", "participants": participants});
    changes(operation)
        .refuses([ApiError::InvalidPhoneNumber])
        .takes::<Request>(json!({"participants": ["1234567890@s.whatsapp.net", "0987654321@s.whatsapp.net"]}))
        .answers::<Response>(200, "What became of each of them.", json!({"success": true, "message": done, "data": data}))
}

/// Changes the place of some people in a group.
pub async fn change(
    api: &Api,
    device: &Device,
    named: &Named,
    request: Request,
    make: fn(Vec<Jid>) -> GroupChange,
    done: &'static str,
) -> Result<Success<Response>, ApiError> {
    let (group, people) = (named.jid()?, request.participants.parse()?);
    if people.is_empty() {
        return Err(ApiError::invalid("participants", format_args!("expected 1 to {MOST} items")));
    }
    match host::ask_on_line(api, device, Command::ChangeGroup { group: group.clone(), change: make(people) }).await? {
        Outcome::Members { members } => {
            let participants = members.into_iter().map(Participant::from).collect();
            Ok(Success::with(done, Response { group_id: group, participants }))
        }
        other => Err(host::unexpected(&other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_people_can_be_in_a_group() {
        let read = |people: serde_json::Value| serde_json::from_value::<People>(people).ok()?.parse().ok().map(|people| people.len());
        assert_eq!(read(json!(["6281100000001", "+62 811-0000-0002", "100000012345678@lid"])), Some(3));
        for wrong in [json!(["120363023345678901@g.us"]), json!(["0811"]), json!("6281100000001"), json!(vec!["6281100000001"; 1025])] {
            assert_eq!(read(wrong), None);
        }
    }
}
