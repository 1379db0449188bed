//! Which addresses user-given URLs may lead to, and a resolver that finds no others.
//!
//! The connection is made to the addresses that were checked: there is no second look-up that could answer otherwise.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use tokio::{sync::Semaphore, task};

/// Look-ups at a time: each takes a thread for as long as a name server is silent, and the store needs threads too.
const LOOKUPS: usize = 256;

/// A name leads to no address it may lead to.
#[derive(Debug, thiserror::Error)]
#[error("not an address that may be reached")]
pub(crate) struct AddressRefused;

/// Which addresses may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    Anywhere,
    /// Those of the public internet, and none of this machine or its networks.
    Public,
    /// This machine's own.
    Loopback,
}

impl Reach {
    /// Whether this address may be reached.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Public => is_public(address),
            Self::Loopback => address.is_loopback(),
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224.., ..]     // this network, private, loopback, multicast and reserved
        | [100, 64..=127, ..]          // shared by a carrier's customers
        | [169, 254, ..]               // link-local, cloud metadata
        | [172, 16..=31, ..]           // private
        | [192, 168, ..]               // private
        | [192, 0, 0 | 2, _]           // protocol assignments, documentation
        | [192, 88, 99, _]             // relays from IPv6
        | [198, 18 | 19, ..]           // benchmarks
        | [198, 51, 100, _]            // documentation
        | [203, 0, 113, _] // documentation
    )
}

/// Only global unicast, so without loopback, local and multicast addresses, and without IPv4 addresses mapped, compatible or translated
/// (NAT64); and of that not the blocks that lead elsewhere.
fn is_public_v6(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0x2000..=0x3fff, ..])
        && !matches!(
            address.segments(),
            [0x2001, 0..=0x1ff, ..]    // protocol assignments, Teredo among them
            | [0x2001, 0xdb8, ..]      // documentation
            | [0x2002, ..]             // 6to4: an IPv4 address inside
            | [0x3fff, 0..=0xfff, ..] // documentation
        )
}

/// The address a URL names outright, in whatever notation: those are never looked up.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// Looks names up, and passes over addresses that may not be reached.
pub(crate) struct Resolver {
    reach: Reach,
    lookups: Arc<Semaphore>,
}

impl Resolver {
    pub(crate) fn new(reach: Reach) -> Self {
        Self { reach, lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, lookups) = (self.reach, self.lookups.clone());
        Box::pin(async move {
            let turn = lookups.acquire_owned().await?;
            let found = task::spawn_blocking(move || -> io::Result<Vec<SocketAddr>> {
                let _turn = turn;
                Ok((name.as_str(), 0).to_socket_addrs()?.collect())
            });
            let mut addresses = found.await??;
            addresses.retain(|address| reach.allows(address.ip()));
            if addresses.is_empty() { Err(AddressRefused.into()) } else { Ok(Box::new(addresses.into_iter()) as Addrs) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for public in
            ["1.1.1.1", "100.63.255.255", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111", "2001:200::1", "3ffe::1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        let private = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 \
            192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 \
            255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 \
            2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1";
        for private in private.split_whitespace() {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn every_notation_of_an_address_is_read() {
        let notations = "127.0.0.1 127.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1. １２７.０.０.１ %31%32%37.0.0.1 [::ffff:127.0.0.1] [::ffff:7f00:1] [::1] 0";
        for notation in notations.split_whitespace() {
            let url = Url::parse(&format!("http://user@{notation}:8080/")).unwrap();
            assert!(literal(&url).is_some_and(|address| !is_public(address)), "{notation}: {url}");
        }
        assert_eq!(literal(&Url::parse("http://localhost/").unwrap()), None);
    }
}
