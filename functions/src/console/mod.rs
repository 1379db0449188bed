//! The console at `/`, and the files of all pages: static, in the program itself, loading nothing from elsewhere.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::Path,
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::{api::Api, error::ApiError};

const HTML: &str = "text/html; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// Everything pages are made of.
const FILES: [(&str, &str, &str); 19] = [
    ("index.html", HTML, include_str!("page/index.html")),
    ("link.html", HTML, include_str!("page/link.html")),
    ("style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("en.json", JSON, include_str!("page/en.json")),
    ("id.json", JSON, include_str!("page/id.json")),
    ("api.js", JS, include_str!("page/api.js")),
    ("app.js", JS, include_str!("page/app.js")),
    ("device.js", JS, include_str!("page/device.js")),
    ("devices.js", JS, include_str!("page/devices.js")),
    ("dom.js", JS, include_str!("page/dom.js")),
    ("events.js", JS, include_str!("page/events.js")),
    ("link.js", JS, include_str!("page/link.js")),
    ("linking.js", JS, include_str!("page/linking.js")),
    ("log.js", JS, include_str!("page/log.js")),
    ("scan.js", JS, include_str!("page/scan.js")),
    ("send.js", JS, include_str!("page/send.js")),
    ("text.js", JS, include_str!("page/text.js")),
    ("webhook.js", JS, include_str!("page/webhook.js")),
];

/// What a page may do: nothing but what is here. `'self'` alone leaves out the WebSocket in older browsers.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

struct File {
    kind: &'static str,
    text: &'static str,
    etag: String,
}

/// Made when a page is first asked for.
static BY_NAME: LazyLock<HashMap<&str, File>> = LazyLock::new(|| {
    let file = |(name, kind, text): (_, _, &'static str)| (name, File { kind, text, etag: format!("\"{}\"", fingerprint(text)) });
    FILES.map(file).into()
});

/// The console and the files of all pages, for everybody: what they show is asked of the API, with a token.
pub fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/", get(async |headers: HeaderMap| file("index.html", StatusCode::OK, &headers)))
        .route("/console/{file}", get(async |Path(name): Path<String>, headers: HeaderMap| file(&name, StatusCode::OK, &headers)))
}

/// The file of this name, if the client does not have it already.
pub fn file(name: &str, status: StatusCode, headers: &HeaderMap) -> Result<Response, ApiError> {
    let file = BY_NAME.get(name).ok_or(ApiError::NotFound)?;
    let common = [
        (CACHE_CONTROL, "no-cache"),
        (ETAG, &*file.etag),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The addresses of link pages are secrets.
        (REFERRER_POLICY, "no-referrer"),
        (OPENER_POLICY, "same-origin"),
    ];
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok()).any(|tags| tags.contains(&file.etag));
    Ok(if known && status == StatusCode::OK {
        (StatusCode::NOT_MODIFIED, common).into_response()
    } else {
        (status, common, [(CONTENT_TYPE, file.kind)], file.text).into_response()
    })
}

/// Tells whether something has changed.
pub fn fingerprint(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..12])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn texts(name: &str) -> BTreeMap<&str, String> {
        serde_json::from_str(BY_NAME[name].text).unwrap()
    }

    /// The words in braces.
    fn gaps(text: &str) -> Vec<&str> {
        let mut gaps: Vec<_> = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(gap, _)| gap).collect();
        gaps.sort_unstable();
        gaps
    }

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/console/page");
        let there = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(there.filter(|name| !BY_NAME.contains_key(name.as_str())).collect::<Vec<_>>(), Vec::<String>::new());
    }

    #[test]
    fn both_languages_say_the_same_things_with_the_same_gaps() {
        let (english, indonesian) = (texts("en.json"), texts("id.json"));
        assert_eq!(english.keys().collect::<Vec<_>>(), indonesian.keys().collect::<Vec<_>>());
        for (key, text) in english {
            assert_eq!(gaps(&text), gaps(&indonesian[key]), "{key}");
        }
    }

    #[test]
    fn no_text_is_there_for_nothing() {
        let code: String = FILES.iter().filter(|(_, kind, _)| *kind == JS).map(|(_, _, text)| *text).collect();
        for key in texts("en.json").keys() {
            // Some are made of a word of the API.
            let made = ["status.", "message.", "link."].iter().any(|prefix| key.starts_with(prefix));
            assert!(made || code.contains(&format!("'{key}'")), "{key}");
        }
    }

    #[test]
    fn pages_hold_no_script_or_style_and_no_markup_is_made_of_data() {
        for (name, kind, text) in FILES {
            for forbidden in [" style=", "<style", "javascript:", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            {
                assert!(!text.contains(forbidden), "{name}: {forbidden}");
            }
            assert!(
                kind != HTML || text.matches("<script").count() == text.matches("<script type=\"module\" src=\"/console/").count(),
                "{name}"
            );
            let elsewhere = text.replace("http://www.w3.org/2000/svg", "").replace("'https://'", "");
            assert!(!elsewhere.contains("http://") && !elsewhere.contains("https://"), "{name}");
        }
    }
}
