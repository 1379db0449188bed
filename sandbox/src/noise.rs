//! The responder's half of the Noise handshake (XX, IK and the fallback from IK to XX) and the
//! sealed frames that follow it.

use std::time::{SystemTime, UNIX_EPOCH};

use buffa::{Message as _, MessageField};
use bytes::BytesMut;
use wacore::handshake::{HandshakeError, NoiseHandshake};
use wacore_binary::consts::{NOISE_PATTERN_IK, NOISE_PATTERN_XX, NOISE_PATTERN_XXFALLBACK, WA_CONN_HEADER};
use wacore_libsignal::protocol::KeyPair;
use wacore_noise::NoiseCipher;
use waproto::whatsapp::{
    CertChain, ClientPayload, HandshakeMessage,
    cert_chain::{NoiseCertificate, noise_certificate::Details},
    handshake_message::{ClientHello, ServerHello},
};

const YEAR_SECS: u64 = 365 * 24 * 3600;
const INTERMEDIATE_SERIAL: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum NoiseError {
    #[error("the handshake message is malformed")]
    Malformed,
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

impl From<buffa::DecodeError> for NoiseError {
    fn from(_: buffa::DecodeError) -> Self {
        Self::Malformed
    }
}

/// The server's static key with the certificate chain that vouches for it.
pub struct ServerIdentity {
    keys: KeyPair,
    certificates: Vec<u8>,
}

impl ServerIdentity {
    pub fn generate() -> Self {
        let keys = KeyPair::generate(&mut rand::rng());
        let intermediate = KeyPair::generate(&mut rand::rng());
        let certificates = CertChain {
            intermediate: MessageField::some(certificate(&intermediate, INTERMEDIATE_SERIAL, 0)),
            leaf: MessageField::some(certificate(&keys, 2, INTERMEDIATE_SERIAL)),
        };
        Self { certificates: certificates.encode_to_vec(), keys }
    }
}

/// Signed with zeroes: only WhatsApp holds the root key, so clients of a sandbox skip that check.
/// They do check the dates before they trust the key for an IK handshake.
fn certificate(keys: &KeyPair, serial: u32, issuer_serial: u32) -> NoiseCertificate {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let details = Details {
        serial: Some(serial),
        issuer_serial: Some(issuer_serial),
        key: Some(keys.public_key.public_key_bytes().to_vec()),
        not_before: Some(now.saturating_sub(YEAR_SECS)),
        not_after: Some(now + 10 * YEAR_SECS),
    };
    NoiseCertificate { details: Some(details.encode_to_vec()), signature: Some(vec![0; 64]) }
}

/// What a finished handshake leaves behind.
pub struct Session {
    pub client_static: [u8; 32],
    pub payload: ClientPayload,
    pub opener: Opener,
    pub sealer: Sealer,
}

/// Where the handshake stands after the client's first message.
pub enum Progress {
    /// IK succeeded; nothing more to wait for.
    Done(Box<Session>),
    /// XX: the client's static key and payload are still to come.
    AwaitingFinish(Box<Unfinished>),
}

pub struct Unfinished {
    noise: NoiseHandshake,
    ephemeral: KeyPair,
}

/// Answers the client's hello: the reply to send, and what comes next.
pub fn answer(identity: &ServerIdentity, hello: &[u8]) -> Result<(Vec<u8>, Progress), NoiseError> {
    let hello = HandshakeMessage::decode_from_slice(hello)?.client_hello.into_option().ok_or(NoiseError::Malformed)?;
    let client_ephemeral = key(hello.ephemeral.as_deref())?;
    if hello.r#static.is_none() {
        return answer_xx(identity, NOISE_PATTERN_XX, client_ephemeral);
    }
    match answer_ik(identity, &hello, client_ephemeral) {
        Ok(answered) => Ok(answered),
        // The client remembers another server key than ours: let it learn the new one.
        Err(_) => answer_xx(identity, NOISE_PATTERN_XXFALLBACK, client_ephemeral),
    }
}

