//! The client beneath both directions: checked addresses, no redirects, no proxy.

use std::{error::Error, time::Duration};

use reqwest::{ClientBuilder, Method, RequestBuilder, Url, header::HeaderValue, redirect};

use crate::{
    FetchError, Reach,
    addresses::{Resolver, literal},
};

const AGENT: &str = concat!("warta/", env!("CARGO_PKG_VERSION"));

/// Node closes idle connections after 5 seconds: a request must not meet that.
const IDLE: Duration = Duration::from_secs(4);

/// Clones share their connections.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    reach: Reach,
}

impl Client {
    /// `with` sets what is peculiar to one direction.
    pub(crate) fn new(reach: Reach, with: impl Fn(ClientBuilder) -> ClientBuilder) -> Self {
        // HTTP/1.1 only: one connection for all devices of a host would let a slow one hold up the others.
        // What is fetched is passed on as it lies there: a feature of another crate must not unpack it.
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(HeaderValue::from_static(AGENT))
                .no_proxy()
                .http1_only()
                .no_gzip()
                .no_brotli()
                .no_zstd()
                .no_deflate()
                .redirect(redirect::Policy::none())
                .pool_idle_timeout(IDLE)
                .dns_resolver(Resolver::new(reach));
            with(builder)
        };
        let http = builder().build().unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn Error, "no certificate authorities were found: https requests will fail");
            builder().tls_certs_only([]).build().expect("nothing else can fail")
        });
        Self { http, reach }
    }

    pub(crate) fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::InvalidUrl)?;
        if literal(&url).is_some_and(|address| !self.reach.allows(address)) {
            return Err(FetchError::Refused);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::InvalidUrl);
        }
        Ok(self.http.request(method, url))
    }
}
