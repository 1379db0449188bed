//! A phone's Signal state: its identity, its pre-keys and a session with every device it talks to.
//! All in memory, so that nothing here ever waits.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::FutureExt as _;
use rand::RngExt as _;
use wacore_libsignal::protocol::error::Result;
use wacore_libsignal::protocol::{
    CiphertextMessage, Direction, GenericSignedPreKey as _, IdentityChange, IdentityKey, IdentityKeyPair, IdentityKeyStore, KeyPair,
    PreKeyBundle, PreKeyId, PreKeyRecord, PreKeySignalMessage, PreKeyStore, ProtocolAddress, SessionRecord, SessionStore, SignalMessage,
    SignalProtocolError, SignedPreKeyId, SignedPreKeyRecord, SignedPreKeyStore, Timestamp, UsePQRatchet, message_decrypt, message_encrypt,
    process_prekey_bundle,
};

use crate::keys::{KeyBundle, PublicPreKey, SignedPreKey};

const SIGNED_KEY_ID: u32 = 1;
/// One-time keys the phone keeps on offer.
const ONE_TIME_KEYS: u32 = 16;
const REGISTRATION_ID_LIMIT: u32 = 0x3FFF;

/// How a ciphertext travels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    PreKey,
    Session,
}

impl Kind {
    pub fn parse(wire: &str) -> Option<Self> {
        match wire {
            "pkmsg" => Some(Self::PreKey),
            "msg" => Some(Self::Session),
            _ => None,
        }
    }

    pub fn wire(self) -> &'static str {
        match self {
            Self::PreKey => "pkmsg",
            Self::Session => "msg",
        }
    }
}

pub struct Signal {
    sessions: Sessions,
    identities: Identities,
    one_time: OneTimeKeys,
    signed: Signed,
}

impl Signal {
    /// Fresh state for an identity, and the public keys to publish for it.
    pub fn new(identity: IdentityKeyPair) -> (Self, KeyBundle) {
        let signed = KeyPair::generate(&mut rand::rng());
        let signature: [u8; 64] = *identity
            .private_key()
            .calculate_signature(&signed.public_key.serialize(), &mut rand::rng())
            .expect("a generated key signs")
            .first_chunk()
            .expect("a signature has 64 bytes");
        let record = SignedPreKeyRecord::new(SIGNED_KEY_ID.into(), Timestamp::from_epoch_millis(0), &signed, &signature);
        let registration_id = rand::rng().random_range(1..=REGISTRATION_ID_LIMIT);
        let mut published = KeyBundle {
            registration_id,
            identity: raw(identity.identity_key()),
            signed: SignedPreKey { id: SIGNED_KEY_ID, public: public_bytes(&signed), signature },
            one_time: Default::default(),
        };
        let mut one_time = OneTimeKeys::default();
        published.one_time.extend((0..ONE_TIME_KEYS).map(|_| one_time.generate()));
        let signal = Self {
            sessions: Sessions::default(),
            identities: Identities { pair: identity, registration_id, known: HashMap::new() },
            one_time,
            signed: Signed(record),
        };
        (signal, published)
    }

    pub fn registration_id(&self) -> u32 {
        self.identities.registration_id
    }

    pub fn has_session(&self, peer: &ProtocolAddress) -> bool {
        self.sessions.0.contains_key(peer)
    }

    /// Ends what is shared with a device; the next message starts afresh.
    pub fn forget(&mut self, peer: &ProtocolAddress) {
        self.sessions.0.remove(peer);
        self.identities.known.remove(peer);
    }

    pub fn establish(&mut self, peer: &ProtocolAddress, bundle: &PreKeyBundle) -> Result<()> {
        now(process_prekey_bundle(peer, &mut self.sessions, &mut self.identities, bundle, &mut rand::rng(), UsePQRatchet::No))?;
        Ok(())
    }

    pub fn encrypt(&mut self, peer: &ProtocolAddress, plaintext: &[u8]) -> Result<(Kind, Vec<u8>)> {
        let sealed = now(message_encrypt(plaintext, peer, &mut self.sessions, &mut self.identities))?;
        let kind = match sealed {
            CiphertextMessage::PreKeySignalMessage(_) => Kind::PreKey,
            _ => Kind::Session,
        };
        Ok((kind, sealed.serialize().to_vec()))
    }

