//! Groups and their members.

use serde::{Deserialize, Serialize};

use super::{Jid, Timestamp};

/// A group the account is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Which.
    pub jid: Jid,
    /// What it is called.
    pub subject: String,
    /// What it is about.
    pub description: Option<String>,
    /// Who made it, if they are known.
    pub owner: Option<Jid>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Whether only admins may write.
    pub announce: bool,
    /// Whether only admins may change what it is called and about.
    pub locked: bool,
    /// What the account itself may do.
    pub role: Role,
    /// Everybody in it, the account included.
    pub members: Vec<Member>,
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who: by number where it is known.
    pub jid: Jid,
    /// Their hidden id, where it is known.
    pub lid: Option<Jid>,
    /// What they may do.
    pub role: Role,
}

/// What somebody may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read and write.
    Member,
    /// Change it and its members.
    Admin,
    /// The same, and no admin can remove them.
    SuperAdmin,
}

impl Role {
    /// Whether they may change the group.
    pub fn is_admin(self) -> bool {
        self >= Self::Admin
    }
}

/// Which groups are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFilter {
    /// Only those the account is an admin of.
    pub admin_only: bool,
    /// Only those with this in their subject, whatever the case.
    pub search: Option<String>,
}

/// A group that is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewGroup {
    /// What it is called.
    pub subject: String,
    /// What it is about.
    pub description: Option<String>,
    /// Who is in it besides the account.
    pub members: Vec<Jid>,
}

/// What is to change of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "camelCase")]
pub enum GroupChange {
    /// What it is called.
    Subject(String),
    /// What it is about; `None` for nothing.
    Description(Option<String>),
    /// Whether only admins may write.
    Announce(bool),
    /// Whether only admins may change what it is called and about.
    Locked(bool),
    /// Who comes in.
    Add(Vec<Jid>),
    /// Who goes.
    Remove(Vec<Jid>),
    /// Who becomes an admin.
    Promote(Vec<Jid>),
    /// Who is an admin no more.
    Demote(Vec<Jid>),
    /// The account itself goes.
    Leave,
}

/// What became of one member when several were to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberOutcome {
    /// Who.
    pub jid: Jid,
    /// Why it could not be done for them, as a stable word; `None` if it was.
    pub error: Option<String>,
}
