//! Reading votes: they are encrypted with a secret that came with the poll.

use domain::model::{Attachment, Direction, Jid, Message};
use wacore::poll::{PollVoteCiphertext, compute_option_hash, decrypt_poll_vote_with_secret};
use waproto::whatsapp::message::PollEncValue;
use whatsapp_rust::Client;

use super::addresses::{Person, to_ours};

/// The options of `poll` that `voter` chose, one a line; `None` if the vote cannot be read.
pub async fn choice(client: &Client, poll: &Message, chat: &Person, voter: &Person, vote: &PollEncValue) -> Option<String> {
    let Some(Attachment::Poll(asked)) = &poll.attachment else { return None };
    let ciphertext = PollVoteCiphertext { enc_payload: vote.enc_payload.as_deref()?, enc_iv: vote.enc_iv.as_deref()? };
    let authors = match poll.direction {
        Direction::Outgoing => [client.pn().as_ref().and_then(to_ours), client.lid().as_ref().and_then(to_ours)],
        Direction::Incoming => [poll.from.clone(), poll.lid.clone()],
    };
    let (chats, authors, voters) = (names(chat), texts(authors), names(voter));
    let secret = secret(client, &chats, &authors, poll.id.as_str()).await?;
    // Whoever voted named themselves and the poll's author by number or by hidden id.
    let chosen = authors
        .iter()
        .flat_map(|author| voters.iter().map(move |voter| (author, voter)))
        .find_map(|(author, voter)| decrypt_poll_vote_with_secret(ciphertext, &secret, poll.id.as_str(), author, voter).ok())?;
    let options = asked.options.iter().filter(|option| chosen.iter().any(|hash| hash[..] == compute_option_hash(option)));
    Some(options.map(String::as_str).collect::<Vec<_>>().join("\n"))
}

/// The library keeps it under whatever names the poll came or went with.
async fn secret(client: &Client, chats: &[String], authors: &[String], poll: &str) -> Option<Vec<u8>> {
    let store = client.persistence_manager().backend();
    for chat in chats {
        for author in authors {
            match store.get_msg_secret(chat, author, poll).await {
                Ok(Some(secret)) => return Some(secret),
                Ok(None) => {}
                Err(error) => tracing::warn!(message_id = poll, ?error, "a poll's secret could not be loaded"),
            }
        }
    }
    None
}

fn names(person: &Person) -> Vec<String> {
    texts([Some(person.jid.clone()), person.lid.clone()])
}

fn texts(jids: [Option<Jid>; 2]) -> Vec<String> {
    jids.into_iter().flatten().map(|jid| jid.to_string()).collect()
}
