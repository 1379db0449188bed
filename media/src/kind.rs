//! The kinds of media a message can carry.

/// What a file is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Shown in the chat.
    Image,
    /// Played in the chat.
    Video,
    /// Played in the chat, as music or as a voice note.
    Audio,
    /// To be saved and opened elsewhere.
    Document,
    /// Shown without a frame, 512 by 512 pixels.
    Sticker,
}

impl Kind {
    /// Whether a file of this mime type can be sent as this kind, perhaps after a conversion. Parameters of the type do not matter.
    pub fn accepts(self, mime: &str) -> bool {
        let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let accepted: &[&str] = match self {
            Self::Image => &["image/jpeg", "image/jpg", "image/png", "image/webp", "image/gif"],
            Self::Video => &["video/mp4", "video/3gpp", "video/quicktime"],
            Self::Audio => &[
                "audio/ogg",
                "audio/opus",
                "audio/mpeg",
                "audio/mp3",
                "audio/mp4",
                "audio/m4a",
                "audio/x-m4a",
                "audio/aac",
                "audio/wav",
                "audio/wave",
                "audio/x-wav",
                "audio/flac",
                "audio/x-flac",
                "audio/amr",
            ],
            Self::Document => return true,
            Self::Sticker => &["image/webp", "image/png", "image/jpeg", "image/jpg"],
        };
        accepted.contains(&mime.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_accepts_what_whatsapp_shows_or_plays() {
        assert!(Kind::Image.accepts("image/jpeg") && Kind::Image.accepts("IMAGE/PNG; charset=binary"));
        assert!(!Kind::Image.accepts("image/svg+xml") && !Kind::Image.accepts("video/mp4"));
        assert!(Kind::Video.accepts("video/quicktime") && !Kind::Video.accepts("video/webm"));
        assert!(Kind::Audio.accepts("audio/ogg; codecs=opus") && !Kind::Audio.accepts("video/mp4"));
        assert!(Kind::Sticker.accepts("image/webp") && !Kind::Sticker.accepts("image/gif"));
        assert!(Kind::Document.accepts("application/x-anything") && Kind::Document.accepts(""));
    }
}
