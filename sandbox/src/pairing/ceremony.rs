//! Accounts with a passkey: the companion proves with it that its person is there, then it and the
//! phone agree on a key under which its secret travels. Both show a code for the person to compare.

use std::sync::Arc;
use std::time::Duration;

use buffa::Message as _;
use rand::RngExt as _;
use wacore::shortcake::ShortcakeUtils;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeRef};
use wacore_libsignal::crypto::aes_256_gcm_decrypt;
use wacore_libsignal::protocol::KeyPair;
use waproto::whatsapp::device_props::PlatformType;
use waproto::whatsapp::{CompanionEphemeralIdentity, EncryptedPairingRequest, PairingRequest, PrimaryEphemeralIdentity, ProloguePayload};

use super::link_code::{content, public_bytes};
use super::{Applicant, offer, waiting};
use crate::account::Account;
use crate::passkey::Passkey;
use crate::stanza::{self, bytes};
use crate::world::World;

const OPTIONS: &str = "passkey_request_options";
/// A phone is some way off: a companion notes the server's answer before the phone's next word.
const PHONE_DELAY: Duration = Duration::from_millis(100);

pub struct Ceremony {
    account: Arc<Account>,
    passkey: Arc<Passkey>,
    challenge: [u8; 32],
    reference: String,
    stage: Stage,
}

enum Stage {
    Challenged,
    /// Each has the other's key, and the companion's promise of a nonce.
    Introduced(Box<Introduction>),
    Revealed {
        key: [u8; 32],
    },
}

struct Introduction {
    companion: [u8; 32],
    device_type: PlatformType,
    /// As the companion sent it, for it promises its nonce together with it.
    identity: Vec<u8>,
    promise: Vec<u8>,
    own: KeyPair,
    nonce: [u8; 32],
}

/// Asks the companion for the passkey.
pub(super) async fn open(applicant: &Applicant, account: &Arc<Account>, passkey: Arc<Passkey>) {
    let challenge: [u8; 32] = rand::rng().random();
    let options = passkey.options(&challenge);
    *applicant.ceremony() =
        Some(Ceremony { account: account.clone(), passkey, challenge, reference: String::new(), stage: Stage::Challenged });
    applicant.link.send(notification("passkey_prologue_request", bytes(OPTIONS, options))).await;
}

/// Answers a companion's part of the ceremony; false if it is none.
pub(super) async fn asked(world: &Arc<World>, applicant: &Arc<Applicant>, node: &NodeRef<'_>, asked: &NodeRef<'_>) -> bool {
    let answered = {
        let mut ceremony = applicant.ceremony();
        let Some(ceremony) = ceremony.as_mut() else {
            return false;
        };
        match asked.tag.as_ref() {
            "ref" => {
                ceremony.reference = waiting::random_ref();
                Some(Next::Answer(Some(bytes("ref", ceremony.reference.as_str()))))
            }
            OPTIONS => Some(Next::Answer(Some(bytes(OPTIONS, ceremony.passkey.options(&ceremony.challenge))))),
            "passkey_prologue" => ceremony.introduce(asked).map(Next::Notify),
            "companion_nonce" => ceremony.reveal(asked).map(|()| Next::Answer(None)),
            "encrypted_pairing_request" => {
                ceremony.open_request(applicant, asked).map(|adv_secret| Next::Link(ceremony.account.clone(), adv_secret))
            }
            _ => return false,
        }
    };
    match answered {
        None => applicant.link.send(stanza::error(node, 403, "forbidden")).await,
        Some(Next::Answer(answer)) => applicant.link.send(stanza::result(node, answer)).await,
        Some(Next::Notify(news)) => {
            applicant.link.send(stanza::result(node, [])).await;
            tokio::time::sleep(PHONE_DELAY).await;
            applicant.link.send(news).await;
        }
        Some(Next::Link(account, adv_secret)) => {
            applicant.link.send(stanza::result(node, [])).await;
            let (world, applicant) = (world.clone(), applicant.clone());
            world.clone().tasks.spawn(async move {
                let linked = async {
                    tokio::time::sleep(PHONE_DELAY).await;
                    offer::link(&world, &account, &applicant, &adv_secret).await
                };
                if let Some(Err(error)) = world.closing.run_until_cancelled(linked).await {
                    tracing::debug!(%error, "A companion with a passkey was not linked");
                }
            });
        }
    }
    true
}

