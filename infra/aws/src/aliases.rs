//! The two names of one person, and their one chat.
//!
//! Messages of a hidden id's chat are written anew when its number is learned. Which they are, the journal keeps in items of their own, one beside each that
//! it stores while the number is not known; an index may not know the latest yet. Accepted messages have none until they move on: those that the index
//! does not know either then get their number with their next status.

use async_trait::async_trait;
use domain::{
    model::{DeviceId, Jid, Message, Server},
    ports::{Aliases, PortError},
};
use serde::{Deserialize, Serialize};

use crate::{
    Records,
    error::flaw,
    layout,
    table::{Item, text_of, value},
    work::Work,
};

/// The number behind a hidden id.
#[derive(Serialize, Deserialize)]
struct Number {
    phone: String,
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
        self.table.get(&layout::device(device), &sk).await?.as_ref().map(phone_of).transpose()
    }

    async fn lid(&self, device: &DeviceId, phone: &Jid) -> Result<Option<Jid>, PortError> {
        Ok(self.table.get(&layout::device(device), &lid_sk(phone)).await?.map(lid_of).transpose()?.flatten())
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
pub(crate) fn lid_of(item: Item) -> Result<Option<Jid>, PortError> {
    value::<Hidden>(item)?.lids.last().map(|lid| parse(lid)).transpose()
}

/// The name a person, or their chat, is kept under.
pub(crate) async fn name(work: &mut Work, jid: &Jid) -> Result<Jid, PortError> {
    let Some(sk) = phone_sk(jid) else { return Ok(jid.clone()) };
    work.get(&sk).await?.map_or_else(|| Ok(jid.clone()), phone_of)
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
