//! A group in JSON.

use domain::model::{Group, Jid, Member, Role, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A group the account is in.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Group")]
#[serde(rename_all = "camelCase")]
pub struct GroupView {
    id: Jid,
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

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "GroupParticipant")]
#[serde(rename_all = "camelCase")]
struct Participant {
    id: Jid,
    lid: Option<Jid>,
    is_admin: bool,
    is_super_admin: bool,
}

impl GroupView {
    /// As it may be.
    pub fn example() -> Value {
        json!({
            "id": "120363023345678901@g.us",
            "name": "Support Team",
            "description": "Where questions go",
            "owner": "123456789@s.whatsapp.net",
            "createdAt": "2024-01-01T10:00:00Z",
            "isAnnounce": false,
            "isLocked": true,
            "isAdmin": true,
            "participantsCount": 2,
            "participants": [
                {"id": "123456789@s.whatsapp.net", "lid": "100000012345678@lid", "isAdmin": true, "isSuperAdmin": true},
                {"id": "1234567890@s.whatsapp.net", "lid": null, "isAdmin": false, "isSuperAdmin": false},
            ],
        })
    }
}

impl From<Group> for GroupView {
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
