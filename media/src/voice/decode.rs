//! From any audio file to mono samples.

use std::io::Cursor;

use symphonia::core::{
    audio::GenericAudioBufferRef,
    codecs::audio::AudioDecoderOptions,
    formats::{FormatReader, Track, TrackType, probe::Hint},
    io::MediaSourceStream,
};

use super::LONGEST_SECONDS;
use crate::Unreadable;

/// More than 30 minutes have of the shortest packets there are. A few bytes can claim billions.
const MOST_PACKETS: usize = 4_000_000;

/// What lies in an audio file, or in the sound track of a video.
pub(crate) fn open<'a>(bytes: &'a [u8]) -> Result<Box<dyn FormatReader + 'a>, Unreadable> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    symphonia::default::get_probe().probe(&Hint::new(), stream, Default::default(), Default::default()).map_err(|_| Unreadable)
}

/// The seconds that a track claims to have.
pub(crate) fn length(track: &Track) -> Option<f64> {
    Some(track.time_base?.calc_duration(track.duration?)?.as_secs_f64())
}

/// Hands out all samples, each time with their rate. Packets that cannot be decoded are left out, and what can no longer be taken apart is
/// the end.
pub(super) fn mono(bytes: &[u8], mut hear: impl FnMut(u32, &[f32]) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
    let mut reader = open(bytes)?;
    let track = reader.default_track(TrackType::Audio).ok_or(Unreadable)?;
    if length(track).is_some_and(|seconds| seconds > f64::from(LONGEST_SECONDS)) {
        return Err(Unreadable);
    }
    let (id, codec) = (track.id, track.codec_params.as_ref().and_then(|codec| codec.audio()).ok_or(Unreadable)?);
    let decoder = symphonia::default::get_codecs().make_audio_decoder(codec, &AudioDecoderOptions::default());
    let mut decoder = decoder.map_err(|_| Unreadable)?;
    let mut samples = Vec::new();
    for _ in 0..MOST_PACKETS {
        let Ok(Some(packet)) = reader.next_packet() else { return Ok(()) };
        if packet.track_id != id {
            continue;
        }
        if let Ok(decoded) = decoder.decode(&packet) {
            let rate = decoded.spec().rate();
            mix(&decoded, &mut samples);
            hear(rate, &samples)?;
        }
    }
    Err(Unreadable)
}

/// The mean of all channels, without what is no number or beyond full scale.
fn mix(decoded: &GenericAudioBufferRef<'_>, samples: &mut Vec<f32>) {
    let channels = decoded.num_planes().max(1);
    decoded.copy_to_vec_interleaved(samples);
    for frame in 0..samples.len() / channels {
        let sum: f32 = samples[frame * channels..][..channels].iter().sum();
        let mean = sum / channels as f32;
        samples[frame] = if mean.is_nan() { 0.0 } else { mean.clamp(-1.0, 1.0) };
    }
    samples.truncate(samples.len() / channels);
}
