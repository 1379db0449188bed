//! From a file's sample rate to that of Opus, piece by piece.

use rubato::{Fft, FixedSync, Resampler as _, audioadapter_buffers::direct::SequentialSlice};

use super::RATE;
use crate::Unreadable;

/// Samples at a time.
const CHUNK: usize = 1024;

pub(super) struct Resampler {
    rate: u32,
    /// `None` if there is nothing to change.
    fft: Option<Fft<f32>>,
    /// Not yet a chunk.
    pending: Vec<f32>,
    output: Vec<f32>,
    /// Samples of the delay at the start, still to be dropped.
    skip: usize,
    /// How many samples went in and came out.
    heard: u64,
    told: u64,
}

impl Resampler {
    pub(super) fn new(rate: u32) -> Result<Self, Unreadable> {
        if !(4_000..=192_000).contains(&rate) {
            return Err(Unreadable);
        }
        let fft = if rate == RATE {
            None
        } else {
            Some(Fft::new(rate as usize, RATE as usize, CHUNK, 1, FixedSync::Both).map_err(|_| Unreadable)?)
        };
        let skip = fft.as_ref().map_or(0, |fft| fft.output_delay());
        let output = vec![0.0; fft.as_ref().map_or(0, |fft| fft.output_frames_max())];
        Ok(Self { rate, fft, pending: Vec::new(), output, skip, heard: 0, told: 0 })
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    pub(super) fn push(&mut self, samples: &[f32], hear: &mut impl FnMut(&[f32]) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        let Some(fft) = &self.fft else { return hear(samples) };
        self.heard += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        let (chunk, mut from) = (fft.input_frames_next(), 0);
        while from + chunk <= self.pending.len() {
            self.chunk(from, hear)?;
            from += chunk;
        }
        self.pending.drain(..from);
        Ok(())
    }

    /// Lets out what the delay held back.
    pub(super) fn finish(mut self, hear: &mut impl FnMut(&[f32]) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        let due = self.heard * u64::from(RATE) / u64::from(self.rate);
        while self.told < due {
            // Silence after the end pushes the end out.
            let left = (due - self.told) as usize;
            self.pending.resize(self.fft.as_ref().map_or(0, |fft| fft.input_frames_next()), 0.0);
            self.chunk(0, &mut |samples| hear(&samples[..samples.len().min(left)]))?;
            self.pending.clear();
        }
        Ok(())
    }

    fn chunk(&mut self, from: usize, hear: &mut impl FnMut(&[f32]) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        let Some(fft) = &mut self.fft else { return Ok(()) };
        let (frames, most) = (self.pending.len() - from, self.output.len());
        let input = SequentialSlice::new(&self.pending[from..], 1, frames).map_err(|_| Unreadable)?;
        let mut output = SequentialSlice::new_mut(&mut self.output, 1, most).map_err(|_| Unreadable)?;
        let (_, made) = fft.process_into_buffer(&input, &mut output, None).map_err(|_| Unreadable)?;
        let skipped = made.min(self.skip);
        self.skip -= skipped;
        self.told += (made - skipped) as u64;
        hear(&self.output[skipped..made])
    }
}
