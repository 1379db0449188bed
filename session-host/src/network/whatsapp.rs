//! The way to WhatsApp itself.

use whatsapp_rust::http::UreqHttpClient;
use whatsapp_rust::transport::TokioWebSocketTransportFactory;

/// WhatsApp, over TLS, with its certificate chain checked.
#[derive(Clone, Debug, Default)]
pub struct Network;

impl Network {
    pub(crate) fn transport(&self) -> TokioWebSocketTransportFactory {
        TokioWebSocketTransportFactory::new()
    }

    pub(crate) fn http(&self) -> UreqHttpClient {
        UreqHttpClient::new()
    }

    /// The client's version; `None` asks WhatsApp for the newest.
    pub(crate) fn version(&self) -> Option<(u32, u32, u32)> {
        None
    }
}
