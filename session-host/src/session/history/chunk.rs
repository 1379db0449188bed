//! Reading a chunk, a portion at a time: never the whole of it at once.

use wacore::{history_sync::HistorySyncError, types::events::LazyHistorySync};
use waproto::whatsapp as wa;

use crate::session::known::Arranged;

/// Most messages, or pairs of names, in a portion.
const PORTION: usize = 250;

/// A part of a chunk.
pub enum Portion {
    /// Messages of one chat.
    Messages {
        /// The chat.
        chat: Chat,
        /// What it is like, with the first of its messages or without any.
        arranged: Option<Arranged>,
        /// Its messages, newest first.
        messages: Vec<Past>,
    },
    /// Numbers and hidden ids of the same people.
    Names(Vec<(String, String)>),
    /// What people call themselves.
    PushNames(Vec<(String, String)>),
}

/// A chat, by WhatsApp's addresses.
#[derive(Clone, Debug)]
pub struct Chat {
    /// Its address.
    pub id: String,
    /// The same person's other name.
    pub alt: Option<String>,
}

/// A message of the past.
pub struct Past {
    /// The message.
    pub info: wa::WebMessageInfo,
    /// Whether it was received and not read.
    pub unread: bool,
}

/// Hands out the portions of a chunk until that answers `false`.
pub fn read(chunk: &LazyHistorySync, mut give: impl FnMut(Portion) -> bool) -> Result<(), HistorySyncError> {
    let mut stream = chunk.stream();
    while let Some(mut conversation) = stream.next_conversation()? {
        let alt = [conversation.pn_jid.take(), conversation.lid_jid.take()].into_iter().flatten().find(|alt| *alt != conversation.id);
        let mut arranged = Some(Arranged::new(&mut conversation));
        let chat = Chat { id: conversation.id, alt };
        let mut unread = conversation.unread_count.unwrap_or_default();
        let mut messages = conversation.messages.into_iter().filter_map(|message| message.message.into_option()).map(|info| {
            let from_me = info.key.as_option().and_then(|key| key.from_me).unwrap_or_default();
            let counts = !from_me && info.message.is_set() && unread > 0;
            unread -= u32::from(counts);
            Past { info, unread: counts }
        });
        loop {
            let messages: Vec<_> = messages.by_ref().take(PORTION).collect();
            if messages.is_empty() && arranged.is_none() {
                break;
            }
            if !give(Portion::Messages { chat: chat.clone(), arranged: arranged.take(), messages }) {
                return Ok(());
            }
        }
    }
    let rest = stream.remainder()?;
    let pairs = rest.phone_number_to_lid_mappings.into_iter().filter_map(|pair| Some((pair.pn_jid?, pair.lid_jid?)));
    let pairs: Vec<_> = pairs.collect();
    let names = rest.pushnames.into_iter().filter_map(|name| Some((name.id?, name.pushname.filter(|name| !name.is_empty())?)));
    let names: Vec<_> = names.collect();
    let portions = pairs.chunks(PORTION).map(|pairs| Portion::Names(pairs.to_vec()));
    let _ = portions.chain(names.chunks(PORTION).map(|names| Portion::PushNames(names.to_vec()))).all(give);
    Ok(())
}
