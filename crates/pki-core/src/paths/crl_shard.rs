//! `crl/shard/:shard` and `issuer/:issuer_ref/crl/shard/:shard`: the CRL of some certificates.

use super::ca::Perhaps;
use super::crl::{self, CrlView};
use crate::api::endpoint::{Access, Op, Path, Query, ReadCx, Reply};
use crate::api::parts::Parts;
use crate::ca::crls::{CrlParts, shard};
use crate::ca::tables::SHARDS;
use crate::domain::id::CrlId;
use crate::error::Error;
use crate::fields;

const DESCRIPTION: &str = "The revocations of those certificates that name this shard in their distribution points.\n`config/crl` says over how many shards new certificates are spread. One that is due is built\nfirst. Read it with `-format=raw`.";

/// In DER.
pub const DER: Path = Path {
    patterns: &["crl/shard/:shard", "issuer/:issuer_ref/crl/shard/:shard/der"],
    access: Access::Public,
    synopsis: "Fetch the CRL of a shard in DER.",
    description: DESCRIPTION,
    ops: &[Op::read::<FetchShard>().taking_from_path(&["issuer_ref"])],
};

/// In PEM.
pub const PEM: Path = Path {
    patterns: &["crl/shard/:shard/pem", "issuer/:issuer_ref/crl/shard/:shard/pem"],
    access: Access::Public,
    synopsis: "Fetch the CRL of a shard in PEM.",
    description: DESCRIPTION,
    ops: &[Op::read::<FetchShardPem>().taking_from_path(&["issuer_ref"])],
};

/// As a field.
pub const JSON: Path = Path {
    patterns: &["issuer/:issuer_ref/crl/shard/:shard"],
    access: Access::Public,
    synopsis: "Read the CRL of a shard of an issuer.",
    description: DESCRIPTION,
    ops: &[Op::read::<ReadShard>()],
};

fields! {
    /// Asks for the CRL of a shard in DER.
    pub struct FetchShard {
        /// Issuer whose CRL it is; the default when the path names none.
        issuer_ref: Option<String>,
        /// The number of the shard, from 1 on.
        shard: String,
    }
}

impl Query for FetchShard {
    type Reply = Perhaps;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        id(cx, self.issuer_ref.as_deref(), &self.shard).map(Some)
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        crl::whole(cx, self.parts(cx)?)
    }

    fn parts(&self, cx: &ReadCx<'_>) -> Result<Option<Parts>, Error> {
        find(cx, self.issuer_ref.as_deref(), &self.shard).map(crl::in_der).map(Some)
    }
}

fields! {
    /// Asks for the CRL of a shard in PEM.
    pub struct FetchShardPem {
        /// Issuer whose CRL it is; the default when the path names none.
        issuer_ref: Option<String>,
        /// The number of the shard, from 1 on.
        shard: String,
    }
}

impl Query for FetchShardPem {
    type Reply = Perhaps;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        id(cx, self.issuer_ref.as_deref(), &self.shard).map(Some)
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Perhaps>, Error> {
        crl::whole(cx, self.parts(cx)?)
    }

    fn parts(&self, cx: &ReadCx<'_>) -> Result<Option<Parts>, Error> {
        let issuer_ref = self.issuer_ref.as_deref();
        let found = find(cx, issuer_ref, &self.shard)?;
        Ok(Some(crl::in_pem(found, issuer_ref)))
    }
}

fields! {
    /// Asks for the CRL of a shard.
    pub struct ReadShard {
        /// Issuer whose CRL it is.
        issuer_ref: String,
        /// The number of the shard, from 1 on.
        shard: String,
    }
}

impl Query for ReadShard {
    type Reply = CrlView;

    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        id(cx, Some(&self.issuer_ref), &self.shard).map(Some)
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CrlView>, Error> {
        let found = find(cx, Some(&self.issuer_ref), &self.shard)?;
        Ok(CrlView::of(cx.view, found)?.into())
    }
}

fn find(cx: &ReadCx<'_>, issuer_ref: Option<&str>, shard: &str) -> Result<CrlParts, Error> {
    CrlParts::complete(cx.view, id(cx, issuer_ref, shard)?)?.ok_or(Error::Absent)
}

/// The CRL of a shard that certificates may name.
fn id(cx: &ReadCx<'_>, issuer_ref: Option<&str>, shard: &str) -> Result<CrlId, Error> {
    let class = crl::id(cx, issuer_ref)?.ok_or(Error::Absent)?;
    let count = cx.view.get(&SHARDS, &class)?.unwrap_or_default().count;
    let number = shard.parse().ok().filter(|number| (1..=count).contains(number));
    let number = number.ok_or_else(|| match count {
        0 => Error::refused(format!(
            "there is no shard {shard:?}: no certificate of this issuer names one"
        )),
        _ => Error::refused(format!("there is no shard {shard:?}: there are shards 1 to {count}")),
    })?;
    Ok(shard::id(class, number))
}
