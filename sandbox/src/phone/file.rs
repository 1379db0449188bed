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
        let mimetype = Some(self.mime_type.unwrap_or_else(|| self.r#type.mime_type().to_owned()));
        let direct_path = Some(direct_path);
        let media_key = Some(info.media_key.to_vec());
        let media_key_timestamp = Some(unix_secs() as i64);
        let file_sha256 = Some(info.file_sha256.to_vec());
        let file_enc_sha256 = Some(info.file_enc_sha256.to_vec());
        let file_length = Some(info.file_length);
        let (caption, seconds, streaming_sidecar) = (self.caption, self.seconds, info.streaming_sidecar);
        let mut message = Message::default();
        match self.r#type {
            Kind::Image => {
                message.image_message = MessageField::some(ImageMessage {
                    mimetype,
                    direct_path,
                    media_key,
                    media_key_timestamp,
                    file_sha256,
                    file_enc_sha256,
                    file_length,
                    caption,
                    ..Default::default()
                });
            }
            Kind::Video => {
                message.video_message = MessageField::some(VideoMessage {
                    mimetype,
                    direct_path,
                    media_key,
                    media_key_timestamp,
                    file_sha256,
                    file_enc_sha256,
                    file_length,
                    caption,
                    seconds,
                    streaming_sidecar,
                    ..Default::default()
                });
            }
            Kind::Audio => {
                message.audio_message = MessageField::some(AudioMessage {
                    mimetype,
                    direct_path,
                    media_key,
                    media_key_timestamp,
                    file_sha256,
                    file_enc_sha256,
                    file_length,
                    seconds,
                    streaming_sidecar,
                    ptt: Some(self.voice_note),
                    ..Default::default()
                });
            }
            Kind::Document => {
                message.document_message = MessageField::some(DocumentMessage {
                    mimetype,
                    direct_path,
                    media_key,
                    media_key_timestamp,
                    file_sha256,
                    file_enc_sha256,
                    file_length,
                    caption,
                    title: self.file_name.clone(),
                    file_name: self.file_name,
                    ..Default::default()
                });
            }
            Kind::Sticker => {
                message.sticker_message = MessageField::some(StickerMessage {
                    mimetype,
                    direct_path,
                    media_key,
                    media_key_timestamp,
                    file_sha256,
                    file_enc_sha256,
                    file_length,
                    ..Default::default()
                });
            }
        }
        message
    }
}
