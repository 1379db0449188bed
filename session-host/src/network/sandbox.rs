//! The way to the sandbox, and to nothing else: this file replaces `whatsapp.rs` in builds with the feature `sandbox`.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use anyhow::{Result, bail};
use async_trait::async_trait;
use http::Uri;
use reqwest::Url;
use wacore::net::{HttpClient, HttpRequest, HttpResponse};
use whatsapp_rust::http::UreqHttpClient;
use whatsapp_rust::transport::Connector;

use crate::transport::WebSockets;

/// A sandbox on this machine.
#[derive(Clone, Debug)]
pub struct Network {
    chat_url: Uri,
}

/// The URL does not name a sandbox on this machine.
#[derive(Debug, thiserror::Error)]
#[error("a sandbox URL is http://, a loopback address and a port, such as http://127.0.0.1:3002")]
pub struct NotASandbox;

impl Network {
    /// The sandbox at `url`, an `http://` URL of a loopback address.
    pub fn sandbox(url: &str) -> Result<Self, NotASandbox> {
        let url = Url::parse(url).map_err(|_| NotASandbox)?;
        let port = url.port_or_known_default().ok_or(NotASandbox)?;
        let ip = loopback(&url).ok_or(NotASandbox)?;
        if url.scheme() != "http" || url.path() != "/" {
            return Err(NotASandbox);
        }
        let chat_url = format!("ws://{}/ws/chat", SocketAddr::new(ip, port));
        Ok(Self { chat_url: chat_url.parse().map_err(|_| NotASandbox)? })
    }

    pub(crate) fn transport(&self) -> WebSockets {
        WebSockets { uri: self.chat_url.clone(), connector: Arc::new(Connector::Plain) }
    }

    pub(crate) fn http(&self) -> LoopbackHttp {
        LoopbackHttp(UreqHttpClient::new())
    }

    /// Fixed, since asking for the newest would ask WhatsApp.
    pub(crate) fn version(&self) -> Option<(u32, u32, u32)> {
        Some((2, 3000, 0))
    }
}

fn loopback(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    let host = if host == "localhost" { "127.0.0.1" } else { host };
    host.parse().ok().filter(IpAddr::is_loopback)
}

/// An HTTP client that refuses every address but this machine's own.
#[derive(Clone, Debug)]
pub(crate) struct LoopbackHttp(UreqHttpClient);

#[async_trait]
impl HttpClient for LoopbackHttp {
    async fn execute(&self, request: HttpRequest) -> Result<HttpResponse> {
        match Url::parse(&request.url) {
            Ok(url) if loopback(&url).is_some() => self.0.execute(request).await,
            _ => bail!("a sandbox build talks to loopback addresses only"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_sandboxes() {
        for good in ["http://127.0.0.1:3002", "http://localhost:3002/", "http://[::1]:3002"] {
            assert!(Network::sandbox(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ws://127.0.0.1:3002",
            "https://127.0.0.1",
            "http://10.0.0.1:3002",
            "http://web.whatsapp.com",
            "http://127.0.0.1.example.com",
        ] {
            assert!(Network::sandbox(bad).is_err(), "{bad}");
        }
    }
}
