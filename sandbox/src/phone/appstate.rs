//! The phone's part in app state: the key all companions share, and the person's name.

use rand::RngExt as _;
use wacore_appstate::hash::{HashState, generate_patch_mac};
use wacore_appstate::{encode_record, expand_app_state_keys};
use waproto::whatsapp::sync_action_value::PushNameSetting;
use waproto::whatsapp::syncd_mutation::SyncdOperation;
use waproto::whatsapp::{KeyId, SyncActionValue, SyncdPatch};

use buffa::MessageField;

use crate::stanza::unix_secs;

/// The collection a companion needs before it is connected.
pub const CRITICAL: &str = "critical_block";
const NAME_INDEX: &[u8] = br#"["setting_pushName"]"#;

/// Encrypts app state, shared with every companion.
pub struct AppStateKey {
    pub id: [u8; 6],
    pub data: [u8; 32],
}

impl AppStateKey {
    pub fn generate() -> Self {
        Self { id: rand::rng().random(), data: rand::rng().random() }
    }

    /// The first patch of [`CRITICAL`]: what the person is called.
    pub fn name_patch(&self, name: &str) -> SyncdPatch {
        let keys = expand_app_state_keys(&self.data);
        let value = SyncActionValue {
            timestamp: Some(unix_secs() as i64 * 1000),
            push_name_setting: MessageField::some(PushNameSetting { name: Some(name.to_owned()) }),
            ..Default::default()
        };
        let iv = rand::rng().random();
        let set = SyncdOperation::SET;
        let (mutation, _) = encode_record(set, NAME_INDEX, &value, &keys, &self.id, &iv, 1);
        let mut state = HashState::default();
        let mutations = vec![mutation];
        // Nothing was set before, so there is nothing to look up that could fail.
        let _ = state.update_hash(&mutations, |_, _| Ok(None));
        state.version = 1;
        let mut patch = SyncdPatch {
            snapshot_mac: Some(state.generate_snapshot_mac(CRITICAL, &keys.snapshot_mac)),
            key_id: MessageField::some(KeyId { id: Some(self.id.to_vec()) }),
            mutations,
            ..Default::default()
        };
        let mac = generate_patch_mac(&patch, CRITICAL, &keys.patch_mac, state.version);
        patch.patch_mac = Some(mac);
        patch
    }
}
