//! Videos: what the headers of an MP4 or MOV tell.

use crate::length::rounded;

/// What is told of a video. `None` is what its headers do not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VideoInfo {
    /// Rounded, at least 1.
    pub seconds: Option<u32>,
    /// In pixels, as it is seen.
    pub width: Option<u32>,
    /// In pixels, as it is seen.
    pub height: Option<u32>,
}

/// Of an MP4, MOV or 3GP. Nothing is told of anything else.
pub fn video(bytes: &[u8]) -> VideoInfo {
    let Some(movie) = child(bytes, b"moov") else { return VideoInfo::default() };
    let seconds = child(movie, b"mvhd").and_then(|header| duration(header, movie));
    let tracks = boxes(movie).filter(|(name, _)| name == b"trak").map(|(_, track)| track);
    let size = tracks.filter(|track| is_video(track)).find_map(|track| size(child(track, b"tkhd")?));
    VideoInfo { seconds, width: size.map(|(width, _)| width), height: size.map(|(_, height)| height) }
}

/// The boxes that lie one after another here: names and contents. One that claims more than there is ends with what there is.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (size, name) = (number(rest, 0, 4)?, rest.get(4..8)?.try_into().ok()?);
        let (header, size) = match size {
            0 => (8, rest.len() as u64),
            1 => (16, number(rest, 8, 8)?),
            size => (8, size),
        };
        let end = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
        let content = rest.get(header..end)?;
        rest = &rest[end..];
        Some((name, content))
    })
}

fn child<'a>(parent: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(parent).find(|(found, _)| found == name).map(|(_, content)| content)
}

/// A big-endian number.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// In version 1 of a header, times are twice as wide.
fn is_wide(header: &[u8]) -> bool {
    header.first() == Some(&1)
}

/// A movie in fragments tells its length apart.
fn duration(header: &[u8], movie: &[u8]) -> Option<u32> {
    let (scale, length) =
        if is_wide(header) { (number(header, 20, 4)?, number(header, 24, 8)?) } else { (number(header, 12, 4)?, number(header, 16, 4)?) };
    let fragments = || {
        let header = child(child(movie, b"mvex")?, b"mehd")?;
        number(header, 4, if is_wide(header) { 8 } else { 4 })
    };
    let length = if length == 0 { fragments()? } else { length };
    rounded(length as f64 / scale as f64)
}

fn is_video(track: &[u8]) -> bool {
    child(track, b"mdia").and_then(|media| child(media, b"hdlr")).and_then(|handler| handler.get(8..12)) == Some(b"vide")
}

/// Fixed point numbers of 16 bits before the point; a matrix before them tells whether the picture lies on its side.
fn size(header: &[u8]) -> Option<(u32, u32)> {
    let matrix = if is_wide(header) { 52 } else { 40 };
    let whole = |at| number(header, at, 2).and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
    let (width, height) = (whole(matrix + 36)?, whole(matrix + 40)?);
    let on_its_side = number(header, matrix, 4)? == 0 && number(header, matrix + 4, 4)? != 0;
    Some(if on_its_side { (height, width) } else { (width, height) })
}
