//! The public keys the server keeps for one device and hands out to those who write to it.

use std::collections::VecDeque;

use wacore_libsignal::protocol::{IdentityKey, PreKeyBundle, PublicKey};

/// A key as it travels: number and 32 bytes.
pub type PublicPreKey = (u32, [u8; 32]);

#[derive(Clone)]
pub struct SignedPreKey {
    pub id: u32,
    pub public: [u8; 32],
    pub signature: [u8; 64],
}

pub struct KeyBundle {
    pub registration_id: u32,
    pub identity: [u8; 32],
    pub signed: SignedPreKey,
    /// Each is given away once.
    pub one_time: VecDeque<PublicPreKey>,
}

/// What a sender needs to open a session.
pub struct HandedOut {
    pub registration_id: u32,
    pub identity: [u8; 32],
    pub signed: SignedPreKey,
    pub one_time: Option<PublicPreKey>,
}

impl KeyBundle {
    /// Gives away the next one-time key; without any left the signed key has to do.
    pub fn hand_out(&mut self) -> HandedOut {
        HandedOut {
            registration_id: self.registration_id,
            identity: self.identity,
            signed: self.signed.clone(),
            one_time: self.one_time.pop_front(),
        }
    }

    /// What the owner compares with its own store.
    pub fn digest(&self) -> Vec<u8> {
        let one_time: Vec<&[u8]> = self.one_time.iter().map(|(_, key)| &key[..]).collect();
        wacore::prekeys::compute_key_bundle_digest(&self.identity, &self.signed.public, &self.signed.signature, &one_time)
    }
}

impl HandedOut {
    /// `None` if the device published keys that are none.
    pub fn into_bundle(self, device: u16) -> Option<PreKeyBundle> {
        let public = |bytes: &[u8; 32]| PublicKey::from_djb_public_key_bytes(bytes).ok();
        let one_time = match &self.one_time {
            Some((id, key)) => Some(((*id).into(), public(key)?)),
            None => None,
        };
        PreKeyBundle::new(
            self.registration_id,
            u32::from(device).into(),
            one_time,
            self.signed.id.into(),
            public(&self.signed.public)?,
            self.signed.signature.to_vec(),
            IdentityKey::new(public(&self.identity)?),
        )
        .ok()
    }
}
