//! Account and device signatures (ADV): how a phone vouches for its companions.

use buffa::Message as _;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wacore_libsignal::protocol::{IdentityKeyPair, PublicKey};
use waproto::whatsapp::{ADVDeviceIdentity, ADVKeyIndexList, ADVSignedDeviceIdentity, ADVSignedDeviceIdentityHMAC, ADVSignedKeyIndexList};

use crate::stanza::unix_secs;

const ACCOUNT_SIGNATURE: [u8; 2] = [6, 0];
const DEVICE_SIGNATURE: [u8; 2] = [6, 1];
const KEY_INDEX_LIST_SIGNATURE: [u8; 2] = [6, 2];
/// Identifies the account's current set of keys; a sandbox account has only one.
const RAW_ID: u32 = 1;

/// Which companions are valid, signed by the account.
pub struct SignedKeyIndexList {
    pub timestamp: u64,
    pub bytes: Vec<u8>,
}

/// The account's half of a companion's identity; the companion adds its own signature.
pub struct Voucher {
    details: Vec<u8>,
    signed: ADVSignedDeviceIdentity,
}

impl Voucher {
    pub fn sign(account: &IdentityKeyPair, key_index: u32, device_identity: &[u8; 32]) -> Self {
        let details =
            ADVDeviceIdentity { raw_id: Some(RAW_ID), timestamp: Some(unix_secs()), key_index: Some(key_index), ..Default::default() }
                .encode_to_vec();
        let message = [&ACCOUNT_SIGNATURE, &details[..], device_identity].concat();
        let signed = ADVSignedDeviceIdentity {
            details: Some(details.clone()),
            account_signature_key: Some(account.public_key().public_key_bytes().to_vec()),
            account_signature: Some(sign(account, &message)),
            device_signature: None,
        };
        Self { details, signed }
    }

    /// As it goes to the companion, sealed with the secret of its QR code.
    pub fn sealed(&self, adv_secret: &[u8]) -> Vec<u8> {
        let details = self.signed.encode_to_vec();
        let mut mac = Hmac::<Sha256>::new_from_slice(adv_secret).expect("HMAC takes keys of any length");
        mac.update(&details);
        ADVSignedDeviceIdentityHMAC { hmac: Some(mac.finalize().into_bytes().to_vec()), details: Some(details), ..Default::default() }
            .encode_to_vec()
    }

    /// Checks what the companion signed and returns the complete identity.
    pub fn complete(&self, device_identity: &[u8; 32], answer: &[u8]) -> Option<Vec<u8>> {
        let answer = ADVSignedDeviceIdentity::decode_from_slice(answer).ok()?;
        if answer.details.as_ref() != Some(&self.details) {
            return None;
        }
        let account_key = self.signed.account_signature_key.as_deref()?;
        let message = [&DEVICE_SIGNATURE, &self.details[..], device_identity, account_key].concat();
        let signature = answer.device_signature?;
        let device = PublicKey::from_djb_public_key_bytes(device_identity).ok()?;
        if !device.verify_signature(&message, &signature) {
            return None;
        }
        let signed = ADVSignedDeviceIdentity { device_signature: Some(signature), ..self.signed.clone() };
        Some(signed.encode_to_vec())
    }
}

pub fn sign_key_index_list(account: &IdentityKeyPair, current_index: u32, valid_indexes: Vec<u32>) -> SignedKeyIndexList {
    let timestamp = unix_secs();
    let details = ADVKeyIndexList {
        raw_id: Some(RAW_ID),
        timestamp: Some(timestamp),
        current_index: Some(current_index),
        valid_indexes,
        ..Default::default()
    }
    .encode_to_vec();
    let message = [&KEY_INDEX_LIST_SIGNATURE, &details[..]].concat();
    let bytes = ADVSignedKeyIndexList {
        account_signature: Some(sign(account, &message)),
        account_signature_key: Some(account.public_key().public_key_bytes().to_vec()),
        details: Some(details),
    }
    .encode_to_vec();
    SignedKeyIndexList { timestamp, bytes }
}

fn sign(account: &IdentityKeyPair, message: &[u8]) -> Vec<u8> {
    account.private_key().calculate_signature(message, &mut rand::rng()).expect("a generated key signs").to_vec()
}