fn answer_xx(identity: &ServerIdentity, pattern: &str, client_ephemeral: [u8; 32]) -> Result<(Vec<u8>, Progress), NoiseError> {
    let ephemeral = KeyPair::generate(&mut rand::rng());
    let mut noise = NoiseHandshake::new(pattern, &WA_CONN_HEADER)?;
    noise.authenticate(&client_ephemeral);
    noise.authenticate(ephemeral.public_key.public_key_bytes());
    noise.mix_shared_secret(ephemeral.private_key.serialize(), &client_ephemeral)?;
    let r#static = noise.encrypt(identity.keys.public_key.public_key_bytes())?;
    noise.mix_shared_secret(identity.keys.private_key.serialize(), &client_ephemeral)?;
    let payload = noise.encrypt(&identity.certificates)?;
    let reply = server_hello(&ephemeral, Some(r#static), payload);
    let unfinished = Unfinished { noise, ephemeral };
    Ok((reply, Progress::AwaitingFinish(Box::new(unfinished))))
}

fn answer_ik(identity: &ServerIdentity, hello: &ClientHello, client_ephemeral: [u8; 32]) -> Result<(Vec<u8>, Progress), NoiseError> {
    let server_static = identity.keys.private_key.serialize();
    let mut noise = NoiseHandshake::new(NOISE_PATTERN_IK, &WA_CONN_HEADER)?;
    noise.authenticate(identity.keys.public_key.public_key_bytes());
    noise.authenticate(&client_ephemeral);
    noise.mix_shared_secret(server_static, &client_ephemeral)?;
    let client_static = noise.decrypt(hello.r#static.as_deref().unwrap_or_default())?;
    let client_static = key(Some(&client_static))?;
    noise.mix_shared_secret(server_static, &client_static)?;
    let payload = noise.decrypt(hello.payload.as_deref().unwrap_or_default())?;
    let payload = ClientPayload::decode_from_slice(&payload)?;

    let ephemeral = KeyPair::generate(&mut rand::rng());
    noise.authenticate(ephemeral.public_key.public_key_bytes());
    noise.mix_shared_secret(ephemeral.private_key.serialize(), &client_ephemeral)?;
    noise.mix_shared_secret(ephemeral.private_key.serialize(), &client_static)?;
    let certificates = noise.encrypt(&identity.certificates)?;
    let reply = server_hello(&ephemeral, None, certificates);
    let session = Session::new(noise, client_static, payload)?;
    Ok((reply, Progress::Done(Box::new(session))))
}

impl Unfinished {
    /// Reads the client's static key and payload, the last message of XX.
    pub fn finish(mut self, finish: &[u8]) -> Result<Session, NoiseError> {
        let finish = HandshakeMessage::decode_from_slice(finish)?.client_finish.into_option().ok_or(NoiseError::Malformed)?;
        let client_static = self.noise.decrypt(finish.r#static.as_deref().unwrap_or_default())?;
        let client_static = key(Some(&client_static))?;
        self.noise.mix_shared_secret(self.ephemeral.private_key.serialize(), &client_static)?;
        let payload = self.noise.decrypt(finish.payload.as_deref().unwrap_or_default())?;
        let payload = ClientPayload::decode_from_slice(&payload)?;
        Session::new(self.noise, client_static, payload)
    }
}

impl Session {
    fn new(noise: NoiseHandshake, client_static: [u8; 32], payload: ClientPayload) -> Result<Self, NoiseError> {
        // The pair is named from the initiator's side: it writes with the first.
        let (from_client, to_client) = noise.finish()?;
        Ok(Self { client_static, payload, opener: Opener(Direction::new(from_client)), sealer: Sealer(Direction::new(to_client)) })
    }
}

struct Direction {
    cipher: NoiseCipher,
    counter: u32,
}

impl Direction {
    fn new(cipher: NoiseCipher) -> Self {
        Self { cipher, counter: 0 }
    }

    fn next(&mut self) -> u32 {
        let counter = self.counter;
        self.counter = self.counter.wrapping_add(1);
        counter
    }
}

/// Opens the frames a client sealed, in their order.
pub struct Opener(Direction);

impl Opener {
    pub fn open(&mut self, frame: &mut BytesMut) -> Result<(), NoiseError> {
        let counter = self.0.next();
        self.0.cipher.decrypt_in_place_with_counter(counter, frame).map_err(|error| HandshakeError::from(error).into())
    }
}

/// Seals frames for the client, in their order.
pub struct Sealer(Direction);

impl Sealer {
    pub fn seal(&mut self, payload: &mut Vec<u8>) -> Result<(), NoiseError> {
        let counter = self.0.next();
        self.0.cipher.encrypt_in_place_with_counter(counter, payload).map_err(|error| HandshakeError::from(error).into())
    }
}

fn server_hello(ephemeral: &KeyPair, r#static: Option<Vec<u8>>, payload: Vec<u8>) -> Vec<u8> {
    let hello = ServerHello {
        ephemeral: Some(ephemeral.public_key.public_key_bytes().to_vec()),
        r#static,
        payload: Some(payload),
        ..Default::default()
    };
    HandshakeMessage { server_hello: MessageField::some(hello), ..Default::default() }.encode_to_vec()
}

fn key(bytes: Option<&[u8]>) -> Result<[u8; 32], NoiseError> {
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(NoiseError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wacore_noise::{IkHandshakeState, IkServerHelloOutcome, XxFallbackHandshakeState, XxHandshakeState};

    fn payload() -> Vec<u8> {
        ClientPayload { username: Some(6_281_100_000_001), ..Default::default() }.encode_to_vec()
    }

    fn server_key(identity: &ServerIdentity) -> [u8; 32] {
        key(Some(identity.keys.public_key.public_key_bytes())).unwrap()
    }

    fn check(session: &mut Session, client: &KeyPair, to_client: &NoiseCipher, from_client: &NoiseCipher) {
        assert_eq!(session.client_static, client.public_key.public_key_bytes());
        assert_eq!(session.payload.username, Some(6_281_100_000_001));
        let mut frame = b"halo".to_vec();
        session.sealer.seal(&mut frame).unwrap();
        to_client.decrypt_in_place_with_counter(0, &mut frame).unwrap();
        assert_eq!(frame, b"halo");
        let mut frame = BytesMut::from(&from_client.encrypt_with_counter(0, b"hai").unwrap()[..]);
        session.opener.open(&mut frame).unwrap();
        assert_eq!(&frame[..], b"hai");
    }

    #[test]
    fn xx_introduces_both_sides() {
        let identity = ServerIdentity::generate();
        let client = KeyPair::generate(&mut rand::rng());
        let mut state = XxHandshakeState::new(client.clone(), payload(), &WA_CONN_HEADER).unwrap();
        let (reply, progress) = answer(&identity, &state.build_client_hello().unwrap()).unwrap();
        let Progress::AwaitingFinish(unfinished) = progress else {
            panic!("done already");
        };
        let finish = state.read_server_hello_and_build_client_finish(&reply).unwrap();
        let mut session = unfinished.finish(&finish).unwrap();
        let outcome = state.finish().unwrap();
        check(&mut session, &client, &outcome.read_cipher, &outcome.write_cipher);
        assert_eq!(outcome.server_cert_chain.leaf_key, server_key(&identity));
    }

    #[test]
    fn ik_takes_one_round() {
        let identity = ServerIdentity::generate();
        let client = KeyPair::generate(&mut rand::rng());
        let mut state = IkHandshakeState::new(client.clone(), server_key(&identity), payload(), &WA_CONN_HEADER).unwrap();
        let (reply, progress) = answer(&identity, &state.build_client_hello().unwrap()).unwrap();
        let (Progress::Done(mut session), IkServerHelloOutcome::Continue(outcome)) = (progress, state.read_server_hello(&reply).unwrap())
        else {
            panic!("fell back");
        };
        check(&mut session, &client, &outcome.read_cipher, &outcome.write_cipher);
    }

    #[test]
    fn ik_falls_back_when_the_server_has_a_new_key() {
        let (before, identity) = (ServerIdentity::generate(), ServerIdentity::generate());
        let client = KeyPair::generate(&mut rand::rng());
        let mut state = IkHandshakeState::new(client.clone(), server_key(&before), payload(), &WA_CONN_HEADER).unwrap();
        let (reply, progress) = answer(&identity, &state.build_client_hello().unwrap()).unwrap();
        let (Progress::AwaitingFinish(unfinished), IkServerHelloOutcome::Fallback(inputs)) =
            (progress, state.read_server_hello(&reply).unwrap())
        else {
            panic!("took the old key");
        };
        let mut state = XxFallbackHandshakeState::from_ik_failure(*inputs, &WA_CONN_HEADER).unwrap();
        let mut session = unfinished.finish(&state.build_client_finish().unwrap()).unwrap();
        let outcome = state.finish().unwrap();
        check(&mut session, &client, &outcome.read_cipher, &outcome.write_cipher);
    }

    #[test]
    fn garbage_is_no_hello() {
        let identity = ServerIdentity::generate();
        assert!(answer(&identity, b"").is_err());
        assert!(answer(&identity, &[255; 40]).is_err());
    }
}
