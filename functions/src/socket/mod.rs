//! What is the same for every WebSocket, wherever it ends: whose events it shows, which of them, and from where on.

mod feed;
mod listener;
mod view;

pub use feed::Feed;
#[cfg(feature = "aws")]
pub use feed::{OVERLAP, by_seq};
pub use listener::Listener;
pub use view::View;

use axum::extract::ws::CloseFrame;

/// Why a socket ends: with a goodbye of ours, or without because the client leaves or is gone.
pub type End = Option<CloseFrame>;

/// An end with a goodbye.
pub fn goodbye(code: u16, reason: impl AsRef<str>) -> End {
    Some(CloseFrame { code, reason: reason.as_ref().into() })
}
