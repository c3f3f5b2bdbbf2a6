//! Writing DER.

use der::asn1::ObjectIdentifier;

use super::tag;

/// Appends values to a buffer.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

/// What `write` wrote.
pub fn encode(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    write(&mut writer);
    writer.finish()
}

/// Identifier and length octets of a value with so many contents octets, for a value that is
/// never in memory as a whole.
pub fn header(tag: u8, length: usize) -> Vec<u8> {
    let mut out = vec![tag];
    out.extend_from_slice(LengthOctets::of(length).as_slice());
    out
}

impl Writer {
    /// A writer that does not move its buffer before so many octets: what is secret shall not
    /// be left behind in memory that was given back.
    pub fn with_capacity(octets: usize) -> Self {
        Self { out: Vec::with_capacity(octets) }
    }

    /// Everything written.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Octets that are DER already.
    pub fn raw(&mut self, der: &[u8]) {
        self.out.extend_from_slice(der);
    }

    /// A value with these contents.
    pub fn primitive(&mut self, tag: u8, content: &[u8]) {
        self.out.push(tag);
        self.out.extend_from_slice(LengthOctets::of(content.len()).as_slice());
        self.out.extend_from_slice(content);
    }

    /// A value whose contents are what `write` writes.
    pub fn nested(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        self.out.push(tag);
        let start = self.out.len();
        write(self);
        let length = LengthOctets::of(self.out.len() - start);
        self.out.splice(start..start, length.as_slice().iter().copied());
    }

    /// A SEQUENCE.
    pub fn sequence(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(tag::SEQUENCE, write);
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(&mut self, oid: &ObjectIdentifier) {
        self.primitive(tag::OBJECT_IDENTIFIER, oid.as_bytes());
    }

    /// BOOLEAN TRUE. FALSE is always a DEFAULT here, so DER leaves it out.
    pub fn boolean_true(&mut self) {
        self.primitive(tag::BOOLEAN, &[0xff]);
    }

    /// NULL.
    pub fn null(&mut self) {
        self.primitive(tag::NULL, &[]);
    }

    /// An INTEGER from big-endian octets, not negative.
    pub fn unsigned(&mut self, octets: &[u8]) {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let octets = octets.get(zeros..).unwrap_or_default();
        // A first octet from 0x80 would make it negative, and no octets at all nothing.
        let pad = octets.first().is_none_or(|first| 0x80 <= *first);
        self.out.push(tag::INTEGER);
        let length = LengthOctets::of(octets.len() + usize::from(pad));
        self.out.extend_from_slice(length.as_slice());
        if pad {
            self.out.push(0);
        }
        self.out.extend_from_slice(octets);
    }

    /// An INTEGER of at most 64 bits.
    pub fn unsigned_u64(&mut self, value: u64) {
        self.unsigned(&value.to_be_bytes());
    }

    /// An OCTET STRING.
    pub fn octet_string(&mut self, content: &[u8]) {
        self.primitive(tag::OCTET_STRING, content);
    }

    /// A BIT STRING made of whole octets.
    pub fn bit_string(&mut self, octets: &[u8]) {
        self.out.push(tag::BIT_STRING);
        self.out.extend_from_slice(LengthOctets::of(octets.len() + 1).as_slice());
        self.out.push(0);
        self.out.extend_from_slice(octets);
    }

    /// A BIT STRING with named bits: bit 0 is the first. Trailing zero bits are left out, as
    /// DER wants them.
    ///
    /// Source: X.690 section 11.2.2.
    pub fn named_bits(&mut self, bits: u16) {
        // Bit 0 of the value becomes the most significant bit of the first octet.
        let [first, second] = bits.reverse_bits().to_be_bytes();
        match (first, second) {
            (0, 0) => self.primitive(tag::BIT_STRING, &[0]),
            (first, 0) => self.primitive(tag::BIT_STRING, &[unused_bits(first), first]),
            (first, last) => self.primitive(tag::BIT_STRING, &[unused_bits(last), first, last]),
        }
    }
}

/// How many of the last bits of an octet are zero.
fn unused_bits(octet: u8) -> u8 {
    u8::try_from(octet.trailing_zeros()).unwrap_or_default()
}

/// Length octets: at most nine.
struct LengthOctets {
    octets: [u8; 9],
    count: usize,
}

impl LengthOctets {
    fn of(length: usize) -> Self {
        let be = u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes();
        let zeros = be.iter().take_while(|octet| **octet == 0).count();
        let mut octets = [0; 9];
        let digits = be.get(zeros..).unwrap_or_default();
        let long = 0x80 <= length;
        if let (true, Ok(count)) = (long, u8::try_from(digits.len())) {
            octets[0] = 0x80 | count;
        }
        let start = usize::from(long);
        for (slot, digit) in octets.iter_mut().skip(start).zip(digits) {
            *slot = *digit;
        }
        // The length 0 has no digits, and still takes an octet.
        Self { octets, count: (start + digits.len()).max(1) }
    }

    fn as_slice(&self) -> &[u8] {
        self.octets.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::asn1::{Reader, parse};

    #[test]
    fn lengths_take_the_shortest_form() {
        for (length, want) in [
            (0, &[0x30, 0x00][..]),
            (0x7f, &[0x30, 0x7f]),
            (0x80, &[0x30, 0x81, 0x80]),
            (0xffff, &[0x30, 0x82, 0xff, 0xff]),
            (0x1_0000, &[0x30, 0x83, 1, 0, 0]),
        ] {
            assert_eq!(header(tag::SEQUENCE, length), want);
            let content = vec![5; length];
            let flat = encode(|w| w.primitive(tag::SEQUENCE, &content));
            let nested = encode(|w| w.sequence(|w| w.raw(&content)));
            assert_eq!(flat, [want, &content].concat());
            assert_eq!(nested, flat);
        }
    }

    #[test]
    fn integers_stay_positive() {
        for (octets, want) in [
            (&[][..], &[2, 1, 0][..]),
            (&[0, 0], &[2, 1, 0]),
            (&[0, 1], &[2, 1, 1]),
            (&[0x80], &[2, 2, 0, 0x80]),
        ] {
            assert_eq!(encode(|w| w.unsigned(octets)), want);
        }
        for value in [0, 1, 127, 128, 255, 256, u64::MAX] {
            let der = encode(|w| w.unsigned_u64(value));
            assert_eq!(parse(&der, Reader::unsigned_u64), Ok(value));
        }
    }

    #[test]
    fn named_bits_have_no_trailing_zeros() {
        for (bits, want) in [
            (0, &[3, 1, 0][..]),
            (0b1, &[3, 2, 7, 0x80]),
            (0b1_0101, &[3, 2, 3, 0xa8]),
            (0b110_0000, &[3, 2, 1, 0x06]),
            (0b1_0000_0000, &[3, 3, 7, 0x00, 0x80]),
        ] {
            assert_eq!(encode(|w| w.named_bits(bits)), want);
        }
    }
}
