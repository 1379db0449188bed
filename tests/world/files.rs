//! Files to send: real ones, of any size.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
};

use image::{ImageFormat, Rgb, RgbImage};
use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::http;

/// A film of two seconds.
pub const MP4: &[u8] = include_bytes!("../../media/tests/files/video.mp4");
/// A sound of two seconds.
pub const MP3: &[u8] = include_bytes!("../../media/tests/files/tone.mp3");
/// A voice note of two seconds, as WhatsApp's own.
pub const OGG: &[u8] = include_bytes!("../../media/tests/files/opus.ogg");
/// The beginning of a document.
pub const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj << >> endobj\n";
/// The beginning of an archive.
pub const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0halo.txt";

/// A picture of 96 by 64 pixels.
pub fn png() -> Vec<u8> {
    let picture = RgbImage::from_fn(96, 64, |x, y| Rgb([x as u8 * 2, y as u8 * 3, 90]));
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

/// A tone of some seconds, which grows louder.
pub fn wav(seconds: u32) -> Vec<u8> {
    const RATE: u32 = 16_000;
    let count = RATE * seconds;
    let samples = (0..count).map(|n| ((f64::from(n) / 20.0).sin() * 20_000.0 * f64::from(n) / f64::from(count)) as i16);
    let sound: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let size = u32::try_from(sound.len()).unwrap();
    let mut wav = Vec::from(*b"RIFF");
    wav.extend((36 + size).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    wav.extend([RATE, RATE * 2].map(u32::to_le_bytes).concat());
    wav.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    wav.extend(b"data");
    wav.extend(size.to_le_bytes());
    wav.extend(sound);
    wav
}

/// A file that begins like this and has so many bytes, no two stretches of them alike.
pub fn sized(beginning: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = beginning.to_vec();
    let mut state = 7_u32;
    bytes.resize_with(size.max(beginning.len()), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    bytes.truncate(size);
    bytes
}

/// In hex, as phones tell it.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Follows a link as it is, with no token.
pub async fn download(url: &str) -> (u16, HeaderMap, Vec<u8>) {
    let response = http().get(url).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.unwrap().to_vec())
}

/// The request that hands a file in as its upload ticket says, still without the file.
pub fn put_at(ticket: &Value) -> RequestBuilder {
    let put = http().put(ticket["uploadUrl"].as_str().unwrap());
    let headers = ticket["headers"].as_object().unwrap();
    headers.iter().fold(put, |put, (name, value)| put.header(name, value.as_str().unwrap()))
}

/// Every file under a folder.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

/// Copies all that is in a folder to one that there is not yet, or is empty.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if entry.is_dir() {
            copy_folder(&entry, &to);
        } else {
            std::fs::copy(entry, to).unwrap();
        }
    }
}
