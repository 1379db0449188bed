//! The people an account knows.

use serde::{Deserialize, Serialize};

use super::{Jid, Timestamp};

/// A person, as one device's account knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Who: by number where it is known.
    pub jid: Jid,
    /// Their hidden id, where it is known.
    pub lid: Option<Jid>,
    /// What the account's address book calls them.
    pub name: Option<String>,
    /// What they call themselves.
    pub push_name: Option<String>,
    /// What WhatsApp has verified that their business is called.
    pub verified_name: Option<String>,
    /// Where their picture lies; expires.
    pub picture_url: Option<String>,
    /// What they say about themselves.
    pub about: Option<String>,
    /// Whether they are a business.
    pub business: bool,
    /// Whether they are a business on WhatsApp's own API.
    pub enterprise: bool,
    /// When they were last on line, if they show it.
    pub last_seen: Option<Timestamp>,
    /// Whether the account has blocked them.
    pub blocked: bool,
    /// Until when their chat is muted; kept by the store. See [`Chat::muted_until`](super::Chat::muted_until).
    pub muted_until: Option<Timestamp>,
}

impl Contact {
    /// A person of whom nothing is known.
    pub fn new(jid: Jid) -> Self {
        Self {
            jid,
            lid: None,
            name: None,
            push_name: None,
            verified_name: None,
            picture_url: None,
            about: None,
            business: false,
            enterprise: false,
            last_seen: None,
            blocked: false,
            muted_until: None,
        }
    }

    /// Takes over what is news; answers whether anything was.
    pub fn update(&mut self, update: ContactUpdate) -> bool {
        let before = self.clone();
        let ContactUpdate { lid, name, push_name, verified_name, picture_url, about, business, enterprise, last_seen, blocked } = update;
        self.lid = lid.or(self.lid.take());
        self.name = name.unwrap_or(self.name.take());
        self.push_name = push_name.or(self.push_name.take());
        self.verified_name = verified_name.unwrap_or(self.verified_name.take());
        self.picture_url = picture_url.unwrap_or(self.picture_url.take());
        self.about = about.unwrap_or(self.about.take());
        self.business = business.unwrap_or(self.business);
        self.enterprise = enterprise.unwrap_or(self.enterprise);
        self.last_seen = self.last_seen.max(last_seen);
        self.blocked = blocked.unwrap_or(self.blocked);
        *self != before
    }

    /// What to call them, if they have a name.
    pub fn title(&self) -> Option<&str> {
        [&self.name, &self.verified_name, &self.push_name].into_iter().find_map(|name| name.as_deref())
    }
}

/// News of a person; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactUpdate {
    /// Their hidden id.
    pub lid: Option<Jid>,
    /// Their name in the address book.
    pub name: Option<Option<String>>,
    /// Their own name for themselves.
    pub push_name: Option<String>,
    /// Their verified name.
    pub verified_name: Option<Option<String>>,
    /// Where their picture lies.
    pub picture_url: Option<Option<String>>,
    /// What they say about themselves.
    pub about: Option<Option<String>>,
    /// Whether they are a business.
    pub business: Option<bool>,
    /// Whether they are a business on WhatsApp's own API.
    pub enterprise: Option<bool>,
    /// When they were on line; an earlier moment is no news.
    pub last_seen: Option<Timestamp>,
    /// Whether they are blocked.
    pub blocked: Option<bool>,
}

/// Which contacts are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFilter {
    /// Only those with this in a name or number, whatever the case.
    pub search: Option<String>,
    /// Only those with a verified name, or only those without.
    pub verified: Option<bool>,
    /// Only those that are blocked, or only those that are not.
    pub blocked: Option<bool>,
}

/// What WhatsApp says of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberCheck {
    /// The number that was asked for.
    pub number: Jid,
    /// Whether it is on WhatsApp.
    pub exists: bool,
    /// The account it leads to, which may have another number.
    pub jid: Option<Jid>,
    /// The account's hidden id.
    pub lid: Option<Jid>,
    /// Whether it is a business.
    pub business: bool,
}
