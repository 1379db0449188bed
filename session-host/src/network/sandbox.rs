//! The way to the sandbox, and to nothing else: this file replaces `whatsapp.rs` in builds with the feature `sandbox`.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use anyhow::{Result, anyhow, bail};
use async_trait::async_trait;
use http::Uri;
use reqwest::Url;
use wacore::net::{HttpClient, HttpRequest, HttpResponse, StreamingHttpResponse, UploadBody};
use whatsapp_rust::http::UreqHttpClient;
use whatsapp_rust::transport::Connector;

use crate::{files, tenure::Tenure, transport::WebSockets};

/// A sandbox on this machine.
#[derive(Clone, Debug)]
pub struct Network {
    chat_url: Uri,
    addr: SocketAddr,
    files: UreqHttpClient,
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
        let addr = SocketAddr::new(ip, port);
        let chat_url = format!("ws://{addr}/ws/chat").parse().map_err(|_| NotASandbox)?;
        Ok(Self { chat_url, addr, files: files::client() })
    }

    pub(crate) fn transport(&self, tenure: Tenure) -> WebSockets {
        WebSockets { uri: self.chat_url.clone(), connector: Arc::new(Connector::Plain), tenure }
    }

    pub(crate) fn http(&self) -> LoopbackHttp {
        LoopbackHttp { http: self.files.clone(), sandbox: self.addr }
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
pub(crate) struct LoopbackHttp {
    http: UreqHttpClient,
    sandbox: SocketAddr,
}

impl LoopbackHttp {
    /// The library gets files from `https://` only, whoever has them; the sandbox has them at `http://`.
    fn directed(&self, request: HttpRequest) -> Result<HttpRequest> {
        let Some((mut url, ip)) = Url::parse(&request.url).ok().and_then(|url| loopback(&url).map(|ip| (url, ip))) else {
            bail!("a sandbox build talks to loopback addresses only");
        };
        if url.scheme() == "https" && url.port_or_known_default() == Some(self.sandbox.port()) && ip == self.sandbox.ip() {
            url.set_scheme("http").map_err(|()| anyhow!("https URLs can be http URLs"))?;
        }
        Ok(HttpRequest { url: url.into(), ..request })
    }
}

#[async_trait]
impl HttpClient for LoopbackHttp {
    async fn execute(&self, request: HttpRequest) -> Result<HttpResponse> {
        self.http.execute(self.directed(request)?).await
    }

    fn supports_streaming(&self) -> bool {
        self.http.supports_streaming()
    }

    fn execute_streaming(&self, request: HttpRequest) -> Result<StreamingHttpResponse> {
        self.http.execute_streaming(self.directed(request)?)
    }

    fn supports_upload_streaming(&self) -> bool {
        self.http.supports_upload_streaming()
    }

    fn execute_upload(&self, request: HttpRequest, body: UploadBody, content_length: u64) -> Result<HttpResponse> {
        self.http.execute_upload(self.directed(request)?, body, content_length)
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

    #[test]
    fn files_of_the_sandbox_come_from_where_it_is_and_nothing_from_elsewhere() {
        let http = Network::sandbox("http://127.0.0.1:3002").unwrap().http();
        let directed = |url: &str| http.directed(HttpRequest::get(url)).ok().map(|request| request.url);
        assert_eq!(directed("https://127.0.0.1:3002/media/x?auth=y").as_deref(), Some("http://127.0.0.1:3002/media/x?auth=y"));
        assert_eq!(directed("https://127.0.0.1:3003/media/x").as_deref(), Some("https://127.0.0.1:3003/media/x"));
        assert_eq!(directed("https://mmg.whatsapp.net/v/x"), None);
    }
}
