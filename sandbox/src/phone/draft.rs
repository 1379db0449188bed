//! What a person can write, as messages: whom it goes to, and how, is not decided here.

use std::collections::HashSet;
use std::sync::Arc;

use buffa::MessageField;
use serde::Deserialize;
use wacore::proto_helpers::{MessageExt as _, build_reaction_message};
use wacore::time::now_millis;
use wacore_binary::{Jid, Server};
use waproto::whatsapp::message::poll_creation_message::Option as PollOption;
use waproto::whatsapp::message::{
    ContactMessage, LocationMessage, PollCreationMessage, PollUpdateMessage, ProtocolMessage, protocol_message,
};
use waproto::whatsapp::{ContextInfo, Message, MessageContextInfo, MessageKey};

use super::PhoneError;
use super::file::File;
use super::log::Record;
use super::poll::{self, Ballot};
use crate::account::Account;
use crate::world::World;

const POLL_OPTIONS_LIMIT: usize = 12;

/// A draft, and what can be said beside it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    #[serde(flatten)]
    draft: Draft,
    quoted_id: Option<String>,
    #[serde(default)]
    mentions: Vec<String>,
    #[serde(default)]
    forwarded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Draft {
    Text(String),
    Media(File),
    Location { latitude: f64, longitude: f64, name: Option<String>, address: Option<String> },
    Contact { name: String, number: String },
    Poll(PollDraft),
    Vote { message_id: String, options: Vec<String> },
    Reaction { message_id: String, emoji: String },
    Edit { message_id: String, text: String },
    Delete { message_id: String },
}

#[derive(Deserialize)]
struct PollDraft {
    question: String,
    options: Vec<String>,
    /// How many options one may choose; 0 for all of them.
    #[serde(default = "one")]
    selectable: u32,
}

fn one() -> u32 {
    1
}

/// Makes a letter the message it is; a file is on the media server then.
pub async fn draft(world: &Arc<World>, own: &Arc<Account>, chat: &Jid, letter: Letter) -> Result<Message, PhoneError> {
    let Letter { draft, quoted_id, mentions, forwarded } = letter;
    let desk = Desk { world, own, chat };
    let mut message = match draft {
        Draft::Text(text) => Message { conversation: Some(text), ..Default::default() },
        Draft::Media(file) => {
            let world = world.clone();
            let uploaded = tokio::task::spawn_blocking(move || file.upload(&world.files)).await;
            uploaded.map_err(|_| PhoneError::Odd("the file cannot be encrypted"))??
        }
        Draft::Location { latitude, longitude, name, address } => location(latitude, longitude, name, address),
        Draft::Contact { name, number } => contact(name, &number)?,
        Draft::Poll(poll) => poll.message()?,
        Draft::Vote { message_id, options } => desk.vote(&message_id, &options)?,
        Draft::Reaction { message_id, emoji } => build_reaction_message(desk.target(&message_id)?.key, emoji, now_millis()),
        Draft::Edit { message_id, text } => desk.edit(&message_id, text)?,
        Draft::Delete { message_id } => desk.delete(&message_id)?,
    };
    if quoted_id.is_some() || forwarded || !mentions.is_empty() {
        let quoted = quoted_id.map(|id| desk.target(&id)).transpose()?;
        let mut context = quoted.map_or_else(|| Ok(ContextInfo::default()), |quoted| quoted.quote())?;
        context.mentioned_jid = mentions.iter().map(|person| desk.mention(person)).collect::<Result<_, _>>()?;
        context.is_forwarded = forwarded.then_some(true);
        context.forwarding_score = forwarded.then_some(1);
        if !message.set_context_info(context) {
            return Err(PhoneError::Odd("this kind of message quotes, mentions and forwards nothing"));
        }
    }
    Ok(message)
}

/// Where the person writes.
struct Desk<'a> {
    world: &'a World,
    own: &'a Account,
    chat: &'a Jid,
}

/// A message that another one is about.
struct Target {
    key: MessageKey,
    record: Record,
    author: Arc<Account>,
    author_jid: Jid,
}

