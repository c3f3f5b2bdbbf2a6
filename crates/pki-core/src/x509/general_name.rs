//! Alternative names.
//!
//! Source: RFC 5280 section 4.2.1.6.

use std::fmt;
use std::net::IpAddr;

use super::oid::ObjectIdentifier;
use crate::crypto::asn1::{Element, Malformed, Reader, Writer, encode, parse, tag};

/// Tags of a `GeneralName`.
pub(super) const OTHER_NAME: u8 = tag::constructed(0);
pub(super) const RFC822_NAME: u8 = tag::context(1);
pub(super) const DNS_NAME: u8 = tag::context(2);
pub(super) const URI: u8 = tag::context(6);
pub(super) const IP_ADDRESS: u8 = tag::context(7);

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// otherName, whatever its type.
    Other,
    /// rfc822Name.
    Email,
    /// dNSName.
    Dns,
    /// x400Address.
    X400,
    /// directoryName, which a subject is too.
    Directory,
    /// ediPartyName.
    EdiParty,
    /// uniformResourceIdentifier.
    Uri,
    /// iPAddress.
    Ip,
    /// registeredID.
    Registered,
    /// None of those there are.
    Unknown,
}

/// The tag of every kind of name, and what people call it.
const KINDS: [(NameKind, u8, &str); 9] = [
    (NameKind::Other, OTHER_NAME, "other name"),
    (NameKind::Email, RFC822_NAME, "e-mail address"),
    (NameKind::Dns, DNS_NAME, "DNS name"),
    (NameKind::X400, tag::constructed(3), "X.400 address"),
    (NameKind::Directory, tag::constructed(4), "directory name"),
    (NameKind::EdiParty, tag::constructed(5), "EDI party name"),
    (NameKind::Uri, URI, "URI"),
    (NameKind::Ip, IP_ADDRESS, "IP address"),
    (NameKind::Registered, tag::context(8), "registered identifier"),
];

impl NameKind {
    /// The kind of an encoded name, by its first octet.
    pub(super) fn of(name: &[u8]) -> Self {
        let kind = KINDS.iter().find(|kind| name.first() == Some(&kind.1));
        kind.map_or(Self::Unknown, |kind| kind.0)
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = KINDS.iter().find(|kind| kind.0 == *self);
        f.write_str(kind.map_or("name of an unknown kind", |kind| kind.2))
    }
}

/// Why a value cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A value with characters that its type does not have.
    #[error("{what} \"{value}\" has characters outside ASCII")]
    NotIa5 {
        /// What kind of value.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// A text that is no object identifier.
    #[error("\"{0}\" is not an object identifier")]
    NotAnOid(String),
}

/// An otherName with a text as value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherName {
    /// Type of the name, as dotted decimal. It is checked when it is encoded.
    pub oid: String,
    /// The name.
    pub value: String,
}

/// The names of a subjectAltName extension, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectAltNames {
    /// otherName, those with a UTF8String.
    pub other: Vec<OtherName>,
    /// dNSName.
    pub dns: Vec<String>,
    /// rfc822Name.
    pub email: Vec<String>,
    /// iPAddress.
    pub ip: Vec<IpAddr>,
    /// uniformResourceIdentifier.
    pub uri: Vec<String>,
    /// Names of other kinds, encoded as they were read.
    pub rest: Vec<Vec<u8>>,
}

impl SubjectAltNames {
    /// Whether there is no name of any kind.
    pub fn is_empty(&self) -> bool {
        let Self { other, dns, email, ip, uri, rest } = self;
        other.is_empty()
            && dns.is_empty()
            && email.is_empty()
            && ip.is_empty()
            && uri.is_empty()
            && rest.is_empty()
    }

    /// The kinds of the names that are kept as they were read.
    pub fn rest_kinds(&self) -> Vec<NameKind> {
        self.rest.iter().map(|name| NameKind::of(name)).collect()
    }

    /// The extension's value: the kinds in the order of the fields.
    ///
    /// # Errors
    ///
    /// [`EncodeError`], with the value that cannot be encoded.
    pub fn to_der(&self) -> Result<Vec<u8>, EncodeError> {
        let Self { other, dns, email, ip, uri, rest } = self;
        ia5("DNS name", dns)?;
        ia5("e-mail address", email)?;
        ia5("URI", uri)?;
        let other: Vec<Vec<u8>> = other.iter().map(OtherName::to_der).collect::<Result<_, _>>()?;
        Ok(encode(|w| {
            w.sequence(|w| {
                other.iter().for_each(|name| w.raw(name));
                dns.iter().for_each(|name| w.primitive(DNS_NAME, name.as_bytes()));
                email.iter().for_each(|name| w.primitive(RFC822_NAME, name.as_bytes()));
                ip.iter().for_each(|address| write_ip(w, address));
                uri.iter().for_each(|name| w.primitive(URI, name.as_bytes()));
                rest.iter().for_each(|name| w.raw(name));
            });
        }))
    }

    /// Reads the extension's value. What is not one of the kinds above is kept as it is.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is no SEQUENCE, or a text is no ASCII.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        let mut names = Self::default();
        let mut list = parse(der, Reader::sequence)?;
        while !list.is_empty() {
            names.add(&list.element()?)?;
        }
        Ok(names)
    }

    fn add(&mut self, name: &Element<'_>) -> Result<(), Malformed> {
        match name.tag {
            DNS_NAME => self.dns.push(ascii(name.content)?),
            RFC822_NAME => self.email.push(ascii(name.content)?),
            URI => self.uri.push(ascii(name.content)?),
            IP_ADDRESS => match read_ip(name.content) {
                Some(address) => self.ip.push(address),
                None => self.rest.push(name.der.to_vec()),
            },
            OTHER_NAME => match OtherName::from_content(name.content) {
                Ok(other) => self.other.push(other),
                Err(_) => self.rest.push(name.der.to_vec()),
            },
            _ => self.rest.push(name.der.to_vec()),
        }
        Ok(())
    }
}

