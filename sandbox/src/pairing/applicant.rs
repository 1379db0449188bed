//! A companion that is not linked yet: its keys, and how far the linking has come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use buffa::Message as _;
use waproto::whatsapp::DeviceProps;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

use super::ceremony::Ceremony;
use super::link_code::Hello;
use super::offer::Offer;
use crate::keys::{KeyBundle, SignedPreKey};
use crate::link::Link;
use crate::phone::Wishes;

/// The only key type there is.
const CURVE25519: u8 = 5;

/// A companion that shows a code and waits for a phone.
pub struct Applicant {
    pub link: Arc<Link>,
    pub noise_key: [u8; 32],
    pub identity: [u8; 32],
    pub history: Wishes,
    keys: Mutex<Option<KeyBundle>>,
    offer: Mutex<Option<Offer>>,
    hello: Mutex<Option<Hello>>,
    ceremony: Mutex<Option<Ceremony>>,
}

impl Applicant {
    /// `None` if the registration lacks a key.
    pub fn new(link: Arc<Link>, noise_key: [u8; 32], registration: &DevicePairingRegistrationData) -> Option<Self> {
        let keys = published_keys(registration)?;
        Some(Self {
            link,
            noise_key,
            identity: keys.identity,
            history: wishes(registration),
            keys: Mutex::new(Some(keys)),
            offer: Mutex::default(),
            hello: Mutex::default(),
            ceremony: Mutex::default(),
        })
    }

    /// Its keys, for the device it becomes.
    pub(super) fn take_keys(&self) -> Option<KeyBundle> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn offer(&self) -> MutexGuard<'_, Option<Offer>> {
        self.offer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hello(&self) -> MutexGuard<'_, Option<Hello>> {
        self.hello.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ceremony(&self) -> MutexGuard<'_, Option<Ceremony>> {
        self.ceremony.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn published_keys(registration: &DevicePairingRegistrationData) -> Option<KeyBundle> {
    let fixed = |bytes: &Option<Vec<u8>>| bytes.as_deref()?.try_into().ok();
    if registration.e_keytype.as_deref() != Some(&[CURVE25519]) {
        return None;
    }
    let id: [u8; 3] = registration.e_skey_id.as_deref()?.try_into().ok()?;
    Some(KeyBundle {
        registration_id: u32::from_be_bytes(registration.e_regid.as_deref()?.try_into().ok()?),
        identity: fixed(&registration.e_ident)?,
        signed: SignedPreKey {
            id: u32::from_be_bytes([0, id[0], id[1], id[2]]),
            public: fixed(&registration.e_skey_val)?,
            signature: registration.e_skey_sig.as_deref()?.try_into().ok()?,
        },
        one_time: Default::default(),
    })
}

/// What the companion's program says it can do with the past.
fn wishes(registration: &DevicePairingRegistrationData) -> Wishes {
    let props = registration.device_props.as_deref().and_then(|props| DeviceProps::decode_from_slice(props).ok()).unwrap_or_default();
    Wishes {
        inline: props.history_sync_config.inline_initial_payload_in_e2_ee_msg.unwrap_or(false),
        full: props.require_full_sync.unwrap_or(false),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::link::Links;

    pub fn applicant() -> Arc<Applicant> {
        let registration = DevicePairingRegistrationData {
            e_regid: Some(vec![0; 4]),
            e_keytype: Some(vec![CURVE25519]),
            e_ident: Some(vec![1; 32]),
            e_skey_id: Some(vec![0, 0, 1]),
            e_skey_val: Some(vec![2; 32]),
            e_skey_sig: Some(vec![3; 64]),
            ..Default::default()
        };
        let (link, _) = Links::default().open();
        Arc::new(Applicant::new(link, [4; 32], &registration).unwrap())
    }

    #[test]
    fn a_registration_without_keys_is_none() {
        let (link, _) = Links::default().open();
        assert!(Applicant::new(link, [4; 32], &DevicePairingRegistrationData::default()).is_none());
    }
}
