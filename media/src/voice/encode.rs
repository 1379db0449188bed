//! From samples to an Ogg Opus file (RFC 7845), piece by piece.

use ogg::{PacketWriteEndInfo, PacketWriter};
use ropus::{Application, Bitrate, Channels};

use super::RATE;
use crate::Unreadable;

/// Samples of a packet: 20 ms.
const FRAME: usize = RATE as usize / 50;

/// A page a second, for those who jump.
const PACKETS_OF_A_PAGE: u64 = 50;

/// Plenty for a voice.
const BITS_PER_SECOND: u32 = 32_000;

/// Of 10: twice as fast as the best, and hardly worse for a voice.
const COMPLEXITY: u8 = 5;

/// Names the stream within its file, where it is alone.
const SERIAL: u32 = 0x7761_7274;

pub(super) struct Encoder {
    opus: ropus::Encoder,
    ogg: PacketWriter<'static, Vec<u8>>,
    /// Samples that are not a frame yet.
    pending: Vec<f32>,
    packet: Vec<u8>,
    packets: u64,
    samples: u64,
}

impl Encoder {
    pub(super) fn new() -> Result<Self, Unreadable> {
        let opus = ropus::Encoder::builder(RATE, Channels::Mono, Application::Voip);
        let opus = opus.bitrate(Bitrate::Bits(BITS_PER_SECOND)).complexity(COMPLEXITY).build().map_err(|_| Unreadable)?;
        let mut ogg = PacketWriter::new(Vec::new());
        for header in [head(pre_skip(&opus)), tags()] {
            ogg.write_packet(header, SERIAL, PacketWriteEndInfo::EndPage, 0).map_err(|_| Unreadable)?;
        }
        Ok(Self { opus, ogg, pending: Vec::new(), packet: vec![0; 4000], packets: 0, samples: 0 })
    }

    pub(super) fn push(&mut self, samples: &[f32]) -> Result<(), Unreadable> {
        self.samples += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        // The last frame stays: it may be the one that ends the file.
        let mut from = 0;
        while from + FRAME < self.pending.len() {
            self.frame(from, None)?;
            from += FRAME;
        }
        self.pending.drain(..from);
        Ok(())
    }

    /// The whole file.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Unreadable> {
        // What the encoder looks ahead is pushed out by silence. The last packet's position tells where the sound ends.
        let end = self.samples + u64::from(pre_skip(&self.opus));
        let frames = end.div_ceil(FRAME as u64) - self.packets;
        self.pending.resize(frames as usize * FRAME, 0.0);
        for frame in 0..frames as usize {
            self.frame(frame * FRAME, (frame + 1 == frames as usize).then_some(end))?;
        }
        Ok(self.ogg.into_inner())
    }

    fn frame(&mut self, from: usize, end: Option<u64>) -> Result<(), Unreadable> {
        let size = self.opus.encode_float(&self.pending[from..from + FRAME], &mut self.packet).map_err(|_| Unreadable)?;
        self.packets += 1;
        let (position, info) = match end {
            Some(end) => (end, PacketWriteEndInfo::EndStream),
            None if self.packets.is_multiple_of(PACKETS_OF_A_PAGE) => (self.packets * FRAME as u64, PacketWriteEndInfo::EndPage),
            None => (self.packets * FRAME as u64, PacketWriteEndInfo::NormalPacket),
        };
        self.ogg.write_packet(self.packet[..size].to_vec(), SERIAL, info, position).map_err(|_| Unreadable)
    }
}

/// Samples that a player leaves out at the start.
fn pre_skip(opus: &ropus::Encoder) -> u16 {
    u16::try_from(opus.lookahead()).unwrap_or(u16::MAX)
}

fn head(pre_skip: u16) -> Vec<u8> {
    // Version 1, one channel; no gain, the usual order of channels.
    [&b"OpusHead\x01\x01"[..], &pre_skip.to_le_bytes(), &RATE.to_le_bytes(), &[0, 0, 0]].concat()
}

fn tags() -> Vec<u8> {
    [&b"OpusTags\x05\0\0\0warta"[..], &0u32.to_le_bytes()].concat()
}
