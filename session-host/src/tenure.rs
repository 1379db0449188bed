//! For how long a host may act for its devices.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio_util::sync::CancellationToken;

/// The right to act for some devices. Ends by itself, by the clock of this process alone, so that a host that was cut off or stood still sends nothing
/// once others may have taken its devices. What it writes is refused by their epoch.
#[derive(Clone, Debug, Default)]
pub struct Tenure(Option<Arc<Term>>);

#[derive(Debug)]
struct Term {
    /// `None` once it is over, which it stays.
    until: Mutex<Option<Instant>>,
    over: CancellationToken,
}

impl Tenure {
    /// For as long as there is nobody else.
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// Until then, unless it is extended.
    pub fn until(until: Instant) -> Self {
        Self(Some(Arc::new(Term { until: Mutex::new(Some(until)), over: CancellationToken::new() })))
    }

    /// Whether it lasts. To be asked before anything that is not to be done by two.
    pub fn lasts(&self) -> bool {
        self.0.as_ref().is_none_or(|term| term.until().is_some())
    }

    /// Lets it last until then, if it lasts. Answers whether it does.
    pub fn extend(&self, until: Instant) -> bool {
        let Some(term) = &self.0 else { return true };
        let mut current = term.until();
        if let Some(current) = current.as_mut() {
            *current = until.max(*current);
        }
        current.is_some()
    }

    /// It is over.
    pub fn end(&self) {
        if let Some(term) = &self.0 {
            *term.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
            term.over.cancel();
        }
    }

    /// Cancelled when it was found to be over; `None` if it never is.
    pub(crate) fn over(&self) -> Option<&CancellationToken> {
        self.0.as_ref().map(|term| &term.over)
    }
}

impl Term {
    /// Until when, as it is now.
    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some_and(|until| until <= Instant::now()) {
            *until = None;
            self.over.cancel();
        }
        until
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn once_over_it_stays_over() {
        let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(3600));
        let tenure = Tenure::until(later);
        assert!(tenure.lasts() && tenure.extend(later));
        tenure.end();
        assert!(!tenure.lasts() && !tenure.extend(later) && !tenure.clone().lasts());
        let tenure = Tenure::until(now);
        assert!(!tenure.extend(later) && !tenure.lasts());
        assert!(Tenure::unlimited().lasts());
    }
}
