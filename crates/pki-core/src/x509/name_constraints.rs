//! Which names the certificates below a CA may have.
//!
//! Source: RFC 5280 section 4.2.1.10.

use std::fmt;
use std::net::IpAddr;

use super::general_name::{
    DNS_NAME, EncodeError, IP_ADDRESS, NameKind, RFC822_NAME, URI, ascii, ia5,
};
use crate::crypto::asn1::{Malformed, Reader, Writer, encode, parse, tag};

/// A block of IP addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpRange {
    address: IpAddr,
    prefix_len: u8,
}

impl IpRange {
    /// The block of all addresses that share the first bits with this one; nothing if an
    /// address has fewer bits.
    pub fn new(address: IpAddr, prefix_len: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(v4) if prefix_len <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix_len)).unwrap_or(0);
                IpAddr::V4((v4.to_bits() & mask).into())
            }
            IpAddr::V6(v6) if prefix_len <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix_len)).unwrap_or(0);
                IpAddr::V6((v6.to_bits() & mask).into())
            }
            _ => return None,
        };
        Some(Self { address, prefix_len })
    }

    /// Reads `10.0.0.0/8`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix_len) = text.split_once('/')?;
        // The number parser takes a sign.
        let digits = prefix_len.bytes().all(|octet| octet.is_ascii_digit());
        Self::new(address.parse().ok()?, prefix_len.parse().ok().filter(|_| digits)?)
    }

    /// Whether the address is in the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        Self::new(address, self.prefix_len) == Some(*self)
    }

    /// Address and mask, one after the other.
    fn octets(&self) -> Vec<u8> {
        let shift = |width: u32| width.saturating_sub(self.prefix_len.into());
        match self.address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(shift(32)).unwrap_or(0);
                [v4.octets(), mask.to_be_bytes()].concat()
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(shift(128)).unwrap_or(0);
                [v6.octets(), mask.to_be_bytes()].concat()
            }
        }
    }

    fn from_octets(octets: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("an IP address and a mask");
        let (address, mask) = octets.split_at_checked(octets.len() / 2).ok_or(WHAT)?;
        let address = match (<[u8; 4]>::try_from(address), <[u8; 16]>::try_from(address)) {
            (Ok(v4), _) => IpAddr::from(v4),
            (_, Ok(v6)) => IpAddr::from(v6),
            _ => return Err(WHAT),
        };
        let ones: u32 = mask.iter().map(|octet| octet.count_ones()).sum();
        let range = u8::try_from(ones).ok().and_then(|ones| Self::new(address, ones));
        // The bits of the mask must be the first ones, and the address may have no others.
        range.filter(|range| range.octets() == octets).ok_or(WHAT)
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

/// Names and all names below them, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subtrees {
    /// Domains.
    pub dns: Vec<String>,
    /// Blocks of addresses.
    pub ip: Vec<IpRange>,
    /// Mailboxes, or domains of mailboxes.
    pub email: Vec<String>,
    /// Domains of URIs.
    pub uri: Vec<String>,
    /// Subtrees of kinds that are not known here, or with a minimum or maximum; encoded as they
    /// were read.
    pub rest: Vec<Vec<u8>>,
}

/// The nameConstraints extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameConstraints {
    /// If there are any of a kind, a name of this kind must be in one of them.
    pub permitted: Subtrees,
    /// No name may be in one of them.
    pub excluded: Subtrees,
}

impl Subtrees {
    /// Whether there are none of any kind.
    pub fn is_empty(&self) -> bool {
        let Self { dns, ip, email, uri, rest } = self;
        dns.is_empty() && ip.is_empty() && email.is_empty() && uri.is_empty() && rest.is_empty()
    }

    /// The kinds of the subtrees that are kept as they were read.
    pub fn rest_kinds(&self) -> Vec<NameKind> {
        let base = |subtree: &Vec<u8>| match parse(subtree, Reader::sequence) {
            Ok(mut inside) => {
                inside.element().map_or(NameKind::Unknown, |base| NameKind::of(base.der))
            }
            Err(_) => NameKind::Unknown,
        };
        self.rest.iter().map(base).collect()
    }

    fn check(&self) -> Result<(), EncodeError> {
        ia5("DNS domain", &self.dns)?;
        ia5("e-mail address", &self.email)?;
        ia5("URI domain", &self.uri)
    }

    fn write(&self, w: &mut Writer, tag: u8) {
        let Self { dns, ip, email, uri, rest } = self;
        if self.is_empty() {
            return;
        }
        // minimum is 0 and maximum is absent, always.
        let base = |w: &mut Writer, tag: u8, value: &[u8]| {
            w.sequence(|w| w.primitive(tag, value));
        };
        w.nested(tag, |w| {
            dns.iter().for_each(|name| base(w, DNS_NAME, name.as_bytes()));
            ip.iter().for_each(|range| base(w, IP_ADDRESS, &range.octets()));
            email.iter().for_each(|name| base(w, RFC822_NAME, name.as_bytes()));
            uri.iter().for_each(|name| base(w, URI, name.as_bytes()));
            rest.iter().for_each(|subtree| w.raw(subtree));
        });
    }

