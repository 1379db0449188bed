//! The conversations of an account.

use serde::{Deserialize, Serialize};

use super::{Jid, Message, Timestamp};

/// A conversation with a person or a group. There is one as soon as a message of it is stored, accepted ones and those of the past included, or WhatsApp
/// tells of it. What everybody sees (`broadcast`) makes none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// With whom.
    pub jid: Jid,
    /// What it is called: the group's subject, or what the person is called; kept by the store.
    pub name: Option<String>,
    /// How many of its messages, reactions and votes apart, came in and were not read; kept by the store from what the messages' statuses say.
    pub unread: u32,
    /// Whether somebody marked it as unread, whatever was read.
    pub marked_unread: bool,
    /// Whether it is out of the way.
    pub archived: bool,
    /// Since when it is kept at the top.
    pub pinned_at: Option<Timestamp>,
    /// Until when it makes no sound; [`Timestamp::MAX`] if without end.
    pub muted_until: Option<Timestamp>,
    /// When something was last written in it; lists begin with the latest.
    pub last_message_at: Option<Timestamp>,
    /// What was last written in it; kept by the store.
    pub last_message: Option<Message>,
}

impl Chat {
    /// A conversation in which nothing was said.
    pub fn new(jid: Jid) -> Self {
        Self {
            jid,
            name: None,
            unread: 0,
            marked_unread: false,
            archived: false,
            pinned_at: None,
            muted_until: None,
            last_message_at: None,
            last_message: None,
        }
    }

    /// Takes over what is news; answers whether anything was.
    pub fn update(&mut self, update: &ChatUpdate) -> bool {
        let before = self.clone();
        let ChatUpdate { archived, pinned_at, muted_until, marked_unread, last_message_at } = *update;
        self.archived = archived.unwrap_or(self.archived);
        self.pinned_at = pinned_at.unwrap_or(self.pinned_at);
        self.muted_until = muted_until.unwrap_or(self.muted_until);
        self.marked_unread = marked_unread.unwrap_or(self.marked_unread);
        if marked_unread == Some(false) {
            self.unread = 0;
        }
        self.last_message_at = self.last_message_at.max(last_message_at);
        *self != before
    }

    /// Whether there is something in it that nobody has read.
    pub fn is_unread(&self) -> bool {
        self.unread > 0 || self.marked_unread
    }
}

/// News of a conversation; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatUpdate {
    /// Whether it is out of the way.
    pub archived: Option<bool>,
    /// Since when it is kept at the top.
    pub pinned_at: Option<Option<Timestamp>>,
    /// Until when it makes no sound.
    pub muted_until: Option<Option<Timestamp>>,
    /// Whether somebody marked it as unread; `Some(false)` also says that all of it was read.
    pub marked_unread: Option<bool>,
    /// What was last said in it that we may not have.
    pub last_message_at: Option<Timestamp>,
}

/// Which chats are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatFilter {
    /// Only those with something unread.
    pub unread_only: bool,
    /// Only those with this in their name or number, whatever the case.
    pub search: Option<String>,
    /// Only those that are archived, or only those that are not.
    pub archived: Option<bool>,
}
