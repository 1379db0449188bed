//! What a group is called and about, who may write to it and change it, and how one is invited.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::RngExt as _;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::news::announce;
use super::{Group, Refusal};
use crate::account::Account;
use crate::stanza::unix_secs;

/// Characters a subject may have.
const SUBJECT_LIMIT: usize = 100;
/// Characters a description may have.
const DESCRIPTION_LIMIT: usize = 2048;

pub struct Profile {
    pub subject: Said,
    pub description: Option<Description>,
    /// Only admins may write.
    pub announce: bool,
    /// Only admins may change subject and description.
    pub locked: bool,
    /// Not only admins may add members.
    pub members_add: bool,
    /// The code at the end of the invitation link.
    pub invite: String,
    revoked: HashSet<String>,
}

/// What somebody said of the group, and when (Unix seconds).
pub struct Said {
    pub text: String,
    pub by: Arc<Account>,
    pub at: u64,
}

pub struct Description {
    pub id: String,
    pub said: Said,
}

pub enum Setting {
    Subject(String),
    /// Made with knowledge of an earlier one, which it replaces; without a text it takes that one away.
    Description {
        id: String,
        previous: Option<String>,
        text: Option<String>,
    },
    Announce(bool),
    Locked(bool),
    MembersAdd(bool),
}

impl Profile {
    /// `None` if it may not be called that.
    pub fn new(subject: String, creator: &Arc<Account>) -> Option<Self> {
        is_subject(&subject).then(|| Self {
            subject: Said::now(subject, creator),
            description: None,
            announce: false,
            locked: false,
            members_add: false,
            invite: code(),
            revoked: HashSet::new(),
        })
    }

    pub fn described(self, id: String, text: String, creator: &Arc<Account>) -> Self {
        Self { description: Some(Description { id, said: Said::now(text, creator) }), ..self }
    }

    pub fn has_revoked(&self, code: &str) -> bool {
        self.revoked.contains(code)
    }

    pub fn description_id(&self) -> Option<&str> {
        self.description.as_ref().map(|description| description.id.as_str())
    }

    /// Makes the change and returns the news of it.
    fn apply(&mut self, group: &Group, by: &Arc<Account>, setting: Setting) -> Result<Node, Refusal> {
        match setting {
            Setting::Subject(text) if is_subject(&text) => {
                self.subject = Said::now(text, by);
                let Said { text, at, .. } = &self.subject;
                Ok(NodeBuilder::new("subject").attr("subject", text).attr("s_o", group.address(by, 0)).attr("s_t", *at).build())
            }
            Setting::Subject(_) => Err(Refusal::NotAcceptable),
            Setting::Description { previous, .. } if previous.as_deref() != self.description_id() => Err(Refusal::Conflict),
            Setting::Description { text: Some(text), .. } if text.chars().count() > DESCRIPTION_LIMIT => Err(Refusal::NotAcceptable),
            Setting::Description { id, text, .. } => {
                let news = NodeBuilder::new("description").attr("id", id.as_str());
                let news = news.children([match &text {
                    Some(text) => NodeBuilder::new("body").string_content(text.as_str()).build(),
                    None => NodeBuilder::new("delete").build(),
                }]);
                self.description = text.map(|text| Description { id, said: Said::now(text, by) });
                Ok(news.build())
            }
            Setting::Announce(on) => {
                self.announce = on;
                Ok(NodeBuilder::new(if on { "announcement" } else { "not_announcement" }).build())
            }
            Setting::Locked(on) => {
                self.locked = on;
                Ok(NodeBuilder::new(if on { "locked" } else { "unlocked" }).build())
            }
            Setting::MembersAdd(on) => {
                self.members_add = on;
                Ok(add_mode(on))
            }
        }
    }
}

impl Said {
    fn now(text: String, by: &Arc<Account>) -> Self {
        Self { text, by: by.clone(), at: unix_secs() }
    }
}

/// Everyone may change what is said of a group that is not locked; the rest is up to its admins.
pub fn set(group: &Group, by: &Arc<Account>, setting: Setting) -> Result<(), Refusal> {
    let said = matches!(setting, Setting::Subject(_) | Setting::Description { .. });
    let is_open = said && !group.profile().locked;
    let entitled = if is_open { group.has(by) } else { group.is_admin(by) };
    if !entitled {
        return Err(Refusal::Forbidden);
    }
    let news = group.profile_mut().apply(group, by, setting)?;
    let members = group.members().clone();
    announce(group, by, &members, &news);
    Ok(())
}

/// Gives the group another invitation; the one before leads nowhere.
pub fn reset_invite(group: &Group, by: &Arc<Account>) -> Result<String, Refusal> {
    if !group.is_admin(by) {
        return Err(Refusal::Forbidden);
    }
    let code = code();
    {
        let mut profile = group.profile_mut();
        let before = std::mem::replace(&mut profile.invite, code.clone());
        profile.revoked.insert(before);
    }
    let members = group.members().clone();
    announce(group, by, &members, &NodeBuilder::new("invite").attr("code", code.as_str()).build());
    Ok(code)
}

pub(super) fn add_mode(members: bool) -> Node {
    NodeBuilder::new("member_add_mode").string_content(if members { "all_member_add" } else { "admin_add" }).build()
}

fn is_subject(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= SUBJECT_LIMIT
}

fn code() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 16]>())
}
