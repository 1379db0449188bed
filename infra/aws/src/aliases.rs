//! The two names of one person, and their one chat.
//!
//! Messages of a hidden id's chat are written anew when its number is learned. Which they are, the journal keeps in items of their own, one beside each that
//! it stores while the number is not known; an index may not know the latest yet. Accepted messages have none until they move on: those that the index
//! does not know either then get their number with their next status.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Jid, Message, Server},
    ports::{Aliases, PortError},
};
use serde::{Deserialize, Serialize};

use crate::{
    Records,
    counts::Class,
    error::flaw,
    layout,
    messages::{self, Kept},
    people::chats,
    table::{Item, text_of, value},
    work::Work,
};

/// Most messages that are moved in one part: each takes up to three places in its transaction.
const MOVES: usize = 10;

/// The number behind a hidden id.
#[derive(Serialize, Deserialize)]
struct Number {
    phone: String,
    /// Whether some messages are still in the chat of the hidden id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    moving: bool,
}

/// The hidden ids of a number, that learned last at the end.
#[derive(Default, Serialize, Deserialize)]
struct Hidden {
    lids: Vec<String>,
}

#[async_trait]
impl Aliases for Records {
    async fn phone(&self, device: &DeviceId, lid: &Jid) -> Result<Option<Jid>, PortError> {
        let Some(sk) = phone_sk(lid) else { return Ok(None) };
        let Some(known) = self.table.get(&layout::device(device), &sk).await?.map(value::<Number>).transpose()? else { return Ok(None) };
        // Whoever does not know it tells it again, and so has the rest moved.
        if known.moving { Ok(None) } else { parse(&known.phone).map(Some) }
    }

    async fn lid(&self, device: &DeviceId, phone: &Jid) -> Result<Option<Jid>, PortError> {
        self.table.get(&layout::device(device), &lid_sk(phone)).await?.map(lid_of).transpose()
    }
}

/// The sort key of what a hidden id's number is kept under; `None` for names that are not hidden.
pub(crate) fn phone_sk(lid: &Jid) -> Option<String> {
    (lid.server() == Server::Lid).then(|| format!("phone#{lid}"))
}

/// The sort key of what a number's hidden ids are kept under.
pub(crate) fn lid_sk(phone: &Jid) -> String {
    format!("lid#{phone}")
}

/// The number in the item of [`phone_sk`].
pub(crate) fn phone_of(item: &Item) -> Result<Jid, PortError> {
    parse(text_of(item, "phone")?)
}

/// The hidden id learned last in the item of [`lid_sk`].
pub(crate) fn lid_of(item: Item) -> Result<Jid, PortError> {
    parse(value::<Hidden>(item)?.lids.last().map_or("", String::as_str))
}

/// The name a person, or their chat, is kept under.
pub(crate) async fn name(work: &mut Work, jid: &Jid) -> Result<Jid, PortError> {
    let Some(sk) = phone_sk(jid) else { return Ok(jid.clone()) };
    work.get(&sk).await?.map_or_else(|| Ok(jid.clone()), phone_of)
}

/// A message was stored, or has moved on, that may be in a hidden id's chat: keeps which it is until the number is known.
pub(crate) fn note(work: &mut Work, message: &Message) {
    if message.chat.server() == Server::Lid {
        work.put(&noted_sk(&message.chat, &messages::sk(&message.key())), Item::new());
    }
}

/// What came of learning a pair of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learned {
    /// It was known.
    Nothing,
    /// Some messages of the hidden id were moved, there are more: the pair is to be learned again once these are stored.
    Part,
    /// All there is to learn.
    All,
}

/// Keeps a pair of names, and moves the messages of the hidden id's chat to its number's. One that is there already, told under either name, is kept once.
pub(crate) async fn learn(work: &mut Work, phone: &Jid, lid: &Jid) -> Result<Learned, PortError> {
    let Some(sk) = phone_sk(lid) else { return Ok(Learned::Nothing) };
    let former = work.value::<Number>(&sk).await?;
    if former.as_ref().is_some_and(|former| former.phone == phone.to_string() && !former.moving) {
        return Ok(Learned::Nothing);
    }
    let hidden = hidden(work, lid).await?;
    work.prefetch(hidden.iter().cloned()).await?;
    let mut moved = 0;
    for message in &hidden {
        if moved == MOVES {
            break;
        }
        moved += usize::from(move_to(work, message, phone, lid).await?);
    }
    let moving = moved == MOVES;
    work.set(&sk, &Number { phone: phone.to_string(), moving })?;
    if let Some(former) = former {
        pair(work, &parse(&former.phone)?, lid, false).await?;
    }
    pair(work, phone, lid, true).await?;
    Ok(if moving { Learned::Part } else { Learned::All })
}

/// The sort keys of the messages that are stored under a hidden id as their chat.
async fn hidden(work: &mut Work, lid: &Jid) -> Result<BTreeSet<String>, PortError> {
    let mut stored = BTreeSet::new();
    // None is noted unless it made a chat.
    if work.get(&chats::sk(lid)).await?.is_some() {
        let noted = noted_sk(lid, "");
        stored.extend(work.all(&noted).await?.into_iter().filter_map(|(sk, _)| Some(sk.strip_prefix(&noted)?.to_owned())));
    }
    let table = &work.records().table;
    for item in table.all(table.list(2, &layout::messages_of_chat(work.device(), lid))).await? {
        stored.insert(text_of(&item, "sk")?.to_owned());
    }
    Ok(stored)
}

/// Moves a message to the number's chat; `false` if it was there.
async fn move_to(work: &mut Work, sk: &str, phone: &Jid, lid: &Jid) -> Result<bool, PortError> {
    let Some(item) = work.get(sk).await? else { return Ok(false) };
    let mut kept = Kept::read(item)?;
    if kept.message.chat != *lid {
        return Ok(false);
    }
    work.delete(&noted_sk(lid, sk));
    rename(&mut kept.message, lid, phone);
    let to = kept.sk();
    if to != sk {
        work.delete(sk);
        if work.get(&to).await?.is_some() {
            if let Some(unread) = kept.unread {
                chats::read(work, lid, &unread).await?;
            }
            work.count(kept.message.timestamp, Class::of(&kept.message), -1).await?;
            return Ok(true);
        }
    }
    let item = kept.item(work.lane())?;
    work.put(&to, item);
    Ok(true)
}

/// Takes a hidden id out of those of a number, and puts it in as the latest if it is `theirs`.
async fn pair(work: &mut Work, phone: &Jid, lid: &Jid, theirs: bool) -> Result<(), PortError> {
    let (sk, lid) = (lid_sk(phone), lid.to_string());
    let Hidden { mut lids } = work.value(&sk).await?.unwrap_or_default();
    lids.retain(|known| *known != lid);
    if theirs {
        lids.push(lid);
    }
    if lids.is_empty() {
        work.delete(&sk);
        return Ok(());
    }
    work.set(&sk, &Hidden { lids })
}

fn noted_sk(lid: &Jid, message: &str) -> String {
    format!("hidden#{lid}#{message}")
}

/// Has a message name a person by their number.
pub(crate) fn rename(message: &mut Message, lid: &Jid, phone: &Jid) {
    for name in [Some(&mut message.chat), message.from.as_mut(), message.to.as_mut()].into_iter().flatten() {
        if name == lid {
            name.clone_from(phone);
        }
    }
    message.lid = Some(lid.clone());
}

fn parse(jid: &str) -> Result<Jid, PortError> {
    Jid::parse(jid).map_err(flaw)
}
