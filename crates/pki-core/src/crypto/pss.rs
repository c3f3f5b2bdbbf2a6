//! The parameters of RSASSA-PSS.
//!
//! Source: RFC 4055 section 3.1.

use super::asn1::{Malformed, Reader, Writer, parse, tag};
use super::oid;
use super::signature::{Hash, is_null_or_absent};

/// Writes the `AlgorithmIdentifier`; the trailer field has its default.
pub(super) fn write(w: &mut Writer, hash: Hash) {
    let digest = |w: &mut Writer| {
        w.sequence(|w| {
            w.oid(&hash.oid());
            w.null();
        });
    };
    w.sequence(|w| {
        w.oid(&oid::RSA_PSS);
        w.sequence(|w| {
            w.nested(tag::constructed(0), digest);
            w.nested(tag::constructed(1), |w| {
                w.sequence(|w| {
                    w.oid(&oid::MGF1);
                    digest(w);
                });
            });
            w.nested(tag::constructed(2), |w| {
                w.unsigned_u64(hash.output_len().into());
            });
        });
    });
}

/// Reads the parameters, if they are those that are written here.
pub(super) fn read(r: &mut Reader<'_>) -> Result<Hash, Malformed> {
    let mut parameters = r.sequence()?;
    let hash = parse(parameters.read(tag::constructed(0), "a digest")?, read_hash)?;
    let mask = parse(parameters.read(tag::constructed(1), "a mask generator")?, |r| {
        let mut mask = r.sequence()?;
        if mask.oid()? != oid::MGF1 {
            return Err(Malformed("MGF1"));
        }
        let hash = read_hash(&mut mask)?;
        mask.finish().map(|()| hash)
    })?;
    let salt = parse(parameters.read(tag::constructed(2), "a salt length")?, Reader::unsigned_u64)?;
    let trailer = match parameters.optional(tag::constructed(3))? {
        Some(trailer) => parse(trailer, Reader::unsigned_u64)?,
        None => 1,
    };
    parameters.finish()?;
    if mask == hash && salt == u64::from(hash.output_len()) && trailer == 1 {
        Ok(hash)
    } else {
        Err(Malformed("one digest and a salt of its length"))
    }
}

fn read_hash(r: &mut Reader<'_>) -> Result<Hash, Malformed> {
    let mut identifier = r.sequence()?;
    let hash = match identifier.oid()? {
        oid::SHA256 => Hash::Sha256,
        oid::SHA384 => Hash::Sha384,
        oid::SHA512 => Hash::Sha512,
        _ => return Err(Malformed("SHA-256, SHA-384 or SHA-512")),
    };
    if is_null_or_absent(identifier.rest()) { Ok(hash) } else { Err(Malformed("NULL")) }
}
