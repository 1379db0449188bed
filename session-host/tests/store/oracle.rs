//! Any sequence of calls has the results it has on the library's in-memory store, also across restarts. Deliberate differences:
//! - what has expired is gone at once, not at the next sweep, and sweeps do not count it: the oracle is swept whenever time passes;
//! - sent messages live for two hours and pending inbound ones for a week, the library's own periods, to the second;
//! - a number's LID is the latest learned for it: the oracle forgets it when an older LID of that number moves to another number;
//! - `create` always answers 1: a store has one device.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Arc, Once},
};

use domain::ports::{Clock, Epoch, KeyValue};
use proptest::{prelude::*, test_runner::TestRunner};
use wacore::{
    store::{
        InMemoryBackend,
        traits::{MsgSecretStore, ProtocolStore},
    },
    time::{TimeProvider, set_time_provider},
};

use super::{
    calls::{Call, calls, perform},
    memory::{HandClock, MemoryKv, backend},
};

thread_local! {
    static LIBRARY_CLOCK: RefCell<Option<Arc<HandClock>>> = const { RefCell::new(None) };
}

/// The library's time is its thread's hand clock, if it has one.
struct ThreadTime;

impl TimeProvider for ThreadTime {
    fn now_millis(&self) -> i64 {
        let system = || domain::ports::SystemClock.now().millis();
        LIBRARY_CLOCK.with_borrow(|clock| clock.as_ref().map_or_else(system, |clock| clock.now().millis()))
    }
}

/// The in-memory store, as it would be if it expired rows by itself and forgot no number.
struct Oracle {
    memory: InMemoryBackend,
    latest_lids: HashMap<String, String>,
}

impl Oracle {
    async fn perform(&mut self, call: &Call, now: i64) -> String {
        let result = match call {
            Call::GetPn(phone) => self.lid_of(phone).await,
            _ => perform(&self.memory, call, now).await,
        };
        match call {
            Call::PutLid(lid, phone, _) => self.learn(lid, phone),
            Call::PutLids(entries) => entries.iter().for_each(|(lid, phone, _)| self.learn(lid, phone)),
            Call::Advance(_) => {
                self.memory.delete_expired_sent_messages(now - 7_200 + 1).await.unwrap();
                self.memory.delete_expired_pending_inbound(now - 604_800 + 1).await.unwrap();
            }
            _ => {}
        }
        self.memory.delete_expired_msg_secrets(now).await.unwrap();
        result
    }

    fn learn(&mut self, lid: &str, phone: &str) {
        self.latest_lids.insert(phone.to_owned(), lid.to_owned());
    }

    async fn lid_of(&self, phone: &str) -> String {
        let Some(lid) = self.latest_lids.get(phone) else { return perform(&self.memory, &Call::GetPn("nobody".into()), 0).await };
        let mapping = self.memory.get_lid_mapping(lid).await.unwrap();
        if mapping.is_some_and(|entry| entry.phone_number == phone) {
            perform(&self.memory, &Call::GetLid(lid.clone()), 0).await
        } else {
            perform(&self.memory, &Call::GetPn("nobody".into()), 0).await
        }
    }
}

/// Makes `calls` on a device store over `kv` and on the oracle.
async fn compare(calls: &[Call], kv: Arc<dyn KeyValue>, first_epoch: Epoch, clock: Arc<HandClock>) -> Result<(), TestCaseError> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| set_time_provider(ThreadTime).unwrap());
    LIBRARY_CLOCK.set(Some(Arc::clone(&clock)));
    let mut oracle = Oracle { memory: InMemoryBackend::new(), latest_lids: HashMap::new() };
    let Epoch(mut epoch) = first_epoch;
    let mut store = backend(Arc::clone(&kv), clock.clone(), epoch);
    for (number, call) in calls.iter().enumerate() {
        match call {
            Call::Restart => {
                epoch += 1;
                store = backend(Arc::clone(&kv), clock.clone(), epoch);
            }
            Call::Advance(seconds) => clock.advance(*seconds),
            _ => {}
        }
        let now = clock.now().seconds();
        let (expected, actual) = (oracle.perform(call, now).await, perform(&store, call, now).await);
        prop_assert_eq!(actual, expected, "call {}: {:?}", number, call);
    }
    prop_assert!(!store.fenced());
    Ok(())
}

/// Runs the comparison, each case with `compare` on a store of its own.
fn agrees(cases: u32, compare: impl AsyncFn(Vec<Call>, Arc<HandClock>) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&calls(), |calls| runtime.block_on(compare(calls, HandClock::new())));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn over_memory_the_device_store_answers_like_the_librarys_own() {
    agrees(256, async |calls, clock| compare(&calls, MemoryKv::new(clock.clone()), Epoch(1), clock).await);
}

#[test]
fn over_sqlite_the_device_store_answers_like_the_librarys_own() {
    agrees(24, async |calls, clock| {
        let folder = tempfile::tempdir().unwrap();
        let store = embedded::Store::open_with(folder.path(), clock.clone()).unwrap();
        let outcome = compare(&calls, Arc::new(store.clone()), store.epoch(), clock).await;
        store.close().await;
        outcome
    });
}
