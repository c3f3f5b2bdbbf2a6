//! Distinguished names.
//!
//! A name is kept as it was encoded: names are compared octet by octet, and an issuer's name in
//! what it signs is the one in its certificate (RFC 5280 section 4.1.2.4).

use std::fmt;

use der::asn1::ObjectIdentifier;

use super::oid;
use super::subject::write_string;
use crate::crypto::asn1::{Element, Malformed, Reader, encode, parse, tag};
use crate::domain::hex;

/// A `Name`, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistinguishedName {
    der: Box<[u8]>,
}

/// One attribute of a name: its type and its value with tag.
#[derive(Clone, Copy, Debug)]
struct Attribute<'a> {
    oid: ObjectIdentifier,
    value: Element<'a>,
}

impl DistinguishedName {
    /// Reads a `Name`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is no SEQUENCE OF SET OF attributes.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        attributes(der)?;
        Ok(Self { der: der.into() })
    }

    /// Takes DER that was written as a `Name` in this crate.
    pub(super) fn from_written(der: Vec<u8>) -> Self {
        Self { der: der.into() }
    }

    /// The name as encoded.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it has no attributes at all.
    pub fn is_empty(&self) -> bool {
        *self.der == [tag::SEQUENCE, 0]
    }

    /// The last common name.
    pub fn common_name(&self) -> Option<String> {
        self.attribute(&oid::COMMON_NAME).pop()
    }

    /// All values of an attribute, in order.
    pub fn attribute(&self, oid: &ObjectIdentifier) -> Vec<String> {
        let all = attributes(&self.der).unwrap_or_default();
        all.iter().filter(|a| a.oid == *oid).map(|a| text(&a.value)).collect()
    }
}

/// All attributes, those of one RDN next to each other.
fn attributes(der: &[u8]) -> Result<Vec<Attribute<'_>>, Malformed> {
    let mut all = Vec::new();
    parse(der, |r| {
        let mut rdns = r.sequence()?;
        while !rdns.is_empty() {
            let mut rdn = Reader::new(rdns.read(tag::SET, "a SET of attributes")?);
            if rdn.is_empty() {
                return Err(Malformed("an attribute"));
            }
            while !rdn.is_empty() {
                let mut attribute = rdn.sequence()?;
                all.push(Attribute { oid: attribute.oid()?, value: attribute.element()? });
                attribute.finish()?;
            }
        }
        Ok(())
    })?;
    Ok(all)
}

/// A directory string as text. What is no text in its type is replaced, not refused: a name is
/// compared by its octets, and this is for people.
fn text(value: &Element<'_>) -> String {
    match value.tag {
        tag::BMP_STRING => {
            let units =
                value.content.as_chunks::<2>().0.iter().map(|unit| u16::from_be_bytes(*unit));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        // In practice Teletex strings hold Latin-1.
        tag::TELETEX_STRING => value.content.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(value.content).into_owned(),
    }
}

/// The attributes that Go knows by name, in the order in which it prints them.
const KNOWN: [(ObjectIdentifier, &str); 9] = [
    (oid::SUBJECT_SERIAL_NUMBER, "SERIALNUMBER"),
    (oid::COMMON_NAME, "CN"),
    (oid::ORGANIZATIONAL_UNIT, "OU"),
    (oid::ORGANIZATION, "O"),
    (oid::POSTAL_CODE, "POSTALCODE"),
    (oid::STREET_ADDRESS, "STREET"),
    (oid::LOCALITY, "L"),
    (oid::PROVINCE, "ST"),
    (oid::COUNTRY, "C"),
];

/// Prints a name as Go's `pkix.Name.String` does: the attributes it knows in its own order,
/// the last one first, then the others.
///
/// Source: RFC 2253 section 2.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = attributes(&self.der).unwrap_or_default();
        let mut rdns = Vec::new();
        for (oid, short) in KNOWN {
            let mut values: Vec<String> =
                all.iter().filter(|a| a.oid == oid).map(|a| text(&a.value)).collect();
            if matches!(oid, oid::COMMON_NAME | oid::SUBJECT_SERIAL_NUMBER) {
                values = values.pop().filter(|last| !last.is_empty()).into_iter().collect();
            }
            let pairs: Vec<String> =
                values.iter().map(|value| format!("{short}={}", escape(value))).collect();
            if !pairs.is_empty() {
                rdns.push(pairs.join("+"));
            }
        }
        let others = all.iter().rev().filter(|a| KNOWN.iter().all(|known| known.0 != a.oid));
        rdns.extend(others.map(|a| {
            let value = encode(|w| write_string(w, &text(&a.value)));
            format!("{}=#{}", a.oid, hex::encode(&value))
        }));
        f.write_str(&rdns.join(","))
    }
}

