//! Voice notes: Ogg Opus, mono, with the waveform that WhatsApp draws for them.

mod decode;
mod encode;
mod loudness;
mod ogg_opus;
mod resample;

pub(crate) use self::decode::{length, open};
use self::{encode::Encoder, loudness::Loudness, ogg_opus::OggOpus, resample::Resampler};
use crate::{Unreadable, guarded};

/// Samples a second, of Opus and of all that is done here.
const RATE: u32 = 48_000;

/// The longest voice note.
const LONGEST_SECONDS: u32 = 30 * 60;

/// A voice note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The file, `audio/ogg; codecs=opus`.
    pub ogg_opus: Vec<u8>,
    /// How long it is; at least 1.
    pub seconds: u32,
    /// How loud it is over its time, each 0 to 100; 100 where it is loudest.
    pub waveform: [u8; 64],
}

/// Of Ogg Opus, which keeps its bytes if it is mono, or of WAV, MP3, M4A, AAC, Ogg Vorbis or FLAC of at most 30 minutes, which is
/// converted. What is damaged is taken as far as it can be read. Converting a minute takes half a second.
pub fn voice(bytes: &[u8]) -> Result<Voice, Unreadable> {
    guarded(|| {
        let mut loudness = Loudness::default();
        let ogg_opus = match OggOpus::open(bytes) {
            Some(opus) if opus.is_mono() => {
                opus.decode(|samples| loudness.hear(samples))?;
                bytes.to_vec()
            }
            Some(opus) => {
                let mut encoder = Encoder::new()?;
                opus.decode(|samples| {
                    loudness.hear(samples)?;
                    encoder.push(samples)
                })?;
                encoder.finish()?
            }
            None => converted(bytes, &mut loudness)?,
        };
        Ok(Voice { ogg_opus, seconds: loudness.seconds(), waveform: loudness.waveform() })
    })
}

fn converted(bytes: &[u8], loudness: &mut Loudness) -> Result<Vec<u8>, Unreadable> {
    let mut encoder = Encoder::new()?;
    let mut hear = |samples: &[f32]| {
        loudness.hear(samples)?;
        encoder.push(samples)
    };
    let mut resampler: Option<Resampler> = None;
    decode::mono(bytes, |rate, samples| {
        let resampler = match &mut resampler {
            Some(resampler) if resampler.rate() == rate => resampler,
            Some(_) => return Err(Unreadable),
            none => none.insert(Resampler::new(rate)?),
        };
        resampler.push(samples, &mut hear)
    })?;
    resampler.ok_or(Unreadable)?.finish(&mut hear)?;
    encoder.finish()
}
