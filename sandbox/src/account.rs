//! One person: a number and a lid, the phone and the companions linked to it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use wacore_binary::{Jid, Server};
use wacore_libsignal::protocol::IdentityKeyPair;

use crate::adv::{self, SignedKeyIndexList};
use crate::collections::{Collections, News};
use crate::keys::{HandedOut, KeyBundle};
use crate::mailbox::Mailbox;
use crate::passkey::Passkey;
use crate::persona::Persona;
use crate::phone::{Phone, PhoneError, Wishes};
use crate::stanza::unix_secs;

/// With so few one-time keys left a companion is asked for more.
const FEW_KEYS: usize = 5;

pub struct Account {
    pub number: String,
    pub lid: String,
    pub identity: IdentityKeyPair,
    persona: RwLock<Persona>,
    /// The phone's keys as the server hands them out.
    keys: Mutex<KeyBundle>,
    phone: Mutex<Phone>,
    collections: Mutex<Collections>,
    news: Mutex<News>,
    /// Numbers of those it ever exchanged a message with.
    acquaintances: Mutex<HashSet<String>>,
    /// Ids of the groups it is in.
    groups: Mutex<BTreeSet<String>>,
    /// Numbers of those it blocked, and when (Unix seconds).
    blocked: Mutex<BTreeMap<String, u64>>,
    passkey: Mutex<Option<Arc<Passkey>>>,
    roster: RwLock<Roster>,
    banned_until: Mutex<Option<Instant>>,
}

/// A linked companion.
pub struct Device {
    pub id: u16,
    pub key_index: u32,
    pub noise_key: [u8; 32],
    /// The signed identity others check before they trust this device.
    pub adv_identity: Vec<u8>,
    /// The past it would like to have.
    pub history: Wishes,
    pub mailbox: Mailbox,
    keys: Mutex<KeyBundle>,
}

struct Roster {
    devices: BTreeMap<u16, Arc<Device>>,
    /// Device ids and key indexes are never given twice.
    last_id: u16,
    last_key_index: u32,
    key_index_list: Arc<SignedKeyIndexList>,
}

impl Account {
    pub fn new(number: String, lid: String, name: String) -> Self {
        let identity = IdentityKeyPair::generate(&mut rand::rng());
        let (mut phone, keys) = Phone::new(identity.clone());
        let mut collections = Collections::default();
        phone.publish_name(&name, &mut collections);
        let roster = Roster {
            devices: BTreeMap::new(),
            last_id: 0,
            last_key_index: 0,
            key_index_list: Arc::new(adv::sign_key_index_list(&identity, 0, Vec::new())),
        };
        Self {
            number,
            lid,
            identity,
            persona: RwLock::new(Persona { name, ..Default::default() }),
            keys: Mutex::new(keys),
            phone: Mutex::new(phone),
            collections: Mutex::new(collections),
            news: Mutex::default(),
            acquaintances: Mutex::default(),
            groups: Mutex::default(),
            blocked: Mutex::default(),
            passkey: Mutex::default(),
            roster: RwLock::new(roster),
            banned_until: Mutex::default(),
        }
    }

    /// The address of one of its devices, by number or by lid.
    pub fn jid(&self, server: Server, device: u16) -> Jid {
        match server {
            Server::Lid => Jid::lid_device(self.lid.as_str(), device),
            _ => Jid::pn_device(self.number.as_str(), device),
        }
    }

    /// What the person calls themselves.
    pub fn name(&self) -> String {
        self.persona().name.clone()
    }

    pub fn persona(&self) -> RwLockReadGuard<'_, Persona> {
        self.persona.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn persona_mut(&self) -> RwLockWriteGuard<'_, Persona> {
        self.persona.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is(&self, other: &Account) -> bool {
        self.number == other.number
    }

