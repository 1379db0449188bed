//! What the members of a chat call each other: by number, or by hidden id where the chat has moved on to those.

use std::collections::HashMap;

use domain::model::{Jid, Server};
use wacore::types::message::AddressingMode;
use wacore_binary::Server as WaServer;
use whatsapp_rust::{Client, Jid as WaJid, SendError};

use super::addresses::{Person, to_ours, to_theirs};

/// The names of the people that a message speaks of, in its chat.
#[derive(Debug, Default)]
pub struct Names {
    /// The device's own account.
    pub own: Option<String>,
    others: HashMap<Jid, String>,
}

impl Names {
    /// Looks up what `people` are called in `chat`, and the device's own account. A group is asked for how it names its members, once.
    pub async fn look_up(client: &Client, chat: &Jid, people: &[&Jid]) -> Result<Self, SendError> {
        let hidden = match to_theirs(chat) {
            Some(group) if chat.is_group() => client.groups().query_info(&group).await?.addressing_mode == AddressingMode::Lid,
            _ => chat.server() == Server::Lid,
        };
        let own = if hidden { client.lid().or_else(|| client.pn()) } else { client.pn() };
        let mut names = Self { own: own.map(|own| own.to_non_ad().to_string()), others: HashMap::new() };
        for &person in people {
            let wanted = if hidden { Server::Lid } else { Server::Phone };
            if person.server() != wanted
                && let Some(other) = other_name(client, person).await
            {
                names.others.insert(person.clone(), other.to_string());
            }
        }
        Ok(names)
    }

    /// The name of somebody: the one they came with, unless another was looked up.
    pub fn of(&self, person: &Jid) -> String {
        self.others.get(person).cloned().unwrap_or_else(|| person.to_string())
    }

    /// Names that were looked up elsewhere.
    #[cfg(test)]
    pub fn given(own: &str, others: &[(&str, &str)]) -> Self {
        let others = others.iter().map(|(person, name)| (Jid::parse(person).unwrap(), (*name).to_owned())).collect();
        Self { own: Some(own.to_owned()), others }
    }
}

/// Where WhatsApp expects what concerns a chat but is no message: a person's chat goes by hidden id once the account has moved on to those.
pub async fn wire(client: &Client, chat: &Jid) -> Result<WaJid, SendError> {
    let theirs = to_theirs(chat).ok_or_else(|| SendError::InvalidRequest("no such address".into()))?;
    let other = match chat.server() {
        Server::Phone if client.is_lid_migrated().await => other_name(client, chat).await,
        Server::Lid if !client.is_lid_migrated().await => other_name(client, chat).await,
        _ => None,
    };
    Ok(other.unwrap_or(theirs))
}

/// Both names of the person of a chat, if the client knows them.
pub async fn both(client: &Client, chat: &Jid) -> Option<Person> {
    let other = to_ours(&other_name(client, chat).await?)?;
    let (jid, lid) = if chat.server() == Server::Phone { (chat.clone(), other) } else { (other, chat.clone()) };
    Some(Person { jid, lid: Some(lid) })
}

/// The hidden id of a number, or the number of a hidden id, if the client knows it.
async fn other_name(client: &Client, person: &Jid) -> Option<WaJid> {
    let entry = client.get_lid_pn_entry(&to_theirs(person)?).await.ok().flatten()?;
    match person.server() {
        Server::Phone => Some(WaJid::new(&*entry.lid, WaServer::Lid)),
        Server::Lid => Some(WaJid::new(&*entry.phone_number, WaServer::Pn)),
        _ => None,
    }
}
