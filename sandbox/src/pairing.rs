//! Linking a companion: the references its QR codes carry, the phone's scan, and the companion's
//! countersignature.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use buffa::Message as _;
use rand::RngExt as _;
use tokio::sync::oneshot;
use wacore::pair::PairUtils;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef, Server};
use waproto::whatsapp::DeviceProps;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

use crate::account::{Account, Device};
use crate::adv::Voucher;
use crate::devices;
use crate::keys::{KeyBundle, SignedPreKey};
use crate::link::Link;
use crate::phone::Wishes;
use crate::stanza::{self, attr};
use crate::world::World;

const REFS: u32 = 6;
/// The client shows the first code this long, each further one for the shorter time.
const FIRST_REF_SECS: u64 = 60;
const REF_SECS: u64 = 20;
const RESTART_DELAY: Duration = Duration::from_millis(50);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The only key type there is.
const CURVE25519: u8 = 5;

#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("this is no QR code of a companion")]
    NotAQrCode,
    #[error("the QR code is unknown or has expired")]
    Expired,
    #[error("the companion refused to be linked")]
    Refused,
    #[error("the companion did not answer")]
    Silent,
    #[error("the phone is switched off")]
    PhoneOff,
    #[error("the account has no room for another companion")]
    Full,
}

/// The references on show, each good for one companion and a short time.
#[derive(Default)]
pub struct Pairings {
    shown: Mutex<HashMap<String, Shown>>,
}

struct Shown {
    applicant: Arc<Applicant>,
    expires: Instant,
}

/// A companion that shows QR codes and waits for a phone.
pub struct Applicant {
    pub link: Arc<Link>,
    noise_key: [u8; 32],
    keys: Mutex<Option<KeyBundle>>,
    identity: [u8; 32],
    history: Wishes,
    offer: Mutex<Option<Offer>>,
}

/// What the companion has yet to countersign.
struct Offer {
    iq: String,
    account: Arc<Account>,
    ids: (u16, u32),
    voucher: Voucher,
    outcome: oneshot::Sender<Result<u16, ScanError>>,
}

impl Pairings {
    fn show(&self, applicant: &Arc<Applicant>) -> Vec<String> {
        let now = Instant::now();
        let refs: Vec<String> = (0..REFS).map(|_| random_ref()).collect();
        let mut shown = self.shown();
        for (index, reference) in (0..).zip(&refs) {
            let lifetime = Duration::from_secs(FIRST_REF_SECS + REF_SECS * index);
            let entry = Shown { applicant: applicant.clone(), expires: now + lifetime };
            shown.insert(reference.clone(), entry);
        }
        refs
    }

    fn find(&self, reference: &str, now: Instant) -> Option<Arc<Applicant>> {
        let shown = self.shown();
        let entry = shown.get(reference).filter(|entry| entry.expires > now)?;
        Some(entry.applicant.clone())
    }

    /// Forgets what an applicant showed: it is linked, or gone.
    pub fn withdraw(&self, applicant: &Applicant) {
        self.shown().retain(|_, shown| shown.applicant.link.id != applicant.link.id);
    }

    pub fn clear(&self) {
        self.shown().clear();
    }

    fn shown(&self) -> MutexGuard<'_, HashMap<String, Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Applicant {
    /// `None` if the registration lacks a key.
    pub fn new(link: Arc<Link>, noise_key: [u8; 32], registration: &DevicePairingRegistrationData) -> Option<Self> {
        let keys = published_keys(registration)?;
        let history = wishes(registration);
        Some(Self { link, noise_key, identity: keys.identity, history, keys: Mutex::new(Some(keys)), offer: Mutex::default() })
    }

