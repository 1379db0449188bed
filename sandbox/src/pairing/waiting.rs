//! Who waits for a phone: by the references on show, each good for one companion and a short time,
//! and by the numbers that are to type in a code.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::RngExt as _;

use super::Applicant;

const REFS: u32 = 6;
/// The client shows the first code this long, each further one for the shorter time.
const FIRST_REF_SECS: u64 = 60;
const REF_SECS: u64 = 20;
/// How long a pairing code is good.
const CODE_LIFETIME: Duration = Duration::from_secs(180);

#[derive(Default)]
pub struct Pairings {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    shown: HashMap<String, Waiting>,
    callers: HashMap<String, Waiting>,
}

struct Waiting {
    applicant: Arc<Applicant>,
    expires: Instant,
}

impl Pairings {
    pub(super) fn show(&self, applicant: &Arc<Applicant>) -> Vec<String> {
        let now = Instant::now();
        let refs: Vec<String> = (0..REFS).map(|_| random_ref()).collect();
        let mut state = self.state();
        for (index, reference) in (0..).zip(&refs) {
            let lifetime = Duration::from_secs(FIRST_REF_SECS + REF_SECS * index);
            let entry = Waiting { applicant: applicant.clone(), expires: now + lifetime };
            state.shown.insert(reference.clone(), entry);
        }
        refs
    }

    pub(super) fn find(&self, reference: &str, now: Instant) -> Option<Arc<Applicant>> {
        let state = self.state();
        let entry = state.shown.get(reference).filter(|entry| entry.expires > now)?;
        Some(entry.applicant.clone())
    }

    /// A companion waits for this number; who waited before is forgotten.
    pub(super) fn call(&self, number: &str, applicant: &Arc<Applicant>) {
        let entry = Waiting { applicant: applicant.clone(), expires: Instant::now() + CODE_LIFETIME };
        self.state().callers.insert(number.to_owned(), entry);
    }

    pub(super) fn caller(&self, number: &str, now: Instant) -> Option<Arc<Applicant>> {
        let state = self.state();
        let entry = state.callers.get(number).filter(|entry| entry.expires > now)?;
        Some(entry.applicant.clone())
    }

    /// Forgets what an applicant showed: it is linked, or gone.
    pub fn withdraw(&self, applicant: &Applicant) {
        let mut state = self.state();
        state.shown.retain(|_, waiting| waiting.applicant.link.id != applicant.link.id);
        state.callers.retain(|_, waiting| waiting.applicant.link.id != applicant.link.id);
    }

    pub fn clear(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn random_ref() -> String {
    format!("2@{}", BASE64_STANDARD.encode(rand::rng().random::<[u8; 32]>()))
}

#[cfg(test)]
mod tests {
    use super::super::applicant::tests::applicant;
    use super::*;

    #[test]
    fn each_reference_lasts_as_long_as_its_code_is_shown() {
        let pairings = Pairings::default();
        let refs = pairings.show(&applicant());
        assert_eq!(refs.len(), 6);
        let later = |secs| Instant::now() + Duration::from_secs(secs);
        assert!(pairings.find(&refs[0], later(50)).is_some());
        assert!(pairings.find(&refs[0], later(61)).is_none());
        assert!(pairings.find(&refs[5], later(150)).is_some());
        assert!(pairings.find(&refs[5], later(161)).is_none());
    }

    #[test]
    fn a_withdrawn_applicant_is_not_found() {
        let pairings = Pairings::default();
        let applicant = applicant();
        let refs = pairings.show(&applicant);
        pairings.call("6281100000001", &applicant);
        pairings.withdraw(&applicant);
        assert!(pairings.find(&refs[0], Instant::now()).is_none());
        assert!(pairings.caller("6281100000001", Instant::now()).is_none());
    }
}
