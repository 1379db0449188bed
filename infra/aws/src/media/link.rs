//! What links to files say, and how long they are good for. A file may be anybody's: browsers must not run it.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresigningConfig;
use domain::{
    model::Timestamp,
    ports::{LinkOptions, PortError},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::LONGEST_LINK;
use crate::error::flaw;

/// What an extended parameter of a header may hold as it is (RFC 8187).
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Good from `now` on.
pub(super) fn until(until: Timestamp, now: Timestamp) -> Result<PresigningConfig, PortError> {
    let good = until.since(now).clamp(Duration::from_secs(1), LONGEST_LINK);
    let start = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).map_err(flaw)?);
    PresigningConfig::builder().start_time(start).expires_in(good).build().map_err(flaw)
}

/// The type, if it is one that fits into a header.
pub(super) fn content_type(options: &LinkOptions) -> &str {
    let fits = |mime_type: &&str| !mime_type.is_empty() && mime_type.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    options.mime_type.as_deref().filter(fits).unwrap_or("application/octet-stream")
}

/// Shown where it is if nothing in it runs, and saved under its name otherwise.
pub(super) fn disposition(options: &LinkOptions) -> String {
    let how = if is_safe(content_type(options)) { "inline" } else { "attachment" };
    let Some(name) = options.file_name.as_deref().and_then(|path| path.rsplit(['/', '\\']).next()) else { return how.to_owned() };
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let plain: String = name.chars().map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%') { c } else { '_' }).collect();
    if name.is_empty() {
        return how.to_owned();
    }
    if plain == name {
        return format!("{how}; filename=\"{plain}\"");
    }
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, ATTRIBUTE))
}

/// Whether a browser may show it where it is: nothing in it runs.
fn is_safe(mime_type: &str) -> bool {
    let essence = mime_type.split(';').next().unwrap_or_default().trim();
    let picture = matches!(essence, "image/jpeg" | "image/png" | "image/gif" | "image/webp");
    picture || essence.starts_with("audio/") || essence.starts_with("video/") || essence == "application/pdf"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_any_type_and_name_and_browsers_run_none_of_it() {
        for (mime_type, file_name, said) in [
            (None, None, "application/octet-stream attachment"),
            (Some("image/png"), None, "image/png inline"),
            (Some("text/html"), Some("a.html"), "text/html attachment; filename=\"a.html\""),
            (Some("a\r\nb"), Some("../\"\r\n"), "application/octet-stream attachment; filename=\"_\"; filename*=UTF-8''%22"),
            (
                Some("audio/ogg; codecs=opus"),
                Some("東.ogg"),
                "audio/ogg; codecs=opus inline; filename=\"_.ogg\"; filename*=UTF-8''%E6%9D%B1.ogg",
            ),
        ] {
            let options = LinkOptions { mime_type: mime_type.map(str::to_owned), file_name: file_name.map(str::to_owned) };
            assert_eq!(format!("{} {}", content_type(&options), disposition(&options)), said);
        }
    }

    #[test]
    fn a_link_is_good_until_its_end_but_for_a_week_at_most() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        for (wanted, good) in [(60, 60), (0, 1), (30 * 24 * 3600, 7 * 24 * 3600)] {
            let config = until(now + Duration::from_secs(wanted), now).unwrap();
            assert_eq!(config.expires(), Duration::from_secs(good));
        }
    }
}
