//! Ogg Opus files as they come in.

use std::io::Cursor;

use ogg::PacketReader;
use ropus::{Channels, DecodeMode, Decoder};

use super::RATE;
use crate::Unreadable;

pub(super) struct OggOpus<'a> {
    packets: PacketReader<Cursor<&'a [u8]>>,
    serial: u32,
    channels: u8,
    pre_skip: usize,
}

impl<'a> OggOpus<'a> {
    /// `None` if it is something else.
    pub(super) fn open(bytes: &'a [u8]) -> Option<Self> {
        if !bytes.starts_with(b"OggS") {
            return None;
        }
        let mut packets = PacketReader::new(Cursor::new(bytes));
        let first = packets.read_packet().ok()??;
        let [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', _, channels @ 1..=2, skip_low, skip_high, _, _, _, _, _, _, 0, ..] =
            first.data[..]
        else {
            return None;
        };
        Some(Self { packets, serial: first.stream_serial(), channels, pre_skip: usize::from(u16::from_le_bytes([skip_low, skip_high])) })
    }

    pub(super) fn is_mono(&self) -> bool {
        self.channels == 1
    }

    /// Hands out all samples as mono. Packets that cannot be decoded are left out, and what can no longer be taken apart is the end.
    pub(super) fn decode(mut self, mut hear: impl FnMut(&[f32]) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        let mut decoder = Decoder::new(RATE, Channels::Mono).map_err(|_| Unreadable)?;
        let mut samples = vec![0.0; decoder.max_frame_samples_per_channel()];
        let (mut skip, mut any) = (self.pre_skip, false);
        while let Ok(Some(packet)) = self.packets.read_packet() {
            // An empty packet is none, though the decoder would make up a sound for it.
            if packet.stream_serial() != self.serial || packet.data.is_empty() || packet.data.starts_with(b"OpusTags") {
                continue;
            }
            if let Ok(decoded) = decoder.decode_float(&packet.data, &mut samples, DecodeMode::Normal) {
                any = true;
                let skipped = decoded.min(skip);
                skip -= skipped;
                hear(&samples[skipped..decoded])?;
            }
        }
        if any { Ok(()) } else { Err(Unreadable) }
    }
}
