//! `POST /devices/{id}/groups`: a new group with some people in it.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use domain::model::{Command, Group, GroupDetails, Jid, NewGroup};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Description, NO_GROUP, Subject, description, made,
    members::{Participant, People},
    subject,
};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, PathDevice},
    host,
    openapi::Operation,
    reply::Success,
    views::group_example,
};

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "CreateGroup")]
pub struct Request {
    #[schemars(extend("pattern" = r"\S"))]
    subject: Subject,
    description: Option<Description>,
    /// Who is in it besides the device's own account.
    participants: People,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "CreatedGroup")]
pub struct Response {
    group: GroupDetails,
    /// Who could not be taken into it.
    failed: Vec<Participant>,
}

pub fn doc() -> Operation {
    let failed = json!([{"id": "0987654321@s.whatsapp.net", "success": false, "error": "not_added"}]);
    Operation::new("createGroup", "Groups", "Create a group")
        .describe("Who lets not everybody add them to groups is not in it, and is listed as `failed`.")
        .takes::<Request>(json!({
            "subject": "Support Team",
            "description": "Where questions go",
            "participants": ["1234567890@s.whatsapp.net", "0987654321@s.whatsapp.net"],
        }))
        .asks_whatsapp()
        .refuses([ApiError::InvalidPhoneNumber])
        .answers::<Response>(
            201,
            "The group, and who is not in it.",
            json!({"success": true, "message": "Group created", "data": {"group": group_example(), "failed": failed}}),
        )
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Success<Response>), ApiError> {
    let asked = request.participants.parse()?;
    let group = NewGroup { subject: subject(request.subject)?, description: description(request.description), members: asked.clone() };
    let group = made(host::ask_on_line(&api, &device, Command::CreateGroup(group)).await?)?;
    let group = api.people.group(&device.id, &group).await?.ok_or(NO_GROUP)?;
    let failed = missing(asked, &group);
    Ok((StatusCode::CREATED, Success::with("Group created", Response { group: group.into(), failed })))
}

/// Who was asked for and is not in the group.
fn missing(asked: Vec<Jid>, group: &Group) -> Vec<Participant> {
    let is_in = |asked: &Jid| group.members.iter().any(|member| member.jid == *asked || member.lid.as_ref() == Some(asked));
    let failed = asked.into_iter().filter(|asked| !is_in(asked));
    failed.map(|id| Participant { id, success: false, error: Some("not_added".into()) }).collect()
}

#[cfg(test)]
mod tests {
    use domain::model::{Member, Role};

    use super::*;

    #[test]
    fn who_is_not_in_the_new_group_is_told_of_however_they_were_named() {
        let jid = |text: &str| Jid::parse(text).unwrap();
        let member = |phone: &str, lid: Option<&str>| Member { jid: jid(phone), lid: lid.map(jid), role: Role::Member };
        let group = Group {
            jid: jid("120363023345678901@g.us"),
            subject: "Arisan".into(),
            description: None,
            owner: None,
            created_at: None,
            announce: false,
            locked: false,
            role: Role::SuperAdmin,
            members: vec![member("6281100000001", Some("100000000000001@lid")), member("6281100000002", None)],
        };
        let asked = ["100000000000001@lid", "6281100000002", "6281100000003"].map(jid).to_vec();
        let failed: Vec<_> = missing(asked, &group).into_iter().map(|failed| failed.id).collect();
        assert_eq!(failed, [jid("6281100000003")]);
    }
}
