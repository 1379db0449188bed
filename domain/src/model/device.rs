//! A linked WhatsApp account and its live connection.

use serde::{Deserialize, Serialize};

use super::{AiSettings, ApiKey, DeliveryStats, DeviceId, Jid, SessionId, Timestamp, UserId, WebhookSettings};

/// A device: the unit users create, link, send with and delete.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Never changes.
    pub id: DeviceId,
    /// Whose device it is.
    pub user_id: UserId,
    /// Made from the user and the first alias; never changes.
    pub session_id: SessionId,
    /// What its user calls it.
    pub alias: String,
    /// A note of its user.
    pub description: Option<String>,
    /// Lets a backend send through this device alone.
    pub api_key: ApiKey,
    /// Where its events go.
    pub webhook: Option<WebhookSettings>,
    /// How it answers by itself.
    pub ai: AiSettings,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its user last changed it.
    pub updated_at: Timestamp,
    /// Its connection; written by the host that holds it, never by its user.
    pub session: Session,
    /// What went through it; kept by the store.
    pub counts: MessageCounts,
    /// How its webhook fares; kept by the store.
    pub deliveries: DeliveryStats,
}

/// The live connection of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// What users see.
    pub status: Status,
    /// Whether the user wants it connected: a host keeps trying until they disconnect it.
    pub wanted: bool,
    /// The account it is linked to, by number.
    pub phone: Option<Jid>,
    /// The same account by its hidden id.
    pub lid: Option<Jid>,
    /// The code to scan, while it waits for one.
    pub qr: Option<Qr>,
    /// The code to type into the phone, while it waits for that.
    #[serde(default)]
    pub pairing_code: Option<PairingCode>,
    /// What the account's passkey is to do, while linking waits for that.
    #[serde(default)]
    pub passkey: Option<Passkey>,
    /// When an account was last linked to it, which may have been unlinked since.
    #[serde(default)]
    pub linked_at: Option<Timestamp>,
    /// Why it is in this status, where that helps: a stable word such as `logged_out`.
    pub reason: Option<String>,
    /// Since when it has been connected.
    pub connected_at: Option<Timestamp>,
    /// When WhatsApp last heard from it.
    pub last_seen: Option<Timestamp>,
    /// When a host last started it.
    pub started_at: Option<Timestamp>,
}

impl Session {
    /// A device nobody has connected yet.
    pub fn new() -> Self {
        Self {
            status: Status::Pending,
            wanted: false,
            phone: None,
            lid: None,
            qr: None,
            pairing_code: None,
            passkey: None,
            linked_at: None,
            reason: None,
            connected_at: None,
            last_seen: None,
            started_at: None,
        }
    }

    /// Whether an account is linked.
    pub fn is_linked(&self) -> bool {
        self.phone.is_some()
    }

    /// Whether WhatsApp ended the link by itself, or the phone did: the account has to be linked anew.
    pub fn is_expired(&self) -> bool {
        self.status == Status::Disconnected && matches!(self.reason.as_deref(), Some("logged_out" | "account_locked"))
    }

    /// Whether messages can be accepted: it is connected, or linked and about to be connected again.
    pub fn can_send(&self) -> bool {
        self.wanted && self.is_linked() && matches!(self.status, Status::Connected | Status::Connecting)
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// The state of a device's connection, in the contract's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Created, never connected.
    Pending,
    /// On its way: waiting for a scan, or reconnecting.
    Connecting,
    /// On line.
    Connected,
    /// Off line by wish, or logged out.
    Disconnected,
    /// Off line and not coming back by itself; `reason` says why.
    Error,
}

impl Status {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Error => "error",
        }
    }
}

/// A code that links the device when a phone scans it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qr {
    /// What the QR code says.
    pub code: String,
    /// The QR code itself, as a PNG data URI.
    pub image: String,
    /// From then on WhatsApp refuses it.
    pub expires_at: Timestamp,
}

/// A code that links the device when it is typed into a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PairingCode {
    /// Eight characters, `ABCD-EFGH`.
    pub code: String,
    /// The number of the phone that takes it.
    pub phone: Jid,
    /// From then on WhatsApp refuses it.
    pub expires_at: Timestamp,
}

/// Linking an account that must confirm it with its passkey. The passkey is bound to WhatsApp's own web page, so that a browser
/// extension or the phone has to answer for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// What the passkey is asked: WebAuthn's `PublicKeyCredentialRequestOptions`, as JSON.
    pub request: String,
    /// Once it has answered: the code that the phone shows too if nobody sits in between. Linking goes on when that is confirmed.
    pub code: Option<String>,
}

/// How many messages went through a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageCounts {
    /// Outgoing messages WhatsApp took.
    pub sent: u64,
    /// Incoming messages.
    pub received: u64,
}

/// What a user changes of a device; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceUpdate {
    /// The new alias.
    pub alias: Option<String>,
    /// The new description; `Some(None)` removes it.
    pub description: Option<Option<String>>,
    /// The new webhook; `Some(None)` removes it.
    pub webhook: Option<Option<WebhookSettings>>,
    /// The new AI settings.
    pub ai: Option<AiSettings>,
    /// The new key; the old one is worth nothing from then on.
    pub api_key: Option<ApiKey>,
}

/// Which devices of a user are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceFilter {
    /// Only those in this status.
    pub status: Option<Status>,
}

/// Which sessions are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Only those a host keeps alive, or only the others.
    pub active: Option<bool>,
    /// Only those in this status.
    pub status: Option<Status>,
}

/// What went away with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Message records.
    pub messages: u64,
    /// Contact records.
    pub contacts: u64,
    /// Links to a WhatsApp account: 1 if it was linked.
    pub sessions: u64,
}

/// `user_{userId}_device_{alias in snake case}`, or `None` if the alias has no letter and no digit.
pub fn session_id(user: UserId, alias: &str) -> Option<SessionId> {
    let mut snake = String::new();
    for c in alias.chars() {
        if c.is_alphanumeric() {
            snake.extend(c.to_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
    }
    let snake = snake.trim_end_matches('_');
    if snake.is_empty() {
        return None;
    }
    SessionId::parse(format!("user_{user}_device_{snake}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_is_the_alias_in_snake_case() {
        let user = UserId::parse(123).unwrap();
        let of = |alias| session_id(user, alias).map(|id| id.to_string());
        assert_eq!(of("My WhatsApp Device").as_deref(), Some("user_123_device_my_whatsapp_device"));
        assert_eq!(of(" -- Toko №5 – 東京! ").as_deref(), Some("user_123_device_toko_5_東京"));
        assert_eq!(of("!?"), None);
        assert_eq!(of(&"x".repeat(300)), None);
    }

    #[test]
    fn a_session_has_expired_once_it_is_unlinked_until_it_is_linked_anew() {
        let session = |status, reason: Option<&str>| Session { status, reason: reason.map(Into::into), ..Session::new() };
        assert!(session(Status::Disconnected, Some("logged_out")).is_expired());
        assert!(session(Status::Disconnected, Some("account_locked")).is_expired());
        for (status, reason) in [
            (Status::Pending, None),
            (Status::Disconnected, None),
            (Status::Disconnected, Some("qr_expired")),
            (Status::Connecting, Some("logged_out")),
            (Status::Error, Some("replaced")),
        ] {
            assert!(!session(status, reason).is_expired(), "{status:?} {reason:?}");
        }
    }
}
