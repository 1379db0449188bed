//! `/send`

mod audio;
mod bulk;
mod contact;
mod document;
mod image;
mod location;
mod poll;
mod reaction;
mod sticker;
mod template;
mod text;
mod video;
