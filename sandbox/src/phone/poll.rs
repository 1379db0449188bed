//! Votes: encrypted with the secret that only those have who see the poll.

use rand::RngExt as _;
use wacore::poll::{PollVoteCiphertext, compute_option_hash, decrypt_poll_vote_with_secret, encrypt_poll_vote_with_secret};
use wacore_binary::Server;
use waproto::whatsapp::Message;
use waproto::whatsapp::message::PollEncValue;

use crate::account::Account;

/// A vote is sealed for the ids that its poll was written under, which may have been either kind.
const WAYS: [(Server, Server); 4] =
    [(Server::Pn, Server::Pn), (Server::Lid, Server::Lid), (Server::Pn, Server::Lid), (Server::Lid, Server::Pn)];

pub fn secret() -> Vec<u8> {
    rand::rng().random::<[u8; 32]>().to_vec()
}

pub fn secret_of(poll: &Message) -> Option<&[u8]> {
    poll.message_context_info.as_option()?.message_secret.as_deref()
}

/// A poll, as its voters refer to it.
pub struct Ballot<'a> {
    pub id: &'a str,
    pub secret: &'a [u8],
    pub author: &'a Account,
    pub voter: &'a Account,
}

impl Ballot<'_> {
    pub fn seal(&self, server: Server, options: &[String]) -> Option<PollEncValue> {
        let hashes: Vec<_> = options.iter().map(|option| compute_option_hash(option).to_vec()).collect();
        let (author, voter) = (self.author.jid(server, 0).to_string(), self.voter.jid(server, 0).to_string());
        let (payload, iv) = encrypt_poll_vote_with_secret(&hashes, self.secret, self.id, &author, &voter).ok()?;
        Some(PollEncValue { enc_payload: Some(payload), enc_iv: Some(iv.to_vec()) })
    }

    /// The chosen ones of the options.
    pub fn open(&self, vote: &PollEncValue, options: &[String]) -> Option<Vec<String>> {
        let sealed = PollVoteCiphertext { enc_payload: vote.enc_payload.as_deref()?, enc_iv: vote.enc_iv.as_deref()? };
        let hashes = WAYS.iter().find_map(|(author, voter)| {
            let (author, voter) = (self.author.jid(*author, 0).to_string(), self.voter.jid(*voter, 0).to_string());
            decrypt_poll_vote_with_secret(sealed, self.secret, self.id, &author, &voter).ok()
        })?;
        let chosen = options.iter().filter(|option| hashes.iter().any(|hash| hash[..] == compute_option_hash(option)));
        Some(chosen.cloned().collect())
    }
}
