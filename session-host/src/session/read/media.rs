//! Files that go with messages, and what it takes to download them.

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::model::{Attachment, MediaFile, MediaPlace, MessageType};
use serde::{Deserialize, Serialize};
use wacore::download::{Downloadable, MediaType};
use waproto::whatsapp as wa;

use super::{Content, filled};

/// What it takes to download a file. Stored, so that it can be done after a restart: fields are only ever added at the end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    kind: MessageType,
    /// Where it is on WhatsApp's servers.
    pub direct_path: Option<String>,
    static_url: Option<String>,
    key: Option<Vec<u8>>,
    encrypted_sha256: Option<Vec<u8>>,
    sha256: Option<Vec<u8>>,
    size_bytes: Option<u64>,
}

impl Reference {
    /// As it is stored.
    pub fn encode(&self) -> String {
        BASE64_STANDARD.encode(postcard::to_allocvec(self).expect("text, bytes and numbers can be encoded"))
    }

    /// Reads what [`Reference::encode`] wrote.
    pub fn decode(text: &str) -> Option<Self> {
        postcard::from_bytes(&BASE64_STANDARD.decode(text).ok()?).ok()
    }

    fn of(kind: MessageType, file: &dyn Downloadable) -> Self {
        let bytes = |bytes: Option<&[u8]>| bytes.filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec);
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        Self {
            kind,
            direct_path: text(file.direct_path()),
            static_url: text(file.static_url()),
            key: bytes(file.media_key()),
            encrypted_sha256: bytes(file.file_enc_sha256()),
            sha256: bytes(file.file_sha256()),
            size_bytes: file.file_length(),
        }
    }
}

impl Downloadable for Reference {
    fn direct_path(&self) -> Option<&str> {
        self.direct_path.as_deref()
    }

    fn media_key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    fn file_enc_sha256(&self) -> Option<&[u8]> {
        self.encrypted_sha256.as_deref()
    }

    fn file_sha256(&self) -> Option<&[u8]> {
        self.sha256.as_deref()
    }

    fn file_length(&self) -> Option<u64> {
        self.size_bytes
    }

    fn app_info(&self) -> MediaType {
        match self.kind {
            MessageType::Image => MediaType::Image,
            MessageType::Video => MediaType::Video,
            MessageType::Audio => MediaType::Audio,
            MessageType::Sticker => MediaType::Sticker,
            _ => MediaType::Document,
        }
    }

    fn static_url(&self) -> Option<&str> {
        self.static_url.as_deref()
    }
}

/// What it takes to download a file that is at WhatsApp.
pub fn reference(file: &MediaFile) -> Option<Reference> {
    match &file.place {
        MediaPlace::Awaiting { reference } | MediaPlace::Remote { reference } => Reference::decode(reference),
        MediaPlace::Stored { .. } | MediaPlace::Failed { .. } => None,
    }
}

pub fn content(body: &wa::Message) -> Option<Content> {
    if let Some(image) = body.image_message.as_option() {
        return Some(file(MessageType::Image, image, &image.mimetype, "image/jpeg", filled(&image.caption)));
    }
    if let Some(video) = body.video_message.as_option().or_else(|| body.ptv_message.as_option()) {
        return Some(file(MessageType::Video, video, &video.mimetype, "video/mp4", filled(&video.caption)).lasting(video.seconds));
    }
    if let Some(audio) = body.audio_message.as_option() {
        let content = file(MessageType::Audio, audio, &audio.mimetype, "audio/ogg", None).lasting(audio.seconds);
        return Some(content.with(|file| file.voice_note = audio.ptt.unwrap_or_default()));
    }
    if let Some(document) = body.document_message.as_option() {
        let name = filled(&document.file_name).or_else(|| filled(&document.title));
        let content = file(MessageType::Document, document, &document.mimetype, "application/octet-stream", filled(&document.caption));
        return Some(content.with(|file| file.file_name = name));
    }
    let sticker = body.sticker_message.as_option()?;
    Some(file(MessageType::Sticker, sticker, &sticker.mimetype, "image/webp", None))
}

fn file(kind: MessageType, file: &dyn Downloadable, mime_type: &Option<String>, usual: &str, caption: Option<String>) -> Content {
    let mut content = Content::new(kind, caption.clone().unwrap_or_default());
    content.caption = caption;
    content.attachment = Some(Attachment::Media(MediaFile {
        mime_type: filled(mime_type).unwrap_or_else(|| usual.to_owned()),
        file_name: None,
        size_bytes: file.file_length().unwrap_or_default(),
        seconds: None,
        voice_note: false,
        place: MediaPlace::Awaiting { reference: Reference::of(kind, file).encode() },
    }));
    content
}

impl Content {
    fn with(mut self, change: impl FnOnce(&mut MediaFile)) -> Self {
        if let Some(Attachment::Media(file)) = &mut self.attachment {
            change(file);
        }
        self
    }

    fn lasting(self, seconds: Option<u32>) -> Self {
        self.with(|file| file.seconds = seconds)
    }
}
