//! The inventory: every certificate that was made here, and every one that was revoked.

use super::tables::{CERTS, EXPIRY};
use crate::domain::id::{CrlId, IssuerId, Uuid};
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::store::{Damaged, Format, Reader, Record, RecordKey, Tx, Writer};
use crate::x509::certificate::Certificate;
use crate::x509::crl::CrlReason;

/// A certificate as it was issued, and what it does not say itself.
#[derive(Clone, Debug)]
pub(crate) struct CertificateRecord {
    /// The issuer that signed it, if it is one of this mount.
    pub(crate) issuer: Option<IssuerId>,
    /// The role it was issued under; empty if there was none.
    pub(crate) role: String,
    /// The certificate.
    pub(crate) der: Vec<u8>,
}

impl Record for CertificateRecord {
    const FORMAT: Format = 1;

    fn encode(&self) -> Vec<u8> {
        let writer = write_issuer(Writer::default(), self.issuer);
        writer.short(self.role.as_bytes()).octets(&self.der).done()
    }

    fn decode(format: Format, bytes: &[u8]) -> Result<Self, Damaged> {
        only_format(format, Self::FORMAT)?;
        let mut reader = Reader(bytes);
        let issuer = read_issuer(&mut reader)?;
        let role = String::from_utf8(reader.short()?.to_vec()).map_err(|_| Damaged)?;
        Ok(Self { issuer, role, der: reader.rest().to_vec() })
    }
}

/// A revocation: what a CRL and an OCSP response need, without the certificate.
#[derive(Clone, Debug)]
pub(crate) struct RevocationRecord {
    /// The issuer of the certificate, if it is one of this mount.
    pub(crate) issuer: Option<IssuerId>,
    /// The CRL of the subject and key that signed the certificate, whether or not an issuer of
    /// this mount has them now. None if that is not known.
    pub(crate) home: Option<CrlId>,
    /// The shard of that CRL which the certificate names, if it names one.
    pub(crate) shard: Option<u32>,
    pub(crate) revoked_at: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) reason: Option<CrlReason>,
}

impl Record for RevocationRecord {
    /// 1 had no shard; 2 had wider numbers, with which a record did not fit a small page.
    const FORMAT: Format = 3;

    fn encode(&self) -> Vec<u8> {
        let writer = write_issuer(Writer::default(), self.issuer);
        let home = self.home.map(|home| home.0);
        let (seconds, nanos) = self.revoked_at.unix_parts();
        writer
            .short(home.as_ref().map_or(&[], |home| home.as_slice()))
            .int40(seconds)
            .int32(nanos)
            .int40(self.not_after.unix())
            .byte(self.reason.map_or(u8::MAX, CrlReason::number))
            .int32(self.shard.unwrap_or_default())
            .done()
    }

    fn decode(format: Format, bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(bytes);
        let issuer = read_issuer(&mut reader)?;
        let home = match reader.short()? {
            [] => None,
            home => Some(CrlId(home.try_into().map_err(|_| Damaged)?)),
        };
        let (revoked_at, not_after) = match format {
            1 | 2 => (Timestamp::from_unix_nanos(reader.nanos()?), reader.int()?),
            3 => (Timestamp::from_unix_parts(reader.int40()?, reader.int32()?), reader.int40()?),
            _ => return Err(Damaged),
        };
        let reason = match reader.byte()? {
            u8::MAX => None,
            number => Some(CrlReason::from_number(number).ok_or(Damaged)?),
        };
        let shard = match format {
            1 => 0,
            2 => u32::try_from(reader.int()?).map_err(|_| Damaged)?,
            _ => reader.int32()?,
        };
        let not_after = Timestamp::from_unix(not_after);
        let shard = Some(shard).filter(|shard| *shard != 0);
        Ok(Self { issuer, home, shard, revoked_at, not_after, reason })
    }
}

fn write_issuer(writer: Writer, issuer: Option<IssuerId>) -> Writer {
    writer.short(issuer.as_ref().map_or(&[], |issuer| issuer.0.octets()))
}

fn read_issuer(reader: &mut Reader<'_>) -> Result<Option<IssuerId>, Damaged> {
    match reader.short()? {
        [] => Ok(None),
        octets => {
            let octets = octets.try_into().map_err(|_| Damaged)?;
            Ok(Some(IssuerId(Uuid::from_random(octets))))
        }
    }
}

fn only_format(found: Format, known: Format) -> Result<(), Damaged> {
    if found == known { Ok(()) } else { Err(Damaged) }
}

/// The end of a certificate, then its serial number: in the order in which they end.
#[derive(Clone, Debug)]
pub(crate) struct ExpiryKey {
    pub(crate) not_after: Timestamp,
    pub(crate) serial: SerialNumber,
}

