//! What the library tells of people and chats, as changes of ours.

use std::sync::Arc;

use domain::{
    model::{ChatUpdate, ContactUpdate, Server, Timestamp},
    ports::{Change, PortError},
};
use wacore::types::events::{BusinessUpdateType, Event};
use waproto::whatsapp::sync_action_value::{ContactAction, MuteAction, SyncActionMessageRange};
use whatsapp_rust::{Client, Jid as WaJid};

use crate::session::inbox::Inbox;

impl Inbox {
    /// What the news change.
    pub(super) async fn read_news(&self, client: &Client, news: &[Arc<Event>]) -> Result<Vec<Change>, PortError> {
        let mut changes = Vec::with_capacity(news.len());
        for event in news {
            changes.extend(self.piece(client, event).await?);
        }
        Ok(changes)
    }

    async fn piece(&self, client: &Client, event: &Event) -> Result<Vec<Change>, PortError> {
        let nothing = ContactUpdate::default();
        match event {
            Event::ContactUpdate(entry) => {
                let (alt, name) = named(&entry.jid, &entry.action);
                self.about(client, &entry.jid, alt.as_ref(), ContactUpdate { name: Some(name), ..nothing }).await
            }
            Event::PushNameUpdate(named) => {
                let push_name = Some(named.new_push_name.clone()).filter(|name| !name.is_empty());
                self.about(client, &named.jid, None, ContactUpdate { push_name, ..nothing }).await
            }
            Event::PictureUpdate(picture) => {
                self.about(client, &picture.jid, None, ContactUpdate { picture_url: Some(None), ..nothing }).await
            }
            Event::UserAboutUpdate(user) => {
                let about = Some(user.status.clone()).filter(|about| !about.is_empty());
                self.about(client, &user.jid, None, ContactUpdate { about: Some(about), ..nothing }).await
            }
            Event::BusinessStatusUpdate(business) => {
                let update = match business.update_type {
                    BusinessUpdateType::RemovedAsBusiness => {
                        ContactUpdate { business: Some(false), enterprise: Some(false), verified_name: Some(None), ..nothing }
                    }
                    BusinessUpdateType::VerifiedNameChanged => {
                        ContactUpdate { business: Some(true), verified_name: business.verified_name.clone().map(Some), ..nothing }
                    }
                    _ => return Ok(Vec::new()),
                };
                let jid = business.target_jid.as_ref().unwrap_or(&business.jid);
                self.about(client, jid, None, update).await
            }
            Event::Presence(presence) => {
                let seen = presence.last_seen.map(|at| Timestamp::from_millis(at.timestamp_millis()));
                let last_seen = seen.or_else(|| (!presence.unavailable).then(|| self.shared.ports.clock.now()));
                match last_seen {
                    Some(_) => self.about(client, &presence.from, None, ContactUpdate { last_seen, ..nothing }).await,
                    None => Ok(Vec::new()),
                }
            }
            _ => self.piece_of_chat(client, event).await,
        }
    }