    fn offer(&self) -> MutexGuard<'_, Option<Offer>> {
        self.offer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first stanza on a registration connection: references for six QR codes.
pub fn invite(world: &World, applicant: &Arc<Applicant>) -> Node {
    let refs = world.pairings.show(applicant);
    let refs = refs.into_iter().map(|r| stanza::bytes("ref", r));
    NodeBuilder::new("iq")
        .attr("from", stanza::SERVER)
        .attr("id", stanza::random_id())
        .attr("type", "set")
        .attr("xmlns", "md")
        .children([NodeBuilder::new("pair-device").children(refs).build()])
        .build()
}

/// The phone scans a code; resolves with the new device's id once the companion has signed.
pub async fn scan(world: &World, account: &Arc<Account>, qr: &str) -> Result<u16, ScanError> {
    let (reference, noise_key, identity) = PairUtils::parse_qr_code(qr).map_err(|_| ScanError::NotAQrCode)?;
    let adv_secret = qr.split(',').nth(3).and_then(|secret| BASE64_STANDARD.decode(secret).ok()).ok_or(ScanError::NotAQrCode)?;
    let applicant = world
        .pairings
        .find(&reference, Instant::now())
        .filter(|a| a.noise_key == noise_key && a.identity == identity)
        .ok_or(ScanError::Expired)?;
    if !account.phone().is_on() {
        return Err(ScanError::PhoneOff);
    }
    let (outcome, answered) = oneshot::channel();
    let ids = account.reserve_device().ok_or(ScanError::Full)?;
    let voucher = Voucher::sign(&account.identity, ids.1, &identity);
    let iq = stanza::random_id();
    let invitation = pair_success(account, ids.0, &iq, voucher.sealed(&adv_secret));
    {
        let mut offer = applicant.offer();
        if offer.is_some() {
            return Err(ScanError::Expired);
        }
        *offer = Some(Offer { iq, account: account.clone(), ids, voucher, outcome });
    }
    world.pairings.withdraw(&applicant);
    applicant.link.send(invitation).await;
    match tokio::time::timeout(ANSWER_TIMEOUT, answered).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(ScanError::Silent),
    }
}

/// The applicant answered an IQ: if it is the offer, it becomes a device or stays out.
pub async fn answered(world: &World, applicant: &Applicant, node: &NodeRef<'_>) {
    let answered = applicant.offer().take_if(|offer| offer.iq == attr(node, "id"));
    let Some(offer) = answered else {
        return;
    };
    let outcome = conclude(world, applicant, &offer, node);
    let linked = outcome.is_ok();
    let _ = offer.outcome.send(outcome);
    if linked {
        // A client that is told to restart before it has noted its own answer restarts twice.
        tokio::time::sleep(RESTART_DELAY).await;
        applicant.link.end(Some(stanza::stream_error("515")));
    }
}

/// Links the applicant if its signature holds.
fn conclude(world: &World, applicant: &Applicant, offer: &Offer, node: &NodeRef<'_>) -> Result<u16, ScanError> {
    let signed = node
        .get_optional_child("pair-device-sign")
        .and_then(|sign| sign.get_optional_child("device-identity"))
        .and_then(NodeRef::content_bytes)
        .and_then(|answer| offer.voucher.complete(&applicant.identity, answer));
    let keys = applicant.keys.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (identity, keys) = signed.zip(keys).ok_or(ScanError::Refused)?;
    devices::link(world, &offer.account, Device::new(offer.ids, applicant.noise_key, identity, keys, applicant.history));
    Ok(offer.ids.0)
}

fn pair_success(account: &Account, device: u16, iq: &str, identity: Vec<u8>) -> Node {
    let device =
        NodeBuilder::new("device").attr("jid", account.jid(Server::Pn, device)).attr("lid", account.jid(Server::Lid, device)).build();
    let success = NodeBuilder::new("pair-success")
        .children([stanza::bytes("device-identity", identity), device, NodeBuilder::new("platform").attr("name", "android").build()])
        .build();
    NodeBuilder::new("iq")
        .attr("from", stanza::SERVER)
        .attr("id", iq)
        .attr("type", "set")
        .attr("xmlns", "md")
        .attr("t", stanza::unix_secs())
        .children([success])
        .build()
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

fn random_ref() -> String {
    format!("2@{}", BASE64_STANDARD.encode(rand::rng().random::<[u8; 32]>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Links;

    fn applicant() -> Arc<Applicant> {
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
    fn each_reference_lasts_as_long_as_its_code_is_shown() {
        let pairings = Pairings::default();
        let refs = pairings.show(&applicant());
        assert_eq!(refs.len(), 6);
        let later = |secs| Instant::now() + Duration::from_secs(secs);
        assert!(pairings.find(&refs[0], later(50)).is_some());
        assert!(pairings.find(&refs[0], later(61)).is_none());
        assert!(pairings.find(&refs[5], later(150)).is_some());
        assert!(pairings.find(&refs[5], later(161)).is_none());
    }

    #[test]
    fn a_withdrawn_applicant_is_not_found() {
        let pairings = Pairings::default();
        let applicant = applicant();
        let refs = pairings.show(&applicant);
        pairings.withdraw(&applicant);
        assert!(pairings.find(&refs[0], Instant::now()).is_none());
    }

    #[test]
    fn a_registration_without_keys_is_none() {
        let (link, _) = Links::default().open();
        assert!(Applicant::new(link, [4; 32], &DevicePairingRegistrationData::default()).is_none());
    }
}