impl RecordKey for ExpiryKey {
    fn encode(&self) -> Vec<u8> {
        [&sortable(self.not_after), self.serial.octets()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (not_after, serial) = bytes.split_at_checked(8)?;
        let not_after = from_sortable(not_after)?;
        Some(Self { not_after, serial: SerialNumber::from_octets(serial) })
    }
}

/// A CRL, the end of a certificate on it, and its serial number.
#[derive(Clone, Debug)]
pub(crate) struct RevokedExpiryKey {
    pub(crate) crl: CrlId,
    pub(crate) ends: ExpiryKey,
}

impl RecordKey for RevokedExpiryKey {
    fn encode(&self) -> Vec<u8> {
        [self.crl.0.as_slice(), &self.ends.encode()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (crl, ends) = bytes.split_at_checked(16)?;
        Some(Self { crl: CrlId::decode(crl)?, ends: ExpiryKey::decode(ends)? })
    }
}

/// Seconds as octets that sort as the moments do, those before 1970 included.
fn sortable(moment: Timestamp) -> [u8; 8] {
    (moment.unix().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn from_sortable(octets: &[u8]) -> Option<Timestamp> {
    let value = u64::from_be_bytes(octets.try_into().ok()?) ^ (1 << 63);
    Some(Timestamp::from_unix(value.cast_signed()))
}

/// Records a certificate that was just signed.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    certificate: &Certificate,
    issuer: Option<IssuerId>,
    role: &str,
) {
    let serial = certificate.serial().clone();
    let der = certificate.as_der().to_vec();
    let entry = CertificateRecord { issuer, role: role.to_owned(), der };
    tx.insert(&CERTS, &serial, &entry);
    tx.put(&EXPIRY, &ExpiryKey { not_after: certificate.not_after(), serial }, &());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_sort_as_moments_do() {
        let key = |seconds| {
            let not_after = Timestamp::from_unix(seconds);
            ExpiryKey { not_after, serial: SerialNumber::from_octets(&[7]) }.encode()
        };
        assert!(key(-1) < key(0) && key(0) < key(1) && key(255) < key(256));
        assert_eq!(ExpiryKey::decode(&key(-5)).unwrap().not_after.unix(), -5);
    }

    fn revocation() -> RevocationRecord {
        RevocationRecord {
            issuer: Some(IssuerId(Uuid::from_random([3; 16]))),
            home: Some(CrlId([4; 16])),
            shard: Some(9),
            revoked_at: Timestamp::from_unix_nanos(1_700_000_000_123_456_789),
            not_after: Timestamp::LAST,
            reason: None,
        }
    }

    #[test]
    fn revocations_read_back() {
        let early = Timestamp::from_unix_nanos(-1_500_000_000);
        for revoked_at in [revocation().revoked_at, Timestamp::EPOCH, Timestamp::LAST, early] {
            let record = RevocationRecord { revoked_at, not_after: revoked_at, ..revocation() };
            let read = RevocationRecord::decode(3, &record.encode()).unwrap();
            assert_eq!(read.encode(), record.encode());
            assert_eq!((read.revoked_at, read.shard), (revoked_at, Some(9)));
            assert_eq!(read.not_after.unix(), revoked_at.unix());
        }
        let whole = revocation().encode();
        for length in 0..whole.len() {
            assert!(RevocationRecord::decode(3, &whole[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn revocations_of_older_formats_are_read() {
        let record = revocation();
        let old = write_issuer(Writer::default(), record.issuer)
            .short(&[4; 16])
            .octets(&record.revoked_at.unix_nanos().to_be_bytes())
            .octets(&record.not_after.unix().to_be_bytes())
            .byte(u8::MAX);
        let first = RevocationRecord::decode(1, &old.done()).unwrap();
        assert_eq!(first.encode(), RevocationRecord { shard: None, ..record.clone() }.encode());
        let old = write_issuer(Writer::default(), record.issuer)
            .short(&[4; 16])
            .octets(&record.revoked_at.unix_nanos().to_be_bytes())
            .octets(&record.not_after.unix().to_be_bytes())
            .byte(u8::MAX)
            .octets(&9_i64.to_be_bytes());
        let second = RevocationRecord::decode(2, &old.done()).unwrap();
        assert_eq!(second.encode(), record.encode());
    }

    /// A clustered record of more than 102 octets, with what SQLite adds, has a page to itself
    /// where pages are of 512.
    #[test]
    fn revocations_fit_a_small_page() {
        let (header, table, key, version, format, sum) = (6, 1, 24, 6, 1, 8);
        let value = format + revocation().encode().len() + sum;
        assert!(header + table + key + version + value <= 102, "{value}");
    }
}
