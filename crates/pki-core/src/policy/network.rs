//! IP addresses and networks as callers write them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address: IPv4 without leading zeros, or IPv6 without a zone. An IPv4 address in
/// IPv6 clothes is an IPv4 address.
pub fn parse_ip(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

/// A range of addresses: the bits of one, as far as they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `192.168.1.7/24`; bits beyond the prefix are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let prefix: u32 = prefix.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= width).then(|| Self { address: masked(address, prefix), prefix }.canonical())
    }

    /// Whether an address lies in the range.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.address.is_ipv4() && masked(ip, self.prefix) == self.address
    }

    /// `::ffff:10.0.0.0/104` is `10.0.0.0/8`, as its addresses are IPv4 addresses.
    fn canonical(self) -> Self {
        match (self.address.to_canonical(), self.prefix.checked_sub(96)) {
            (IpAddr::V4(address), Some(prefix)) if self.address.is_ipv6() => {
                Self { address: address.into(), prefix }
            }
            _ => self,
        }
    }
}

fn masked(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let host = u32::MAX.checked_shr(prefix).unwrap_or_default();
            Ipv4Addr::from_bits(ip.to_bits() & !host).into()
        }
        IpAddr::V6(ip) => {
            let host = u128::MAX.checked_shr(prefix).unwrap_or_default();
            Ipv6Addr::from_bits(ip.to_bits() & !host).into()
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_shown_without_host_bits() {
        for (text, want) in [
            ("192.168.1.7/24", "192.168.1.0/24"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3/32", "10.1.2.3/32"),
            ("1.2.3.4/0", "0.0.0.0/0"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::1/128", "::1/128"),
            ("::/0", "::/0"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
        ] {
            let got = Network::parse(text).map(|network| network.to_string());
            assert_eq!(got.as_deref(), Some(want), "{text}");
        }
        for text in [
            "10.0.0.1",
            "10.0.0.0/99",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0/8",
            "/8",
            "fe80::1%en0/64",
            "010.0.0.0/8",
            "10.0.0.0/8/8",
            "::/129",
            "10.0.0.0/99999999999",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_addresses_of_the_same_kind_are_inside() {
        for (network, ip, want) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "1.2.3.4", false),
            ("::ffff:10.0.0.0/104", "10.0.0.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            let (network, ip) = (Network::parse(network).unwrap(), ip.parse().unwrap());
            assert_eq!(network.contains(ip), want, "{network} {ip}");
        }
    }

    #[test]
    fn addresses_are_plain_literals() {
        assert_eq!(parse_ip("::ffff:1.2.3.4"), Some(Ipv4Addr::new(1, 2, 3, 4).into()));
        assert!(parse_ip("::1").is_some());
        for text in
            ["", "010.1.1.1", "10.0.0.0/8", "fe80::1%en0", "1.2.3", "example.com", " 1.2.3.4"]
        {
            assert_eq!(parse_ip(text), None, "{text}");
        }
    }
}
