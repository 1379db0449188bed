//! A person in the contract's JSON.

use domain::model::{Contact, Jid, Server, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A person, as one device's account knows them.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Contact")]
#[serde(rename_all = "camelCase")]
pub struct ContactView {
    id: Jid,
    lid: Option<Jid>,
    phone_number: Option<String>,
    /// In the account's address book.
    name: Option<String>,
    /// What they call themselves.
    notify: Option<String>,
    verified_name: Option<String>,
    img_url: Option<String>,
    /// What they say about themselves.
    status: Option<String>,
    #[serde(rename = "isWABusiness")]
    is_wa_business: bool,
    is_enterprise: bool,
    last_seen: Option<Timestamp>,
    is_blocked: bool,
    is_muted: bool,
}

impl ContactView {
    /// The person as they are now.
    pub fn of(contact: Contact, now: Timestamp) -> Self {
        Self {
            phone_number: (contact.jid.server() == Server::Phone).then(|| contact.jid.to_contact()),
            id: contact.jid,
            lid: contact.lid,
            name: contact.name,
            notify: contact.push_name,
            verified_name: contact.verified_name,
            img_url: contact.picture_url,
            status: contact.about,
            is_wa_business: contact.business,
            is_enterprise: contact.enterprise,
            last_seen: contact.last_seen,
            is_blocked: contact.blocked,
            is_muted: contact.muted_until.is_some_and(|until| now < until),
        }
    }

    /// As they may be.
    pub fn example() -> Value {
        json!({
            "id": "1234567890@s.whatsapp.net",
            "lid": "100000012345678@lid",
            "phoneNumber": "+1234567890",
            "name": "John Doe",
            "notify": "John",
            "verifiedName": "John Doe",
            "imgUrl": "https://profile-pic-url",
            "status": "Available",
            "isWABusiness": false,
            "isEnterprise": false,
            "lastSeen": "2024-01-01T09:30:00Z",
            "isBlocked": false,
            "isMuted": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(contact: Contact) -> Value {
        serde_json::to_value(ContactView::of(contact, Timestamp::from_millis(1000))).unwrap()
    }

    #[test]
    fn somebody_of_whom_only_the_hidden_id_is_known_has_no_number() {
        let known = |address: &str| view(Contact::new(Jid::parse(address).unwrap()))["phoneNumber"].clone();
        assert_eq!((known("6281100000001"), known("100000012345678@lid")), (json!("+6281100000001"), json!(null)));
    }

    #[test]
    fn nobody_is_muted_for_longer_than_they_are() {
        let muted = |until: Option<Timestamp>| view(Contact { muted_until: until, ..Contact::new(Jid::parse("6281100000001").unwrap()) });
        for (until, is) in [(None, false), (Some(1000), false), (Some(1001), true)] {
            assert_eq!(muted(until.map(Timestamp::from_millis))["isMuted"], is, "{until:?}");
        }
    }
}
