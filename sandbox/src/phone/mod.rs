//! Simulated phones: device 0 of their accounts, with keys and sessions of their own. The server
//! knows no more of what they say than WhatsApp does.

mod appstate;
mod arrangement;
mod attachment;
mod changes;
mod content;
mod draft;
mod file;
mod group;
mod group_keys;
mod history;
mod label;
mod log;
mod poll;
mod receive;
mod send;
mod signal;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use wacore_binary::{Jid, Node, Server};
use wacore_libsignal::protocol::{IdentityKeyPair, ProtocolAddress};
use waproto::whatsapp::Message;

pub use appstate::Action;
pub use arrangement::Rearrangement;
pub use content::Content;
pub use draft::{Letter, draft};
pub use history::Wishes;
pub use log::{Memory, Record, Side, Status};

use crate::account::{Account, Device};
use crate::collections::Collections;
use crate::groups::Group;
use crate::keys::KeyBundle;
use crate::stanza::random_id;
use crate::world::World;
use crate::{collections, messages, receipts, typing};
use appstate::AppState;
use arrangement::Arrangement;
use group_keys::GroupKeys;
use log::{Body, Log};
use signal::Signal;

/// What waits for a phone that is off; beyond it the oldest is lost.
const PARKED_LIMIT: usize = 50_000;

/// The oldest are forgotten beyond this.
const TYPINGS_LIMIT: usize = 1000;

/// Someone was seen to type.
pub struct Typing {
    /// A number.
    pub from: String,
    /// The person, or the group.
    pub chat: Jid,
    pub state: typing::State,
    /// Unix seconds.
    pub timestamp: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    #[error("the phone is switched off")]
    Off,
    #[error("no such account or group")]
    UnknownRecipient,
    #[error("the phone cannot encrypt for the group")]
    NoKeys,
    #[error("only admins may write to the group")]
    Unheard,
    #[error("no such message on this phone")]
    UnknownMessage,
    #[error("{0}")]
    Odd(&'static str),
}

/// Whether a message by number tells the sender's lid too, and one by lid the number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OtherId {
    Told,
    Withheld,
}

pub struct Phone {
    on: bool,
    parked: VecDeque<Errand>,
    signal: Signal,
    group_keys: GroupKeys,
    log: Log,
    typings: VecDeque<Typing>,
    /// Companions that got the app-state key.
    greeted: HashSet<u16>,
    app_state: AppState,
}

/// Something that reaches the phone as soon as it is on.
enum Errand {
    Stanza(Node),
    Greet(Arc<Device>),
}

impl Phone {
    pub fn new(identity: IdentityKeyPair) -> (Self, KeyBundle) {
        let (signal, keys) = Signal::new(identity);
        let phone = Self {
            on: true,
            parked: VecDeque::new(),
            signal,
            group_keys: GroupKeys::default(),
            log: Log::default(),
            typings: VecDeque::new(),
            greeted: HashSet::new(),
            app_state: AppState::default(),
        };
        (phone, keys)
    }

    /// Tells later companions what the person is called.
    pub fn publish_name(&mut self, name: &str, collections: &mut Collections) {
        self.app_state.write(collections, &Action::name_oneself(name));
    }

    /// How the person has arranged things, here or on a companion.
    pub fn arrangement(&mut self, collections: &Collections) -> &Arrangement {
        self.app_state.arrangement(collections)
    }

    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Something from the past: known, read and never sent from here.
    pub fn remember(&mut self, own: &Account, memory: Memory) -> String {
        let id = format!("3A{}", random_id());
        let message = Message { conversation: Some(memory.text), ..Default::default() };
        let side = match memory.from == own.number {
            true => Side::Outgoing { status: Status::Read },
            false => Side::Incoming { server: Server::Pn, read: true },
        };
        self.log.add(Record {
            id: id.clone(),
            from: memory.from,
            to: memory.to,
            group: memory.group,
            timestamp: memory.timestamp,
            side,
            body: Body::new(&message),
        });
        id
    }

    pub fn see(&mut self, typing: Typing) {
        if self.typings.len() == TYPINGS_LIMIT {
            self.typings.pop_front();
        }
        self.typings.push_back(typing);
    }

