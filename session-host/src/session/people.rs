//! Who is who: one person has a number and a hidden id, and WhatsApp uses now the one, now the other.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::{
    model::{DeviceId, Jid, Server},
    ports::{Aliases, Change, PortError},
};
use whatsapp_rust::{Client, Jid as WaJid};

use super::addresses::Person;

/// Most pairs remembered as told; telling one again does no harm.
const REMEMBERED: usize = 4096;

/// What a session has told of the two names of people.
#[derive(Debug, Default)]
pub struct People {
    told: Mutex<HashMap<Jid, Jid>>,
}

impl People {
    /// What is to be told of a person whose two names are known, unless it was told; see [`People::told`].
    pub fn news(&self, person: &Person) -> Option<Change> {
        let lid = person.lid.as_ref()?;
        if person.jid.server() != Server::Phone || self.lock().get(lid) == Some(&person.jid) {
            return None;
        }
        Some(Change::Alias { phone: person.jid.clone(), lid: lid.clone() })
    }

    /// These changes are stored.
    pub fn told<'a>(&self, changes: impl IntoIterator<Item = &'a Change>) {
        for change in changes {
            if let Change::Alias { phone, lid } = change {
                let mut told = self.lock();
                if told.len() >= REMEMBERED {
                    told.clear();
                }
                told.insert(lid.clone(), phone.clone());
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Jid, Jid>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The person behind `jid`, which WhatsApp also called `alt`: by what the library knows, else by what is on record.
pub async fn find(
    client: &Client,
    aliases: &dyn Aliases,
    device: &DeviceId,
    jid: &WaJid,
    alt: Option<&WaJid>,
) -> Result<Option<Person>, PortError> {
    let Some(person) = Person::find(client, jid, alt).await else { return Ok(None) };
    if person.jid.server() != Server::Lid {
        return Ok(Some(person));
    }
    let phone = aliases.phone(device, &person.jid).await?;
    Ok(Some(phone.map_or(person.clone(), |phone| Person { jid: phone, lid: Some(person.jid) })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_told_once() {
        let (phone, lid) = (Jid::parse("6281100000001").unwrap(), Jid::parse("100000012345678@lid").unwrap());
        let people = People::default();
        let person = Person { jid: phone, lid: Some(lid.clone()) };
        let news = people.news(&person).unwrap();
        assert!(people.news(&person).is_some(), "it was not stored yet");
        people.told([&news]);
        assert!(people.news(&person).is_none());
        assert!(people.news(&Person { jid: lid.clone(), lid: Some(lid) }).is_none(), "half a pair is no news");
        let moved = Person { jid: Jid::parse("6281100000002").unwrap(), ..person };
        assert!(people.news(&moved).is_some(), "people change their numbers");
    }
}
