//! How long a voice note is, and how loud over its time.

use super::{LONGEST_SECONDS, RATE};
use crate::Unreadable;

/// Loudness is measured over 20 ms at a time: 90,000 values at most.
const STEP: usize = RATE as usize / 50;

/// Below this mean amplitude all is silence, and not drawn larger than it is.
const SILENCE: f32 = 0.001;

#[derive(Default)]
pub(super) struct Loudness {
    samples: u64,
    /// The mean amplitude of each step.
    steps: Vec<f32>,
    /// Of the step that is not over: the sum of amplitudes, and how many.
    sum: f32,
    count: usize,
}

impl Loudness {
    /// Takes in the next samples. Fails if it has been too long.
    pub(super) fn hear(&mut self, samples: &[f32]) -> Result<(), Unreadable> {
        self.samples += samples.len() as u64;
        if self.samples > u64::from(LONGEST_SECONDS) * u64::from(RATE) {
            return Err(Unreadable);
        }
        for sample in samples {
            self.sum += sample.abs();
            self.count += 1;
            if self.count == STEP {
                self.steps.push(self.sum / STEP as f32);
                (self.sum, self.count) = (0.0, 0);
            }
        }
        Ok(())
    }

    pub(super) fn seconds(&self) -> u32 {
        let rate = u64::from(RATE);
        u32::try_from((self.samples + rate / 2) / rate).unwrap_or(u32::MAX).max(1)
    }

    /// 64 stretches of time of the same length, relative to the loudest.
    pub(super) fn waveform(&self) -> [u8; 64] {
        let steps = self.steps.len();
        let bars: [f32; 64] = std::array::from_fn(|bar| {
            let from = bar * steps / 64;
            let stretch = &self.steps[from..((bar + 1) * steps / 64).max((from + 1).min(steps))];
            stretch.iter().sum::<f32>() / stretch.len().max(1) as f32
        });
        let loudest = bars.iter().copied().fold(SILENCE, f32::max);
        bars.map(|bar| (bar / loudest * 100.0).round() as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_stretch_is_100_and_the_others_follow() {
        let mut loudness = Loudness::default();
        for amplitude in [0.1, 0.2, 0.4, 0.0] {
            loudness.hear(&vec![amplitude; RATE as usize]).unwrap();
        }
        let waveform = loudness.waveform();
        assert_eq!([waveform[8], waveform[24], waveform[40], waveform[56]], [25, 50, 100, 0]);
        assert_eq!(loudness.seconds(), 4);
    }

    #[test]
    fn silence_and_next_to_nothing_are_drawn_flat() {
        let mut loudness = Loudness::default();
        assert_eq!(loudness.waveform(), [0; 64]);
        loudness.hear(&[0.00001; 100_000]).unwrap();
        assert_eq!(loudness.waveform(), [1; 64]);
        assert_eq!(loudness.seconds(), 2);
    }

    #[test]
    fn half_an_hour_is_enough() {
        let mut loudness = Loudness::default();
        let minute = vec![0.1; 60 * RATE as usize];
        for _ in 0..30 {
            loudness.hear(&minute).unwrap();
        }
        assert_eq!(loudness.seconds(), 1800);
        assert_eq!(loudness.hear(&[0.1]), Err(Unreadable));
    }
}
