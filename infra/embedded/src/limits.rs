//! Counts in memory: they begin anew with the process.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    model::Timestamp,
    ports::{Count, Limits, PortError},
};

/// Most windows at once; beyond that those that end first are forgotten.
const MOST: usize = 100_000;

/// Counts what happens in this process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct InProcessLimits(Arc<Mutex<Windows>>);

#[derive(Debug, Default)]
struct Windows {
    by_key: HashMap<Arc<str>, Window>,
    by_end: BTreeSet<(Timestamp, Arc<str>)>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends: Timestamp,
    count: u32,
}

#[async_trait]
impl Limits for InProcessLimits {
    async fn count(&self, key: &str, limit: u32, window: Duration, now: Timestamp) -> Result<Count, PortError> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.expire(now);
        let window = windows.of(key, window, now);
        let allowed = window.count < limit;
        window.count += u32::from(allowed);
        Ok(Count { allowed, remaining: limit.saturating_sub(window.count), resets_at: window.ends })
    }
}

impl Windows {
    fn expire(&mut self, now: Timestamp) {
        while let Some((ends, key)) = self.by_end.first()
            && (*ends <= now || self.by_end.len() > MOST)
        {
            self.by_key.remove(key);
            self.by_end.pop_first();
        }
    }

    /// The window of a key, a new one if it has none; nor does one count that ends later than a new one would: the clock was set back.
    fn of(&mut self, key: &str, length: Duration, now: Timestamp) -> &mut Window {
        let ends = now + length;
        let Self { by_key, by_end } = self;
        if let Some((known, window)) = by_key.get_key_value(key)
            && window.ends > ends
        {
            let known = known.clone();
            by_end.remove(&(window.ends, known.clone()));
            by_key.remove(&known);
        }
        by_key.entry(key.into()).or_insert_with_key(|key| {
            by_end.insert((ends, key.clone()));
            Window { ends, count: 0 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn windows_that_ended_leave_nothing_and_there_are_never_too_many() {
        let limits = InProcessLimits::default();
        let at = Timestamp::from_millis;
        let sizes = || {
            let windows = limits.0.lock().unwrap();
            (windows.by_key.len(), windows.by_end.len())
        };
        for n in 0..MOST as i64 + 10 {
            limits.count(&n.to_string(), 1, Duration::from_millis(200_000), at(n)).await.unwrap();
        }
        assert_eq!(sizes(), (MOST + 1, MOST + 1));
        // The first were forgotten, the last were not.
        assert!(limits.count("0", 1, Duration::from_millis(200_000), at(200_000)).await.unwrap().allowed);
        assert!(!limits.count("100000", 1, Duration::from_millis(200_000), at(200_000)).await.unwrap().allowed);
        limits.count("x", 1, Duration::from_secs(1), at(i64::from(u32::MAX))).await.unwrap();
        assert_eq!(sizes(), (1, 1));
    }
}
