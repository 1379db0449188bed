//! How long to wait before trying again.

use std::time::Duration;

/// Waits that double from `first` to `longest`, each shortened by up to a half at random so that many waiters spread out.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after `failures` failures in a row (at least 1).
    pub fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        full.mul_f64(1.0 - rand::random::<f64>() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_keep_at_least_half() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) };
        for (failures, full) in [(0, 1), (1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (u32::MAX, 300)] {
            let wait = backoff.after(failures);
            assert!(wait <= Duration::from_secs(full) && wait >= Duration::from_secs(full) / 2, "{failures}: {wait:?}");
        }
    }
}