impl Desk<'_> {
    fn target(&self, id: &str) -> Result<Target, PhoneError> {
        let record = self.own.phone().record(id).cloned().ok_or(PhoneError::UnknownMessage)?;
        let author = self.world.account(&record.from).ok_or(PhoneError::UnknownMessage)?;
        let author_jid = author.jid(self.server(), 0);
        let from_me = author.is(self.own);
        let participant = (self.chat.server == Server::Group).then(|| author_jid.to_string());
        let key = MessageKey { remote_jid: Some(self.chat.to_string()), from_me: Some(from_me), id: Some(id.to_owned()), participant };
        Ok(Target { key, record, author, author_jid })
    }

    /// By which kind of id people are known in the chat.
    fn server(&self) -> Server {
        let group = self.world.groups.find(self.chat);
        group.map_or(self.chat.server, |group| group.addressing.server())
    }

    fn mention(&self, person: &str) -> Result<String, PhoneError> {
        let digits = person.strip_prefix('+').unwrap_or(person);
        let jid = person.parse::<Jid>().unwrap_or_else(|_| Jid::pn(digits));
        let account = self.world.account_of(&jid).ok_or(PhoneError::UnknownRecipient)?;
        Ok(account.jid(if jid.server == Server::Lid { jid.server } else { self.server() }, 0).to_string())
    }

    fn vote(&self, poll_id: &str, options: &[String]) -> Result<Message, PhoneError> {
        let Target { key, record, author, .. } = self.target(poll_id)?;
        let content = record.body.content().and_then(|content| content.poll);
        let (message, poll) = record.body.message().zip(content).ok_or(PhoneError::Odd("this is no poll"))?;
        if options.iter().any(|option| !poll.options.contains(option)) {
            return Err(PhoneError::Odd("the poll has no such option"));
        }
        let secret = poll::secret_of(&message).ok_or(PhoneError::Odd("the poll has no secret"))?;
        let ballot = Ballot { id: poll_id, secret, author: &author, voter: self.own };
        let vote = ballot.seal(self.server(), options).ok_or(PhoneError::Odd("the poll's secret is none"))?;
        let update = PollUpdateMessage {
            poll_creation_message_key: MessageField::some(key),
            vote: MessageField::some(vote),
            sender_timestamp_ms: Some(now_millis()),
            ..Default::default()
        };
        Ok(Message { poll_update_message: MessageField::some(update), ..Default::default() })
    }

    fn edit(&self, id: &str, text: String) -> Result<Message, PhoneError> {
        let Target { key, record, .. } = self.target(id)?;
        if key.from_me != Some(true) {
            return Err(PhoneError::Odd("only what one wrote oneself can be edited"));
        }
        let mut edited = record.body.message().unwrap_or_default();
        edited.message_context_info = MessageField::none();
        if let Some(image) = edited.image_message.as_option_mut() {
            image.caption = Some(text);
        } else if let Some(video) = edited.video_message.as_option_mut() {
            video.caption = Some(text);
        } else if let Some(document) = edited.document_message.as_option_mut() {
            document.caption = Some(text);
        } else {
            edited = Message { conversation: Some(text), ..Default::default() };
        }
        Ok(about(key, protocol_message::Type::MESSAGE_EDIT, Some(edited)))
    }

    fn delete(&self, id: &str) -> Result<Message, PhoneError> {
        let key = self.target(id)?.key;
        if key.from_me != Some(true) && self.chat.server != Server::Group {
            return Err(PhoneError::Odd("only what one wrote oneself can be deleted for everyone"));
        }
        Ok(about(key, protocol_message::Type::REVOKE, None))
    }
}

impl Target {
    fn quote(self) -> Result<ContextInfo, PhoneError> {
        let message = self.record.body.current().ok_or(PhoneError::UnknownMessage)?;
        Ok(ContextInfo {
            stanza_id: self.key.id,
            participant: Some(self.author_jid.to_string()),
            quoted_message: MessageField::from_box(message.get_base_message().prepare_for_quote()),
            ..Default::default()
        })
    }
}

impl PollDraft {
    fn message(self) -> Result<Message, PhoneError> {
        let distinct = self.options.iter().collect::<HashSet<_>>().len() == self.options.len();
        if !(2..=POLL_OPTIONS_LIMIT).contains(&self.options.len()) || !distinct || self.selectable as usize > self.options.len() {
            return Err(PhoneError::Odd("a poll has 2 to 12 different options, and no more can be chosen"));
        }
        let option = |name| PollOption { option_name: Some(name), ..Default::default() };
        let poll = PollCreationMessage {
            name: Some(self.question),
            options: self.options.into_iter().map(option).collect(),
            selectable_options_count: Some(self.selectable),
            ..Default::default()
        };
        let mut message = Message {
            message_context_info: MessageField::some(MessageContextInfo { message_secret: Some(poll::secret()), ..Default::default() }),
            ..Default::default()
        };
        match self.selectable {
            1 => message.poll_creation_message_v3 = MessageField::some(poll),
            _ => message.poll_creation_message = MessageField::some(poll),
        }
        Ok(message)
    }
}

fn location(latitude: f64, longitude: f64, name: Option<String>, address: Option<String>) -> Message {
    let location =
        LocationMessage { degrees_latitude: Some(latitude), degrees_longitude: Some(longitude), name, address, ..Default::default() };
    Message { location_message: MessageField::some(location), ..Default::default() }
}

fn contact(name: String, number: &str) -> Result<Message, PhoneError> {
    let number = number.strip_prefix('+').unwrap_or(number);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) || name.contains(['\r', '\n']) {
        return Err(PhoneError::Odd("a contact has a name on one line and a number"));
    }
    let vcard = format!("BEGIN:VCARD\nVERSION:3.0\nN:;{name};;;\nFN:{name}\nTEL;type=CELL;type=VOICE;waid={number}:+{number}\nEND:VCARD");
    let contact = ContactMessage { display_name: Some(name), vcard: Some(vcard), ..Default::default() };
    Ok(Message { contact_message: MessageField::some(contact), ..Default::default() })
}

fn about(key: MessageKey, kind: protocol_message::Type, edited: Option<Message>) -> Message {
    let protocol = ProtocolMessage {
        key: MessageField::some(key),
        r#type: Some(kind),
        timestamp_ms: edited.is_some().then(now_millis),
        edited_message: edited.map(MessageField::some).unwrap_or_default(),
        ..Default::default()
    };
    Message { protocol_message: MessageField::some(protocol), ..Default::default() }
}