    /// Locked last: never take another account's phone while holding one.
    pub fn phone(&self) -> MutexGuard<'_, Phone> {
        self.phone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The phone, for what the person does with it.
    pub fn switched_on(&self) -> Result<MutexGuard<'_, Phone>, PhoneError> {
        let phone = self.phone();
        if phone.is_on() { Ok(phone) } else { Err(PhoneError::Off) }
    }

    pub fn keys(&self) -> MutexGuard<'_, KeyBundle> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives away a device's keys, and for a companion what proves that it belongs here.
    pub fn hand_out(&self, device: u16) -> Option<(HandedOut, Option<Vec<u8>>)> {
        if device == 0 {
            return Some((self.keys().hand_out(), None));
        }
        let device = self.device(device)?;
        let (keys, left) = {
            let mut keys = device.keys();
            (keys.hand_out(), keys.one_time.len())
        };
        if keys.one_time.is_some() && left == FEW_KEYS {
            device.mailbox.ask_for_keys(left);
        }
        Some((keys, Some(device.adv_identity.clone())))
    }

    pub fn acquaint(&self, other: &Account) {
        let mut known = self.acquaintances_slot();
        if !known.contains(&other.number) {
            known.insert(other.number.clone());
        }
    }

    pub fn acquaintances(&self) -> HashSet<String> {
        self.acquaintances_slot().clone()
    }

    fn acquaintances_slot(&self) -> MutexGuard<'_, HashSet<String>> {
        self.acquaintances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn groups(&self) -> BTreeSet<String> {
        self.groups_slot().clone()
    }

    pub fn join(&self, group: &str) {
        self.groups_slot().insert(group.to_owned());
    }

    pub fn leave(&self, group: &str) {
        self.groups_slot().remove(group);
    }

    fn groups_slot(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False if it is so already.
    pub fn block(&self, other: &Account, blocked: bool) -> bool {
        let mut all = self.blocked_slot();
        match blocked {
            true if all.contains_key(&other.number) => false,
            true => all.insert(other.number.clone(), unix_secs()).is_none(),
            false => all.remove(&other.number).is_some(),
        }
    }

    pub fn blocks(&self, other: &Account) -> bool {
        self.blocked_slot().contains_key(&other.number)
    }

    pub fn blocked(&self) -> BTreeMap<String, u64> {
        self.blocked_slot().clone()
    }

    fn blocked_slot(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Companions have to confirm with it, if there is one.
    pub fn passkey(&self) -> Option<Arc<Passkey>> {
        self.passkey_slot().clone()
    }

    pub fn keep_passkey(&self, passkey: Option<Arc<Passkey>>) {
        *self.passkey_slot() = passkey;
    }

    fn passkey_slot(&self) -> MutexGuard<'_, Option<Arc<Passkey>>> {
        self.passkey.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn collections(&self) -> MutexGuard<'_, Collections> {
        self.collections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the companions have yet to be told of the collections.
    pub fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn devices(&self) -> Vec<Arc<Device>> {
        self.roster().devices.values().cloned().collect()
    }

    /// The phone, then the companions.
    pub fn all_devices(&self) -> Vec<u16> {
        std::iter::once(0).chain(self.roster().devices.keys().copied()).collect()
    }

    pub fn device(&self, id: u16) -> Option<Arc<Device>> {
        self.roster().devices.get(&id).cloned()
    }

    pub fn key_index_list(&self) -> Arc<SignedKeyIndexList> {
        self.roster().key_index_list.clone()
    }

    /// The id and key index of the companion that is about to be linked.
    pub fn reserve_device(&self) -> Option<(u16, u32)> {
        let mut roster = self.roster.write().unwrap_or_else(PoisonError::into_inner);
        roster.last_id = roster.last_id.checked_add(1)?;
        roster.last_key_index += 1;
        Some((roster.last_id, roster.last_key_index))
    }

    pub fn add_device(&self, device: Arc<Device>) {
        self.change_roster(|devices| devices.insert(device.id, device));
    }

    pub fn remove_device(&self, id: u16) -> Option<Arc<Device>> {
        self.change_roster(|devices| devices.remove(&id))
    }

    fn change_roster<T>(&self, change: impl FnOnce(&mut BTreeMap<u16, Arc<Device>>) -> T) -> T {
        let mut roster = self.roster.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut roster.devices);
        let valid = roster.devices.values().map(|d| d.key_index).collect();
        let list = adv::sign_key_index_list(&self.identity, roster.last_key_index, valid);
        roster.key_index_list = Arc::new(list);
        changed
    }

    fn roster(&self) -> RwLockReadGuard<'_, Roster> {
        self.roster.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now for this long; zero ends it.
    pub fn ban(&self, duration: Duration) {
        let until = Instant::now().checked_add(duration);
        *self.ban_slot() = until.filter(|_| !duration.is_zero());
    }

    pub fn banned_for(&self) -> Option<Duration> {
        (*self.ban_slot())?.checked_duration_since(Instant::now())
    }

    fn ban_slot(&self) -> MutexGuard<'_, Option<Instant>> {
        self.banned_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device {
    pub fn new((id, key_index): (u16, u32), noise_key: [u8; 32], adv_identity: Vec<u8>, keys: KeyBundle, history: Wishes) -> Self {
        Self { id, key_index, noise_key, adv_identity, history, mailbox: Mailbox::default(), keys: Mutex::new(keys) }
    }

    pub fn keys(&self) -> MutexGuard<'_, KeyBundle> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
