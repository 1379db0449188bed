//! Pictures and stickers, made in code.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageBuffer, ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};
use media::{Unreadable, image, sniff, sticker};
use proptest::prelude::*;

/// Red at the left, blue at the right.
fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) })
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// With EXIF that says how it is to be turned.
fn turned_jpeg(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

#[test]
fn a_picture_has_a_size_and_a_small_jpeg() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let bytes = encoded(photo(640, 480), format);
        let info = image(&bytes).unwrap();
        assert_eq!((info.width, info.height), (640, 480), "{format:?}");
        assert_eq!(sniff(&info.thumbnail), Some("image/jpeg"));
        let thumbnail = image::load_from_memory(&info.thumbnail).unwrap().into_rgb8();
        assert_eq!(thumbnail.dimensions(), (100, 75), "{format:?}");
        let left = thumbnail.get_pixel(10, 40).0;
        assert!(left[0] > 200 && left[2] < 60, "{format:?}: {left:?}");
    }
}

#[test]
fn a_turned_picture_is_told_as_it_is_seen() {
    let info = image(&turned_jpeg(&photo(640, 480), 6)).unwrap();
    assert_eq!((info.width, info.height), (480, 640));
    let thumbnail = image::load_from_memory(&info.thumbnail).unwrap().into_rgb8();
    assert_eq!(thumbnail.dimensions(), (75, 100));
    let (top, bottom) = (thumbnail.get_pixel(40, 10).0, thumbnail.get_pixel(40, 90).0);
    assert!(top[0] > 200 && bottom[2] > 200, "{top:?} {bottom:?}");
}

#[test]
fn what_is_transparent_lies_on_white() {
    let info = image(&encoded(RgbaImage::from_pixel(200, 200, Rgba([0, 0, 0, 0])), ImageFormat::Png)).unwrap();
    let thumbnail = image::load_from_memory(&info.thumbnail).unwrap().into_rgb8();
    assert!(thumbnail.pixels().all(|pixel| pixel.0.iter().all(|&value| value > 250)));
}

#[test]
fn a_small_picture_is_not_scaled_up_and_a_thin_one_does_not_vanish() {
    for (size, expected) in [((3, 2), (3, 2)), ((1, 1), (1, 1)), ((5000, 1), (100, 1)), ((1, 5000), (1, 100))] {
        let info = image(&encoded(photo(size.0, size.1), ImageFormat::Png)).unwrap();
        assert_eq!((info.width, info.height), size);
        let thumbnail = image::load_from_memory(&info.thumbnail).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), expected);
    }
}

#[test]
fn a_thumbnail_of_noise_stays_small() {
    let mut state = 1u32;
    let noise = RgbImage::from_fn(100, 100, |_, _| {
        Rgb(std::array::from_fn(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        }))
    });
    let info = image(&encoded(noise, ImageFormat::Png)).unwrap();
    assert!(info.thumbnail.len() < 10_000, "{}", info.thumbnail.len());
}

#[test]
fn a_picture_that_is_too_large_is_not_read() {
    let bomb = |width: u32, height: u32| {
        let mut bytes = Vec::new();
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::NoFilter);
        let pixels = vec![0; width as usize * height as usize];
        encoder.write_image(&pixels, width, height, ExtendedColorType::L8).unwrap();
        bytes
    };
    assert!(image(&bomb(7_000, 7_000)).is_ok());
    assert_eq!(image(&bomb(10_000, 5_001)), Err(Unreadable));

    // A header alone that promises 4 gigapixels of 16 bits.
    let mut header = encoded(ImageBuffer::<Rgb<u16>, _>::new(1, 1), ImageFormat::Png);
    header[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    assert_eq!(image(&header), Err(Unreadable));
}

#[test]
fn a_sticker_is_a_whole_picture_in_a_transparent_square() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        for (width, height) in [(300, 150), (3000, 1500)] {
            let webp = sticker(&encoded(photo(width, height), format)).unwrap();
            assert_eq!(sniff(&webp), Some("image/webp"));
            let square = image::load_from_memory_with_format(&webp, ImageFormat::WebP).unwrap().into_rgba8();
            assert_eq!(square.dimensions(), (512, 512));
            assert_eq!(square.get_pixel(256, 100).0[3], 0, "above the picture");
            assert_eq!(square.get_pixel(256, 412).0[3], 0, "below the picture");
            let (left, right) = (square.get_pixel(20, 256).0, square.get_pixel(490, 256).0);
            assert!(left[0] > 200 && left[3] == 255 && right[2] > 200 && right[3] == 255, "{left:?} {right:?}");
        }
    }
}

#[test]
fn a_sticker_stays_as_it_is() {
    let still = encoded(photo(512, 512), ImageFormat::WebP);
    assert_eq!(sticker(&still).unwrap(), still);
    let moving = animated_webp();
    assert_eq!(sticker(&moving).unwrap(), moving);
    assert_eq!(image(&moving).map(|info| (info.width, info.height)), Ok((2, 2)));
}

/// Two frames of 2 by 2 pixels.
fn animated_webp() -> Vec<u8> {
    let chunk = |name: &str, content: &[u8]| {
        let mut chunk = name.as_bytes().to_vec();
        chunk.extend((content.len() as u32).to_le_bytes());
        chunk.extend(content);
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let still = encoded(photo(2, 2), ImageFormat::WebP);
    let frame = [&[0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 100, 0, 0, 0], &still[12..]].concat();
    let mut content = b"WEBP".to_vec();
    content.extend(chunk("VP8X", &[2, 0, 0, 0, 1, 0, 0, 1, 0, 0]));
    content.extend(chunk("ANIM", &[0; 6]));
    content.extend(chunk("ANMF", &frame));
    content.extend(chunk("ANMF", &frame));
    chunk("RIFF", &content)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_pictures_are_no_trouble(which in 0..5usize, cut in 0.0..1.0f64, damage in proptest::collection::vec((0.0..1.0f64, any::<u8>()), 0..8)) {
        let picture = photo(40, 30);
        let mut bytes = match which {
            0 => encoded(picture, ImageFormat::Png),
            1 => turned_jpeg(&picture, 6),
            2 => encoded(picture, ImageFormat::WebP),
            3 => encoded(picture, ImageFormat::Gif),
            _ => animated_webp(),
        };
        for (place, value) in damage {
            let place = (place * bytes.len() as f64) as usize;
            bytes[place] = value;
        }
        bytes.truncate((cut * 1.3 * bytes.len() as f64) as usize);
        let _ = (image(&bytes), sticker(&bytes));
    }

    #[test]
    fn random_bytes_are_no_trouble(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(image(&bytes), Err(Unreadable));
        prop_assert_eq!(sticker(&bytes), Err(Unreadable));
    }
}
