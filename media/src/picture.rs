//! Pictures: their size, and a thumbnail to show before they are loaded.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage, codecs::jpeg::JpegEncoder, metadata::Orientation,
};

use crate::Unreadable;

/// The most pixels of a picture that is read …
const MOST_PIXELS: u64 = 50_000_000;

/// … and the most memory for it.
const MOST_MEMORY: u64 = 256 << 20;

/// The longer side of a thumbnail, in pixels, as WhatsApp's own.
const THUMBNAIL_SIDE: u32 = 100;

/// A thumbnail is part of its message, which should stay small.
const THUMBNAIL_BYTES: usize = 10_000;

/// What is told of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageInfo {
    /// In pixels, as it is seen.
    pub width: u32,
    /// In pixels, as it is seen.
    pub height: u32,
    /// A small JPEG of it, under 10 kB.
    pub thumbnail: Vec<u8>,
}

/// Of a JPEG, PNG, WebP or GIF of at most 50 megapixels. A picture that moves is told by its first frame.
pub fn image(bytes: &[u8]) -> Result<ImageInfo, Unreadable> {
    let picture = Picture::read(bytes)?;
    let (width, height) = picture.size();
    Ok(ImageInfo { width, height, thumbnail: thumbnail(picture.within(THUMBNAIL_SIDE))? })
}

/// A decoded picture, and how it is to be turned to be seen.
pub(crate) struct Picture {
    pixels: DynamicImage,
    orientation: Orientation,
}

impl Picture {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let format = image::guess_format(bytes).map_err(|_| Unreadable)?;
        if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif) {
            return Err(Unreadable);
        }
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MOST_MEMORY);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits.clone());
        let mut decoder = reader.into_decoder().map_err(|_| Unreadable)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(Unreadable);
        }
        limits.reserve(decoder.total_bytes()).map_err(|_| Unreadable)?;
        decoder.set_limits(limits).map_err(|_| Unreadable)?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let pixels = DynamicImage::from_decoder(decoder).map_err(|_| Unreadable)?;
        Ok(Self { pixels, orientation })
    }

    /// Width and height, as it is seen.
    fn size(&self) -> (u32, u32) {
        let (width, height) = (self.pixels.width(), self.pixels.height());
        if is_on_its_side(self.orientation) { (height, width) } else { (width, height) }
    }

    /// Upright, and scaled down so that no side is longer than `side`.
    pub(crate) fn within(self, side: u32) -> DynamicImage {
        // Averages areas: fast, and good to look at where it takes away much.
        let fits = self.pixels.width().max(self.pixels.height()) <= side;
        let mut pixels = if fits { self.pixels } else { self.pixels.thumbnail(side, side) };
        pixels.apply_orientation(self.orientation);
        pixels
    }
}

fn is_on_its_side(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// A JPEG, of a quality that keeps it small.
fn thumbnail(pixels: DynamicImage) -> Result<Vec<u8>, Unreadable> {
    let pixels = opaque(pixels);
    let encoded = |quality| {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&pixels).map_err(|_| Unreadable)?;
        Ok(jpeg)
    };
    let mut jpeg = encoded(60)?;
    if jpeg.len() > THUMBNAIL_BYTES {
        jpeg = encoded(20)?;
    }
    Ok(jpeg)
}

/// A JPEG has no transparency: what there is lies on white.
fn opaque(pixels: DynamicImage) -> RgbImage {
    if !pixels.color().has_alpha() {
        return pixels.into_rgb8();
    }
    let pixels = pixels.into_rgba8();
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [red, green, blue, alpha] = pixels.get_pixel(x, y).0.map(u16::from);
        Rgb([red, green, blue].map(|value| ((value * alpha + 255 * (255 - alpha)) / 255) as u8))
    })
}
