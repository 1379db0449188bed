//! How rows are named: `family/part/part`, readable, and unambiguous whatever characters the parts hold.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// The port takes keys of at most 512 bytes and no row here has more than three parts, so each may be this long.
const MAX_PART: usize = 150;

/// What may not stand for itself. Everything beyond ASCII is escaped as well.
const RESERVED: &AsciiSet = &CONTROLS.add(b'/').add(b'%').add(b'~');

/// The key of a row.
pub(super) fn key(family: &str, parts: &[&str]) -> String {
    let mut key = String::from(family);
    for part in parts {
        key.push('/');
        push_part(&mut key, part);
    }
    key
}

/// The beginning of the keys whose first part starts with `part` (and may go on).
pub(super) fn prefix(family: &str, part: &str) -> String {
    let mut prefix = format!("{family}/");
    prefix.extend(utf8_percent_encode(part, RESERVED));
    prefix
}

/// A part too long for a key is known by its hash; `~` appears nowhere else.
fn push_part(key: &mut String, part: &str) {
    let start = key.len();
    key.extend(utf8_percent_encode(part, RESERVED));
    if key.len() - start > MAX_PART {
        key.truncate(start);
        key.push('~');
        key.push_str(&hex::encode(Sha256::digest(part)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_like_what_they_name() {
        assert_eq!(key("lid", &["100000012345678"]), "lid/100000012345678");
        assert_eq!(key("sent", &["1203@g.us", "3EB0"]), "sent/1203@g.us/3EB0");
    }

    #[test]
    fn no_two_rows_share_a_key() {
        let parts = [["a/b", "c"], ["a", "b/c"], ["a%2Fb", "c"], ["", "a/b/c"], ["~", "c"], ["a\u{85}", "c"], ["a\u{e9}", "c"]];
        let keys: std::collections::HashSet<_> = parts.iter().map(|parts| key("f", parts)).collect();
        assert_eq!(keys.len(), parts.len());
    }

    #[test]
    fn keys_keep_within_the_ports_limits() {
        for part in ["x".repeat(5_000), "\u{1}/%~\u{85}é".repeat(900)] {
            let key = key("inbound", &[&part, &part, &part]);
            assert!(key.len() <= 512 && !key.chars().any(char::is_control), "{key}");
        }
    }
}
