//! `certs/detailed`: the inventory, with what each certificate says.

use serde_json::{Map, Value, json};

use super::certs::{list, start};
use super::roles::limit;
use crate::api::endpoint::{Access, Listing, Op, Path, Query, ReadCx, Reply};
use crate::ca::certs::CertificateRecord;
use crate::ca::tables::CERTS;
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::fields;
use crate::x509::certificate::Certificate;

/// `certs/detailed`.
pub const PATH: Path = Path {
    patterns: &["certs/detailed"],
    access: Access::Token,
    synopsis: "List all certificates with their names, keys and lifetimes.",
    description: "At most five DNS names of each are shown.",
    ops: &[Op::list::<ListCertificatesDetailed>()],
};

fields! {
    /// Asks for certificates.
    pub struct ListCertificatesDetailed {
        /// List only serial numbers after this one.
        after: String = "",
        /// List at most so many; all when it is not positive.
        limit: i64 = "-1",
    }
}

impl Query for ListCertificatesDetailed {
    type Reply = Listing;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        let after = start(&self.after)?;
        let after = after.as_ref().map(SerialNumber::octets);
        let records: Vec<(SerialNumber, CertificateRecord)> =
            cx.view.scan(&CERTS, &[], after, limit(self.limit))?;
        let mut listing = Listing::default();
        let mut all = Map::new();
        for (serial, record) in records {
            let serial = serial.to_string();
            // One that cannot be read is listed without facts, and does not hide the others.
            if let Ok(certificate) = Certificate::from_der(&record.der) {
                all.insert(serial.clone(), facts(&certificate));
            }
            listing.keys.push(serial);
        }
        listing.key_info = Some(all);
        Ok(listing.into())
    }

    /// Without reading the certificates.
    fn keys(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        list(cx, &CERTS, &self.after, self.limit)
    }
}

/// What a certificate says, as far as it is listed.
fn facts(certificate: &Certificate) -> Value {
    const MANY_NAMES: usize = 5;
    let spec = certificate.public_key().spec();
    let dns_names = &certificate.subject_alt_names().dns;
    json!({
        "common_name": certificate.subject().common_name().unwrap_or_default(),
        "dns_names": dns_names.iter().take(MANY_NAMES).collect::<Vec<_>>(),
        "issuer": certificate.issuer().to_string(),
        "key_bits": spec.map_or(0, |spec| spec.bits()),
        "key_type": spec.map_or("", |spec| spec.type_name()),
        "not_after": certificate.not_after().rfc3339(),
        "not_before": certificate.not_before().rfc3339(),
    })
}
