//! WhatsApp's WebSocket. The library's own would have each stanza wait until the one before has arrived (Nagle's algorithm), and would
//! build the TLS settings anew for each connection, so that none is ever resumed.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Uri, header::ORIGIN};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_websockets::ClientBuilder;
use wacore::{
    net::{Transport, TransportEvent, TransportFactory, WHATSAPP_WEB_ORIGIN},
    stats::TransportResourceReport,
};
use whatsapp_rust::transport::{Connector, from_websocket};

use crate::tenure::Tenure;

/// Opens WebSockets.
pub(crate) struct WebSockets {
    pub uri: Uri,
    pub connector: Arc<Connector>,
    pub tenure: Tenure,
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
        let (transport, events) = from_websocket(socket);
        Ok((Tenured::new(transport, self.tenure.clone()), events))
    }
}

/// A connection that sends nothing once another host may have one for the device.
struct Tenured {
    transport: Arc<dyn Transport>,
    tenure: Tenure,
    _closed: DropGuard,
}

impl Tenured {
    /// Closes when its time is over, if not before.
    fn new(transport: Arc<dyn Transport>, tenure: Tenure) -> Arc<Self> {
        let closed = CancellationToken::new();
        if let Some(over) = tenure.over().cloned() {
            let (transport, closed) = (transport.clone(), closed.clone());
            tokio::spawn(async move {
                if closed.run_until_cancelled(over.cancelled()).await.is_some() {
                    transport.disconnect().await;
                }
            });
        }
        Arc::new(Self { transport, tenure, _closed: closed.drop_guard() })
    }
}

#[async_trait]
impl Transport for Tenured {
    async fn send(&self, data: Bytes) -> Result<()> {
        ensure!(self.tenure.lasts(), "the device may be another host's by now");
        self.transport.send(data).await
    }

    async fn disconnect(&self) {
        self.transport.disconnect().await;
    }

    fn resource_report(&self) -> Option<TransportResourceReport> {
        self.transport.resource_report()
    }
}
