//! `PUT /devices/{id}/groups/{groupId}`: change what is given, leave the rest.

use std::sync::Arc;

use axum::extract::State;
use domain::model::{Command, GroupChange};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Description, Named, OneGroup, Subject, changes, description, subject};
use crate::{
    api::Api,
    error::ApiError,
    extract::{Json, Path, PathDevice},
    fields::nullable,
    host,
    openapi::Operation,
    reply::Success,
};

#[derive(JsonSchema, Deserialize)]
#[schemars(rename = "UpdateGroup")]
pub struct Request {
    #[schemars(extend("pattern" = r"\S"))]
    subject: Option<Subject>,
    #[serde(default, deserialize_with = "nullable")]
    description: Option<Option<Description>>,
    /// Whether only admins may write.
    announce: Option<bool>,
    /// Whether only admins may change what it is called and about.
    locked: Option<bool>,
}

pub fn doc() -> Operation {
    let mut example = OneGroup::example();
    example["message"] = "Group updated".into();
    changes(Operation::new("updateGroup", "Groups", "Update a group"))
        .describe("What is left out stays as it is; `null` takes the description away.")
        .takes::<Request>(json!({"subject": "Support Team", "description": "Where questions go", "announce": false, "locked": true}))
        .answers::<OneGroup>(200, "The group as it is now.", example)
}

pub async fn handle(
    State(api): State<Arc<Api>>,
    PathDevice(device): PathDevice,
    Path(named): Path<Named>,
    Json(request): Json<Request>,
) -> Result<Success<OneGroup>, ApiError> {
    let group = named.jid()?;
    let changes = request.changes()?;
    host::on_line(&device)?;
    let deadline = host::deadline(&api);
    for change in changes {
        host::ask_until(&api, &device.id, Command::ChangeGroup { group: group.clone(), change }, deadline).await?;
    }
    Ok(Success::with("Group updated", OneGroup::of(&api, &device.id, &group).await?))
}

impl Request {
    fn changes(self) -> Result<Vec<GroupChange>, ApiError> {
        let changes = [
            self.subject.map(subject).transpose()?.map(GroupChange::Subject),
            self.description.map(|text| GroupChange::Description(description(text))),
            self.announce.map(GroupChange::Announce),
            self.locked.map(GroupChange::Locked),
        ];
        Ok(changes.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(json: &str) -> Option<Vec<GroupChange>> {
        serde_json::from_str::<Request>(json).ok()?.changes().ok()
    }

    #[test]
    fn only_what_is_given_changes() {
        assert_eq!(changes("{}"), Some(vec![]));
        assert_eq!(changes(r#"{"announce":false}"#), Some(vec![GroupChange::Announce(false)]));
        for nothing in [r#"{"description":null}"#, r#"{"description":""}"#, r#"{"description":" "}"#] {
            assert_eq!(changes(nothing), Some(vec![GroupChange::Description(None)]), "{nothing}");
        }
        let all = changes(r#"{"locked":true,"announce":true,"description":"x","subject":"Arisan"}"#).unwrap();
        assert_eq!(all[..2], [GroupChange::Subject("Arisan".into()), GroupChange::Description(Some("x".into()))]);
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn a_subject_can_be_seen() {
        for wrong in [r#"{"subject":""}"#, r#"{"subject":" "}"#, r#"{"subject":1}"#] {
            assert_eq!(changes(wrong), None, "{wrong}");
        }
    }
}