/// Escapes what has a meaning in a printed name (RFC 2253 section 2.4).
fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len());
    for (at, c) in value.chars().enumerate() {
        let special = match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at == last,
            '#' => at == 0,
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::asn1::Writer;

    /// A name with one attribute an RDN.
    fn name(attributes: &[(&ObjectIdentifier, u8, &[u8])]) -> DistinguishedName {
        let der = encode(|w| {
            w.sequence(|w| {
                for (oid, tag, value) in attributes {
                    w.nested(tag::SET, |w| {
                        w.sequence(|w| {
                            w.oid(oid);
                            w.primitive(*tag, value);
                        });
                    });
                }
            });
        });
        DistinguishedName::from_der(&der).unwrap()
    }

    #[test]
    fn names_print_as_go_prints_them() {
        let utf8 = tag::UTF8_STRING;
        let unknown = ObjectIdentifier::new_unwrap("1.2.3");
        for (attributes, want) in [
            (vec![], ""),
            (vec![(&oid::COMMON_NAME, utf8, &b"a"[..])], "CN=a"),
            (
                vec![
                    (&oid::COMMON_NAME, utf8, b"first"),
                    (&oid::ORGANIZATION, utf8, b"b"),
                    (&unknown, utf8, b"x"),
                    (&oid::COUNTRY, utf8, b"c"),
                    (&oid::ORGANIZATION, utf8, b"d"),
                    (&oid::COMMON_NAME, utf8, b"last"),
                    (&oid::SUBJECT_SERIAL_NUMBER, utf8, b"1"),
                ],
                "SERIALNUMBER=1,CN=last,O=b+O=d,C=c,1.2.3=#130178",
            ),
            (
                vec![(&oid::COMMON_NAME, utf8, b" a,b+c\"d\\e<f>g;h#i ")],
                "CN=\\ a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h#i\\ ",
            ),
            (vec![(&oid::COMMON_NAME, utf8, b"#a")], "CN=\\#a"),
            (vec![(&oid::COMMON_NAME, tag::BMP_STRING, &[0, b'a', 0x20, 0xac])], "CN=a\u{20ac}"),
            (vec![(&oid::COMMON_NAME, tag::TELETEX_STRING, &[b'a', 0xe9])], "CN=aé"),
        ] {
            assert_eq!(name(&attributes).to_string(), want);
        }
    }

    #[test]
    fn attributes_are_found_by_type() {
        let utf8 = tag::UTF8_STRING;
        let name = name(&[(&oid::COMMON_NAME, utf8, b"a"), (&oid::COMMON_NAME, utf8, b"b")]);
        assert_eq!(name.common_name().as_deref(), Some("b"));
        assert_eq!(name.attribute(&oid::COMMON_NAME), ["a", "b"]);
        assert_eq!(name.attribute(&oid::COUNTRY), [""; 0]);
        assert!(!name.is_empty());
        assert!(DistinguishedName::from_der(&[0x30, 0]).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let wrong = |write: fn(&mut Writer)| encode(|w| w.sequence(write));
        for der in [
            vec![],
            vec![0x31, 0],
            wrong(|w| w.nested(tag::SET, |_| ())),
            wrong(|w| w.null()),
            wrong(|w| w.nested(tag::SET, |w| w.sequence(|w| w.oid(&oid::COUNTRY)))),
            [&[0x30, 0][..], &[0]].concat(),
        ] {
            assert!(DistinguishedName::from_der(&der).is_err(), "{der:02x?}");
        }
    }
}
