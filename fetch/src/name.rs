//! A file's name, of whatever a server or a user says it is.

use percent_encoding::percent_decode_str;

/// The longest name, in bytes: what file systems take.
const LONGEST: usize = 255;

/// The longest ending that is kept when a name is cut.
const LONGEST_ENDING: usize = 16;

/// The last part of a path in either style, without characters that a file's name must not have or that could make it look like another.
/// `None` if nothing is left.
pub fn file_name(path: &str) -> Option<String> {
    let name: String = path.rsplit(['/', '\\']).next()?.chars().filter(|&c| !is_unfit(c)).collect();
    let name = name.trim().trim_end_matches(['.', ' ']);
    let name = if name.len() > LONGEST { shortened(name) } else { name.to_owned() };
    (!name.is_empty()).then_some(name)
}

/// Control characters, what Windows forbids, and invisible characters that turn the direction of text.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Cut before its ending.
fn shortened(name: &str) -> String {
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() > LONGEST_ENDING { "" } else { ending };
    format!("{}{ending}", &name[..name.floor_char_boundary(LONGEST - ending.len())])
}

/// Of the path of a URL.
pub(crate) fn of_path(path: &str) -> Option<String> {
    // Split before decoding: an encoded slash is part of a name's text, and then not of the name.
    file_name(&percent_decode_str(path.rsplit('/').next()?).decode_utf8_lossy())
}

/// Of a header `Content-Disposition` (RFC 6266): `filename*` is preferred to `filename`.
pub(crate) fn of_disposition(header: &str) -> Option<String> {
    let (mut plain, mut extended) = (None, None);
    for (name, value) in parameters(header) {
        match name.to_ascii_lowercase().as_str() {
            "filename" => plain = plain.or_else(|| file_name(&value)),
            "filename*" => extended = extended.or_else(|| file_name(&decoded(&value)?)),
            _ => {}
        }
    }
    extended.or(plain)
}

/// `UTF-8'en'na%C3%AFve.pdf` or `ISO-8859-1''na%EFve.pdf`
fn decoded(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    let bytes = percent_decode_str(encoded);
    Some(if charset.eq_ignore_ascii_case("iso-8859-1") { bytes.map(char::from).collect() } else { bytes.decode_utf8_lossy().into_owned() })
}

/// The `name=value` and `name="value"` after the first `;`.
fn parameters(header: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let value;
        (value, rest) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, rest) = after.split_once(';').unwrap_or((after, ""));
                (value.trim_end().to_owned(), rest)
            }
        };
        Some((name.trim_matches([';', ' ', '\t']), value))
    })
}

/// A quoted string's content, and what follows its closing quote.
fn unquoted(quoted: &str) -> (String, &str) {
    let mut content = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => content.extend(chars.next()),
            c => content.push(c),
        }
    }
    (content, chars.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_disposition_names_a_file() {
        for (header, name) in [
            ("attachment; filename=report.pdf", "report.pdf"),
            ("attachment; filename=\"a \\\"good\\\" report; final.pdf\"; size=3", "a good report; final.pdf"),
            ("inline; FileName = report.pdf ; x=y", "report.pdf"),
            ("attachment; filename=\"fallback.pdf\"; filename*=UTF-8''na%C3%AFve%20file.pdf", "naïve file.pdf"),
            ("attachment; filename*=iso-8859-1'en'na%EFve.pdf; filename=other", "naïve.pdf"),
            ("attachment; filename=\"../../etc/passwd\"", "passwd"),
            ("attachment; filename=\"C:\\\\temp\\\\evil.exe\"", "evil.exe"),
            ("attachment; filename=\"open", "open"),
        ] {
            assert_eq!(of_disposition(header).as_deref(), Some(name), "{header}");
        }
        for header in ["", "attachment", "attachment; filename=", "attachment; filename=\"..\"", "attachment; filename*=broken"] {
            assert_eq!(of_disposition(header), None, "{header}");
        }
    }

    #[test]
    fn the_last_part_of_a_path_names_a_file() {
        assert_eq!(of_path("/a/my%20photo.jpg").as_deref(), Some("my photo.jpg"));
        assert_eq!(of_path("/a/..%2F..%2Fetc%2Fpasswd").as_deref(), Some("passwd"));
        assert_eq!(of_path("/photo%E2%80%AEgpj.exe").as_deref(), Some("photogpj.exe"));
        assert_eq!(of_path("/a/"), None);
        assert_eq!(of_path("/"), None);
        assert_eq!(of_path("/%2e%2e"), None);
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = file_name(&format!("{}.pdf", "ä".repeat(300))).unwrap();
        assert!(name.len() <= LONGEST && name.ends_with("ä.pdf"), "{name}");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_the_name_is_one_part_of_a_path(text in any::<String>()) {
            for name in [of_disposition(&text), of_disposition(&format!("a;filename=\"{text}")), of_path(&text), file_name(&text)].into_iter().flatten() {
                prop_assert!(!name.is_empty() && name.len() <= LONGEST && name != "." && name != "..");
                prop_assert!(!name.contains(['/', '\\', '\0', '\n']));
            }
        }
    }
}
