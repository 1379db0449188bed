//! QR codes as pictures.

use std::io::Cursor;

use base64::{Engine, prelude::BASE64_STANDARD};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};

/// Pixels a module takes: big enough for a phone's camera on any screen, small enough to send about.
const SCALE: u32 = 4;

/// The light frame that scanners need, in modules.
const FRAME: u32 = 4;

/// Draws `text` as a QR code; answers a PNG data URI. `None` if the text is too long for a QR code.
pub fn data_uri(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let modules = u32::try_from(code.width()).ok()?;
    let side = (modules + 2 * FRAME) * SCALE;
    let mut picture = GrayImage::from_pixel(side, side, Luma([255]));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (column, row) = (x / SCALE, y / SCALE);
        let inside = |place: u32| (FRAME..FRAME + modules).contains(&place);
        if inside(column) && inside(row) && code[((column - FRAME) as usize, (row - FRAME) as usize)] == Color::Dark {
            *pixel = Luma([0]);
        }
    }
    let mut png = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture).write_to(&mut png, ImageFormat::Png).ok()?;
    Some(format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png.into_inner())))
}
