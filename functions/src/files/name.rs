//! What files are called.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::model::MediaId;
use media::Kind;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::word;
use crate::error::ApiError;

/// What an extended parameter of a header may hold as it is (RFC 8187).
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A name that a user gave in so many words.
pub fn given_name(name: &str) -> Result<String, ApiError> {
    fetch::file_name(name).ok_or_else(|| ApiError::invalid("fileName", "not a file's name"))
}

/// What a file without a name is called: `image.jpg`.
pub fn default_name(kind: Kind, mime_type: &str) -> String {
    match ending(mime_type) {
        Some(ending) => format!("{}.{ending}", word(kind)),
        None => word(kind).to_owned(),
    }
}

fn ending(mime_type: &str) -> Option<&'static str> {
    Some(match mime_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "video/mp4" => "mp4",
        "video/3gpp" => "3gp",
        "video/quicktime" => "mov",
        "audio/ogg" => "ogg",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "audio/aac" => "aac",
        "audio/wav" => "wav",
        "audio/flac" => "flac",
        "audio/amr" => "amr",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "text/plain" => "txt",
        "text/csv" => "csv",
        _ => return None,
    })
}

/// The name in a form's header `Content-Disposition`, where it is written as in HTTP's (`filename*=UTF-8''…`), as some clients do.
pub fn original_name(disposition: &str) -> Option<String> {
    let value = disposition.split(';').find_map(|parameter| parameter.trim().strip_prefix("filename*="))?;
    let encoded = value.splitn(3, '\'').nth(2)?;
    fetch::file_name(&percent_decode_str(encoded).decode_utf8().ok()?)
}

/// A header `Content-Disposition` (RFC 6266).
pub fn disposition(inline: bool, name: Option<&str>) -> String {
    let how = if inline { "inline" } else { "attachment" };
    let Some(name) = name.and_then(fetch::file_name) else { return how.to_owned() };
    let plain: String = name.chars().map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%') { c } else { '_' }).collect();
    if plain == name {
        return format!("{how}; filename=\"{plain}\"");
    }
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, ATTRIBUTE))
}

/// The id of a file that is still to come, with the name it will have: nothing else is known of it anywhere.
pub fn named(id: MediaId, name: &str) -> MediaId {
    MediaId::parse(format!("{id}.{}", BASE64_URL_SAFE_NO_PAD.encode(name))).unwrap_or(id)
}

/// The name in an id made by [`named`].
pub fn name_in(id: &MediaId) -> Option<String> {
    let (_, name) = id.as_str().split_once('.')?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(name).ok()?;
    fetch::file_name(std::str::from_utf8(&bytes).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disposition_says_any_name() {
        for (name, header) in [
            (None, "attachment"),
            (Some("laporan 1.pdf"), "attachment; filename=\"laporan 1.pdf\""),
            (Some("東京 100%.pdf"), "attachment; filename=\"__ 100_.pdf\"; filename*=UTF-8''%E6%9D%B1%E4%BA%AC%20100%25.pdf"),
            (Some("a\"\r\nx: y"), "attachment; filename=\"ax y\""),
            (Some("../../etc/passwd"), "attachment; filename=\"passwd\""),
        ] {
            assert_eq!(disposition(false, name), header);
        }
        assert_eq!(disposition(true, None), "inline");
    }

    #[test]
    fn a_forms_name_may_be_written_as_in_http() {
        assert_eq!(original_name("form-data; name=\"image\"; filename*=utf-8''na%C3%AFve.jpg").as_deref(), Some("naïve.jpg"));
        for none in ["form-data; name=\"image\"", "form-data; filename*=x", "form-data; filename*=utf-8''%ff"] {
            assert_eq!(original_name(none), None, "{none}");
        }
    }

    #[test]
    fn an_id_carries_the_name_of_the_file_to_come() {
        let id = MediaId::parse("med_0123").unwrap();
        assert_eq!(name_in(&named(id.clone(), "kontrak 東京.pdf")).as_deref(), Some("kontrak 東京.pdf"));
        assert_eq!(name_in(&id), None);
        assert_eq!(named(id.clone(), &"x".repeat(250)), id);
        assert_eq!(name_in(&MediaId::parse("med_1.!").unwrap()), None);
    }
}
