//! How the person arranged things, on the phone or on a companion: names in the address book,
//! chats that are archived, pinned or muted.

use std::collections::BTreeMap;

use buffa::MessageField;
use wacore_appstate::Mutation;
use wacore_appstate::schemas::{ARCHIVE, CONTACT, MARK_CHAT_AS_READ, MUTE, PIN, SETTING_PUSH_NAME, Schema};
use wacore_binary::{Jid, Server};
use waproto::whatsapp::SyncActionValue;
use waproto::whatsapp::sync_action_value::{
    ArchiveChatAction, ContactAction, MarkChatAsReadAction, MuteAction, PinAction, PushNameSetting,
};
use waproto::whatsapp::syncd_mutation::SyncdOperation;

use super::appstate::Action;
use crate::account::Account;
use crate::stanza::unix_secs;

/// Muted for good.
pub const FOREVER: i64 = -1;
const MILLIS: i64 = 1000;

#[derive(Clone, Default)]
pub struct Arrangement {
    /// By the id of the person.
    contacts: BTreeMap<String, String>,
    chats: BTreeMap<String, Arranged>,
}

/// What became of a chat.
#[derive(Clone, Copy, Default)]
pub struct Arranged {
    pub archived: bool,
    /// Since when, in Unix seconds.
    pub pinned: Option<u64>,
    /// Unix seconds, or [`FOREVER`].
    pub muted_until: Option<i64>,
    /// As if there were something new in it.
    pub marked_unread: bool,
}

impl Arrangement {
    pub const COLLECTIONS: [&str; 3] = [CONTACT.collection.as_str(), ARCHIVE.collection.as_str(), MUTE.collection.as_str()];

    /// What the address book calls somebody.
    pub fn name(&self, person: &Jid) -> Option<&str> {
        self.contacts.get(&person.to_string()).map(String::as_str)
    }

    pub fn contacts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.contacts.iter().map(|(person, name)| (person.as_str(), name.as_str()))
    }

    pub fn chat(&self, chat: &Jid) -> Arranged {
        self.chats.get(&chat.to_string()).copied().unwrap_or_default()
    }

    pub(super) fn note(&mut self, mutation: &Mutation) {
        let ([action, about, ..], Some(value)) = (&mutation.index[..], &mutation.action_value) else {
            return;
        };
        if action == CONTACT.name {
            match mutation.operation {
                SyncdOperation::SET => {
                    let name = value.contact_action.as_option().and_then(|contact| contact.full_name.clone());
                    self.contacts.insert(about.clone(), name.unwrap_or_default());
                }
                SyncdOperation::REMOVE => drop(self.contacts.remove(about)),
            }
            return;
        }
        let chat = self.chats.entry(about.clone()).or_default();
        if let Some(archive) = value.archive_chat_action.as_option() {
            chat.archived = archive.archived.unwrap_or_default();
        }
        if let Some(pin) = value.pin_action.as_option() {
            let since = u64::try_from(value.timestamp.unwrap_or_default() / MILLIS).unwrap_or_default();
            chat.pinned = pin.pinned.unwrap_or_default().then_some(since);
        }
        if let Some(mute) = value.mute_action.as_option() {
            let until = mute.mute_end_timestamp.map_or(FOREVER, |until| if until < 0 { FOREVER } else { until / MILLIS });
            chat.muted_until = mute.muted.unwrap_or_default().then_some(until);
        }
        if let Some(mark) = value.mark_chat_as_read_action.as_option() {
            chat.marked_unread = mark.read == Some(false);
        }
    }
}

/// What the person does to a chat; what is left out stays as it is.
#[derive(Clone, Copy, Default)]
pub struct Rearrangement {
    pub archived: Option<bool>,
    pub pinned: Option<bool>,
    /// Unix seconds, [`FOREVER`], or 0 for no longer.
    pub muted_until: Option<i64>,
    pub read: Option<bool>,
}

impl Rearrangement {
    pub fn actions(self, chat: &Jid) -> Vec<Action> {
        let about = |schema, value| Action::set(schema, Some(chat.to_string()), value);
        let archive = self.archived.map(|archived| SyncActionValue {
            archive_chat_action: MessageField::some(ArchiveChatAction { archived: Some(archived), ..Default::default() }),
            ..Default::default()
        });
        let pin = self
            .pinned
            .map(|pinned| SyncActionValue { pin_action: MessageField::some(PinAction { pinned: Some(pinned) }), ..Default::default() });
        let mute = self.muted_until.map(|until| {
            let end = if until < 0 { FOREVER } else { until.saturating_mul(MILLIS) };
            let mute = MuteAction { muted: Some(until != 0), mute_end_timestamp: Some(end), ..Default::default() };
            SyncActionValue { mute_action: MessageField::some(mute), ..Default::default() }
        });
        let mark = self.read.map(|read| SyncActionValue {
            mark_chat_as_read_action: MessageField::some(MarkChatAsReadAction { read: Some(read), ..Default::default() }),
            ..Default::default()
        });
        let actions = [(&ARCHIVE, archive), (&PIN, pin), (&MUTE, mute), (&MARK_CHAT_AS_READ, mark)];
        actions.into_iter().filter_map(|(schema, value)| Some(about(schema, value?))).collect()
    }
}

impl Action {
    fn set(schema: &'static Schema, about: Option<String>, value: SyncActionValue) -> Self {
        Self { schema, about, operation: SyncdOperation::SET, value }
    }

    /// An entry of the address book; the account is of the person, if they have one.
    pub fn name_contact(person: &Jid, account: Option<&Account>, name: &str) -> Self {
        let contact = ContactAction {
            full_name: Some(name.to_owned()),
            first_name: name.split_whitespace().next().map(str::to_owned),
            lid_jid: account.map(|account| account.jid(Server::Lid, 0).to_string()),
            save_on_primary_addressbook: Some(true),
            ..Default::default()
        };
        let value = SyncActionValue { contact_action: MessageField::some(contact), ..Default::default() };
        Self::set(&CONTACT, Some(person.to_string()), value)
    }

    pub fn forget_contact(person: &Jid) -> Self {
        let value = SyncActionValue { contact_action: MessageField::some(ContactAction::default()), ..Default::default() };
        Self { operation: SyncdOperation::REMOVE, ..Self::set(&CONTACT, Some(person.to_string()), value) }
    }

    pub fn name_oneself(name: &str) -> Self {
        let setting = PushNameSetting { name: Some(name.to_owned()) };
        Self::set(&SETTING_PUSH_NAME, None, SyncActionValue { push_name_setting: MessageField::some(setting), ..Default::default() })
    }
}

impl Arranged {
    /// Since when it is pinned, as history tells it.
    pub fn pinned_at(&self) -> Option<u32> {
        self.pinned.map(|since| u32::try_from(since).unwrap_or_default())
    }

    /// Until when it is muted, as history tells it; a mute for good never ends.
    pub fn mute_end(&self) -> Option<u64> {
        let until = self.muted_until.filter(|until| *until < 0 || until.cast_unsigned() > unix_secs())?;
        Some(u64::try_from(until).unwrap_or(u64::MAX))
    }
}
