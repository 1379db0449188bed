//! `/devices/{id}/groups`

pub mod admins;
pub mod create;
pub mod get;
pub mod invite;
pub mod join;
pub mod leave;
pub mod list;
pub mod live;
mod members;
pub mod participants;
pub mod update;

use domain::model::{DeviceId, GroupDetails, GroupFilter, Jid, Outcome, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::Api,
    error::ApiError,
    fields::{Search, Text, searched},
    host,
    openapi::Operation,
    reply::Success,
    views::{PageQuery, Pagination, group_example},
};

const NO_GROUP: ApiError = ApiError::Missing("There is no such group, or the account is not in it");

type Subject = Text<1, 100>;
type Description = Text<0, 2048>;

/// Which group a path is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    group_id: String,
}

impl Named {
    /// Its address. What is no group's address leads to no group.
    fn jid(&self) -> Result<Jid, ApiError> {
        Jid::parse(&self.group_id).ok().filter(Jid::is_group).ok_or(NO_GROUP)
    }
}

/// Which groups are asked for; all of it has to hold.
#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupQuery {
    /// Whether only those count that the device's own account is an admin of.
    admin_only: Option<bool>,
    /// Part of a subject.
    search: Option<Search>,
}

/// A page of groups.
#[derive(JsonSchema, Serialize)]
pub struct Groups {
    groups: Vec<GroupDetails>,
    pagination: Pagination,
}

/// One group.
#[derive(JsonSchema, Serialize)]
pub struct OneGroup {
    group: GroupDetails,
}

impl Groups {
    fn doc(operation: Operation) -> Operation {
        operation.query::<GroupQuery>().query::<PageQuery<20>>().answers::<Self>(
            200,
            "A page of groups, by subject.",
            json!({"success": true, "data": {"groups": [group_example()], "pagination": Pagination::example()}}),
        )
    }

    async fn of(api: &Api, device: &DeviceId, query: GroupQuery, request: &PageRequest) -> Result<Success<Self>, ApiError> {
        let filter = GroupFilter { admin_only: query.admin_only.unwrap_or_default(), search: searched(query.search) };
        let page = api.people.groups(device, &filter, request).await?;
        let pagination = Pagination::of(request, &page);
        let groups = page.items.into_iter().map(GroupDetails::from).collect();
        Ok(Success::of(Self { groups, pagination }))
    }
}

impl OneGroup {
    fn example() -> Value {
        json!({"success": true, "data": {"group": group_example()}})
    }

    fn doc(operation: Operation) -> Operation {
        operation.refuses([NO_GROUP]).answers::<Self>(200, "The group.", Self::example())
    }

    /// The group with this address, if the account is in it.
    async fn of(api: &Api, device: &DeviceId, group: &Jid) -> Result<Self, ApiError> {
        let group = api.people.group(device, group).await?.ok_or(NO_GROUP)?;
        Ok(Self { group: group.into() })
    }
}

/// Changes a group on WhatsApp, which not everybody may.
fn changes(operation: Operation) -> Operation {
    operation.asks_whatsapp().refuses([NO_GROUP, ApiError::Forbidden("")])
}

/// The group that a host made or went into.
fn made(outcome: Outcome) -> Result<Jid, ApiError> {
    match outcome {
        Outcome::Group { group } => Ok(group),
        other => Err(host::unexpected(&other)),
    }
}

/// A subject that can be seen.
fn subject(Text(subject): Subject) -> Result<String, ApiError> {
    if subject.trim().is_empty() { Err(ApiError::invalid("subject", "expected more than blanks")) } else { Ok(subject) }
}

/// A description; nothing but blanks is none.
fn description(description: Option<Description>) -> Option<String> {
    description.map(|Text(text)| text).filter(|text| !text.trim().is_empty())
}