impl OtherName {
    fn to_der(&self) -> Result<Vec<u8>, EncodeError> {
        let oid = ObjectIdentifier::new(&self.oid)
            .map_err(|_| EncodeError::NotAnOid(self.oid.clone()))?;
        Ok(encode(|w| {
            w.nested(OTHER_NAME, |w| {
                w.oid(&oid);
                w.nested(tag::constructed(0), |w| {
                    w.primitive(tag::UTF8_STRING, self.value.as_bytes());
                });
            });
        }))
    }

    fn from_content(content: &[u8]) -> Result<Self, Malformed> {
        const WHAT: Malformed = Malformed("an otherName with a UTF8String");
        parse(content, |r| {
            let oid = r.oid()?;
            let value = r.read(tag::constructed(0), "[0]")?;
            let value = parse(value, |r| r.read(tag::UTF8_STRING, "a UTF8String"))?;
            let value = str::from_utf8(value).map_err(|_| WHAT)?;
            Ok(Self { oid: oid.to_string(), value: value.to_owned() })
        })
    }
}

/// Checks that values can be IA5Strings.
pub(super) fn ia5(what: &'static str, values: &[String]) -> Result<(), EncodeError> {
    match values.iter().find(|value| !value.is_ascii()) {
        Some(value) => Err(EncodeError::NotIa5 { what, value: value.clone() }),
        None => Ok(()),
    }
}

/// The text of an IA5String.
pub(super) fn ascii(content: &[u8]) -> Result<String, Malformed> {
    match str::from_utf8(content) {
        Ok(text) if text.is_ascii() => Ok(text.to_owned()),
        _ => Err(Malformed("an IA5String")),
    }
}

fn write_ip(w: &mut Writer, address: &IpAddr) {
    match address {
        IpAddr::V4(v4) => w.primitive(IP_ADDRESS, &v4.octets()),
        IpAddr::V6(v6) => w.primitive(IP_ADDRESS, &v6.octets()),
    }
}

fn read_ip(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(octets).map(IpAddr::from);
    v4.or(v6).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(names: &[&str]) -> SubjectAltNames {
        let dns = names.iter().map(|name| (*name).to_owned()).collect();
        SubjectAltNames { dns, ..Default::default() }
    }

    #[test]
    fn kinds_come_in_one_order() {
        let names = SubjectAltNames {
            other: vec![OtherName { oid: "1.2.3".to_owned(), value: "z".to_owned() }],
            email: vec!["e".to_owned()],
            ip: vec![IpAddr::from([10, 0, 0, 1]), IpAddr::from([0_u16, 0, 0, 0, 0, 0, 0, 1])],
            uri: vec!["u:".to_owned()],
            rest: vec![vec![0x88, 1, 0x2a]],
            ..dns(&["d"])
        };
        let der = names.to_der().unwrap();
        let want: &[&[u8]] = &[
            &[0x30, 0x30],
            &[0xa0, 0x09, 0x06, 0x02, 0x2a, 0x03, 0xa0, 0x03, 0x0c, 0x01, 0x7a],
            &[0x82, 1, b'd', 0x81, 1, b'e', 0x87, 4, 10, 0, 0, 1, 0x87, 16],
            &[0; 15],
            &[1, 0x86, 2, b'u', b':', 0x88, 1, 0x2a],
        ];
        assert_eq!(der, want.concat());
        assert_eq!(SubjectAltNames::from_der(&der), Ok(names));
    }

    /// OpenSSL's extension language made several names of such a value, or read a file.
    #[test]
    fn a_value_is_one_name_whatever_it_contains() {
        let odd = ["a,DNS:b", "a@b:c;d", "a\nb", "a\0b", "\"", "", "otherName:1.2.3;UTF8:x"];
        let names = dns(&odd);
        assert_eq!(SubjectAltNames::from_der(&names.to_der().unwrap()), Ok(names));
    }

    #[test]
    fn what_cannot_be_encoded_is_named() {
        let check = |names: SubjectAltNames, want: &str| {
            assert_eq!(names.to_der().map_err(|e| e.to_string()), Err(want.to_owned()));
        };
        check(dns(&["a", "bü"]), "DNS name \"bü\" has characters outside ASCII");
        for oid in ["", "bad", "3.4", "1.2.x", "1"] {
            let other = vec![OtherName { oid: oid.to_owned(), value: String::new() }];
            let names = SubjectAltNames { other, ..Default::default() };
            check(names, &format!("\"{oid}\" is not an object identifier"));
        }
    }

    #[test]
    fn unknown_kinds_are_kept() {
        for name in [
            &[0x87, 3, 1, 2, 3][..],
            &[0xa4, 2, 0x30, 0],
            &[0xa0, 0x09, 0x06, 0x02, 0x2a, 0x03, 0xa0, 0x03, 0x04, 0x01, 0x7a],
        ] {
            let der = encode(|w| w.sequence(|w| w.raw(name)));
            let names = SubjectAltNames::from_der(&der).unwrap();
            assert_eq!(names.rest, [name]);
            assert!(!names.is_empty());
            assert_eq!(names.to_der(), Ok(der));
        }
        assert!(SubjectAltNames::from_der(&[0x30, 3, 0x82, 1, 0xff]).is_err());
    }
}
