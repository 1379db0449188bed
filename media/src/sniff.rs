//! What a file is, whatever it is called.

/// The mime type that the first bytes tell, if they tell one. Some hundreds of bytes are enough for most types, 64 kB for all.
pub fn sniff(head: &[u8]) -> Option<&'static str> {
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => of_brand(brand.get(..4)?, head),
        [b'O', b'g', b'g', b'S', ..] => Some(if contains(head, b"\x80theora") { "video/ogg" } else { "audio/ogg" }),
        [b'#', b'!', b'A', b'M', b'R', ..] => Some("audio/amr"),
        _ => infer::get(head).map(|known| usual(known.mime_type())).or_else(|| is_mpeg_audio(head).then_some("audio/mpeg")),
    }
}

/// ISO media files are told apart by their brand.
fn of_brand(brand: &[u8], head: &[u8]) -> Option<&'static str> {
    match brand {
        b"qt  " => Some("video/quicktime"),
        [b'3', b'g', ..] => Some("video/3gpp"),
        b"M4A " | b"M4B " | b"M4P " => Some("audio/mp4"),
        b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" | b"avif" | b"avis" => infer::get(head).map(|known| known.mime_type()),
        // Brands that say nothing of the content: a file whose tracks are all sound is sound.
        _ if contains(head, b"soun") && !contains(head, b"vide") => Some("audio/mp4"),
        _ => Some("video/mp4"),
    }
}

fn contains(head: &[u8], what: &[u8]) -> bool {
    head.windows(what.len()).any(|window| window == what)
}

/// The usual names of types that `infer` calls otherwise.
fn usual(mime: &'static str) -> &'static str {
    match mime {
        "audio/m4a" => "audio/mp4",
        "audio/x-flac" => "audio/flac",
        "audio/x-wav" => "audio/wav",
        "video/x-m4v" => "video/mp4",
        mime => mime,
    }
}

/// A frame's header, of layer III and with fields that mean something.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let [0xff, second, third, ..] = *head else { return false };
    second & 0xe6 == 0xe2 && second & 0x18 != 0x08 && third & 0xf0 != 0xf0 && third & 0x0c != 0x0c
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_are_told_by_their_first_bytes() {
        let ogg = |codec: &str| format!("OggS{}{codec}", "\0".repeat(24)).into_bytes();
        let heads: [(&str, Vec<u8>); 19] = [
            ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec()),
            ("image/png", b"\x89PNG\r\n\x1a\n".to_vec()),
            ("image/gif", b"GIF89a".to_vec()),
            ("image/webp", b"RIFF\0\0\0\0WEBPVP8 ".to_vec()),
            ("application/pdf", b"%PDF-1.7".to_vec()),
            ("application/zip", b"PK\x03\x04".to_vec()),
            ("audio/ogg", ogg("OpusHead")),
            ("audio/ogg", ogg("\x01vorbis")),
            ("audio/flac", b"fLaC\0\0\0\x22".to_vec()),
            ("audio/wav", b"RIFF\0\0\0\0WAVEfmt ".to_vec()),
            ("audio/mpeg", b"ID3\x04\0\0".to_vec()),
            ("audio/mpeg", b"\xff\xfa\x90\x64".to_vec()),
            ("audio/aac", b"\xff\xf1\x50\x80".to_vec()),
            ("audio/amr", b"#!AMR\n<".to_vec()),
            ("audio/mp4", b"\0\0\0\x1cftypM4A \0\0\x02\0".to_vec()),
            ("audio/mp4", b"\0\0\0\x1cftypisom\0\0\x02\0isom\0\0\0\0hdlrsoun".to_vec()),
            ("video/mp4", b"\0\0\0\x1cftypisom\0\0\x02\0isom".to_vec()),
            ("video/quicktime", b"\0\0\0\x14ftypqt  \0\0\x02\0".to_vec()),
            ("video/3gpp", b"\0\0\0\x14ftyp3gp4\0\0\x02\0".to_vec()),
        ];
        for (mime, head) in heads {
            assert_eq!(sniff(&head), Some(mime), "{}", head.escape_ascii());
        }
        let theora = [ogg(""), b"\x80theora".to_vec()].concat();
        assert_eq!(sniff(&theora), Some("video/ogg"));
        for unknown in ["", "hello, world", "\u{fffe}", "{\"a\":1}"] {
            assert_eq!(sniff(unknown.as_bytes()), None, "{unknown}");
        }
        assert_eq!(sniff(b"\xff\xfeh\0i\0"), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(head in proptest::collection::vec(any::<u8>(), 0..64), prefix in prop::sample::select(vec![&b""[..], b"RIFF", b"OggS", b"\0\0\0\x1cftyp", b"PK\x03\x04", b"\xff"])) {
            sniff(&[prefix, &head].concat());
        }
    }
}
