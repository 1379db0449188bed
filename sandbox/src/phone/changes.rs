//! What messages do to those before them: edits, ends, reactions, votes.

use buffa::Message as _;
use wacore::proto_helpers::MessageExt as _;
use wacore_binary::Jid;
use waproto::whatsapp::message::{PollEncValue, protocol_message};
use waproto::whatsapp::{Message, MessageKey};

use super::Phone;
use super::log::Record;
use super::poll::{self, Ballot};
use crate::account::Account;
use crate::groups::Role;
use crate::world::World;

enum Change<'a> {
    Edit(&'a Message),
    Deletion,
    Reaction(&'a str),
    Vote(&'a PollEncValue),
}

impl<'a> Change<'a> {
    /// The change, and which message it is for.
    fn of(message: &'a Message) -> Option<(Self, &'a MessageKey)> {
        let message = message.get_base_message();
        if let Some(reaction) = message.reaction_message.as_option() {
            return Some((Self::Reaction(reaction.text.as_deref().unwrap_or_default()), reaction.key.as_option()?));
        }
        if let Some(vote) = message.poll_update_message.as_option() {
            return Some((Self::Vote(vote.vote.as_option()?), vote.poll_creation_message_key.as_option()?));
        }
        let protocol = message.protocol_message.as_option()?;
        let key = protocol.key.as_option()?;
        if let Some(edited) = protocol.edited_message.as_option() {
            return Some((Self::Edit(edited), key));
        }
        (protocol.r#type == Some(protocol_message::Type::REVOKE)).then_some((Self::Deletion, key))
    }
}

impl Phone {
    /// Writes down a message that is new, and what it changes.
    pub(super) fn note(&mut self, world: &World, own: &Account, record: Record, message: &Message) {
        let Some((change, key)) = Change::of(message) else {
            if record.body.shown {
                self.log.add(record);
            }
            return;
        };
        let (by, author) = (record.from.clone(), author(world, own, &record, key));
        let is_admin = record.group.as_ref().is_some_and(|group| is_admin(world, group, &by));
        if self.log.add(record)
            && let Some((author, id)) = author.zip(key.id.as_deref())
        {
            self.apply(world, change, &by, is_admin, &author, id);
        }
    }

    fn apply(&mut self, world: &World, change: Change<'_>, by: &str, is_admin: bool, author: &str, id: &str) {
        let Some(Record { body, .. }) = self.log.get_mut(author, id) else {
            return;
        };
        match change {
            Change::Edit(edited) if by == author => body.edit = Some(edited.encode_to_vec().into()),
            Change::Deletion if by == author || is_admin => body.deleted = true,
            Change::Edit(_) | Change::Deletion => tracing::debug!("A phone ignored a change to what someone else wrote"),
            Change::Reaction("") => drop(body.reactions.remove(by)),
            Change::Reaction(emoji) => drop(body.reactions.insert(by.to_owned(), emoji.to_owned())),
            Change::Vote(vote) => {
                let people = world.account(author).zip(world.account(by));
                let poll = body.message().zip(body.content().and_then(|content| content.poll));
                if let (Some((author, voter)), Some((message, poll))) = (people, poll)
                    && let Some(secret) = poll::secret_of(&message)
                    && let Some(chosen) = (Ballot { id, secret, author: &author, voter: &voter }).open(vote, &poll.options)
                {
                    body.votes.insert(by.to_owned(), chosen);
                }
            }
        }
    }
}

/// Who wrote the message that is changed, by number.
fn author(world: &World, own: &Account, change: &Record, key: &MessageKey) -> Option<String> {
    if key.from_me == Some(true) {
        return Some(change.from.clone());
    }
    if let Some(participant) = &key.participant {
        let participant: Jid = participant.parse().ok()?;
        return Some(world.account_of(&participant)?.number.clone());
    }
    // Two people write in a chat that is no group.
    let other = if change.from == own.number { &change.to } else { &own.number };
    change.group.is_none().then(|| other.clone())
}

fn is_admin(world: &World, group: &Jid, number: &str) -> bool {
    let group = world.groups.find(group);
    group.is_some_and(|group| group.members().iter().any(|member| member.account.number == number && member.role != Role::Member))
}
