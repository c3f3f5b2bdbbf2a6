//! The subject of a certificate, as it is asked for.

use der::asn1::ObjectIdentifier;

use super::name::DistinguishedName;
use super::oid;
use crate::crypto::asn1::{Writer, encode, tag};

/// The attributes that a request can give. Each group becomes one RDN with all its values, but
/// every user id has an RDN of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectAttributes {
    /// countryName.
    pub country: Vec<String>,
    /// stateOrProvinceName.
    pub province: Vec<String>,
    /// localityName.
    pub locality: Vec<String>,
    /// streetAddress.
    pub street_address: Vec<String>,
    /// postalCode.
    pub postal_code: Vec<String>,
    /// organizationName.
    pub organization: Vec<String>,
    /// organizationalUnitName.
    pub organizational_unit: Vec<String>,
    /// commonName.
    pub common_name: Option<String>,
    /// serialNumber of the subject, which is not the certificate's.
    pub serial_number: Option<String>,
    /// userId.
    pub user_ids: Vec<String>,
}

impl SubjectAttributes {
    /// The name, in the order that clients of Vault know. Empty values are left out, since an
    /// attribute has at least one character (RFC 5280 appendix A.1).
    pub fn to_name(&self) -> DistinguishedName {
        let Self {
            country,
            province,
            locality,
            street_address,
            postal_code,
            organization,
            organizational_unit,
            common_name,
            serial_number,
            user_ids,
        } = self;
        let der = encode(|w| {
            w.sequence(|w| {
                write_rdn(w, &oid::COUNTRY, country);
                write_rdn(w, &oid::PROVINCE, province);
                write_rdn(w, &oid::LOCALITY, locality);
                write_rdn(w, &oid::STREET_ADDRESS, street_address);
                write_rdn(w, &oid::POSTAL_CODE, postal_code);
                write_rdn(w, &oid::ORGANIZATION, organization);
                write_rdn(w, &oid::ORGANIZATIONAL_UNIT, organizational_unit);
                write_rdn(w, &oid::COMMON_NAME, common_name.as_slice());
                write_rdn(w, &oid::SUBJECT_SERIAL_NUMBER, serial_number.as_slice());
                for user_id in user_ids {
                    write_rdn(w, &oid::USER_ID, std::slice::from_ref(user_id));
                }
            });
        });
        DistinguishedName::from_written(der)
    }
}

/// One RDN with all values of an attribute, each once, in the order of a SET OF.
///
/// Source: X.690 section 11.6.
fn write_rdn(w: &mut Writer, oid: &ObjectIdentifier, values: &[String]) {
    let mut attributes: Vec<Vec<u8>> = values
        .iter()
        .filter(|value| !value.is_empty())
        .map(|value| encode(|w| write_attribute(w, oid, value)))
        .collect();
    // The length is in the second octet, so shorter ones come first without being told to.
    attributes.sort();
    attributes.dedup();
    if !attributes.is_empty() {
        w.nested(tag::SET, |w| {
            attributes.iter().for_each(|attribute| w.raw(attribute));
        });
    }
}

fn write_attribute(w: &mut Writer, oid: &ObjectIdentifier, value: &str) {
    w.sequence(|w| {
        w.oid(oid);
        write_string(w, value);
    });
}

/// A `DirectoryString`: PrintableString if it can be one, else UTF8String.
///
/// Source: RFC 5280 section 4.1.2.4.
pub(super) fn write_string(w: &mut Writer, value: &str) {
    let printable = |c: u8| c.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&c);
    let tag = match value.bytes().all(printable) {
        true => tag::PRINTABLE_STRING,
        false => tag::UTF8_STRING,
    };
    w.primitive(tag, value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn the_order_is_fixed_and_user_ids_are_rdns_of_their_own() {
        let all = SubjectAttributes {
            country: text(&["US"]),
            province: text(&["P"]),
            locality: text(&["L"]),
            street_address: text(&["S"]),
            postal_code: text(&["9"]),
            organization: text(&["Org"]),
            organizational_unit: text(&["A"]),
            common_name: Some("cn".to_owned()),
            serial_number: Some("1".to_owned()),
            user_ids: text(&["u", "v"]),
        };
        let want = [
            (&oid::COUNTRY, "US"),
            (&oid::PROVINCE, "P"),
            (&oid::LOCALITY, "L"),
            (&oid::STREET_ADDRESS, "S"),
            (&oid::POSTAL_CODE, "9"),
            (&oid::ORGANIZATION, "Org"),
            (&oid::ORGANIZATIONAL_UNIT, "A"),
            (&oid::COMMON_NAME, "cn"),
            (&oid::SUBJECT_SERIAL_NUMBER, "1"),
            (&oid::USER_ID, "u"),
            (&oid::USER_ID, "v"),
        ];
        let want = encode(|w| {
            w.sequence(|w| {
                for (oid, value) in want {
                    w.nested(tag::SET, |w| {
                        w.sequence(|w| {
                            w.oid(oid);
                            w.primitive(tag::PRINTABLE_STRING, value.as_bytes());
                        });
                    });
                }
            });
        });
        assert_eq!(all.to_name().as_der(), want);
        assert!(SubjectAttributes::default().to_name().is_empty());
    }

    #[test]
    fn values_of_one_attribute_are_a_sorted_set() {
        let check = |values: &[&str], want: &[&str]| {
            let subject =
                SubjectAttributes { organizational_unit: text(values), ..Default::default() };
            let name = subject.to_name();
            assert_eq!(name.attribute(&oid::ORGANIZATIONAL_UNIT), want, "{values:?}");
        };
        check(&["A", "B", "A"], &["A", "B"]);
        check(&["BB", "C", "AA", ""], &["C", "AA", "BB"]);
        check(&["", ""], &[]);
    }

    #[test]
    fn the_string_type_depends_on_the_characters() {
        for (value, want) in [
            ("Az09 '()+,-./:=?", tag::PRINTABLE_STRING),
            ("*", tag::UTF8_STRING),
            ("a&b", tag::UTF8_STRING),
            ("a@b", tag::UTF8_STRING),
            ("a_b", tag::UTF8_STRING),
            ("é", tag::UTF8_STRING),
            ("a\0b", tag::UTF8_STRING),
        ] {
            assert_eq!(encode(|w| write_string(w, value))[0], want, "{value}");
        }
    }
}