    pub fn typings(&self) -> impl Iterator<Item = &Typing> {
        self.typings.iter()
    }

    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.log.iter().filter(|record| record.body.shown)
    }

    pub fn record(&self, id: &str) -> Option<&Record> {
        self.log.find(id)
    }

    pub fn forget_device(&mut self, own: &Account, device: u16) {
        self.greeted.remove(&device);
        self.signal.forget(&address(own, device));
    }

    fn run(&mut self, world: &World, own: &Account, errand: Errand) -> Vec<Node> {
        if self.on {
            return match errand {
                Errand::Stanza(stanza) => self.receive(world, own, &stanza),
                Errand::Greet(device) => self.greet(world, own, &device),
            };
        }
        if self.parked.len() == PARKED_LIMIT {
            self.parked.pop_front();
        }
        self.parked.push_back(errand);
        Vec::new()
    }
}

/// Hands a stanza to the phone.
pub fn deliver(world: &World, own: &Arc<Account>, stanza: Node) {
    let said = own.phone().run(world, own, Errand::Stanza(stanza));
    utter(world, own, said);
}

/// A companion has published its keys: the phone shares what it needs to start.
pub fn greet(world: &World, own: &Arc<Account>, device: &Arc<Device>) {
    let said = own.phone().run(world, own, Errand::Greet(device.clone()));
    utter(world, own, said);
}

/// Switched on, the phone catches up with everything it missed.
pub fn switch(world: &World, own: &Arc<Account>, on: bool) {
    let said = {
        let mut phone = own.phone();
        phone.on = on;
        let parked = match on {
            true => std::mem::take(&mut phone.parked),
            false => VecDeque::new(),
        };
        let said = parked.into_iter().map(|e| phone.run(world, own, e));
        said.flatten().collect()
    };
    utter(world, own, said);
}

/// The person writes to someone, or to a group they are in; returns the id.
pub fn write(world: &World, own: &Arc<Account>, to: &Jid, other_id: OtherId, message: &Message) -> Result<String, PhoneError> {
    let composed = match to.server {
        Server::Group => {
            let group = group_of(world, own, to)?;
            if !group.hears(own) {
                return Err(PhoneError::Unheard);
            }
            own.switched_on()?.compose_for_group(world, own, &group, message).ok_or(PhoneError::NoKeys)?
        }
        _ => {
            let recipient = world.account_of(to).ok_or(PhoneError::UnknownRecipient)?;
            own.switched_on()?.compose(world, own, &recipient, to.server, message)
        }
    };
    let (id, stanza) = composed;
    let stanza = match other_id {
        OtherId::Told => stanza.build(),
        OtherId::Withheld => stanza.attr(messages::WITHHOLD_OTHER_ID, "true").build(),
    };
    utter(world, own, vec![stanza]);
    Ok(id)
}

fn group_of(world: &World, own: &Account, jid: &Jid) -> Result<Arc<Group>, PhoneError> {
    world.groups.find(jid).filter(|group| group.has(own)).ok_or(PhoneError::UnknownRecipient)
}

/// The person opens a chat: its sender learns that everything was read.
pub fn read(world: &World, own: &Arc<Account>, chat: &Jid) -> Result<(), PhoneError> {
    let receipts = match chat.server {
        Server::Group => {
            let group = group_of(world, own, chat)?;
            own.switched_on()?.open_group(world, &group)
        }
        _ => {
            let other = world.account_of(chat).ok_or(PhoneError::UnknownRecipient)?;
            own.switched_on()?.open_chat(&other)
        }
    };
    utter(world, own, receipts);
    Ok(())
}

/// The person changes the address book or arranges chats: the companions hear of it.
pub fn arrange(world: &Arc<World>, own: &Arc<Account>, actions: &[Action]) -> Result<(), PhoneError> {
    let changed: Vec<_> = {
        let mut phone = own.switched_on()?;
        let mut collections = own.collections();
        actions.iter().filter_map(|action| phone.app_state.write(&mut collections, action)).collect()
    };
    collections::announce(world, own, changed.into_iter().map(|(name, version)| (name.to_owned(), version)));
    Ok(())
}

/// Sends what the phone has to say, without holding it.
fn utter(world: &World, own: &Arc<Account>, stanzas: Vec<Node>) {
    for stanza in stanzas {
        let node = stanza.as_node_ref();
        if stanza.tag == "receipt" {
            receipts::route(world, own, 0, &node);
        } else if let Err(refusal) = messages::route(world, own, 0, &node) {
            tracing::debug!(code = refusal.0, "A phone's message was refused");
        }
    }
}

/// Sessions belong to a person's device, by whichever id it is addressed.
fn address(account: &Account, device: u16) -> ProtocolAddress {
    ProtocolAddress::new(&account.number, u32::from(device).into())
}
