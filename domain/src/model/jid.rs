//! Addresses on WhatsApp: people, groups and channels.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds of address; the part of a [`Jid`] after the `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// A person by phone number: `s.whatsapp.net`.
    Phone,
    /// A person by the hidden id WhatsApp uses in place of the number: `lid`.
    Lid,
    /// A group: `g.us`.
    Group,
    /// A channel: `newsletter`.
    Newsletter,
    /// Status posts and broadcast lists: `broadcast`.
    Broadcast,
}

impl Server {
    fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "s.whatsapp.net",
            Self::Lid => "lid",
            Self::Group => "g.us",
            Self::Newsletter => "newsletter",
            Self::Broadcast => "broadcast",
        }
    }
}

/// An address without a device part: one person, group or channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Jid {
    user: String,
    server: Server,
}

/// The text is no phone number in international format and no WhatsApp address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a phone number in international format nor a WhatsApp address")]
pub struct InvalidJid;

impl Jid {
    /// Reads what users and WhatsApp write: `628…`, `+62 8…`, `…@s.whatsapp.net`, `…@c.us`, `…@g.us`, `…@lid`, `…@newsletter`.
    /// A device suffix (`628…:12@s.whatsapp.net`) is dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidJid> {
        let text = text.trim();
        let Some((user, server)) = text.split_once('@') else { return Self::from_number(text) };
        let server = match server {
            "s.whatsapp.net" | "c.us" => Server::Phone,
            "lid" => Server::Lid,
            "g.us" => Server::Group,
            "newsletter" => Server::Newsletter,
            "broadcast" => Server::Broadcast,
            _ => return Err(InvalidJid),
        };
        Self::new(user, server)
    }

    /// An address from its two parts, checked.
    pub fn new(user: &str, server: Server) -> Result<Self, InvalidJid> {
        let user = match server {
            Server::Phone | Server::Lid => {
                let user = user.split_once(':').map_or(user, |(user, _device)| user);
                let user = user.split_once('.').map_or(user, |(user, _agent)| user);
                if server == Server::Phone { user.strip_prefix('+').unwrap_or(user) } else { user }
            }
            Server::Group | Server::Newsletter | Server::Broadcast => user,
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let valid = match server {
            Server::Phone => digits(user) && (5..=15).contains(&user.len()),
            Server::Lid | Server::Newsletter => digits(user) && user.len() <= 20,
            Server::Group => user.len() <= 40 && user.split('-').count() <= 2 && user.split('-').all(digits),
            Server::Broadcast => user == "status" || (digits(user) && user.len() <= 20),
        };
        if valid { Ok(Self { user: user.to_owned(), server }) } else { Err(InvalidJid) }
    }

    fn from_number(text: &str) -> Result<Self, InvalidJid> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}')).collect();
        let digits = digits.strip_prefix('+').unwrap_or(&digits);
        // A leading zero is a national number: WhatsApp would take it for another country's.
        if digits.len() < 7 || digits.starts_with('0') {
            return Err(InvalidJid);
        }
        Self::new(digits, Server::Phone)
    }

    /// The part before the `@`.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The kind of address.
    pub fn server(&self) -> Server {
        self.server
    }

    /// Whether this is a group.
    pub fn is_group(&self) -> bool {
        self.server == Server::Group
    }

    /// Whether a message can be sent here.
    pub fn is_recipient(&self) -> bool {
        self.server != Server::Broadcast
    }

    /// How events name the other side: `+628…` for a phone number, the address itself otherwise.
    pub fn to_contact(&self) -> String {
        match self.server {
            Server::Phone => format!("+{}", self.user),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.server.as_str())
    }
}

impl TryFrom<String> for Jid {
    type Error = InvalidJid;

    fn try_from(text: String) -> Result<Self, InvalidJid> {
        Self::parse(&text)
    }
}

impl From<Jid> for String {
    fn from(jid: Jid) -> Self {
        jid.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_users_write_for_one_person_is_one_address() {
        for text in
            ["6281100000001", "+62 811-0000-0001", "6281100000001@s.whatsapp.net", "6281100000001@c.us", "6281100000001:12@s.whatsapp.net"]
        {
            assert_eq!(Jid::parse(text).map(|jid| jid.to_string()), Ok("6281100000001@s.whatsapp.net".into()), "{text}");
        }
    }

    #[test]
    fn groups_channels_and_lids_are_addresses_too() {
        for text in [
            "120363023345678901@g.us",
            "6281100000001-1500000000@g.us",
            "120363000000000001@newsletter",
            "100000012345678@lid",
            "0987654321@s.whatsapp.net",
        ] {
            assert_eq!(Jid::parse(text).map(|jid| jid.to_string()), Ok(text.into()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "hello",
            "0811000000",
            "123",
            "@s.whatsapp.net",
            "62811x@c.us",
            "1@example.com",
            "6281100000001@",
            "12345678901234567890",
            "-@g.us",
            "１２３４５６７８９",
        ] {
            assert_eq!(Jid::parse(text), Err(InvalidJid), "{text}");
        }
    }
}
