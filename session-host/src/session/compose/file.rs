//! Messages with files.

use domain::model::{MediaFile, Message, MessageType};
use waproto::{
    buffa::MessageField,
    whatsapp::{self as wa, message::StickerMessage},
};
use whatsapp_rust::media::{self, AudioOptions, DocumentOptions, ImageOptions, VideoOptions};

use super::{Names, context::mentioning};
use crate::session::enclose::SentFile;

/// A file that lies at WhatsApp, as part of a message.
pub fn compose_file(
    message: &Message,
    file: &MediaFile,
    sent: &SentFile,
    names: &Names,
    context: Option<wa::ContextInfo>,
) -> Option<wa::Message> {
    let SentFile { upload, mime_type, look } = sent.clone();
    let (mimetype, jpeg_thumbnail, context_info) = (Some(mime_type), look.thumbnail, context.map(Box::new));
    let caption = message.caption.as_deref().filter(|caption| !caption.is_empty());
    let caption = caption.map(|caption| mentioning(caption, &message.mentions, names));
    let (width, height) = look.size.unzip();
    Some(match message.kind {
        MessageType::Image => {
            let mut composed = media::image_message(upload, ImageOptions { caption, mimetype, jpeg_thumbnail, context_info });
            let image = composed.image_message.as_option_mut()?;
            (image.width, image.height) = (width, height);
            composed
        }
        MessageType::Video => {
            let options =
                VideoOptions { caption, mimetype, jpeg_thumbnail, context_info, duration_seconds: look.seconds, gif_playback: None };
            let mut composed = media::video_message(upload, options);
            let video = composed.video_message.as_option_mut()?;
            (video.width, video.height) = (width, height);
            composed
        }
        MessageType::Audio => {
            let (ptt, waveform) = (Some(file.voice_note), look.waveform);
            media::audio_message(upload, AudioOptions { mimetype, duration_seconds: look.seconds, ptt, waveform, context_info })
        }
        MessageType::Document => {
            let file_name = file.file_name.clone();
            let title = file_name.clone();
            media::document_message(
                upload,
                DocumentOptions { mimetype, file_name, title, caption, page_count: None, jpeg_thumbnail, context_info },
            )
        }
        MessageType::Sticker => {
            let sticker = StickerMessage {
                url: Some(upload.url),
                direct_path: Some(upload.direct_path),
                media_key: Some(upload.media_key.to_vec()),
                file_sha256: Some(upload.file_sha256.to_vec()),
                file_enc_sha256: Some(upload.file_enc_sha256.to_vec()),
                file_length: Some(upload.file_length),
                media_key_timestamp: Some(upload.media_key_timestamp),
                mimetype,
                width,
                height,
                is_animated: Some(look.moves),
                context_info: context_info.map(|context| MessageField::some(*context)).unwrap_or_default(),
                ..Default::default()
            };
            wa::Message { sticker_message: MessageField::some(sticker), ..Default::default() }
        }
        _ => return None,
    })
}
