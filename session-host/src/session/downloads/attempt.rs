//! One try to get a file, from WhatsApp into the store.

use std::{sync::atomic::Ordering, time::Duration};

use domain::{
    model::{MediaFile, MediaId, MediaPlace, Message, Origin},
    ports::PutError,
};
use sha2::{Digest, Sha256};
use wacore::download::Downloadable;
use whatsapp_rust::{Client, ErrorChainExt, MediaRetryResult, MediaReuploadError, MediaReuploadRequest};

use super::{Downloads, pipe::pipe};
use crate::session::{addresses::to_theirs, read::Reference};

/// How long one try may take; a file of the greatest size comes in that time over a slow line.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How long to wait, again and again, for the connection.
const OFF_LINE: Duration = Duration::from_secs(3600);

/// Why there is no file.
#[derive(Debug)]
pub enum Miss {
    /// It may be there another time.
    Later(anyhow::Error),
    /// WhatsApp has it no more; the phone has put it there again, under this path.
    Moved(String),
    /// It will never be there.
    Never(&'static str),
}

impl Downloads {
    /// Gets the file of a message, and has the store keep it.
    pub(super) async fn attempt(&self, client: &Client, message: &Message, reference: &Reference) -> Result<MediaFile, Miss> {
        let file = message.media().ok_or(Miss::Never("unreadable"))?;
        let max_bytes = self.shared.receiving.max_download_bytes;
        if reference.file_length().is_some_and(|size| size > max_bytes) {
            return Err(Miss::Never("too_large"));
        }
        while client.wait_for_connected(OFF_LINE).await.is_err() {}
        let turn = self.shared.receiving.downloads.clone().acquire_owned().await.expect("turns never end");
        let (pipe, outlet) = pipe(max_bytes, turn);
        let id = media_id(message);
        let download = async {
            let pipe = client.download_to_writer(reference, pipe).await?;
            anyhow::Ok(pipe.finish(reference.file_sha256()).await)
        };
        let media = &self.shared.ports.media;
        let both = async { tokio::join!(download, media.put(&self.device, &id, outlet.stream)) };
        let (downloaded, put) = tokio::time::timeout(PATIENCE, both).await.map_err(|timeout| Miss::Later(timeout.into()))?;
        if outlet.too_large.load(Ordering::Acquire) {
            return Err(Miss::Never("too_large"));
        }
        match (downloaded, put) {
            (_, Err(PutError::Port(error))) => Err(Miss::Later(error.into())),
            (Ok(Ok(())), Ok(size_bytes)) => match media.keep(&self.device, &id).await {
                Ok(true) => Ok(MediaFile { size_bytes, place: MediaPlace::Stored { id }, ..file.clone() }),
                Ok(false) => Err(Miss::Later(anyhow::anyhow!("the store lost the file"))),
                Err(error) => Err(Miss::Later(error.into())),
            },
            (Ok(Err(_corrupt)), _) => Err(Miss::Never("corrupt")),
            (Ok(Ok(())), Err(error)) => Err(Miss::Later(error.into())),
            (Err(error), _) => Err(self.refused(client, message, reference, error).await),
        }
    }

    /// What to do about a download that failed. WhatsApp keeps files for some weeks; after that the phone, if it has it still, puts it there again.
    async fn refused(&self, client: &Client, message: &Message, reference: &Reference, error: anyhow::Error) -> Miss {
        let cause: &(dyn std::error::Error + 'static) = error.as_ref();
        if !matches!(cause.http_status(), Some(403 | 404 | 410)) {
            return Miss::Later(error);
        }
        let (Some(media_key), Some(chat)) = (reference.media_key(), to_theirs(&message.chat)) else { return Miss::Never("gone") };
        let author = match &message.key().origin {
            Origin::Other { from: Some(from), .. } if message.chat.is_group() => to_theirs(from),
            _ => None,
        };
        let request = MediaReuploadRequest {
            msg_id: message.id.as_str(),
            chat_jid: &chat,
            media_key,
            is_from_me: message.key().origin == Origin::Own,
            participant: author.as_ref(),
        };
        match client.media_reupload().request(&request).await {
            Ok(MediaRetryResult::Success { direct_path }) => Miss::Moved(direct_path),
            Ok(MediaRetryResult::GeneralError | MediaRetryResult::NotFound | MediaRetryResult::DecryptionError) => Miss::Never("gone"),
            Err(MediaReuploadError::InvalidRequest(_)) => Miss::Never("gone"),
            // The phone may be off line.
            Err(error) => Miss::Later(error.into()),
        }
    }
}

/// The same one however often it is downloaded, so that a repetition leaves no second file behind.
fn media_id(message: &Message) -> MediaId {
    let origin = match message.key().origin {
        Origin::Own => String::new(),
        Origin::Other { chat, from } => format!("{chat} {}", from.map(|from| from.to_string()).unwrap_or_default()),
    };
    let name = Sha256::digest(format!("{}\n{}\n{origin}", message.device_id, message.id));
    MediaId::parse(format!("med_{}", hex::encode(&name[..16]))).expect("hexadecimal text is an identifier")
}
