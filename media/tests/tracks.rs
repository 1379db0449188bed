//! What the headers of sounds and videos tell.

use media::{VideoInfo, audio, sniff, video};

#[test]
fn a_video_tells_its_length_and_size_as_it_is_seen() {
    let known = |width, height| VideoInfo { seconds: Some(2), width: Some(width), height: Some(height) };
    let mp4 = include_bytes!("files/video.mp4");
    assert_eq!(sniff(mp4), Some("video/mp4"));
    assert_eq!(video(mp4), known(320, 180));
    let mov = include_bytes!("files/turned.mov");
    assert_eq!(sniff(mov), Some("video/quicktime"));
    assert_eq!(video(mov), known(180, 320));
}

#[test]
fn a_video_in_fragments_tells_its_size() {
    let info = video(include_bytes!("files/fragmented.mp4"));
    assert_eq!((info.width, info.height), (Some(320), Some(180)));
}

#[test]
fn what_is_no_video_tells_nothing() {
    for bytes in [&b""[..], b"\0\0\0\x08moov", b"\0\0\0\x01moov", b"\0\0\0\0moov\xff\xff\xff\xfftrak", include_bytes!("files/tone.mp3")] {
        assert_eq!(video(bytes), VideoInfo::default());
    }
}

#[test]
fn sounds_tell_their_length() {
    for (name, bytes) in [
        ("mp3", &include_bytes!("files/tone.mp3")[..]),
        ("m4a", include_bytes!("files/tone.m4a")),
        ("aac", include_bytes!("files/tone.aac")),
        ("flac", include_bytes!("files/tone.flac")),
        ("vorbis", include_bytes!("files/vorbis.ogg")),
        ("opus", include_bytes!("files/opus.ogg")),
        ("mp4", include_bytes!("files/video.mp4")),
    ] {
        assert_eq!(audio(bytes), Some(2), "{name}");
    }
    let amr = [&b"#!AMR\n"[..], &[0x3c; 32].repeat(150)].concat();
    assert_eq!(audio(&amr), Some(3));
    assert_eq!(audio(b"#!AMR\n"), None);
    assert_eq!(audio(b"hello, world"), None);
}
