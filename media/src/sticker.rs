//! Stickers: WebP, 512 by 512 pixels.

use std::io::Cursor;

use image::{
    ImageDecoder, RgbaImage,
    codecs::webp::{WebPDecoder, WebPEncoder},
    imageops::{self, FilterType},
};

use crate::{Unreadable, picture::Picture};

/// Both sides of a sticker, in pixels.
const SIDE: u32 = 512;

/// A picture as a sticker: whole, in the middle of a transparent square. A WebP that moves or has the size already is its own sticker.
pub fn sticker(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    if let Ok(webp) = WebPDecoder::new(Cursor::new(bytes))
        && (webp.has_animation() || webp.dimensions() == (SIDE, SIDE))
    {
        return Ok(bytes.to_vec());
    }
    // Most of the way by a fast filter, the rest by a good one.
    let picture = Picture::read(bytes)?.within(2 * SIDE).resize(SIDE, SIDE, FilterType::CatmullRom).into_rgba8();
    let mut square = RgbaImage::new(SIDE, SIDE);
    let (left, top) = ((SIDE - picture.width()) / 2, (SIDE - picture.height()) / 2);
    imageops::replace(&mut square, &picture, left.into(), top.into());
    let mut webp = Vec::new();
    square.write_with_encoder(WebPEncoder::new_lossless(&mut webp)).map_err(|_| Unreadable)?;
    Ok(webp)
}
