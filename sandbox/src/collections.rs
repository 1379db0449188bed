//! App state as the server keeps it: per collection a chain of patches it cannot read.

use std::collections::HashMap;

use buffa::{Message as _, MessageField};
use waproto::whatsapp::{SyncdPatch, SyncdVersion};

/// Patches one collection may have.
const CAPACITY: usize = 10_000;

#[derive(Default)]
pub struct Collections {
    patches: HashMap<String, Vec<Vec<u8>>>,
}

impl Collections {
    pub fn version(&self, name: &str) -> u64 {
        self.patches.get(name).map_or(0, Vec::len) as u64
    }

    /// The encoded patches that follow a version.
    pub fn after(&self, name: &str, version: u64) -> &[Vec<u8>] {
        let patches = self.patches.get(name).map_or(&[][..], Vec::as_slice);
        let known = usize::try_from(version).unwrap_or(usize::MAX);
        patches.get(known..).unwrap_or_default()
    }

    /// Appends a patch made on top of `base`; returns the new version, or `None` if there is a
    /// newer one already.
    pub fn append(&mut self, name: &str, base: u64, mut patch: SyncdPatch) -> Option<u64> {
        let version = self.version(name);
        if base != version || version as usize >= CAPACITY {
            return None;
        }
        patch.version = MessageField::some(SyncdVersion { version: Some(version + 1) });
        let patches = self.patches.entry(name.to_owned()).or_default();
        patches.push(patch.encode_to_vec());
        Some(version + 1)
    }
}
