//! `/send`

mod audio;
mod contact;
mod document;
mod image;
mod location;
mod poll;
mod reaction;
mod sticker;
mod text;
mod video;
