//! DER as one line of text: everything that is in it, and nothing else.

use pki_core::crypto::asn1::{Malformed, Reader, tag};

/// All elements of some DER. What is no DER is shown in hexadecimal.
pub(super) fn dump(der: &[u8]) -> String {
    elements(der).unwrap_or_else(|_| format!("not DER {}", hex(der)))
}

/// Octets in hexadecimal.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn elements(der: &[u8]) -> Result<String, Malformed> {
    let mut reader = Reader::new(der);
    let mut parts = Vec::new();
    while !reader.is_empty() {
        let of_oid = reader.peek() == Some(tag::OBJECT_IDENTIFIER);
        if of_oid {
            parts.push(reader.oid()?.to_string());
            continue;
        }
        let element = reader.element()?;
        parts.push(one(element.tag, element.content));
    }
    Ok(parts.join(" "))
}

fn one(kind: u8, content: &[u8]) -> String {
    let inside = || elements(content);
    match kind {
        tag::SEQUENCE => inside().map_or_else(|_| raw(kind, content), |text| format!("{{{text}}}")),
        tag::SET => inside().map_or_else(|_| raw(kind, content), |text| format!("set{{{text}}}")),
        tag::OCTET_STRING => match inside() {
            Ok(text) if !text.is_empty() => format!("octets{{{text}}}"),
            _ => format!("octets {}", hex(content)),
        },
        tag::BOOLEAN => format!("bool {}", hex(content)),
        tag::INTEGER => format!("int {}", hex(content)),
        tag::NULL if content.is_empty() => "null".to_owned(),
        tag::UTF8_STRING => quoted("utf8", content),
        tag::PRINTABLE_STRING => quoted("printable", content),
        tag::IA5_STRING => quoted("ia5", content),
        tag::TELETEX_STRING => quoted("teletex", content),
        _ if kind & 0xe0 == 0xa0 => inside()
            .map_or_else(|_| raw(kind, content), |text| format!("[{}]{{{text}}}", kind & 31)),
        _ if kind & 0xe0 == 0x80 => quoted(&format!("[{}]", kind & 31), content),
        _ => raw(kind, content),
    }
}

fn raw(kind: u8, content: &[u8]) -> String {
    format!("tag {kind:02x} {}", hex(content))
}

/// As text where it is readable text.
fn quoted(kind: &str, content: &[u8]) -> String {
    match std::str::from_utf8(content) {
        Ok(text) if !text.chars().any(char::is_control) => format!("{kind} {text:?}"),
        _ => format!("{kind} {}", hex(content)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_strings_and_the_order_of_sets_show() {
        let der = [0x31, 0x0c, 0x30, 0x0a, 6, 3, 0x55, 4, 3, 0x0c, 3, b'a', b'b', b'c'];
        assert_eq!(dump(&der), "set{{2.5.4.3 utf8 \"abc\"}}");
        let printable = [0x31, 0x05, 0x13, 3, b'a', b'b', b'c'];
        assert_eq!(dump(&printable), "set{printable \"abc\"}");
        assert_eq!(dump(&[0x04, 3, 0x02, 1, 5, 0x04, 1, 9]), "octets{int 05} octets 09");
        assert_eq!(dump(&[0x82, 1, b'a', 0x87, 2, 1, 2, 0x05, 0]), "[2] \"a\" [7] 0102 null");
        assert_eq!(dump(&[0x30, 9, 1]), "not DER 300901");
    }
}
