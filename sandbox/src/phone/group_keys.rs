//! A phone's sender keys: its own for each group it writes to, and those others shared with it.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use wacore_libsignal::protocol::error::Result;
use wacore_libsignal::protocol::{
    ProtocolAddress, SenderKeyDistributionMessage, SenderKeyName, SenderKeyRecord, SenderKeyStore, create_sender_key_distribution_message,
    group_decrypt, group_encrypt, process_sender_key_distribution_message,
};

use super::signal::now;

#[derive(Default)]
pub struct GroupKeys {
    keys: Keys,
    /// By group: which devices have the phone's own key.
    shared: HashMap<String, HashSet<ProtocolAddress>>,
}

impl GroupKeys {
    /// What a device needs to open what follows; made afresh if there is no key yet.
    pub fn distribution(&mut self, group: &str, own: &ProtocolAddress) -> Result<Vec<u8>> {
        let distribution = now(create_sender_key_distribution_message(&name(group, own), &mut self.keys, &mut rand::rng()))?;
        Ok(distribution.serialized().to_vec())
    }

    pub fn encrypt(&mut self, group: &str, own: &ProtocolAddress, plaintext: &[u8]) -> Result<Vec<u8>> {
        let sealed = now(group_encrypt(&mut self.keys, &name(group, own), plaintext, &mut rand::rng()))?;
        Ok(sealed.serialized().to_vec())
    }

    pub fn decrypt(&mut self, group: &str, sender: &ProtocolAddress, ciphertext: &[u8]) -> Result<Vec<u8>> {
        now(group_decrypt(ciphertext, &mut self.keys, &name(group, sender)))
    }

    /// Takes the key a sender shares.
    pub fn accept(&mut self, group: &str, sender: &ProtocolAddress, distribution: &[u8]) -> Result<()> {
        let distribution = SenderKeyDistributionMessage::try_from(distribution)?;
        now(process_sender_key_distribution_message(&name(group, sender), &distribution, &mut self.keys))
    }

    /// Whether a device has the phone's own key.
    pub fn is_shared(&self, group: &str, device: &ProtocolAddress) -> bool {
        self.shared.get(group).is_some_and(|shared| shared.contains(device))
    }

    pub fn note_shared(&mut self, group: &str, device: ProtocolAddress) {
        self.shared.entry(group.to_owned()).or_default().insert(device);
    }

    /// Starts over with a new own key if anyone has the old one who should not.
    pub fn rotate_unless(&mut self, group: &str, own: &ProtocolAddress, entitled: impl Fn(&ProtocolAddress) -> bool) {
        if self.shared.get(group).is_some_and(|shared| !shared.iter().all(entitled)) {
            self.shared.remove(group);
            self.keys.0.remove(&name(group, own));
        }
    }
}

fn name(group: &str, sender: &ProtocolAddress) -> SenderKeyName {
    SenderKeyName::from_parts(group, sender.as_str())
}

#[derive(Default)]
struct Keys(HashMap<SenderKeyName, SenderKeyRecord>);

#[async_trait]
impl SenderKeyStore for Keys {
    async fn store_sender_key(&mut self, name: &SenderKeyName, record: SenderKeyRecord) -> Result<()> {
        self.0.insert(name.clone(), record);
        Ok(())
    }

    async fn load_sender_key(&self, name: &SenderKeyName) -> Result<Option<SenderKeyRecord>> {
        Ok(self.0.get(name).cloned())
    }
}
