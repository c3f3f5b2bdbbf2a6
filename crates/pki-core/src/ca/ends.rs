//! Serial numbers and ends of many certificates, in few octets of memory.

use super::certs::ExpiryKey;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;

/// A list of what [`ExpiryKey`] has, packed.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    /// Serial numbers, one behind the other.
    serials: Vec<u8>,
    /// Octets of each, and when its certificate ends, in seconds since 1970.
    list: Vec<(usize, i64)>,
}

impl Ends {
    pub(crate) fn push(&mut self, serial: &SerialNumber, not_after: Timestamp) {
        self.serials.extend_from_slice(serial.octets());
        self.list.push((serial.octets().len(), not_after.unix()));
    }

    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// All of them, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ExpiryKey> {
        let mut rest = self.serials.as_slice();
        self.list.iter().filter_map(move |&(length, not_after)| {
            let (serial, others) = rest.split_at_checked(length)?;
            rest = others;
            let serial = SerialNumber::from_octets(serial);
            Some(ExpiryKey { not_after: Timestamp::from_unix(not_after), serial })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back() {
        let serials: [&[u8]; 4] = [&[1, 2, 3], &[], &[9; 20], &[7]];
        let mut ends = Ends::default();
        for (serial, second) in serials.iter().zip(-1..) {
            ends.push(&SerialNumber::from_octets(serial), Timestamp::from_unix(second));
        }
        let back: Vec<_> = ends.iter().map(|e| (e.serial, e.not_after.unix())).collect();
        let want = serials.iter().zip(-1..);
        let want: Vec<_> = want.map(|(s, second)| (SerialNumber::from_octets(s), second)).collect();
        assert_eq!(back, want);
        assert_eq!(ends.count(), 4);
    }
}
