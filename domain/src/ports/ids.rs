//! New identifiers and secrets.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::random;

use super::{Clock, SystemClock};
use crate::model::{ApiKey, BulkId, CommandId, DeviceId, EventId, HostId, MediaId, MessageId, Timestamp};

/// Makes identifiers and secrets nobody can guess.
pub trait Ids: Send + Sync {
    /// For a new device.
    fn device(&self) -> DeviceId;
    /// For a new command.
    fn command(&self) -> CommandId;
    /// For a new event: in order of time, as text.
    fn event(&self) -> EventId;
    /// For a new message, in the form WhatsApp's own web client uses.
    fn message(&self) -> MessageId;
    /// For a new file.
    fn media(&self) -> MediaId;
    /// For many messages asked for at once.
    fn bulk(&self) -> BulkId;
    /// For a host that starts.
    fn host(&self) -> HostId;
    /// For a new device.
    fn api_key(&self) -> ApiKey;
    /// For a request that came without one.
    fn request(&self) -> String;
    /// For a token or signing key of the whole installation.
    fn secret(&self) -> String;
}

/// Identifiers from the system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

/// The time of the latest event's id, so that the next one comes after it.
static LATEST_EVENT: AtomicU64 = AtomicU64::new(0);

const VALID: &str = "hexadecimal text is an identifier";

fn hex<const N: usize>() -> String
where
    [u8; N]: AsRef<[u8]>,
{
    let mut bytes = [0_u8; N];
    bytes.fill_with(random);
    hex::encode(bytes)
}

/// An id that comes before those of all events made at `at` or later, and after those made earlier.
pub fn before_events(at: Timestamp) -> EventId {
    EventId::parse(format!("evt_{:012x}", at.millis().max(0))).expect(VALID)
}

impl Ids for RandomIds {
    fn device(&self) -> DeviceId {
        DeviceId::parse(format!("dev_{}", hex::<10>())).expect(VALID)
    }

    fn command(&self) -> CommandId {
        CommandId::parse(format!("cmd_{}", hex::<12>())).expect(VALID)
    }

    fn event(&self) -> EventId {
        // Many may be made in one millisecond: the last four digits of their time count them.
        let now = u64::try_from(SystemClock.now().millis()).unwrap_or(0) << 16;
        let next = |latest: u64| now.max(latest + 1);
        let latest = LATEST_EVENT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |latest| Some(next(latest)));
        EventId::parse(format!("evt_{:016x}{}", next(latest.unwrap_or(0)), hex::<6>())).expect(VALID)
    }

    fn message(&self) -> MessageId {
        MessageId::parse(format!("3EB0{}", hex::<9>().to_uppercase())).expect(VALID)
    }

    fn media(&self) -> MediaId {
        MediaId::parse(format!("med_{}", hex::<16>())).expect(VALID)
    }

    fn bulk(&self) -> BulkId {
        BulkId::parse(format!("blk_{}", hex::<12>())).expect(VALID)
    }

    fn host(&self) -> HostId {
        HostId::parse(format!("hst_{}", hex::<8>())).expect(VALID)
    }

    fn api_key(&self) -> ApiKey {
        ApiKey::new(format!("wak_{}", BASE64_URL_SAFE_NO_PAD.encode(random::<[u8; 24]>())))
    }

    fn request(&self) -> String {
        format!("req_{}", hex::<8>())
    }

    fn secret(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(random::<[u8; 32]>())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ids_of_events_are_in_the_order_of_time() {
        let before = SystemClock.now();
        let ids: Vec<EventId> = (0..10_000).map(|_| RandomIds.event()).collect();
        assert!(ids.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
        assert!(before_events(before).as_str() < ids[0].as_str());
        assert!(ids[9_999].as_str() < before_events(SystemClock.now() + Duration::from_secs(60)).as_str());
    }
}
