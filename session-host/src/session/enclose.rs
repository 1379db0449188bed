//! What goes with a message besides its words: a file has to be looked at, encrypted and uploaded before its message can be written.

use std::io;

use domain::{
    model::{DeviceId, MediaFile, Message, MessageType},
    ports::{ByteStream, PortError, StoredFile},
};
use futures::TryStreamExt;
use media::Unreadable;
use tokio::task::{JoinError, spawn_blocking};
use wacore::{download::MediaType, upload::MediaEncryptor};
use whatsapp_rust::{
    Client, ErrorChainExt,
    upload::{UploadOptions, UploadResponse},
};

use super::outbox::Outgoing;
use crate::host::Shared;

/// What goes with a message.
#[derive(Debug)]
pub enum Enclosed {
    /// A file that lies at WhatsApp.
    File(Box<SentFile>),
}

/// A file that lies at WhatsApp, and what is told of it.
#[derive(Clone, Debug)]
pub struct SentFile {
    /// Where it lies, and its key.
    pub upload: UploadResponse,
    /// What it is by now.
    pub mime_type: String,
    /// What was found out about it.
    pub look: Look,
}

/// What is told of a file, as far as it could be found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// A small JPEG.
    pub thumbnail: Option<Vec<u8>>,
    /// Width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// How long it plays.
    pub seconds: Option<u32>,
    /// How loud a voice note is, in 64 steps of its length.
    pub waveform: Option<Vec<u8>>,
    /// Whether a sticker moves.
    pub moves: bool,
}

/// Why there is nothing to go with a message.
#[derive(Debug, thiserror::Error)]
pub enum Unenclosed {
    /// There will be nothing: a stable word says why.
    #[error("{0}")]
    Never(&'static str),
    /// It may work later.
    #[error("{0:#}")]
    NotNow(anyhow::Error),
}

impl From<Unreadable> for Unenclosed {
    fn from(_: Unreadable) -> Self {
        Self::Never("media_unreadable")
    }
}

impl From<PortError> for Unenclosed {
    fn from(error: PortError) -> Self {
        Self::NotNow(error.into())
    }
}

impl From<io::Error> for Unenclosed {
    fn from(error: io::Error) -> Self {
        Self::NotNow(error.into())
    }
}

impl From<JoinError> for Unenclosed {
    fn from(error: JoinError) -> Self {
        // A flaw in a decoder, met by this file.
        tracing::error!(%error, "a file could not be looked at");
        Self::Never("media_unreadable")
    }
}

/// Whether something has to be made before it can be written.
pub fn is_needed(outgoing: &Outgoing) -> bool {
    matches!(outgoing, Outgoing::Message(message) if message.media().is_some())
}

/// Makes what goes with a message. May be repeated, and broken off anywhere.
pub async fn enclose(shared: &Shared, client: &Client, message: &Message) -> Result<Enclosed, Unenclosed> {
    let file = message.media().ok_or(Unenclosed::Never("media_missing"))?;
    let stored = open(shared, &message.device_id, file).await?;
    let media_type = media_type(message.kind).ok_or(Unenclosed::Never("media_unreadable"))?;
    let told = Look { seconds: file.seconds, ..Look::default() };
    let _room = shared.room.take(stored.size_bytes, message.kind != MessageType::Document).await;
    if message.kind == MessageType::Document {
        let upload = upload_unread(client, stored, media_type).await?;
        return Ok(Enclosed::File(Box::new(SentFile { upload, mime_type: file.mime_type.clone(), look: told })));
    }
    let bytes = read(stored).await?;
    let (kind, voice_note, mime_type) = (message.kind, file.voice_note, file.mime_type.clone());
    let turn = shared.room.look().await;
    let (bytes, mime_type, look) = spawn_blocking(move || look(kind, voice_note, bytes, mime_type, told)).await??;
    drop(turn);
    let upload = client.upload(bytes, media_type, UploadOptions::default()).await.map_err(not_uploaded)?;
    Ok(Enclosed::File(Box::new(SentFile { upload, mime_type, look })))
}

async fn open(shared: &Shared, device: &DeviceId, file: &MediaFile) -> Result<StoredFile, Unenclosed> {
    let missing = Unenclosed::Never("media_missing");
    let Some(id) = file.stored() else { return Err(missing) };
    shared.ports.media.open(device, id).await?.ok_or(missing)
}

async fn read(stored: StoredFile) -> io::Result<Vec<u8>> {
    let bytes = Vec::with_capacity(usize::try_from(stored.size_bytes).unwrap_or(0));
    stored
        .body
        .try_fold(bytes, |mut bytes, chunk| async move {
            bytes.extend_from_slice(&chunk);
            Ok(bytes)
        })
        .await
}

/// Looks at a file, and makes of it what people can see or hear.
fn look(kind: MessageType, voice_note: bool, bytes: Vec<u8>, mime_type: String, told: Look) -> Result<(Vec<u8>, String, Look), Unreadable> {
    Ok(match kind {
        MessageType::Image => {
            let look =
                media::image(&bytes).map(|info| Look { thumbnail: Some(info.thumbnail), size: Some((info.width, info.height)), ..told });
            (bytes, mime_type, look.unwrap_or_default())
        }
        MessageType::Sticker => (media::sticker(&bytes)?, "image/webp".to_owned(), Look { size: Some((512, 512)), ..told }),
        _ => (bytes, mime_type, told),
    })
}

/// Uploads a file that nobody has to look at: only its encrypted bytes are ever in memory as a whole.
async fn upload_unread(client: &Client, stored: StoredFile, media_type: MediaType) -> Result<UploadResponse, Unenclosed> {
    let (encrypted, info) = {
        let mut encryptor = MediaEncryptor::new(media_type).map_err(Unenclosed::NotNow)?;
        let mut encrypted = Vec::with_capacity(usize::try_from(stored.size_bytes).unwrap_or(0) + 64);
        let mut body: ByteStream = stored.body;
        while let Some(chunk) = body.try_next().await? {
            encryptor.update(&chunk, &mut encrypted);
        }
        let info = encryptor.finalize(&mut encrypted).map_err(Unenclosed::NotNow)?;
        (bytes::Bytes::from(encrypted), info)
    };
    client.upload_stream(encrypted, info, media_type).await.map_err(not_uploaded)
}

/// What a server refuses it will refuse again; anything else may be the weather.
fn not_uploaded(error: anyhow::Error) -> Unenclosed {
    let status = error.http_status().or_else(|| error.server_rejection().map(|rejection| rejection.code));
    match status {
        Some(400 | 402 | 404..=407 | 409..=428 | 430..=499) => {
            tracing::warn!(?error, "WhatsApp refused a file");
            Unenclosed::Never("upload_failed")
        }
        _ => Unenclosed::NotNow(error),
    }
}

fn media_type(kind: MessageType) -> Option<MediaType> {
    match kind {
        MessageType::Image => Some(MediaType::Image),
        MessageType::Video => Some(MediaType::Video),
        MessageType::Audio => Some(MediaType::Audio),
        MessageType::Document => Some(MediaType::Document),
        MessageType::Sticker => Some(MediaType::Sticker),
        _ => None,
    }
}
