//! How long a sound is, as its file tells.

use symphonia::core::formats::TrackType;

use crate::{
    Unreadable, guarded,
    voice::{length, open},
};

/// The seconds of an audio file, rounded and at least 1, where its headers or the sizes of its frames tell them.
pub fn audio(bytes: &[u8]) -> Option<u32> {
    if bytes.starts_with(b"#!AMR") {
        return amr(bytes);
    }
    let seconds = guarded(|| open(bytes)?.default_track(TrackType::Audio).and_then(length).ok_or(Unreadable));
    rounded(seconds.ok()?)
}

/// `None` of nothing, and of what nobody can mean.
pub(crate) fn rounded(seconds: f64) -> Option<u32> {
    (seconds > 0.0 && seconds < f64::from(u32::MAX)).then(|| (seconds.round() as u32).max(1))
}

/// Each frame is 20 ms, and its first byte tells its size.
fn amr(bytes: &[u8]) -> Option<u32> {
    const NARROW: [usize; 16] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1];
    const WIDE: [usize; 16] = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1];
    let (mut rest, sizes) = match bytes.strip_prefix(b"#!AMR-WB\n") {
        Some(rest) => (rest, WIDE),
        None => (bytes.strip_prefix(b"#!AMR\n")?, NARROW),
    };
    let mut frames = 0u32;
    while let Some(first) = rest.first() {
        rest = rest.get(sizes[usize::from(first >> 3 & 15)]..).unwrap_or_default();
        frames += 1;
    }
    rounded(f64::from(frames) / 50.0)
}
