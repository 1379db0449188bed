//! WhatsApp's WebSocket. The library's own would have each stanza wait until the one before has arrived (Nagle's algorithm), and would
//! build the TLS settings anew for each connection, so that none is ever resumed.

use std::sync::Arc;

use anyhow::{Context, Result};
use async_trait::async_trait;
use http::{HeaderValue, Uri, header::ORIGIN};
use tokio::net::TcpStream;
use tokio_websockets::ClientBuilder;
use wacore::net::{Transport, TransportEvent, TransportFactory, WHATSAPP_WEB_ORIGIN};
use whatsapp_rust::transport::{Connector, from_websocket};

/// Opens WebSockets.
pub(crate) struct WebSockets {
    pub uri: Uri,
    pub connector: Arc<Connector>,
}

#[async_trait]
impl TransportFactory for WebSockets {
    async fn create_transport(&self) -> Result<(Arc<dyn Transport>, async_channel::Receiver<TransportEvent>)> {
        let host = self.uri.host().context("a WebSocket's address has a host")?.trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.uri.port_u16().unwrap_or(443))).await?;
        stream.set_nodelay(true)?;
        let stream = self.connector.wrap(host, stream).await?;
        let builder = ClientBuilder::from_uri(self.uri.clone()).add_header(ORIGIN, HeaderValue::from_static(WHATSAPP_WEB_ORIGIN))?;
        let (socket, _) = builder.connect_on(stream).await?;
        Ok(from_websocket(socket))
    }
}
