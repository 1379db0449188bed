//! Files a person sends: encrypted, brought to the media server, and described in a message.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use buffa::MessageField;
use bytes::Bytes;
use serde::Deserialize;
use wacore::download::MediaType;
use wacore::upload::{EncryptedMediaInfo, encrypt_media_streaming, encrypted_len};
use waproto::whatsapp::Message;
use waproto::whatsapp::message::{AudioMessage, DocumentMessage, ImageMessage, StickerMessage, VideoMessage};

use super::PhoneError;
use crate::media::{Files, Token};
use crate::stanza::unix_secs;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    r#type: Kind,
    base64: String,
    file_name: Option<String>,
    caption: Option<String>,
    mime_type: Option<String>,
    #[serde(default)]
    voice_note: bool,
    seconds: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

impl Kind {
    fn media_type(self) -> MediaType {
        match self {
            Self::Image => MediaType::Image,
            Self::Video => MediaType::Video,
            Self::Audio => MediaType::Audio,
            Self::Document => MediaType::Document,
            Self::Sticker => MediaType::Sticker,
        }
    }

    fn mime_type(self) -> &'static str {
        match self {
            Self::Image => "image/jpeg",
            Self::Video => "video/mp4",
            Self::Audio => "audio/ogg; codecs=opus",
            Self::Document => "application/octet-stream",
            Self::Sticker => "image/webp",
        }
    }
}

impl File {
    /// The message that sends it. Takes a while for a large file.
    pub fn upload(self, files: &Files) -> Result<Message, PhoneError> {
        let file = BASE64_STANDARD.decode(&self.base64).map_err(|_| PhoneError::Odd("this is not base64"))?;
        let mut encrypted = Vec::with_capacity(encrypted_len(file.len()));
        let info = encrypt_media_streaming(&file[..], &mut encrypted, self.r#type.media_type());
        let info = info.map_err(|_| PhoneError::Odd("the file cannot be encrypted"))?;
        let token = Token::new(info.file_enc_sha256);
        files.put(token, Bytes::from(encrypted));
        Ok(self.message(info, token.direct_path()))
    }

    fn message(self, info: EncryptedMediaInfo, direct_path: String) -> Message {
        /// What every kind of file is described by, and what its own kind adds.
        macro_rules! described {
            ($kind:ident { $($field:ident $(: $value:expr)?),* }) => {
                MessageField::some($kind {
                    mimetype: Some(self.mime_type.unwrap_or_else(|| self.r#type.mime_type().to_owned())),
                    direct_path: Some(direct_path),
                    media_key: Some(info.media_key.to_vec()),
                    media_key_timestamp: Some(unix_secs() as i64),
                    file_sha256: Some(info.file_sha256.to_vec()),
                    file_enc_sha256: Some(info.file_enc_sha256.to_vec()),
                    file_length: Some(info.file_length),
                    $($field $(: $value)?,)*
                    ..Default::default()
                })
            };
        }
        let (caption, seconds, streaming_sidecar) = (self.caption, self.seconds, info.streaming_sidecar);
        let mut message = Message::default();
        match self.r#type {
            Kind::Image => message.image_message = described!(ImageMessage { caption }),
            Kind::Video => message.video_message = described!(VideoMessage { caption, seconds, streaming_sidecar }),
            Kind::Audio => {
                message.audio_message = described!(AudioMessage { seconds, streaming_sidecar, ptt: Some(self.voice_note) });
            }
            Kind::Document => {
                let (title, file_name) = (self.file_name.clone(), self.file_name);
                message.document_message = described!(DocumentMessage { caption, title, file_name });
            }
            Kind::Sticker => message.sticker_message = described!(StickerMessage {}),
        }
        message
    }
}
