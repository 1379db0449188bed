//! A file that came with a message: downloaded, checked and decrypted once somebody asks for it.

use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};
use wacore::download::{DownloadUtils, Downloadable, MediaType};
use wacore::proto_helpers::MessageExt as _;
use waproto::whatsapp::Message;

use crate::media::{Files, Token};

/// What the message says of the file.
pub struct Attachment {
    direct_path: String,
    kind: MediaType,
    media_key: Vec<u8>,
    sha256: Vec<u8>,
    encrypted_sha256: Vec<u8>,
    downloaded: OnceLock<Option<Downloaded>>,
}

/// What the file turned out to be.
pub struct Downloaded {
    pub size: usize,
    /// In hex.
    pub sha256: String,
}

impl Attachment {
    pub fn of(message: &Message) -> Option<Self> {
        let message = downloadable(message.get_base_message())?;
        let owned = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
        Some(Self {
            direct_path: message.direct_path().unwrap_or_default().to_owned(),
            kind: message.app_info(),
            media_key: owned(message.media_key()),
            sha256: owned(message.file_sha256()),
            encrypted_sha256: owned(message.file_enc_sha256()),
            downloaded: OnceLock::new(),
        })
    }

    /// `None` if it could not be downloaded, or was not what the message says. Found out once, which
    /// takes a while for a large file.
    pub fn downloaded(&self, files: &Files) -> Option<&Downloaded> {
        let download = || {
            let file = self.open(files)?;
            Some(Downloaded { size: file.len(), sha256: hex::encode(Sha256::digest(&file)) })
        };
        self.downloaded.get_or_init(download).as_ref()
    }

    /// What the file is encrypted with.
    pub fn media_key(&self) -> &[u8] {
        &self.media_key
    }

    /// Puts the file on the media server under another path.
    pub fn put_again(&self, files: &Files) -> Option<String> {
        let encrypted = files.get(&Token::of_path(&self.direct_path)?)?;
        let token = Token::new(rand::random());
        files.put(token, encrypted);
        Some(token.direct_path())
    }

    /// The file itself.
    pub fn open(&self, files: &Files) -> Option<Vec<u8>> {
        let encrypted = files.get(&Token::of_path(&self.direct_path)?)?;
        if Sha256::digest(&encrypted)[..] != self.encrypted_sha256 {
            return None;
        }
        let file = DownloadUtils::verify_and_decrypt(&encrypted, &self.media_key, self.kind).ok()?;
        (Sha256::digest(&file)[..] == self.sha256).then_some(file)
    }
}

fn downloadable(message: &Message) -> Option<&dyn Downloadable> {
    fn part<T: Downloadable>(part: Option<&T>) -> Option<&dyn Downloadable> {
        part.map(|part| part as &dyn Downloadable)
    }
    part(message.image_message.as_option())
        .or(part(message.video_message.as_option()))
        .or(part(message.ptv_message.as_option()))
        .or(part(message.audio_message.as_option()))
        .or(part(message.document_message.as_option()))
        .or(part(message.sticker_message.as_option()))
}
