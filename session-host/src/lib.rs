//! The only place that knows WhatsApp: sessions, commands, events, webhook delivery, answers of its own.

#[cfg(feature = "sandbox")]
pub mod crash;
pub mod deliver;
#[path = "network/files.rs"]
mod files;
mod host;
pub mod lanes;
#[cfg(feature = "sandbox")]
#[path = "network/sandbox.rs"]
mod network;
#[cfg(not(feature = "sandbox"))]
#[path = "network/whatsapp.rs"]
mod network;
mod qr;
pub mod replies;
mod session;
mod sessions;
pub mod store;
mod tenure;
#[path = "network/transport.rs"]
mod transport;

pub use host::{Config, Host, Ports};
pub use network::Network;
#[cfg(feature = "sandbox")]
pub use network::NotASandbox;
pub use tenure::Tenure;
