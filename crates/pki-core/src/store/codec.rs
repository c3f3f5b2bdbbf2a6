//! A small binary form for the records of which there are millions.

use super::record::Damaged;

/// Writes fields one after another.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn octets(mut self, octets: &[u8]) -> Self {
        self.0.extend_from_slice(octets);
        self
    }

    /// At most 255 octets, with their length before them.
    pub(crate) fn short(mut self, octets: &[u8]) -> Self {
        let octets = octets.get(..255).unwrap_or(octets);
        self.0.push(u8::try_from(octets.len()).unwrap_or(u8::MAX));
        self.octets(octets)
    }

    pub(crate) fn byte(self, value: u8) -> Self {
        self.octets(&[value])
    }

    /// Five octets, which do for the seconds of all years with four digits.
    pub(crate) fn int40(self, value: i64) -> Self {
        let [_, _, _, low @ ..] = value.to_be_bytes();
        self.octets(&low)
    }

    pub(crate) fn int32(self, value: u32) -> Self {
        self.octets(&value.to_be_bytes())
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads them again.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn octets(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Damaged)?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.octets(N)?.try_into().map_err(|_| Damaged)
    }

    pub(crate) fn short(&mut self) -> Result<&'a [u8], Damaged> {
        let length = self.byte()?;
        self.octets(length.into())
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Damaged> {
        self.array::<1>().map(|[value]| value)
    }

    pub(crate) fn int(&mut self) -> Result<i64, Damaged> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn nanos(&mut self) -> Result<i128, Damaged> {
        self.array().map(i128::from_be_bytes)
    }

    pub(crate) fn int40(&mut self) -> Result<i64, Damaged> {
        let [a, b, c, d, e] = self.array()?;
        // Moved up and down again, which keeps the sign.
        Ok(i64::from_be_bytes([a, b, c, d, e, 0, 0, 0]) >> 24)
    }

    pub(crate) fn int32(&mut self) -> Result<u32, Damaged> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}
