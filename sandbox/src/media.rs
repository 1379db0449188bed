//! The files on the media server: encrypted by whoever uploaded them, in memory, each under the
//! token that its uploader chose.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;

/// Beyond this the oldest files are given up, as WhatsApp does after some weeks.
const CAPACITY_BYTES: usize = 1 << 30;
/// Small files would never reach the capacity otherwise.
const CAPACITY_FILES: usize = 100_000;
/// Where files are downloaded.
pub const PATH: &str = "/media";

/// Names a file: by its clients' habit the SHA-256 of the encrypted bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 32]);

impl Token {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The token of a file whose path a message states.
    pub fn of_path(direct_path: &str) -> Option<Self> {
        Self::parse(direct_path.strip_prefix(PATH)?.strip_prefix('/')?)
    }

    pub fn direct_path(&self) -> String {
        format!("{PATH}/{}", BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

#[derive(Default)]
pub struct Files {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_token: HashMap<Token, Bytes>,
    /// Oldest first.
    arrivals: VecDeque<Token>,
    size_bytes: usize,
}

impl Files {
    pub fn put(&self, token: Token, file: Bytes) {
        let mut state = self.state();
        state.size_bytes += file.len();
        match state.by_token.insert(token, file) {
            Some(replaced) => state.size_bytes -= replaced.len(),
            None => state.arrivals.push_back(token),
        }
        while state.size_bytes > CAPACITY_BYTES || state.arrivals.len() > CAPACITY_FILES {
            let Some(oldest) = state.arrivals.pop_front() else {
                return;
            };
            let forgotten = state.by_token.remove(&oldest);
            state.size_bytes -= forgotten.map_or(0, |file| file.len());
        }
    }

    pub fn get(&self, token: &Token) -> Option<Bytes> {
        self.state().by_token.get(token).cloned()
    }

    pub fn clear(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_files_make_room_for_new_ones() {
        let files = Files::default();
        let third = Bytes::from(vec![0; CAPACITY_BYTES / 3 + 1]);
        let tokens = [1, 2, 3].map(|n| Token::new([n; 32]));
        for token in tokens {
            files.put(token, third.clone());
            files.put(token, third.clone());
        }
        assert!(files.get(&tokens[0]).is_none());
        assert!(files.get(&tokens[1]).is_some() && files.get(&tokens[2]).is_some());
        files.clear();
        assert!(files.get(&tokens[2]).is_none());
    }

    #[test]
    fn a_path_leads_back_to_its_token() {
        let token = Token::new([7; 32]);
        assert!(Token::of_path(&token.direct_path()) == Some(token));
        for other in ["", "/media", "/media/", "/media/x", "/v/t62.7118-24/1.enc"] {
            assert!(Token::of_path(other).is_none(), "{other}");
        }
    }
}
