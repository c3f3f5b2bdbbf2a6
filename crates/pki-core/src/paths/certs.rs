//! `certs` and `certs/revoked`: the serial numbers of the inventory.

use super::roles::limit;
use crate::api::endpoint::{Access, Listing, Op, Path, Query, ReadCx, Reply};
use crate::ca::tables::{CERTS, REVOKED};
use crate::domain::serial::SerialNumber;
use crate::error::Error;
use crate::fields;
use crate::store::Records;

/// `certs`.
pub const PATH: Path = Path {
    patterns: &["certs"],
    access: Access::Token,
    synopsis: "List the serial numbers of all certificates.",
    description: "",
    ops: &[Op::list::<ListCertificates>()],
};

/// `certs/revoked`.
pub const REVOKED_PATH: Path = Path {
    patterns: &["certs/revoked", "certs/unified-revoked"],
    access: Access::Token,
    synopsis: "List the serial numbers of all revoked certificates.",
    description: "",
    ops: &[Op::list::<ListRevoked>()],
};

fields! {
    /// Asks for serial numbers.
    pub struct ListCertificates {
        /// List only serial numbers after this one.
        after: String = "",
        /// List at most so many; all when it is not positive.
        limit: i64 = "-1",
    }
}

impl Query for ListCertificates {
    type Reply = Listing;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        list(cx, &CERTS, &self.after, self.limit)
    }
}

fields! {
    /// Asks for serial numbers of revoked certificates.
    pub struct ListRevoked {
        /// List only serial numbers after this one.
        after: String = "",
        /// List at most so many; all when it is not positive.
        limit: i64 = "-1",
    }
}

impl Query for ListRevoked {
    type Reply = Listing;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        list(cx, &REVOKED, &self.after, self.limit)
    }
}

/// The serial numbers of a table's records.
pub(super) fn list<V>(
    cx: &ReadCx<'_>,
    records: &Records<SerialNumber, V>,
    after: &str,
    most: i64,
) -> Result<Reply<Listing>, Error> {
    let after = start(after)?;
    let after = after.as_ref().map(SerialNumber::octets);
    let serials: Vec<SerialNumber> = cx.view.keys(records, &[], after, limit(most))?;
    let keys = serials.iter().map(SerialNumber::colons).collect();
    Ok(Listing { keys, key_info: None }.into())
}

/// The serial number after which a list begins, if one was given.
pub(super) fn start(after: &str) -> Result<Option<SerialNumber>, Error> {
    match after {
        "" => Ok(None),
        text => SerialNumber::parse(text)
            .map(Some)
            .map_err(|_| Error::refused(format!("after {text:?} is not a serial number"))),
    }
}
