//! Links to files that their bearer may follow without a token, until they expire. The API hands the file out, or tells where the storage does: what a
//! storage presigns by itself ends with the credentials that signed it, which may be soon.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use subtle::ConstantTimeEq;

use super::sign;
use crate::{
    model::{DeviceId, MediaId, Timestamp},
    ports::LinkOptions,
};

/// What a URL's path and query may hold as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Makes and checks links.
#[derive(Clone)]
pub struct Links {
    base_url: String,
    secret: String,
}

impl Links {
    /// Links that begin with `base_url`, to which `/media/{deviceId}/{mediaId}` is appended, signed with `secret`.
    pub fn new(base_url: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), secret: secret.into() }
    }

    /// Where the file can be got until `until`.
    pub fn download(&self, device: &DeviceId, id: &MediaId, until: Timestamp, options: &LinkOptions) -> String {
        let mut query = BTreeMap::from([("expires", until.seconds().to_string())]);
        query.extend(options.mime_type.clone().map(|mime_type| ("type", mime_type)));
        query.extend(options.file_name.clone().map(|file_name| ("name", file_name)));
        self.link("GET", device, id, query)
    }

    /// Where a file of at most `max_bytes` can be put until `until`.
    pub fn upload(&self, device: &DeviceId, id: &MediaId, until: Timestamp, max_bytes: u64) -> String {
        let query = BTreeMap::from([("expires", until.seconds().to_string()), ("max", max_bytes.to_string())]);
        self.link("PUT", device, id, query)
    }

    /// Whether a link with this query (decoded, `signature` included) was made here for this method and has not expired at `now`.
    pub fn check(&self, method: &str, device: &DeviceId, id: &MediaId, query: &BTreeMap<String, String>, now: Timestamp) -> bool {
        let signed = query.iter().filter(|(name, _)| *name != "signature").map(|(name, value)| (name.as_str(), value.clone())).collect();
        let expected = self.signature(method, device, id, &signed);
        let given = query.get("signature").map(String::as_str).unwrap_or_default();
        let genuine: bool = given.as_bytes().ct_eq(expected.as_bytes()).into();
        genuine && query.get("expires").and_then(|expires| expires.parse().ok()).is_some_and(|expires: i64| now.seconds() < expires)
    }

    fn link(&self, method: &str, device: &DeviceId, id: &MediaId, mut query: BTreeMap<&str, String>) -> String {
        let signature = self.signature(method, device, id, &query);
        query.insert("signature", signature);
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        format!("{}/media/{}/{}?{}", self.base_url, encode(device.as_str()), encode(id.as_str()), query.join("&"))
    }

    fn signature(&self, method: &str, device: &DeviceId, id: &MediaId, query: &BTreeMap<&str, String>) -> String {
        let said = serde_json::json!([method, device.as_str(), id.as_str(), query]);
        sign(&self.secret, said.to_string().as_bytes())
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn query(url: &str) -> BTreeMap<String, String> {
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let pairs = url.split_once('?').unwrap().1.split('&').map(|pair| pair.split_once('=').unwrap());
        pairs.map(|(name, value)| (name.to_owned(), decode(value))).collect()
    }

    #[test]
    fn a_link_is_good_for_one_file_one_method_and_a_while() {
        let links = Links::new("http://127.0.0.1:3000/api/whatsapp", "secret");
        let (device, id) = (DeviceId::parse("dev_1").unwrap(), MediaId::parse("med_1").unwrap());
        let (now, options) =
            (Timestamp::from_millis(1_000_000), LinkOptions { mime_type: None, file_name: Some("kwitansi & 東京.pdf".into()) });
        let url = links.download(&device, &id, now + Duration::from_secs(60), &options);
        assert!(url.starts_with("http://127.0.0.1:3000/api/whatsapp/media/dev_1/med_1?expires=1060&name=kwitansi%20%26%20%E6"), "{url}");
        let query = query(&url);
        assert!(links.check("GET", &device, &id, &query, now));
        assert!(!links.check("PUT", &device, &id, &query, now));
        assert!(!links.check("GET", &device, &MediaId::parse("med_2").unwrap(), &query, now));
        assert!(!links.check("GET", &device, &id, &query, now + Duration::from_secs(60)));
        assert!(!Links::new("", "other").check("GET", &device, &id, &query, now));
        let mut renamed = query.clone();
        renamed.insert("name".into(), "evil.exe".into());
        assert!(!links.check("GET", &device, &id, &renamed, now));
    }
}
