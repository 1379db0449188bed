//! Groups: who is in them and by which kind of id their members are addressed.

mod describe;
mod fanout;
mod members;
mod news;
mod profile;
mod refusal;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::{Deserialize, Serialize};
use wacore_binary::{Jid, Server};

use crate::account::Account;

pub use describe::{describe, named};
pub use fanout::{Dispatch, fan_out};
pub use members::{Change, Outcome, change, create, join, leave};
pub use profile::{Profile, Setting, reset_invite, set};
pub use refusal::Refusal;

/// Group ids count up from here.
const FIRST_ID: u64 = 120_363_000_000_000_001;
/// As many members as WhatsApp allows.
pub const MEMBERS_LIMIT: usize = 1024;

/// By which kind of id the members of a group are addressed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    #[default]
    Lid,
    Pn,
}

impl Addressing {
    pub fn server(self) -> Server {
        match self {
            Self::Lid => Server::Lid,
            Self::Pn => Server::Pn,
        }
    }

    pub fn wire(self) -> &'static str {
        match self {
            Self::Lid => "lid",
            Self::Pn => "pn",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Member,
    Admin,
    Superadmin,
}

#[derive(Clone)]
pub struct Member {
    pub account: Arc<Account>,
    pub role: Role,
}

pub struct Group {
    pub jid: Jid,
    pub creator: Arc<Account>,
    /// Unix seconds.
    pub created: u64,
    pub addressing: Addressing,
    members: RwLock<Vec<Member>>,
    profile: RwLock<Profile>,
}

impl Group {
    /// In the order they joined. To be let go before a phone is locked.
    pub fn members(&self) -> RwLockReadGuard<'_, Vec<Member>> {
        self.members.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn has(&self, account: &Account) -> bool {
        self.members().iter().any(|member| member.account.is(account))
    }

    pub fn is_admin(&self, account: &Account) -> bool {
        self.members().iter().any(|member| member.account.is(account) && member.role != Role::Member)
    }

    /// Whether this person may write to it now.
    pub fn hears(&self, account: &Account) -> bool {
        self.has(account) && (!self.profile().announce || self.is_admin(account))
    }

    pub fn profile(&self) -> RwLockReadGuard<'_, Profile> {
        self.profile.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A member's device as the group knows it.
    pub fn address(&self, account: &Account, device: u16) -> Jid {
        account.jid(self.addressing.server(), device)
    }

    /// The attribute that tells a member's other id, and that id.
    pub fn alternative(&self, account: &Account, device: u16) -> (&'static str, Jid) {
        match self.addressing {
            Addressing::Lid => ("participant_pn", account.jid(Server::Pn, device)),
            Addressing::Pn => ("participant_lid", account.jid(Server::Lid, device)),
        }
    }

    fn members_mut(&self) -> RwLockWriteGuard<'_, Vec<Member>> {
        self.members.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn profile_mut(&self) -> RwLockWriteGuard<'_, Profile> {
        self.profile.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All groups there are.
pub struct Groups {
    by_id: RwLock<HashMap<String, Arc<Group>>>,
    next_id: AtomicU64,
}

impl Default for Groups {
    fn default() -> Self {
        Self { by_id: RwLock::default(), next_id: AtomicU64::new(FIRST_ID) }
    }
}

impl Groups {
    pub fn find(&self, jid: &Jid) -> Option<Arc<Group>> {
        let groups = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        groups.get(jid.user.as_str()).filter(|_| jid.server == Server::Group).cloned()
    }

    /// The groups a person is in, oldest first.
    pub fn of(&self, account: &Account) -> Vec<Arc<Group>> {
        let ids = account.groups();
        let groups = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        ids.iter().filter_map(|id| groups.get(id).cloned()).collect()
    }

    /// The group an invitation leads to.
    pub fn invited_by(&self, code: &str) -> Result<Arc<Group>, Refusal> {
        let groups = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = groups.values().find(|group| group.profile().invite == code) {
            return Ok(group.clone());
        }
        let revoked = groups.values().any(|group| group.profile().has_revoked(code));
        Err(if revoked { Refusal::Gone } else { Refusal::NotAcceptable })
    }

    pub fn clear(&self) {
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn next_jid(&self) -> Jid {
        Jid::group(self.next_id.fetch_add(1, Ordering::Relaxed).to_string())
    }

    fn add(&self, group: Arc<Group>) {
        let mut groups = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        groups.insert(group.jid.user.to_string(), group);
    }
}
