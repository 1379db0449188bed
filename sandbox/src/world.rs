//! Everything that exists on this WhatsApp: the accounts, the connections, the weather.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rand::RngExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wacore_binary::{Jid, Server};

use crate::account::Account;
use crate::faults::Faults;
use crate::groups::Groups;
use crate::link::Links;
use crate::media::Files;
use crate::noise::ServerIdentity;
use crate::pairing::Pairings;

/// Lids count up from here, well apart from phone numbers.
const FIRST_LID: u64 = 100_000_000_000_001;

/// Ids of pictures count up from here.
const FIRST_PICTURE: u64 = 1_700_000_001;

pub struct World {
    /// Where it listens.
    pub host: SocketAddr,
    pub identity: ServerIdentity,
    pub faults: Faults,
    pub links: Links,
    pub groups: Groups,
    pub pairings: Pairings,
    pub files: Files,
    /// Lets a client upload files.
    pub media_auth: String,
    /// Every task the server starts, so that a shutdown can wait for the last.
    pub tasks: TaskTracker,
    pub closing: CancellationToken,
    accounts: RwLock<Directory>,
    lids: AtomicU64,
    pictures: AtomicU64,
}

#[derive(Default)]
struct Directory {
    by_number: HashMap<String, Arc<Account>>,
    by_lid: HashMap<String, Arc<Account>>,
}

impl World {
    pub fn new(host: SocketAddr) -> Self {
        Self {
            host,
            identity: ServerIdentity::generate(),
            faults: Faults::default(),
            links: Links::default(),
            groups: Groups::default(),
            pairings: Pairings::default(),
            files: Files::default(),
            media_auth: hex::encode(rand::rng().random::<[u8; 16]>()),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            accounts: RwLock::default(),
            lids: AtomicU64::new(FIRST_LID),
            pictures: AtomicU64::new(FIRST_PICTURE),
        }
    }

    /// A new account, or `None` if the number is taken.
    pub fn register(&self, number: &str, name: &str) -> Option<Arc<Account>> {
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        if accounts.by_number.contains_key(number) {
            return None;
        }
        let lid = self.lids.fetch_add(1, Ordering::Relaxed).to_string();
        let account = Arc::new(Account::new(number.to_owned(), lid.clone(), name.to_owned()));
        accounts.by_number.insert(number.to_owned(), account.clone());
        accounts.by_lid.insert(lid, account.clone());
        Some(account)
    }

    pub fn account(&self, number: &str) -> Option<Arc<Account>> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.by_number.get(number).cloned()
    }

    /// The person behind a number or a lid.
    pub fn account_of(&self, jid: &Jid) -> Option<Arc<Account>> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        match jid.server {
            Server::Pn => accounts.by_number.get(jid.user.as_str()),
            Server::Lid => accounts.by_lid.get(jid.user.as_str()),
            _ => None,
        }
        .cloned()
    }

    pub fn next_picture(&self) -> u64 {
        self.pictures.fetch_add(1, Ordering::Relaxed)
    }

    /// Back to an empty world with fair weather.
    pub fn reset(&self) {
        let accounts = {
            let mut directory = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *directory)
        };
        drop(accounts);
        self.groups.clear();
        self.pairings.clear();
        self.files.clear();
        self.faults.clear();
        self.links.drop_all();
    }
}
