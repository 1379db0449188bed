//! How often things may be done: requests by their address, what devices do by the device.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{
    model::{Device, Timestamp},
    ports::Count,
};

use crate::{api::Api, error::ApiError};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Tell where the limit stands that is closest to being reached.
pub const HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
];

/// Where a request came from, for whoever runs the router where connections do not tell (behind a gateway). Requests of which
/// neither this nor a connection is known are not limited.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// What a device may do so many times a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Send, change or take back a message, or send a bulk.
    Messages,
    /// Take in a file.
    Media,
    /// Show a QR code.
    Qr,
}

/// What a request has left of the limits it counted against.
#[derive(Clone, Default)]
pub struct Allowance(Arc<Mutex<Option<Standing>>>);

#[derive(Clone, Copy)]
struct Standing {
    limit: u32,
    count: Count,
}

/// Counts requests by their address, and tells in every answer what is left.
pub async fn run(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let allowance = Allowance::default();
    let counted = match address(request.extensions(), request.headers()) {
        Some(address) => allowance.request(&api, address).await,
        None => Ok(()),
    };
    let mut response = match counted {
        Ok(()) => {
            request.extensions_mut().insert(allowance.clone());
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    if let Some(standing) = allowance.standing() {
        standing.tell(&mut response, api.clock.now());
    }
    response
}

impl Allowance {
    /// One more of what a device does. Ask only once the device is known to be the caller's.
    pub async fn device(&self, api: &Api, device: &Device, limit: Limit) -> Result<(), ApiError> {
        let limits = api.config.rate_limits;
        let (most, name, refusal) = match limit {
            Limit::Messages => (limits.messages_per_minute, "messages", "messages a minute through this device"),
            Limit::Media => (limits.media_per_minute, "media", "files a minute through this device"),
            Limit::Qr => (limits.qr_per_minute, "qr", "QR codes a minute of this device"),
        };
        self.count(api, || format!("{name}/{}", device.id), most, MINUTE, refusal).await
    }

    async fn request(&self, api: &Api, address: IpAddr) -> Result<(), ApiError> {
        self.count(api, || format!("ip/{address}"), api.config.rate_limits.ip_per_hour, HOUR, "requests an hour from this address").await
    }

    async fn count(&self, api: &Api, key: impl Fn() -> String, most: u32, window: Duration, refusal: &str) -> Result<(), ApiError> {
        if most == 0 {
            return Ok(());
        }
        let count = api.limits.count(&key(), most, window, api.clock.now()).await?;
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !count.allowed || standing.is_none_or(|standing| count.remaining < standing.count.remaining) {
            *standing = Some(Standing { limit: most, count });
        }
        if count.allowed { Ok(()) } else { Err(ApiError::RateLimitExceeded { details: format!("more than {most} {refusal}") }) }
    }

    fn standing(&self) -> Option<Standing> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn tell(self, response: &mut Response, now: Timestamp) {
        let resets_at = self.count.resets_at.millis();
        let values = [self.limit.into(), self.count.remaining.into(), ceil_seconds(resets_at)];
        let refused = response.status() == StatusCode::TOO_MANY_REQUESTS;
        let headers = response.headers_mut();
        headers.extend(HEADERS.into_iter().zip(values.map(HeaderValue::from)));
        if refused {
            headers.insert(RETRY_AFTER, ceil_seconds(resets_at - now.millis()).max(1).into());
        }
    }
}

fn ceil_seconds(millis: i64) -> i64 {
    millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0)
}

/// Where a request came from. A proxy on this machine is believed in what it says of that: nobody else can reach us from here.
fn address(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let connection = extensions.get().map(|ConnectInfo(address): &ConnectInfo<SocketAddr>| address.ip());
    let peer = extensions.get().map(|Peer(address)| *address).or(connection)?.to_canonical();
    let client = if peer.is_loopback() { forwarded(headers).unwrap_or(peer) } else { peer };
    Some(match client {
        // Whoever has one of these has the whole network of them.
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        IpAddr::V4(_) => client,
    })
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let read = |text: &str| text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let real = headers.get("x-real-ip").and_then(|value| value.to_str().ok()).and_then(read);
    // The last one is the proxy's own word; those before it are anybody's.
    let last = || headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next().and_then(read);
    real.or_else(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_of(peer: &str, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 50_000)));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        address(&extensions, &map).map(|address| address.to_string())
    }

    #[test]
    fn a_proxy_on_this_machine_is_believed_and_nobody_else() {
        let (real, forwarded) = (("x-real-ip", "192.0.2.1"), ("x-forwarded-for", "198.51.100.9, 192.0.2.2"));
        for (peer, headers, address) in [
            ("127.0.0.1", vec![], "127.0.0.1"),
            ("127.0.0.1", vec![real, forwarded], "192.0.2.1"),
            ("::1", vec![forwarded], "192.0.2.2"),
            ("::ffff:127.0.0.1", vec![("x-forwarded-for", "192.0.2.2"), ("x-forwarded-for", "192.0.2.3")], "192.0.2.3"),
            ("127.0.0.1", vec![("x-real-ip", "unknown"), ("x-forwarded-for", "192.0.2.2,nonsense")], "127.0.0.1"),
            ("203.0.113.5", vec![real, forwarded], "203.0.113.5"),
            ("::ffff:203.0.113.5", vec![real], "203.0.113.5"),
        ] {
            assert_eq!(address_of(peer, &headers).as_deref(), Some(address), "{peer} {headers:?}");
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        assert_eq!(address_of("2001:db8:1:2:3:4:5:6", &[]).as_deref(), Some("2001:db8:1:2::"));
    }

    #[test]
    fn an_address_may_be_told_by_a_gateway_or_not_be_known_at_all() {
        let mut extensions = Extensions::new();
        assert_eq!(address(&extensions, &HeaderMap::new()), None);
        extensions.insert(Peer([203, 0, 113, 5].into()));
        assert_eq!(address(&extensions, &HeaderMap::new()), Some([203, 0, 113, 5].into()));
    }

    #[test]
    fn a_part_of_a_second_counts_as_a_whole_one() {
        for (millis, seconds) in [(0, 0), (1, 1), (1000, 1), (1001, 2), (-1500, -1)] {
            assert_eq!(ceil_seconds(millis), seconds);
        }
    }
}
