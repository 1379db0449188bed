//! The way to WhatsApp itself.

use std::sync::Arc;

use http::Uri;
use wacore::net::WHATSAPP_WEB_WS_URL;
use whatsapp_rust::http::UreqHttpClient;
use whatsapp_rust::transport::{Connector, default_tls_connector};

use crate::{files, tenure::Tenure, transport::WebSockets};

/// WhatsApp, over TLS, with its certificate chain checked.
#[derive(Clone)]
pub struct Network {
    /// Shared, so that a reconnection resumes its TLS session.
    connector: Arc<Connector>,
    files: UreqHttpClient,
}

impl Default for Network {
    fn default() -> Self {
        Self { connector: Arc::new(default_tls_connector()), files: files::client() }
    }
}

impl Network {
    pub(crate) fn transport(&self, tenure: Tenure) -> WebSockets {
        WebSockets { uri: Uri::from_static(WHATSAPP_WEB_WS_URL), connector: self.connector.clone(), tenure }
    }

    pub(crate) fn http(&self) -> UreqHttpClient {
        self.files.clone()
    }

    /// The client's version; `None` asks WhatsApp for the newest.
    pub(crate) fn version(&self) -> Option<(u32, u32, u32)> {
        None
    }
}