    async fn piece_of_chat(&self, client: &Client, event: &Event) -> Result<Vec<Change>, PortError> {
        let nothing = ChatUpdate::default();
        let (jid, update) = match event {
            Event::ArchiveUpdate(chat) => {
                (&chat.jid, Some(ChatUpdate { archived: Some(chat.action.archived.unwrap_or_default()), ..nothing }))
            }
            Event::PinUpdate(chat) => {
                let at = Timestamp::from_millis(chat.timestamp.timestamp_millis());
                (&chat.jid, Some(ChatUpdate { pinned_at: Some(chat.action.pinned.unwrap_or_default().then_some(at)), ..nothing }))
            }
            Event::MuteUpdate(chat) => (&chat.jid, Some(ChatUpdate { muted_until: Some(muted_until(&chat.action)), ..nothing })),
            Event::MarkChatAsReadUpdate(chat) => {
                let read = chat.action.read.unwrap_or_default();
                if read && self.goes_on(client, &chat.jid, chat.action.message_range.as_option()).await? {
                    return Ok(Vec::new());
                }
                (&chat.jid, Some(ChatUpdate { marked_unread: Some(!read), ..nothing }))
            }
            Event::DeleteChatUpdate(chat) => {
                if self.goes_on(client, &chat.jid, chat.action.message_range.as_option()).await? {
                    return Ok(Vec::new());
                }
                (&chat.jid, None)
            }
            _ => return Ok(Vec::new()),
        };
        let Some(person) = self.person(client, jid, None).await? else { return Ok(Vec::new()) };
        if !matches!(person.jid.server(), Server::Phone | Server::Lid | Server::Group) {
            return Ok(Vec::new());
        }
        let news = self.people.news(&person);
        let chat = person.jid;
        let change = match update {
            Some(update) => Change::Chat { chat, update },
            None => Change::ChatDeleted { chat },
        };
        Ok(news.into_iter().chain([change]).collect())
    }

    /// Whether something was written in a chat after what an action is about: such actions are told again when everything is.
    async fn goes_on(&self, client: &Client, chat: &WaJid, range: Option<&SyncActionMessageRange>) -> Result<bool, PortError> {
        let Some(last) = range.and_then(|range| range.last_message_timestamp) else { return Ok(false) };
        let Some(person) = self.person(client, chat, None).await? else { return Ok(false) };
        let chat = self.shared.ports.people.chat(&self.device, &person.jid).await?;
        Ok(chat.and_then(|chat| chat.last_message_at).is_some_and(|at| at.seconds() > seconds(last)))
    }
}

/// Some clients count milliseconds where others count seconds.
fn seconds(time: i64) -> i64 {
    if time > 100_000_000_000 { time / 1000 } else { time }
}

/// The other name of a person in the address book, and what they are called there.
fn named(jid: &WaJid, action: &ContactAction) -> (Option<WaJid>, Option<String>) {
    let alt = [&action.pn_jid, &action.lid_jid].into_iter().flatten().filter_map(|alt| alt.parse().ok()).find(|alt: &WaJid| alt != jid);
    let name = [&action.full_name, &action.first_name].into_iter().flatten().find(|name| !name.is_empty());
    (alt, name.cloned())
}

fn muted_until(action: &MuteAction) -> Option<Timestamp> {
    if !action.muted.unwrap_or_default() {
        return None;
    }
    Some(match action.mute_end_timestamp {
        Some(end) if end > 0 => Timestamp::from_millis(end),
        _ => Timestamp::MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_address_book_comes_with_the_persons_other_name_and_may_be_empty() {
        let (phone, lid): (WaJid, WaJid) = ("6281100000001@s.whatsapp.net".parse().unwrap(), "100000012345678@lid".parse().unwrap());
        let action = ContactAction {
            full_name: Some(String::new()),
            first_name: Some("Ani".into()),
            lid_jid: Some(lid.to_string()),
            pn_jid: Some(phone.to_string()),
            ..ContactAction::default()
        };
        assert_eq!(named(&phone, &action), (Some(lid.clone()), Some("Ani".into())));
        assert_eq!(named(&lid, &action), (Some(phone.clone()), Some("Ani".into())));
        assert_eq!(named(&phone, &ContactAction::default()), (None, None));
    }

    #[test]
    fn a_mute_without_an_end_never_ends() {
        let until = |muted, end| muted_until(&MuteAction { muted: Some(muted), mute_end_timestamp: end, ..MuteAction::default() });
        assert_eq!(until(true, Some(1_600_000_000_000)), Some(Timestamp::from_millis(1_600_000_000_000)));
        assert_eq!([until(true, Some(-1)), until(true, Some(0)), until(true, None)], [Some(Timestamp::MAX); 3]);
        assert_eq!(until(false, Some(1_600_000_000_000)), None);
    }
}
