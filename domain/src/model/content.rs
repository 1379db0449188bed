//! What a message holds besides its text.

use serde::{Deserialize, Serialize};

use super::{Degrees, MediaId};

/// What a message of a kind other than text holds besides its text. Stored: variants are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Attachment {
    /// A picture, film, sound, document or sticker.
    Media(MediaFile),
    /// A place.
    Location(Location),
    /// Contact cards.
    Contacts {
        /// At least one.
        cards: Vec<ContactCard>,
    },
    /// A question with answers to choose from; the question is the message's content.
    Poll(Poll),
}

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaFile {
    /// Its type, as sniffed for what we send, as its sender says for what we receive.
    pub mime_type: String,
    /// What its sender calls it.
    pub file_name: Option<String>,
    /// How many bytes it has; 0 if nobody said.
    pub size_bytes: u64,
    /// How long it plays, where that is known.
    pub seconds: Option<u32>,
    /// Whether a sound is a voice note.
    pub voice_note: bool,
    /// Where its bytes are.
    pub place: MediaPlace,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "camelCase")]
pub enum MediaPlace {
    /// In the store, under this id of the message's device.
    Stored {
        /// Its name there.
        id: MediaId,
    },
    /// At WhatsApp, to be downloaded.
    Awaiting {
        /// What a host needs for that, in base64; nobody else reads it.
        reference: String,
    },
    /// At WhatsApp, and left there: it came with the history.
    Remote {
        /// What a host needs to download it, in base64.
        reference: String,
    },
    /// Nowhere we can reach.
    Failed {
        /// Why, as a stable word.
        error: String,
    },
}

impl MediaFile {
    /// Its name in the store, if it is there.
    pub fn stored(&self) -> Option<&MediaId> {
        match &self.place {
            MediaPlace::Stored { id } => Some(id),
            _ => None,
        }
    }

    /// Whether it is still to be downloaded.
    pub fn is_awaited(&self) -> bool {
        matches!(self.place, MediaPlace::Awaiting { .. })
    }
}

/// A place on a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Location {
    /// North of the equator, -90 to 90.
    pub latitude: Degrees,
    /// East of Greenwich, -180 to 180.
    pub longitude: Degrees,
    /// What it is called.
    pub name: Option<String>,
    /// Its street and town.
    pub address: Option<String>,
}

/// A contact as a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContactCard {
    /// What the contact is called.
    pub name: String,
    /// The numbers on the card, as written there.
    pub phones: Vec<String>,
    /// The whole card, as a vCard 3.0.
    pub vcard: String,
}

impl ContactCard {
    /// A card with a name and one number, written as WhatsApp's own are, so that people can write to it with one tap.
    pub fn new(name: &str, phone: &super::Jid) -> Self {
        let escaped: String = name.chars().flat_map(|c| matches!(c, ',' | ';' | '\\').then_some('\\').into_iter().chain([c])).collect();
        let (user, number) = (phone.user(), phone.to_contact());
        let vcard =
            format!("BEGIN:VCARD\nVERSION:3.0\nN:;{escaped};;;\nFN:{escaped}\nTEL;type=CELL;type=VOICE;waid={user}:{number}\nEND:VCARD");
        Self { name: name.to_owned(), phones: vec![number], vcard }
    }
}

/// The answers of a poll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Poll {
    /// The answers to choose from.
    pub options: Vec<String>,
    /// How many of them one may choose; 0 for any number.
    pub selectable: u32,
}
