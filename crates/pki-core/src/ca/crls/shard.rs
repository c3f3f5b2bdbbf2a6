//! Shards: CRLs that each list a part of what an issuer revoked, so that whoever checks one
//! certificate fetches a short list.
//!
//! A certificate's shard is drawn when it is signed, and stands for good in the URLs of its
//! distribution points. A shard's CRL says the same URLs (RFC 5280 section 5.2.5). So there is a
//! CRL for every shard that a certificate may ever have named, and it says every URL that one may
//! have named it by, whatever is configured today.

use serde::{Deserialize, Serialize};

use super::CrlRecord;
use crate::api::endpoint::WriteCx;
use crate::ca::config;
use crate::ca::tables::{CRL_CONFIG, CRLS, SHARDS};
use crate::crypto::digest::sha256;
use crate::domain::id::CrlId;
use crate::error::Error;
use crate::store::{View, json_record};
use crate::x509::certificate::Certificate;
use crate::x509::extension::{self, Extension, distribution_point_urls};
use crate::x509::oid;

/// Stands in a URL for the number of a shard.
pub(crate) const MARKER: &str = "{{crl_shard}}";

/// More shards than this are refused: each is a CRL of its own to publish.
pub(crate) const MOST: u32 = 1_024;

/// The shards that certificates of an issuer may have named.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shards {
    /// They are numbered from 1 up to this.
    pub(crate) count: u32,
    /// The URLs in certificates, with [`MARKER`].
    urls: Vec<String>,
}
json_record!(Shards);

impl Shards {
    /// The URLs of a shard.
    pub(super) fn urls(&self, shard: u32) -> Vec<String> {
        let number = shard.to_string();
        self.urls.iter().map(|url| url.replace(MARKER, &number)).collect()
    }

    /// The shard that a certificate names, if it names one.
    pub(crate) fn named_by(&self, certificate: &Certificate) -> Option<u32> {
        let points = certificate.extension(&oid::CRL_DISTRIBUTION_POINTS)?;
        let urls = distribution_point_urls(&points.value).ok()?;
        urls.iter().find_map(|url| self.urls.iter().find_map(|known| self.number(known, url)))
    }

    fn number(&self, known: &str, url: &str) -> Option<u32> {
        let (head, _) = known.split_once(MARKER)?;
        let rest = url.strip_prefix(head)?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest.get(..digits)?;
        let number = digits.parse().ok().filter(|number| (1..=self.count).contains(number))?;
        (known.replace(MARKER, digits) == url).then_some(number)
    }
}

/// What identifies the CRL of a shard.
pub(crate) fn id(class: CrlId, shard: u32) -> CrlId {
    let digest = sha256(&[b"shard".as_slice(), &class.0, &shard.to_be_bytes()].concat());
    let mut octets = [0; 16];
    octets.iter_mut().zip(digest).for_each(|(octet, digested)| *octet = digested);
    CrlId(octets)
}

/// The shard that a certificate names, of the CRL of those who signed it.
pub(crate) fn named_by(
    view: &View<'_>,
    home: Option<CrlId>,
    certificate: &Certificate,
) -> Result<Option<u32>, Error> {
    let Some(home) = home else { return Ok(None) };
    Ok(view.get(&SHARDS, &home)?.and_then(|shards| shards.named_by(certificate)))
}

/// Draws a shard for a certificate that is about to be signed, and writes it into the URLs of
/// its distribution points. Where there are no shards, URLs that would need one are left out.
pub(crate) fn assign(
    cx: &mut WriteCx<'_>,
    class: CrlId,
    extensions: &mut Vec<Extension>,
) -> Result<(), Error> {
    let Some(urls) = marked_urls(extensions) else { return Ok(()) };
    let count = config::load(&cx.tx, &CRL_CONFIG)?.shards;
    if count == 0 {
        return leave_out(extensions);
    }
    remember(cx, class, count, &urls)?;
    let mut octets = [0; 8];
    cx.env.random.fill(&mut octets);
    let shard = u64::from_be_bytes(octets) % u64::from(count) + 1;
    let named = urls.iter().map(|url| url.replace(MARKER, &shard.to_string())).collect();
    put(extensions, named)
}

/// As [`assign`], for a certificate that no CRL of this mount lists.
pub(crate) fn leave_out(extensions: &mut Vec<Extension>) -> Result<(), Error> {
    let Some(mut urls) = marked_urls(extensions) else { return Ok(()) };
    urls.retain(|url| !url.contains(MARKER));
    put(extensions, urls)
}

/// The URLs of the distribution points, if one of them needs a shard.
fn marked_urls(extensions: &[Extension]) -> Option<Vec<String>> {
    let points = extensions.iter().find(|e| e.oid == oid::CRL_DISTRIBUTION_POINTS)?;
    let urls = distribution_point_urls(&points.value).ok()?;
    urls.iter().any(|url| url.contains(MARKER)).then_some(urls)
}

fn put(extensions: &mut Vec<Extension>, urls: Vec<String>) -> Result<(), Error> {
    let points = match urls.as_slice() {
        [] => None,
        urls => Some(extension::crl_distribution_points(urls)?),
    };
    let at = extensions.iter().position(|e| e.oid == oid::CRL_DISTRIBUTION_POINTS);
    if let Some(at) = at {
        extensions.splice(at..=at, points);
    }
    Ok(())
}

/// Notes what a certificate may say of shards. CRLs that do not say so yet are built again.
fn remember(cx: &mut WriteCx<'_>, class: CrlId, count: u32, urls: &[String]) -> Result<(), Error> {
    let mut shards: Shards = cx.tx.get(&SHARDS, &class)?.unwrap_or_default();
    let is_new = |url: &&String| url.contains(MARKER) && !shards.urls.contains(url);
    let new: Vec<String> = urls.iter().filter(is_new).cloned().collect();
    if new.is_empty() && count <= shards.count {
        return Ok(());
    }
    if !new.is_empty() {
        for shard in 1..=shards.count {
            let id = id(class, shard);
            let record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
            cx.tx.put(&CRLS, &id, &CrlRecord { requested: true, ..record });
        }
    }
    shards.urls.extend(new);
    shards.count = shards.count.max(count);
    cx.tx.put(&SHARDS, &class, &shards);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_shard_or_none() {
        let shards =
            Shards { count: 64, urls: vec![format!("http://c.test/{MARKER}/{MARKER}.crl")] };
        let number = |url| shards.urls.iter().find_map(|known| shards.number(known, url));
        assert_eq!(number("http://c.test/7/7.crl"), Some(7));
        assert_eq!(number("http://c.test/64/64.crl"), Some(64));
        for url in [
            "http://c.test/65/65.crl",
            "http://c.test/0/0.crl",
            "http://c.test/7/8.crl",
            "http://c.test/7/7.crl2",
            "http://c.test/07/07.crl2",
            "http://c.test//.crl",
            "http://d.test/7/7.crl",
        ] {
            assert_eq!(number(url), None, "{url}");
        }
        assert_eq!(shards.urls(9), ["http://c.test/9/9.crl"]);
    }

    #[test]
    fn every_shard_has_a_crl_of_its_own() {
        let class = CrlId([7; 16]);
        assert_ne!(id(class, 1), id(class, 2));
        assert_ne!(id(class, 1), id(CrlId([8; 16]), 1));
    }
}
