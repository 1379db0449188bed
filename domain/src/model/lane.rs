//! How devices are shared out among hosts.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::DeviceId;

/// A fixed share of all devices, with a queue of its own and at most one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lane(pub u16);

impl Lane {
    /// The lane that a device is in for good, of so many.
    pub fn of(device: &DeviceId, lanes: u16) -> Self {
        let digest = Sha256::digest(device.as_str());
        let number = u64::from_be_bytes([digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]]);
        Self((number % u64::from(lanes.max(1))) as u16)
    }

    /// All of them.
    pub fn all(lanes: u16) -> impl Iterator<Item = Self> {
        (0..lanes).map(Self)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_keeps_its_lane_and_every_lane_gets_its_share() {
        let device = |n: u32| DeviceId::parse(format!("dev_{n:020x}")).unwrap();
        // Stored nowhere: were this to change, devices would change their hosts.
        assert_eq!(Lane::of(&device(1), 4), LANE_OF_1);
        let mut shares = [0; 4];
        (0..4000).for_each(|n| shares[usize::from(Lane::of(&device(n), 4).0)] += 1);
        assert!(shares.iter().all(|share| (900..1100).contains(share)), "{shares:?}");
        assert_eq!(Lane::of(&device(7), 1), Lane(0));
    }

    const LANE_OF_1: Lane = Lane(3);
}