    fn read(list: &[u8]) -> Result<Self, Malformed> {
        let mut subtrees = Self::default();
        let mut list = Reader::new(list);
        while !list.is_empty() {
            let subtree = list.element()?;
            if subtree.tag != tag::SEQUENCE {
                return Err(Malformed("a GeneralSubtree"));
            }
            let mut inside = Reader::new(subtree.content);
            let base = inside.element()?;
            match base.tag {
                // Nobody knows what a minimum means for these kinds.
                _ if !inside.is_empty() => subtrees.rest.push(subtree.der.to_vec()),
                DNS_NAME => subtrees.dns.push(ascii(base.content)?),
                IP_ADDRESS => subtrees.ip.push(IpRange::from_octets(base.content)?),
                RFC822_NAME => subtrees.email.push(ascii(base.content)?),
                URI => subtrees.uri.push(ascii(base.content)?),
                _ => subtrees.rest.push(subtree.der.to_vec()),
            }
        }
        Ok(subtrees)
    }
}

impl NameConstraints {
    /// Whether nothing is constrained.
    pub fn is_empty(&self) -> bool {
        self.permitted.is_empty() && self.excluded.is_empty()
    }

    /// The extension's value.
    ///
    /// # Errors
    ///
    /// [`EncodeError`], with the value that cannot be encoded.
    pub fn to_der(&self) -> Result<Vec<u8>, EncodeError> {
        self.permitted.check()?;
        self.excluded.check()?;
        Ok(encode(|w| {
            w.sequence(|w| {
                self.permitted.write(w, tag::constructed(0));
                self.excluded.write(w, tag::constructed(1));
            });
        }))
    }

    /// Reads the extension's value.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is wrong; what cannot be understood must not be taken for no
    /// constraint.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        parse(der, |r| {
            let mut lists = r.sequence()?;
            let permitted = lists.optional(tag::constructed(0))?.unwrap_or_default();
            let excluded = lists.optional(tag::constructed(1))?.unwrap_or_default();
            lists.finish()?;
            Ok(Self { permitted: Subtrees::read(permitted)?, excluded: Subtrees::read(excluded)? })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_addresses_with_a_prefix() {
        for (text, want) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("10.1.2.3/8", Some("10.0.0.0/8")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("10.1.2.3/32", Some("10.1.2.3/32")),
            ("2001:db8::1/32", Some("2001:db8::/32")),
            ("::/0", Some("::/0")),
            ("10.0.0.0", None),
            ("10.0.0.0/33", None),
            ("::/129", None),
            ("10.0.0.0/+8", None),
            ("10.0.0.0/", None),
            ("x/8", None),
        ] {
            let range = IpRange::parse(text);
            assert_eq!(range.map(|range| range.to_string()).as_deref(), want, "{text}");
            if let Some(range) = range {
                assert_eq!(IpRange::from_octets(&range.octets()), Ok(range));
            }
        }
        let range = IpRange::parse("10.0.0.0/8").unwrap();
        assert!(range.contains(IpAddr::from([10, 255, 0, 1])));
        assert!(!range.contains(IpAddr::from([11, 0, 0, 1])));
        assert!(!range.contains(IpAddr::from([0_u16; 8])));
        for wrong in [&[0; 7][..], &[10, 0, 0, 0, 255, 0, 255, 0], &[10, 1, 0, 0, 255, 0, 0, 0]] {
            assert!(IpRange::from_octets(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn constraints_read_and_write() {
        let text = |value: &str| vec![value.to_owned()];
        let constraints = NameConstraints {
            permitted: Subtrees {
                dns: text("a.com"),
                ip: vec![IpRange::parse("10.0.0.0/8").unwrap()],
                email: text("b.com"),
                uri: text(".c.com"),
                rest: vec![vec![0x30, 4, 0xa4, 2, 0x30, 0]],
            },
            excluded: Subtrees { dns: text("x.a.com"), ..Default::default() },
        };
        let der = constraints.to_der().unwrap();
        assert_eq!(NameConstraints::from_der(&der), Ok(constraints));
        let one = NameConstraints {
            permitted: Subtrees { dns: text("a"), ..Default::default() },
            ..Default::default()
        };
        let want = vec![0x30, 7, 0xa0, 5, 0x30, 3, 0x82, 1, b'a'];
        assert_eq!(one.to_der(), Ok(want));
        assert!(!one.is_empty());
    }
}
