//! Making CRLs from entries that are encoded already.

use crate::crypto::asn1::{Reader, encode, header, tag};
use crate::crypto::key::PrivateKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::crypto::signer::StreamSigner;
use crate::domain::time::Timestamp;
use crate::x509::extension::{
    Extension, authority_key_identifier, crl_number, delta_crl_indicator, freshest_crl_unchecked,
    write_extensions,
};
use crate::x509::lint::{Linted, SignError};
use crate::x509::name::DistinguishedName;
use crate::x509::validity::write_time;

/// Everything of a CRL but its entries and its signature; always version 2.
///
/// Source: RFC 5280 section 5.1.2.
#[derive(Clone, Debug)]
pub struct TbsCertList {
    /// How it will be signed.
    pub signature: SignatureAlgorithm,
    /// Subject of the issuer's certificate, as encoded there.
    pub issuer: DistinguishedName,
    /// When it was made.
    pub this_update: Timestamp,
    /// Before when there will be another.
    pub next_update: Timestamp,
    /// Identifier of the key that signs.
    pub authority_key_identifier: Option<Vec<u8>>,
    /// Its number.
    pub crl_number: u64,
    /// The number of the CRL that this one adds to, if it is a delta CRL.
    pub delta_base: Option<u64>,
    /// Where its delta CRLs are.
    pub freshest_crl: Vec<String>,
    /// Further extensions.
    pub extra: Vec<Extension>,
}

/// What stands around the entries in the part that is signed: head, entries and tail, one after
/// the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlFrame {
    /// All up to the first entry.
    pub head: Vec<u8>,
    /// All after the last entry.
    pub tail: Vec<u8>,
}

impl TbsCertList {
    /// What stands around entries of so many octets. The list of entries is left out if there
    /// are none.
    ///
    /// Source: RFC 5280 section 5.1.2.6.
    pub fn frame(&self, entries_len: usize) -> CrlFrame {
        let fields = encode(|w| {
            w.unsigned_u64(1);
            self.signature.write(w);
            w.raw(self.issuer.as_der());
            write_time(w, self.this_update);
            write_time(w, self.next_update);
        });
        let list = match entries_len {
            0 => Vec::new(),
            _ => header(tag::SEQUENCE, entries_len),
        };
        let extensions = self.extensions();
        let tail = encode(|w| w.nested(tag::constructed(0), |w| write_extensions(w, &extensions)));
        let length = fields.len() + list.len() + entries_len + tail.len();
        CrlFrame { head: [header(tag::SEQUENCE, length), fields, list].concat(), tail }
    }

    /// All extensions, in the order in which they are encoded.
    pub fn extensions(&self) -> Vec<Extension> {
        let mut all = Vec::with_capacity(4 + self.extra.len());
        all.extend(self.authority_key_identifier.as_deref().map(authority_key_identifier));
        all.push(crl_number(self.crl_number));
        if !self.freshest_crl.is_empty() {
            all.push(freshest_crl_unchecked(&self.freshest_crl));
        }
        all.extend(self.extra.iter().cloned());
        all.extend(self.delta_base.map(delta_crl_indicator));
        all
    }
}

/// What stands around the entries in the whole CRL.
pub fn assemble(
    signature_algorithm: SignatureAlgorithm,
    frame: &CrlFrame,
    entries_len: usize,
    signature: &[u8],
) -> (Vec<u8>, Vec<u8>) {
    let CrlFrame { head, tail } = frame;
    let signature = encode(|w| {
        signature_algorithm.write(w);
        w.bit_string(signature);
    });
    let length = head.len() + entries_len + tail.len() + signature.len();
    let prefix = [header(tag::SEQUENCE, length), head.clone()].concat();
    (prefix, [tail.clone(), signature].concat())
}

/// A signed CRL without its entries: prefix, entries and suffix, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCrl {
    /// All up to the first entry.
    pub prefix: Vec<u8>,
    /// All after the last entry.
    pub suffix: Vec<u8>,
}

/// Signs a CRL whose entries come in parts.
pub struct CrlSigner<'key> {
    signer: StreamSigner<'key>,
    algorithm: SignatureAlgorithm,
    frame: CrlFrame,
    entries_len: usize,
    missing: usize,
}

impl Linted<TbsCertList> {
    /// Signs a CRL. `entries` are one or more whole entries each, and have `entries_len` octets
    /// all together.
    ///
    /// # Errors
    ///
    /// [`SignError`] if the entries are not what was said, or the key does not sign so.
    pub fn sign(
        self,
        key: &PrivateKey,
        entries: impl IntoIterator<Item: AsRef<[u8]>>,
        entries_len: usize,
    ) -> Result<SignedCrl, SignError> {
        let mut signer = self.signer(key, entries_len)?;
        for part in entries {
            signer.update(part.as_ref())?;
        }
        signer.finish()
    }

    /// Starts to sign a CRL with entries of so many octets.
    ///
    /// # Errors
    ///
    /// [`SignError`] if the key does not sign so.
    pub fn signer(self, key: &PrivateKey, entries_len: usize) -> Result<CrlSigner<'_>, SignError> {
        let tbs = self.into_inner();
        let frame = tbs.frame(entries_len);
        let mut signer = key.signer(tbs.signature)?;
        signer.update(&frame.head)?;
        Ok(CrlSigner { signer, algorithm: tbs.signature, frame, entries_len, missing: entries_len })
    }
}

impl CrlSigner<'_> {
    /// Adds one or more whole entries.
    ///
    /// # Errors
    ///
    /// [`SignError`] if they are no entries, or more than was said.
    pub fn update(&mut self, entries: &[u8]) -> Result<(), SignError> {
        self.missing = self.missing.checked_sub(entries.len()).ok_or(SignError::EntriesDiffer)?;
        check_entries(entries)?;
        Ok(self.signer.update(entries)?)
    }

    /// Signs.
    ///
    /// # Errors
    ///
    /// [`SignError`] if entries are missing.
    pub fn finish(mut self) -> Result<SignedCrl, SignError> {
        if self.missing != 0 {
            return Err(SignError::EntriesDiffer);
        }
        self.signer.update(&self.frame.tail)?;
        let signature = self.signer.finish()?;
        let (prefix, suffix) = assemble(self.algorithm, &self.frame, self.entries_len, &signature);
        Ok(SignedCrl { prefix, suffix })
    }
}

/// Looks at the outside of entries: each a SEQUENCE, the last one whole. What is inside was
/// checked when it was encoded.
fn check_entries(entries: &[u8]) -> Result<(), SignError> {
    let mut entries = Reader::new(entries);
    while !entries.is_empty() {
        match entries.element() {
            Ok(entry) if entry.tag == tag::SEQUENCE => {}
            _ => return Err(SignError::EntryMalformed),
        }
    }
    Ok(())
}
