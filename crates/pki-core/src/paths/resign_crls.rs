//! `issuer/:issuer_ref/resign-crls`: several CRLs of one issuer as one.

use std::collections::BTreeMap;

use super::sign_revocation_list::{ListParameters, SignedList};
use crate::api::endpoint::{Access, Op, Path, Query, ReadCx, Reply};
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::fields;
use crate::x509::certificate::Certificate;
use crate::x509::crl::{CertificateList, RevokedEntry};
use crate::x509::pem;

/// `issuer/:issuer_ref/resign-crls`.
pub const PATH: Path = Path {
    patterns: &["issuer/:issuer_ref/resign-crls"],
    access: Access::Token,
    synopsis: "Sign one CRL that lists what several CRLs of the issuer list.",
    description: "Serial numbers, moments and reasons are kept, other extensions are not. Nothing is stored.",
    ops: &[Op::compute::<ResignCrls>()],
};

fields! {
    /// Combines CRLs.
    #[derive(Clone, Debug)]
    pub struct ResignCrls {
        ..list: ListParameters,
        /// The CRLs, each in PEM and signed by the issuer.
        crls: Option<Vec<String>>,
    }
}

impl Query for ResignCrls {
    type Reply = SignedList;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<SignedList>, Error> {
        let checked = self.list.check()?;
        let texts = self.crls.as_deref().unwrap_or_default();
        let lists: Vec<Vec<u8>> =
            texts.iter().enumerate().map(decode).collect::<Result<_, Error>>()?;
        let signer = self.list.signer(cx)?;
        let mut merged = Merged::default();
        for (index, der) in lists.iter().enumerate() {
            merged.add(index, der, &signer.certificate)?;
        }
        let entries: Vec<Vec<u8>> = merged.entries.values().map(RevokedEntry::to_der).collect();
        let signed = checked.sign(cx, &signer, &entries, Vec::new())?;
        Ok(Reply::from(signed).warn(merged.warnings))
    }
}

fn decode((index, text): (usize, &String)) -> Result<Vec<u8>, Error> {
    let (blocks, rest) = pem::decode_all(text);
    match (<[_; 1]>::try_from(blocks), rest.trim()) {
        (Ok([block]), "") => Ok(block.der),
        _ => Err(Error::refused(format!(
            "failed decoding crl {index}: invalid crl; should be one PEM block only"
        ))),
    }
}

/// The entries of several CRLs.
#[derive(Default)]
struct Merged {
    entries: BTreeMap<SerialNumber, RevokedEntry>,
    warnings: Vec<String>,
}

impl Merged {
    /// Adds the entries of a CRL. Of two for one certificate, the older one is right.
    fn add(&mut self, index: usize, der: &[u8], issuer: &Certificate) -> Result<(), Error> {
        let malformed =
            |problem: String| Error::refused(format!("failed decoding crl {index}: {problem}"));
        let list =
            CertificateList::from_der(der).map_err(|problem| malformed(problem.to_string()))?;
        if !list.is_signed_by(issuer.public_key()) {
            return Err(Error::refused(format!(
                "CRL index: {index} was not signed by requested issuer"
            )));
        }
        for entry in list.entries() {
            self.merge(entry.map_err(|problem| malformed(problem.to_string()))?.revoked);
        }
        Ok(())
    }

    fn merge(&mut self, entry: RevokedEntry) {
        let Some(earlier) = self.entries.get_mut(&entry.serial) else {
            self.entries.insert(entry.serial.clone(), entry);
            return;
        };
        if earlier.revocation_date != entry.revocation_date {
            self.warnings.push(format!(
                "Duplicate serial {} with different revocation times detected, using oldest revocation time",
                entry.serial
            ));
        }
        if entry.revocation_date < earlier.revocation_date {
            *earlier = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn of_two_entries_the_older_one_is_kept() {
        let entry = |serial: u8, since| RevokedEntry {
            serial: SerialNumber::from_octets(&[serial]),
            revocation_date: Timestamp::from_unix(since),
            reason: None,
        };
        let mut merged = Merged::default();
        for (serial, since) in [(1, 50), (2, 50), (1, 40), (1, 60), (2, 50)] {
            merged.merge(entry(serial, since));
        }
        let entries: Vec<RevokedEntry> = merged.entries.into_values().collect();
        assert_eq!(entries, [entry(1, 40), entry(2, 50)]);
        assert_eq!(merged.warnings.len(), 2);
        assert!(merged.warnings[0].starts_with("Duplicate serial 01 with different"));
    }

    #[test]
    fn a_text_is_one_block() {
        let block = pem::encode("X509 CRL", &[1, 2, 3]);
        assert_eq!(decode((0, &block)).unwrap(), [1, 2, 3]);
        for text in [String::new(), "crl.pem".into(), format!("{block}\n{block}")] {
            let problem = decode((4, &text)).unwrap_err().to_string();
            assert_eq!(problem, "failed decoding crl 4: invalid crl; should be one PEM block only");
        }
    }
}
