//! A group as events tell it and the API shows it.

use serde::Serialize;

use crate::model::{Group, Jid, Member, Role, Timestamp};

/// A group the account is in.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Group"))]
#[serde(rename_all = "camelCase")]
pub struct GroupDetails {
    pub(super) id: Jid,
    /// Its subject.
    name: String,
    description: Option<String>,
    owner: Option<Jid>,
    created_at: Option<Timestamp>,
    /// Whether only admins may write.
    is_announce: bool,
    /// Whether only admins may change what it is called and about.
    is_locked: bool,
    /// Whether the device's own account is an admin.
    is_admin: bool,
    participants_count: usize,
    participants: Vec<Participant>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GroupParticipant"))]
#[serde(rename_all = "camelCase")]
struct Participant {
    id: Jid,
    lid: Option<Jid>,
    is_admin: bool,
    is_super_admin: bool,
}

impl From<Group> for GroupDetails {
    fn from(group: Group) -> Self {
        Self {
            id: group.jid,
            name: group.subject,
            description: group.description,
            owner: group.owner,
            created_at: group.created_at,
            is_announce: group.announce,
            is_locked: group.locked,
            is_admin: group.role.is_admin(),
            participants_count: group.members.len(),
            participants: group.members.into_iter().map(Participant::from).collect(),
        }
    }
}

impl From<Member> for Participant {
    fn from(member: Member) -> Self {
        Self { id: member.jid, lid: member.lid, is_admin: member.role.is_admin(), is_super_admin: member.role == Role::SuperAdmin }
    }
}
