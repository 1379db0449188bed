//! How long something has been up, in the contract's words.

use std::time::Duration;

/// `24h 30m`.
pub fn uptime(up: Duration) -> String {
    let minutes = up.as_secs() / 60;
    format!("{}h {}m", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_counts_hours_and_minutes() {
        for (seconds, text) in [(0, "0h 0m"), (59, "0h 0m"), (3660, "1h 1m"), (88_200, "24h 30m"), (360_000, "100h 0m")] {
            assert_eq!(uptime(Duration::from_secs(seconds)), text);
        }
    }
}
