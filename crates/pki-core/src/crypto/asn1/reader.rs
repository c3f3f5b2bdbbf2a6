//! Reading DER.

use der::asn1::ObjectIdentifier;

use super::tag;

/// Input that is not the DER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed DER: expected {0}")]
pub struct Malformed(pub &'static str);

/// One value with its identifier and length octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets.
    pub content: &'a [u8],
    /// All of it, as encoded.
    pub der: &'a [u8],
}

/// Walks over the values in a slice, one after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

/// Reads one structure that fills the whole input.
///
/// # Errors
///
/// [`Malformed`] if `read` fails or leaves something over.
pub fn parse<'a, T, E: From<Malformed>>(
    input: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, E>,
) -> Result<T, E> {
    let mut reader = Reader::new(input);
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

impl<'a> Reader<'a> {
    /// Starts at the first value.
    pub fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// Whether every value was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The identifier octet of the next value, if there is one.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Ends the walk.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if something is left over.
    pub fn finish(self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed("no more data")) }
    }

    /// The next value, whatever it is.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is cut off, or its length is not in the shortest form.
    pub fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let (tag, head, length) = read_header(self.rest)?;
        let whole = head.checked_add(length).ok_or(Malformed("a smaller length"))?;
        let (der, rest) = self.rest.split_at_checked(whole).ok_or(Malformed("more data"))?;
        self.rest = rest;
        Ok(Element { tag, content: der.get(head..).unwrap_or_default(), der })
    }

    /// The contents of the next value, which must have this identifier octet.
    ///
    /// # Errors
    ///
    /// [`Malformed`], saying `what` was expected.
    pub fn read(&mut self, tag: u8, what: &'static str) -> Result<&'a [u8], Malformed> {
        if self.peek() == Some(tag) { Ok(self.element()?.content) } else { Err(Malformed(what)) }
    }

    /// The contents of the next value if it has this identifier octet.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it has, and cannot be read.
    pub fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.peek() == Some(tag) { Ok(Some(self.element()?.content)) } else { Ok(None) }
    }

    /// The inside of a SEQUENCE.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the next value is none.
    pub fn sequence(&mut self) -> Result<Self, Malformed> {
        self.read(tag::SEQUENCE, "a SEQUENCE").map(Self::new)
    }

    /// An OBJECT IDENTIFIER.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the next value is none, or one with an arc above 32 bits.
    pub fn oid(&mut self) -> Result<ObjectIdentifier, Malformed> {
        let content = self.read(tag::OBJECT_IDENTIFIER, "an OBJECT IDENTIFIER")?;
        ObjectIdentifier::from_bytes(content).map_err(|_| Malformed("an OBJECT IDENTIFIER"))
    }

    /// A BOOLEAN.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the next value is none, or is neither all ones nor all zeros.
    pub fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.read(tag::BOOLEAN, "a BOOLEAN")? {
            [0] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(Malformed("a BOOLEAN of DER")),
        }
    }

    /// An INTEGER that is not negative: big-endian octets without leading zeros.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the next value is none, is negative, or is longer than it need be.
    pub fn unsigned(&mut self) -> Result<&'a [u8], Malformed> {
        match self.read(tag::INTEGER, "an INTEGER")? {
            [0] => Ok(&[]),
            [0, rest @ ..] if rest.first().is_some_and(|first| 0x80 <= *first) => Ok(rest),
            content @ [1..0x80, ..] => Ok(content),
            _ => Err(Malformed("an INTEGER that is not negative")),
        }
    }

    /// An INTEGER of at most 64 bits that is not negative.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the next value is none.
    pub fn unsigned_u64(&mut self) -> Result<u64, Malformed> {
        let octets = self.unsigned()?;
        if 8 < octets.len() {
            return Err(Malformed("a smaller INTEGER"));
        }
        Ok(octets.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)))
    }

    /// The contents of an OCTET STRING.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the next value is none.
    pub fn octet_string(&mut self) -> Result<&'a [u8], Malformed> {
        self.read(tag::OCTET_STRING, "an OCTET STRING")
    }

    /// The octets of a BIT STRING that is made of whole octets.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the next value is none, or has unused bits.
    pub fn bit_string(&mut self) -> Result<&'a [u8], Malformed> {
        match self.read(tag::BIT_STRING, "a BIT STRING")?.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(Malformed("a BIT STRING of whole octets")),
        }
    }
}

/// Identifier octet, length of the header, length of the contents.
fn read_header(input: &[u8]) -> Result<(u8, usize, usize), Malformed> {
    let [tag, first, more @ ..] = input else {
        return Err(Malformed("more data"));
    };
    if tag & 0x1f == 0x1f {
        return Err(Malformed("a tag number below 31"));
    }
    let count = match first {
        0..=0x7f => return Ok((*tag, 2, usize::from(*first))),
        0x81..=0x84 => usize::from(first & 0x7f),
        _ => return Err(Malformed("a definite length of at most four octets")),
    };
    let octets = more.get(..count).ok_or(Malformed("more data"))?;
    let length = octets.iter().fold(0_usize, |value, octet| value << 8 | usize::from(*octet));
    let shortest = 0x80 <= length && octets.first() != Some(&0);
    if !shortest {
        return Err(Malformed("a length in its shortest form"));
    }
    Ok((*tag, 2 + count, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shortest_definite_lengths_are_read() {
        let long = [&[0x04, 0x81, 0x80][..], &[7; 0x80]].concat();
        let cases: &[(&[u8], bool)] = &[
            (&[0x04, 0x00], true),
            (&[0x04, 0x01, 0x00], true),
            (&long, true),
            (&[], false),
            (&[0x04], false),
            (&[0x04, 0x01], false),
            (&[0x04, 0x80, 0x00, 0x00], false),
            (&[0x04, 0x81, 0x01, 0x00], false),
            (&[0x04, 0x82, 0x00, 0x80], false),
            (&[0x04, 0x85, 1, 0, 0, 0, 0], false),
            (&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff], false),
            (&[0x1f, 0x01, 0x00], false),
        ];
        for (input, want) in cases {
            let got = parse(input, Reader::element).is_ok();
            assert_eq!(got, *want, "{input:02x?}");
        }
    }

    #[test]
    fn integers_are_positive_and_short() {
        let cases: &[(&[u8], Option<u64>)] = &[
            (&[0x02, 0x01, 0x00], Some(0)),
            (&[0x02, 0x01, 0x7f], Some(127)),
            (&[0x02, 0x02, 0x00, 0x80], Some(128)),
            (&[0x02, 0x09, 0, 0xff, 0, 0, 0, 0, 0, 0, 0], Some(0xff << 56)),
            (&[0x02, 0x00], None),
            (&[0x02, 0x01, 0x80], None),
            (&[0x02, 0x02, 0x00, 0x7f], None),
            (&[0x02, 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0], None),
        ];
        for (input, want) in cases {
            assert_eq!(parse(input, Reader::unsigned_u64).ok(), *want, "{input:02x?}");
        }
    }

    #[test]
    fn what_is_left_over_is_an_error() {
        assert!(parse(&[0x01, 0x01, 0xff], Reader::boolean).is_ok());
        assert!(parse(&[0x01, 0x01, 0xff, 0x00], Reader::boolean).is_err());
        assert!(parse(&[0x01, 0x01, 0x01], Reader::boolean).is_err());
        assert!(parse(&[0x03, 0x02, 0x01, 0x80], Reader::bit_string).is_err());
    }
}
