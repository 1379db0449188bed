//! Pairing codes: the companion shows one, the person types it in on the phone, and both prove to
//! each other that they know it.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;
use wacore::crypto::hkdf_sha256_into;
use wacore::pair_code::PairCodeUtils;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};
use wacore_libsignal::crypto::aes_256_gcm_decrypt;
use wacore_libsignal::protocol::{KeyPair, PublicKey};

use super::offer::ANSWER_TIMEOUT;
use super::{Applicant, LinkError, Linked, offer, waiting};
use crate::account::Account;
use crate::stanza::{self, attr, bytes};
use crate::world::World;

pub(super) const TAG: &str = "link_code_companion_reg";
/// An ephemeral key under a code: salt, counter, ciphertext.
const WRAPPED_BYTES: usize = 80;
const BUNDLE_SALT_BYTES: usize = 32;
const BUNDLE_IV_BYTES: usize = 12;

/// What a companion said when it made up its code.
pub struct Hello {
    wrapped: [u8; WRAPPED_BYTES],
    reference: String,
    /// For its answer to the code that was typed in last.
    finish: Option<oneshot::Sender<Vec<u8>>>,
}

/// Answers a companion's part of the exchange; false if it is none.
pub(super) async fn asked(world: &World, applicant: &Arc<Applicant>, node: &NodeRef<'_>, asked: &NodeRef<'_>) -> bool {
    match attr(asked, "stage").as_ref() {
        "companion_hello" => {
            let answer = hello(world, applicant, node, asked).unwrap_or_else(|| stanza::error(node, 400, "bad-request"));
            applicant.link.send(answer).await;
        }
        "companion_finish" => {
            let bundle = content::<Vec<u8>>(asked, "link_code_pairing_wrapped_key_bundle");
            let finish = applicant.hello().as_mut().and_then(|hello| hello.finish.take());
            let Some((bundle, finish)) = bundle.zip(finish) else {
                applicant.link.send(stanza::error(node, 400, "bad-request")).await;
                return true;
            };
            applicant.link.send(stanza::result(node, [])).await;
            let _ = finish.send(bundle);
        }
        _ => return false,
    }
    true
}

fn hello(world: &World, applicant: &Arc<Applicant>, node: &NodeRef<'_>, asked: &NodeRef<'_>) -> Option<Node> {
    let number = asked.get_attr("jid")?.to_jid()?.user;
    let wrapped = content(asked, "link_code_pairing_wrapped_companion_ephemeral_pub")?;
    let noise_key: [u8; 32] = content(asked, "companion_server_auth_key_pub")?;
    if noise_key != applicant.noise_key {
        return None;
    }
    let reference = waiting::random_ref();
    *applicant.hello() = Some(Hello { wrapped, reference: reference.clone(), finish: None });
    world.pairings.call(&number, applicant);
    let reference = bytes("link_code_pairing_ref", reference);
    let answer = NodeBuilder::new(TAG).attr("stage", "companion_hello").children([reference]).build();
    Some(stanza::result(node, [answer]))
}

/// The person types in the code; resolves as a scan does.
pub async fn enter(world: &World, account: &Arc<Account>, code: &str) -> Result<Linked, LinkError> {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let applicant = world.pairings.caller(&account.number, Instant::now()).ok_or(LinkError::Expired)?;
    if !account.phone().is_on() {
        return Err(LinkError::PhoneOff);
    }
    if !PairCodeUtils::validate_code(&code) {
        return Err(LinkError::WrongCode);
    }
    let (finish, finished) = oneshot::channel();
    let (wrapped, reference) = {
        let mut hello = applicant.hello();
        let hello = hello.as_mut().ok_or(LinkError::Expired)?;
        hello.finish = Some(finish);
        (hello.wrapped, hello.reference.clone())
    };
    let own = KeyPair::generate(&mut rand::rng());
    let own_public = public_bytes(&own.public_key).ok_or(LinkError::Refused)?;
    // Slow by design.
    let unwrapped = tokio::task::spawn_blocking(move || {
        let companion = PairCodeUtils::decrypt_primary_ephemeral_pub(&wrapped, &code).ok()?;
        Some((companion, PairCodeUtils::encrypt_ephemeral_pub(&own_public, &code)))
    });
    let (companion, wrapped) = unwrapped.await.ok().flatten().ok_or(LinkError::WrongCode)?;
    applicant.link.send(primary_hello(account, &wrapped, &reference)).await;
    let bundle = match tokio::time::timeout(ANSWER_TIMEOUT, finished).await {
        Ok(Ok(bundle)) => bundle,
        Ok(Err(_)) | Err(_) => return Err(LinkError::Silent),
    };
    let adv_secret = open_bundle(account, &applicant, &own, &companion, &bundle).ok_or(LinkError::WrongCode)?;
    offer::vouch(world, account, &applicant, &adv_secret).await
}

fn primary_hello(account: &Account, wrapped: &[u8], reference: &str) -> Node {
    let identity = account.identity.public_key().public_key_bytes();
    let hello = NodeBuilder::new(TAG).attr("stage", "primary_hello").children([
        bytes("link_code_pairing_wrapped_primary_ephemeral_pub", wrapped),
        bytes("primary_identity_pub", identity),
        bytes("link_code_pairing_ref", reference),
    ]);
    NodeBuilder::new("notification")
        .attr("from", stanza::SERVER)
        .attr("id", stanza::random_id())
        .attr("type", TAG)
        .attr("t", stanza::unix_secs())
        .children([hello.build()])
        .build()
}

/// The secret that the companion and the phone share from now on; `None` if one of them used
/// another code, so that the bundle does not open.
fn open_bundle(account: &Account, applicant: &Applicant, own: &KeyPair, companion: &[u8; 32], bundle: &[u8]) -> Option<[u8; 32]> {
    let (salt, rest) = bundle.split_at_checked(BUNDLE_SALT_BYTES)?;
    let (iv, sealed) = rest.split_at_checked(BUNDLE_IV_BYTES)?;
    let companion = PublicKey::from_djb_public_key_bytes(companion).ok()?;
    let shared = own.private_key.calculate_agreement(&companion).ok()?;
    let mut key = [0; 32];
    hkdf_sha256_into(&shared, Some(salt), b"link_code_pairing_key_bundle_encryption_key", &mut key).ok()?;
    let mut opened = Vec::new();
    aes_256_gcm_decrypt(&key, iv.try_into().ok()?, b"", sealed, &mut opened).ok()?;
    let (identities, random) = opened.split_at_checked(64)?;
    if identities[..32] != applicant.identity || &identities[32..] != account.identity.public_key().public_key_bytes() {
        return None;
    }
    let identity = PublicKey::from_djb_public_key_bytes(&applicant.identity).ok()?;
    let identity_shared = account.identity.private_key().calculate_agreement(&identity).ok()?;
    let mut adv_secret = [0; 32];
    hkdf_sha256_into(&[&shared[..], &identity_shared[..], random].concat(), None, b"adv_secret", &mut adv_secret).ok()?;
    Some(adv_secret)
}

pub(super) fn public_bytes(key: &PublicKey) -> Option<[u8; 32]> {
    key.public_key_bytes().try_into().ok()
}

pub(super) fn content<T: for<'a> TryFrom<&'a [u8]>>(node: &NodeRef<'_>, child: &str) -> Option<T> {
    T::try_from(node.get_optional_child(child)?.content_bytes()?).ok()
}
