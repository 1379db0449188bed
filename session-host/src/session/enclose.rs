//! What goes with a message besides its words: a file has to be looked at, encrypted and uploaded before its message can be written.

use std::{future::Future, io, time::Duration};

use domain::{
    model::{DeviceId, MediaFile, Message, MessageType},
    ports::{ByteStream, PortError, StoredFile},
};
use fetch::{LinkPreview, first_url};
use futures::TryStreamExt;
use media::Unreadable;
use tokio::{
    task::{JoinError, spawn_blocking},
    time::timeout,
};
use wacore::{download::MediaType, upload::MediaEncryptor};
use whatsapp_rust::{
    Client, ErrorChainExt,
    upload::{UploadOptions, UploadResponse},
};

use super::outbox::Outgoing;
use crate::host::Shared;

/// An upload that takes longer is begun anew: 100 MB at the slowest of connections.
const UPLOAD: Duration = Duration::from_secs(20 * 60);

/// A text does not wait longer for what its link leads to.
const PREVIEW: Duration = Duration::from_secs(3);

/// What goes with a message.
#[derive(Debug)]
pub enum Enclosed {
    /// A file that lies at WhatsApp.
    File(Box<SentFile>),
    /// What a link in a text leads to.
    Preview(LinkPreview),
    /// There is nothing to see where a link leads.
    Nothing,
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
    matches!(outgoing, Outgoing::Message(message) if message.media().is_some() || link(message).is_some())
}

/// Makes what goes with a message. May be repeated, and broken off anywhere.
pub async fn enclose(shared: &Shared, client: &Client, message: &Message) -> Result<Enclosed, Unenclosed> {
    if let Some(link) = link(message) {
        let preview = timeout(PREVIEW, fetch::link_preview(&shared.fetcher, link)).await.unwrap_or_default();
        return Ok(preview.map_or(Enclosed::Nothing, Enclosed::Preview));
    }
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
    let upload = in_time(client.upload(bytes, media_type, UploadOptions::default())).await?;
    Ok(Enclosed::File(Box::new(SentFile { upload, mime_type, look })))
}

/// The link to be shown with what it leads to.
fn link(message: &Message) -> Option<&str> {
    if message.link_preview && message.kind == MessageType::Text { first_url(&message.content) } else { None }
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

/// A file as it is sent: its bytes, their type, and what is told of them.
type Looked = (Vec<u8>, String, Look);

/// Looks at a file, and makes of it what people can see or hear.
fn look(kind: MessageType, voice_note: bool, bytes: Vec<u8>, mime_type: String, told: Look) -> Result<Looked, Unreadable> {
    Ok(match kind {
        MessageType::Image => {
            let look = match media::image(&bytes) {
                Ok(image) => Look { thumbnail: Some(image.thumbnail), size: Some((image.width, image.height)), ..told },
                Err(Unreadable) => told,
            };
            (bytes, mime_type, look)
        }
        MessageType::Sticker => {
            let sticker = media::sticker(&bytes)?;
            let look = Look { size: Some((512, 512)), moves: moves(&sticker), ..told };
            (sticker, "image/webp".to_owned(), look)
        }
        MessageType::Video => {
            let video = media::video(&bytes);
            let look = Look { seconds: video.seconds.or(told.seconds), size: video.width.zip(video.height), ..told };
            (bytes, mime_type, look)
        }
        MessageType::Audio if voice_note => {
            let voice = media::voice(&bytes)?;
            let look = Look { seconds: Some(voice.seconds), waveform: Some(voice.waveform.to_vec()), ..told };
            (voice.ogg_opus, "audio/ogg; codecs=opus".to_owned(), look)
        }
        MessageType::Audio => {
            let seconds = media::audio(&bytes).or(told.seconds);
            (bytes, mime_type, Look { seconds, ..told })
        }
        _ => (bytes, mime_type, told),
    })
}

/// Whether a WebP says that it is animated.
fn moves(webp: &[u8]) -> bool {
    webp.get(12..16) == Some(b"VP8X") && webp.get(20).is_some_and(|flags| flags & 0x02 != 0)
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
    in_time(client.upload_stream(encrypted, info, media_type)).await
}

async fn in_time(upload: impl Future<Output = anyhow::Result<UploadResponse>>) -> Result<UploadResponse, Unenclosed> {
    match timeout(UPLOAD, upload).await {
        Ok(uploaded) => uploaded.map_err(not_uploaded),
        Err(elapsed) => Err(Unenclosed::NotNow(elapsed.into())),
    }
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
