//! Voice notes of every format. The files in `files/` are two seconds of a tone, a fifth as loud in the first second.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use media::{Unreadable, Voice, audio, sniff, voice};
use proptest::prelude::*;

const FILES: [(&str, &[u8]); 7] = [
    ("audio/mpeg", include_bytes!("files/tone.mp3")),
    ("audio/mp4", include_bytes!("files/tone.m4a")),
    ("audio/aac", include_bytes!("files/tone.aac")),
    ("audio/flac", include_bytes!("files/tone.flac")),
    ("audio/ogg", include_bytes!("files/vorbis.ogg")),
    ("audio/ogg", include_bytes!("files/stereo-opus.ogg")),
    ("audio/ogg", OPUS),
];

const OPUS: &[u8] = include_bytes!("files/opus.ogg");

/// A tone whose amplitude changes by `volume` over its time, as 16 bit WAV.
fn wav(rate: u32, channels: u16, seconds: f32, volume: impl Fn(f32) -> f32) -> Vec<u8> {
    let mut data = Vec::new();
    for sample in 0..(rate as f32 * seconds) as u32 {
        let time = sample as f32 / rate as f32;
        let value = (time * 440.0 * std::f32::consts::TAU).sin() * volume(time);
        for _ in 0..channels {
            data.extend(((value * 32767.0) as i16).to_le_bytes());
        }
    }
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * u32::from(channels) * 2).to_le_bytes());
    wav.extend((channels * 2).to_le_bytes());
    wav.extend(16u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

/// What a player hears of a voice note.
fn played(ogg_opus: &[u8]) -> Vec<f32> {
    let mut packets = ogg::PacketReader::new(std::io::Cursor::new(ogg_opus));
    let head = packets.read_packet().unwrap().unwrap();
    assert_eq!(&head.data[..10], b"OpusHead\x01\x01", "one channel");
    let pre_skip = u16::from_le_bytes([head.data[10], head.data[11]]);
    assert!(packets.read_packet().unwrap().unwrap().data.starts_with(b"OpusTags"));
    let mut decoder = ropus::Decoder::new(48_000, ropus::Channels::Mono).unwrap();
    let (mut samples, mut end) = (Vec::new(), 0);
    while let Some(packet) = packets.read_packet().unwrap() {
        let mut frame = [0.0; 5760];
        let size = decoder.decode_float(&packet.data, &mut frame, ropus::DecodeMode::Normal).unwrap();
        samples.extend(&frame[..size]);
        end = packet.absgp_page();
        assert_eq!(packet.last_in_stream(), packets_end(&packet, ogg_opus), "the last packet ends the stream");
    }
    samples.truncate(end as usize);
    samples.drain(..usize::from(pre_skip));
    samples
}

/// Whether nothing comes after this packet's page.
fn packets_end(packet: &ogg::Packet, file: &[u8]) -> bool {
    let last = file.windows(4).rposition(|window| window == b"OggS").unwrap();
    packet.last_in_page() && u64::from_le_bytes(file[last + 6..last + 14].try_into().unwrap()) == packet.absgp_page()
}

fn mean_square(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}

#[test]
fn a_wav_becomes_a_voice_note_of_the_same_length_and_loudness() {
    for (rate, channels) in [(8_000, 1), (16_000, 2), (22_050, 1), (44_100, 2), (44_101, 1), (48_000, 1), (96_000, 2)] {
        let volume = |time: f32| if time < 1.5 { 0.2 } else { 0.8 };
        let Voice { ogg_opus, seconds, waveform } = voice(&wav(rate, channels, 3.0, volume)).unwrap();
        assert_eq!(seconds, 3, "{rate}");
        assert_eq!(sniff(&ogg_opus), Some("audio/ogg"));
        assert!(ogg_opus.len() < 20_000, "{rate}: {}", ogg_opus.len());
        let samples = played(&ogg_opus);
        assert!(samples.len().abs_diff(144_000) < 100, "{rate}: {}", samples.len());
        for (stretch, amplitude) in [(10_000..60_000, 0.2f32), (80_000..140_000, 0.8)] {
            let ratio = mean_square(&samples[stretch]) / (amplitude * amplitude / 2.0);
            assert!((0.7..1.4).contains(&ratio), "{rate}: {amplitude}: {ratio}");
        }
        assert!(waveform[..30].iter().all(|bar| (20..=30).contains(bar)), "{rate}: {waveform:?}");
        assert!(waveform[34..].iter().all(|bar| *bar > 95), "{rate}: {waveform:?}");
    }
}

#[test]
fn every_format_becomes_a_voice_note() {
    for (mime, bytes) in FILES {
        assert_eq!(sniff(bytes), Some(mime));
        let Voice { ogg_opus, seconds, waveform } = voice(bytes).unwrap();
        assert_eq!(seconds, 2, "{mime}");
        let samples = played(&ogg_opus);
        assert!(samples.len().abs_diff(96_000) < 5_000, "{mime}: {}", samples.len());
        assert!(waveform[2..28].iter().all(|bar| (15..=30).contains(bar)), "{mime}: {waveform:?}");
        assert!(waveform[36..60].iter().all(|bar| *bar > 80), "{mime}: {waveform:?}");
    }
}

#[test]
fn a_voice_note_keeps_its_bytes() {
    assert_eq!(voice(OPUS).unwrap().ogg_opus, OPUS);
    let made = voice(&wav(16_000, 1, 1.0, |_| 0.5)).unwrap();
    assert_eq!(voice(&made.ogg_opus).unwrap().ogg_opus, made.ogg_opus);
}

#[test]
fn the_shortest_sound_is_a_second() {
    let note = voice(&wav(8_000, 1, 0.01, |_| 0.5)).unwrap();
    assert_eq!(note.seconds, 1);
    assert!(played(&note.ogg_opus).len().abs_diff(480) < 10);
}

#[test]
fn what_is_cut_off_is_taken_as_far_as_it_goes() {
    // An M4A has its table of contents at the end.
    for (mime, bytes) in FILES.into_iter().filter(|(mime, _)| *mime != "audio/mp4") {
        let note = voice(&bytes[..bytes.len() * 3 / 4]).unwrap();
        assert!((1..=2).contains(&note.seconds), "{mime}");
    }
}

#[test]
fn more_than_half_an_hour_is_refused() {
    assert_eq!(voice(&wav(4_000, 1, 1801.0, |_| 0.0)), Err(Unreadable));
}

#[test]
fn what_is_no_sound_is_refused() {
    for bytes in [&b""[..], b"OggS", b"RIFF\0\0\0\0WAVE", b"hello, world", include_bytes!("files/video.mp4").split_at(400).0] {
        assert_eq!(voice(bytes), Err(Unreadable));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_sounds_are_no_trouble(which in 0..8usize, cut in 0.0..1.3f64, damage in proptest::collection::vec((0.0..1.0f64, any::<u8>()), 0..20)) {
        let mut bytes = FILES.get(which).map_or_else(|| wav(8_000, 1, 0.3, |_| 0.5), |(_, bytes)| bytes.to_vec());
        for (place, value) in damage {
            // Mostly where the headers are.
            let place = (place.powi(3) * bytes.len() as f64) as usize;
            bytes[place] = value;
        }
        bytes.truncate((cut * bytes.len() as f64) as usize);
        let _ = (voice(&bytes), audio(&bytes), media::video(&bytes));
    }

    #[test]
    fn random_bytes_are_no_trouble(start in prop::sample::select(vec![&b""[..], b"OggS\0", b"RIFF\xff\0\0\0WAVEfmt ", b"fLaC", b"ID3\x04", b"\xff\xfb\x90", b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\0\x40moov"]), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [start, &bytes].concat();
        let _ = (voice(&bytes), audio(&bytes), media::video(&bytes));
    }
}