enum Next {
    Answer(Option<Node>),
    Notify(Node),
    Link(Arc<Account>, Vec<u8>),
}

impl Ceremony {
    /// The companion shows the assertion and its key; the phone's goes back.
    fn introduce(&mut self, prologue: &NodeRef<'_>) -> Option<Node> {
        let credential: Vec<u8> = content(prologue, "credential_id")?;
        let assertion: Vec<u8> = content(prologue, "webauthn_assertion")?;
        if !self.passkey.vouches(&credential, &self.challenge, &assertion) {
            return None;
        }
        let payload: Vec<u8> = content(prologue, "prologue_payload")?;
        let payload = ProloguePayload::decode_from_slice(&payload).ok()?;
        let identity = payload.companion_ephemeral_identity?;
        let companion = CompanionEphemeralIdentity::decode_from_slice(&identity).ok()?;
        if companion.r#ref.as_deref() != Some(&self.reference) {
            return None;
        }
        let own = KeyPair::generate(&mut rand::rng());
        let nonce: [u8; 32] = rand::rng().random();
        let primary =
            PrimaryEphemeralIdentity { public_key: Some(own.public_key.public_key_bytes().to_vec()), nonce: Some(nonce.to_vec()) };
        self.stage = Stage::Introduced(Box::new(Introduction {
            companion: companion.public_key?.try_into().ok()?,
            device_type: companion.device_type?,
            identity,
            promise: payload.commitment.into_option()?.hash?,
            own,
            nonce,
        }));
        Some(notification("crsc_continuation", bytes("primary_ephemeral_identity", primary.encode_to_vec())))
    }

    /// The companion tells the nonce it promised: now the phone can show the code.
    fn reveal(&mut self, companion_nonce: &NodeRef<'_>) -> Option<()> {
        let Stage::Introduced(introduced) = &self.stage else {
            return None;
        };
        let nonce: [u8; 32] = companion_nonce.content_bytes()?.try_into().ok()?;
        if ShortcakeUtils::commitment_hash(&introduced.identity, &nonce)[..] != introduced.promise {
            return None;
        }
        let own = public_bytes(&introduced.own.public_key)?;
        let code = ShortcakeUtils::derive_verification_code(&nonce, &own, &introduced.nonce);
        let (first, second) = code.split_at_checked(4)?;
        self.passkey.show(format!("{first}-{second}"));
        let Introduction { own, companion, device_type, .. } = &**introduced;
        let key = ShortcakeUtils::derive_encryption_key(own, companion, *device_type, &self.reference).ok()?;
        self.stage = Stage::Revealed { key };
        Some(())
    }

    /// The secret of the companion that is to be linked.
    fn open_request(&self, applicant: &Applicant, request: &NodeRef<'_>) -> Option<Vec<u8>> {
        let Stage::Revealed { key } = &self.stage else {
            return None;
        };
        let request = EncryptedPairingRequest::decode_from_slice(request.content_bytes()?).ok()?;
        let iv = request.iv?.try_into().ok()?;
        let mut opened = Vec::new();
        aes_256_gcm_decrypt(key, &iv, b"", &request.encrypted_payload?, &mut opened).ok()?;
        let request = PairingRequest::decode_from_slice(&opened).ok()?;
        let is_applicant = request.companion_public_key? == applicant.noise_key && request.companion_identity_key? == applicant.identity;
        request.adv_secret.filter(|_| is_applicant)
    }
}

fn notification(kind: &'static str, news: Node) -> Node {
    NodeBuilder::new("notification")
        .attr("from", stanza::SERVER)
        .attr("id", stanza::random_id())
        .attr("type", kind)
        .attr("t", stanza::unix_secs())
        .children([news])
        .build()
}
