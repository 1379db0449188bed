//! Kinds of media in the contract's words.

use domain::model::MessageType;
use media::Kind;

/// The contract's word; a form's file has this name.
pub fn word(kind: Kind) -> &'static str {
    message_type(kind).as_str()
}

/// What a message of this kind is.
pub fn message_type(kind: Kind) -> MessageType {
    match kind {
        Kind::Image => MessageType::Image,
        Kind::Video => MessageType::Video,
        Kind::Audio => MessageType::Audio,
        Kind::Document => MessageType::Document,
        Kind::Sticker => MessageType::Sticker,
    }
}

/// What people call the types that can be sent as this kind.
pub fn accepted(kind: Kind) -> &'static str {
    match kind {
        Kind::Image => "JPEG, PNG, WebP or GIF",
        Kind::Video => "MP4, 3GP or QuickTime",
        Kind::Audio => "Ogg, MP3, M4A, AAC, WAV, FLAC or AMR",
        Kind::Document => "any file",
        Kind::Sticker => "WebP, PNG or JPEG",
    }
}
