//! The phone's part in app state: the key all companions share, its replica of the collections, and
//! the patches it makes.

use std::collections::HashMap;
use std::sync::Arc;

use buffa::{Message as _, MessageField};
use rand::RngExt as _;
use wacore_appstate::hash::{HashState, generate_patch_mac};
use wacore_appstate::schemas::Schema;
use wacore_appstate::{AppStateError, ExpandedAppStateKeys, encode_record, expand_app_state_keys, process_patch};
use waproto::whatsapp::syncd_mutation::SyncdOperation;
use waproto::whatsapp::{KeyId, SyncActionValue, SyncdPatch};

use super::arrangement::Arrangement;
use crate::collections::Collections;
use crate::stanza::unix_secs;

/// Encrypts app state, shared with every companion.
pub struct AppStateKey {
    pub id: [u8; 6],
    pub data: [u8; 32],
}

pub struct AppState {
    pub key: AppStateKey,
    expanded: Arc<ExpandedAppStateKeys>,
    replicas: HashMap<&'static str, Replica>,
    arrangement: Arrangement,
}

/// One collection, as far as the phone has followed it.
#[derive(Default)]
struct Replica {
    state: HashState,
    /// The value's MAC of everything that is set, by the index's.
    macs: HashMap<Vec<u8>, Vec<u8>>,
}

/// Something to set or remove: what it is about, and what it says.
pub struct Action {
    pub schema: &'static Schema,
    /// A chat or a person; none for what concerns the account.
    pub about: Option<String>,
    pub operation: SyncdOperation,
    pub value: SyncActionValue,
}

impl Default for AppState {
    fn default() -> Self {
        let key = AppStateKey { id: rand::rng().random(), data: rand::rng().random() };
        let expanded = Arc::new(expand_app_state_keys(&key.data));
        Self { key, expanded, replicas: HashMap::new(), arrangement: Arrangement::default() }
    }
}

impl AppState {
    /// How things are by what the phone and its companions have set.
    pub fn arrangement(&mut self, stored: &Collections) -> &Arrangement {
        for name in Arrangement::COLLECTIONS {
            self.follow(stored, name);
        }
        &self.arrangement
    }

    /// Adds a patch; returns the collection and its new version. `None` if a companion broke the
    /// collection, so that nobody can add to it.
    pub fn write(&mut self, stored: &mut Collections, action: &Action) -> Option<(&'static str, u64)> {
        let name = action.schema.collection.as_str();
        self.follow(stored, name);
        let replica = self.replicas.get(name)?;
        let version = stored.append(name, replica.state.version, self.patch(replica, action))?;
        self.follow(stored, name);
        Some((name, version))
    }

    fn patch(&self, replica: &Replica, action: &Action) -> SyncdPatch {
        let name = action.schema.collection.as_str();
        let value = SyncActionValue { timestamp: Some(unix_secs() as i64 * 1000), ..action.value.clone() };
        let version = i32::try_from(action.schema.version).unwrap_or_default();
        let iv = rand::rng().random();
        let (mutation, _) = encode_record(action.operation, &action.index(), &value, &self.expanded, &self.key.id, &iv, version);
        let mut state = replica.state.clone();
        let mutations = vec![mutation];
        // Looking up what was set before cannot fail.
        let _ = state.update_hash(&mutations, |index, _| Ok(replica.macs.get(index).cloned()));
        state.version += 1;
        let mut patch = SyncdPatch {
            snapshot_mac: Some(state.generate_snapshot_mac(name, &self.expanded.snapshot_mac)),
            key_id: MessageField::some(KeyId { id: Some(self.key.id.to_vec()) }),
            mutations,
            ..Default::default()
        };
        patch.patch_mac = Some(generate_patch_mac(&patch, name, &self.expanded.patch_mac, state.version));
        patch
    }

    /// Takes in what was added since; stops at a patch that is no good.
    fn follow(&mut self, stored: &Collections, name: &'static str) {
        let replica = self.replicas.entry(name).or_default();
        for patch in stored.after(name, replica.state.version) {
            if let Err(error) = replica.take(patch, name, &self.key.id, &self.expanded, &mut self.arrangement) {
                tracing::debug!(%error, collection = name, "A phone was given a patch that is none");
                return;
            }
        }
    }
}

impl Replica {
    fn take(
        &mut self,
        patch: &[u8],
        name: &str,
        key_id: &[u8],
        keys: &Arc<ExpandedAppStateKeys>,
        arrangement: &mut Arrangement,
    ) -> Result<(), AppStateError> {
        let patch = SyncdPatch::decode_from_slice(patch).map_err(|_| AppStateError::DecodeFailed)?;
        let keys = |id: &[u8]| if id == key_id { Ok(keys.clone()) } else { Err(AppStateError::KeyNotFound) };
        let mut state = self.state.clone();
        let before = |index: &[u8]| Ok(self.macs.get(index).cloned());
        let taken = process_patch(&patch, &mut state, keys, before, true, name)?;
        self.state = state;
        for index in taken.removed_index_macs {
            self.macs.remove(&index);
        }
        self.macs.extend(taken.added_macs.into_iter().map(|added| (added.index_mac, added.value_mac)));
        for mutation in &taken.mutations {
            arrangement.note(mutation);
        }
        Ok(())
    }
}

impl Action {
    fn index(&self) -> Vec<u8> {
        let parts: Vec<&str> = std::iter::once(self.schema.name).chain(self.about.as_deref()).collect();
        serde_json::to_vec(&parts).unwrap_or_default()
    }
}