    /// The plaintext, and a fresh key to publish if one was used up.
    pub fn decrypt(&mut self, peer: &ProtocolAddress, kind: Kind, ciphertext: &[u8]) -> Result<(Vec<u8>, Option<PublicPreKey>)> {
        let message = match kind {
            Kind::PreKey => CiphertextMessage::PreKeySignalMessage(PreKeySignalMessage::try_from(ciphertext)?),
            Kind::Session => CiphertextMessage::SignalMessage(SignalMessage::try_from(ciphertext)?),
        };
        let opened = now(message_decrypt(
            &message,
            peer,
            &mut self.sessions,
            &mut self.identities,
            &mut self.one_time,
            &self.signed,
            &mut rand::rng(),
            UsePQRatchet::No,
        ))?;
        let replacement = opened.consumed_prekey_id.map(|used| {
            self.one_time.keys.remove(&u32::from(used));
            self.one_time.generate()
        });
        Ok((opened.plaintext, replacement))
    }

    /// A one-time key that goes to one sender directly, past the key server.
    pub fn private_offer(&mut self) -> PublicPreKey {
        self.one_time.generate()
    }
}

pub fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("stores in memory answer at once")
}

fn raw(identity: &IdentityKey) -> [u8; 32] {
    *identity.public_key().public_key_bytes().first_chunk().expect("a public key has 32 bytes")
}

fn public_bytes(keys: &KeyPair) -> [u8; 32] {
    raw(&IdentityKey::new(keys.public_key))
}

#[derive(Default)]
struct Sessions(HashMap<ProtocolAddress, SessionRecord>);

struct Identities {
    pair: IdentityKeyPair,
    registration_id: u32,
    known: HashMap<ProtocolAddress, IdentityKey>,
}

#[derive(Default)]
struct OneTimeKeys {
    keys: HashMap<u32, KeyPair>,
    last_id: u32,
}

struct Signed(SignedPreKeyRecord);

impl OneTimeKeys {
    fn generate(&mut self) -> PublicPreKey {
        // Ids travel in three bytes; the oldest are long used when they come round again.
        self.last_id = self.last_id % 0x00FF_FFFF + 1;
        let keys = KeyPair::generate(&mut rand::rng());
        let public = public_bytes(&keys);
        self.keys.insert(self.last_id, keys);
        (self.last_id, public)
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, address: &ProtocolAddress) -> Result<Option<SessionRecord>> {
        Ok(self.0.get(address).cloned())
    }

    async fn has_session(&self, address: &ProtocolAddress) -> Result<bool> {
        Ok(self.0.contains_key(address))
    }

    async fn store_session(&mut self, address: &ProtocolAddress, record: SessionRecord) -> Result<()> {
        self.0.insert(address.clone(), record);
        Ok(())
    }
}

#[async_trait]
impl IdentityKeyStore for Identities {
    async fn get_identity_key_pair(&self) -> Result<IdentityKeyPair> {
        Ok(self.pair.clone())
    }

    async fn get_local_registration_id(&self) -> Result<u32> {
        Ok(self.registration_id)
    }

    async fn save_identity(&mut self, address: &ProtocolAddress, identity: &IdentityKey) -> Result<IdentityChange> {
        match self.known.insert(address.clone(), *identity) {
            Some(before) if before != *identity => Ok(IdentityChange::ReplacedExisting),
            _ => Ok(IdentityChange::NewOrUnchanged),
        }
    }

    /// A phone trusts whoever the server says it is, and a changed identity too.
    async fn is_trusted_identity(&self, _: &ProtocolAddress, _: &IdentityKey, _: Direction) -> Result<bool> {
        Ok(true)
    }

    async fn get_identity(&self, address: &ProtocolAddress) -> Result<Option<IdentityKey>> {
        Ok(self.known.get(address).copied())
    }
}

#[async_trait]
impl PreKeyStore for OneTimeKeys {
    async fn get_pre_key(&self, id: PreKeyId) -> Result<PreKeyRecord> {
        let keys = self.keys.get(&u32::from(id));
        let keys = keys.ok_or(SignalProtocolError::InvalidPreKeyId)?;
        Ok(PreKeyRecord::new(id, keys))
    }

    async fn save_pre_key(&mut self, id: PreKeyId, record: &PreKeyRecord) -> Result<()> {
        self.keys.insert(id.into(), record.key_pair()?);
        Ok(())
    }

    async fn remove_pre_key(&mut self, id: PreKeyId) -> Result<()> {
        self.keys.remove(&u32::from(id));
        Ok(())
    }
}

#[async_trait]
impl SignedPreKeyStore for Signed {
    async fn get_signed_pre_key(&self, id: SignedPreKeyId) -> Result<SignedPreKeyRecord> {
        if u32::from(id) == SIGNED_KEY_ID { Ok(self.0.clone()) } else { Err(SignalProtocolError::InvalidSignedPreKeyId) }
    }

    async fn save_signed_pre_key(&mut self, _: SignedPreKeyId, record: &SignedPreKeyRecord) -> Result<()> {
        self.0 = record.clone();
        Ok(())
    }
}
