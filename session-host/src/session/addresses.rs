//! WhatsApp's addresses as ours: one person under their number wherever it is known.

use domain::model::{Jid, Server};
use wacore_binary::Server as WaServer;
use whatsapp_rust::{Client, Jid as WaJid};

/// A person by number, or by hidden id where that is all there is, and the hidden id where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// How they are named.
    pub jid: Jid,
    /// Their hidden id.
    pub lid: Option<Jid>,
}

impl Person {
    /// The person behind `jid`, which WhatsApp also called `alt`, asking the client's own table where it gave one name only.
    pub async fn find(client: &Client, jid: &WaJid, alt: Option<&WaJid>) -> Option<Self> {
        let person = Self::new(jid, alt)?;
        if person.jid.server() != Server::Lid {
            return Some(person);
        }
        match client.get_lid_pn_entry(jid).await {
            Ok(Some(entry)) => {
                let phone = Jid::new(&entry.phone_number, Server::Phone).ok()?;
                Some(Self { lid: Some(person.jid), jid: phone })
            }
            _ => Some(person),
        }
    }

    /// The person that WhatsApp calls by one name or two.
    pub fn new(jid: &WaJid, alt: Option<&WaJid>) -> Option<Self> {
        let first = to_ours(jid)?;
        let second = alt.and_then(to_ours);
        Some(match (first.server(), second) {
            (Server::Lid, Some(second)) if second.server() == Server::Phone => Self { jid: second, lid: Some(first) },
            (Server::Lid, _) => Self { lid: Some(first.clone()), jid: first },
            (_, second) => Self { jid: first, lid: second.filter(|second| second.server() == Server::Lid) },
        })
    }
}

/// The same address in our words, without its device part; `None` for kinds that no chat has.
pub fn to_ours(jid: &WaJid) -> Option<Jid> {
    let server = match jid.server {
        WaServer::Pn => Server::Phone,
        WaServer::Lid => Server::Lid,
        WaServer::Group => Server::Group,
        WaServer::Newsletter => Server::Newsletter,
        WaServer::Broadcast => Server::Broadcast,
        _ => return None,
    };
    Jid::new(&jid.user, server).ok()
}

/// The same address in WhatsApp's words.
pub fn to_theirs(jid: &Jid) -> Option<WaJid> {
    jid.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wa(text: &str) -> WaJid {
        text.parse().unwrap()
    }

    #[test]
    fn a_person_is_named_by_number_whichever_name_came_first() {
        let (phone, lid) = (wa("6281100000001:3@s.whatsapp.net"), wa("100000012345678:3@lid"));
        let expected = Person { jid: Jid::parse("6281100000001").unwrap(), lid: Some(Jid::parse("100000012345678@lid").unwrap()) };
        assert_eq!(Person::new(&phone, Some(&lid)), Some(expected.clone()));
        assert_eq!(Person::new(&lid, Some(&phone)), Some(expected));
    }

    #[test]
    fn a_hidden_id_alone_names_itself() {
        let lid = Jid::parse("100000012345678@lid").unwrap();
        assert_eq!(Person::new(&wa("100000012345678@lid"), None), Some(Person { jid: lid.clone(), lid: Some(lid) }));
    }
}
