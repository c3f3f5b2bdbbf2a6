//! Building: from a log and the issuer that signs to a complete CRL, or to a delta CRL.

use std::sync::Arc;

use super::ended::drop_ended;
use super::log::Stretch;
use super::plan::{Which, Work, work};
use super::record::{BuiltCrl, CrlRecord, DeltaCrl, LogEnd};
use super::relog::relog;
use super::{CrlClass, CrlList, classes, without_signer};
use crate::api::endpoint::{ReadCx, WriteCx};
use crate::ca::aia;
use crate::ca::config::{self, CrlConfig};
use crate::ca::issuers::{self, Issuer};
use crate::ca::tables::{CRL_CONFIG, CRLS};
use crate::crypto::key::PrivateKey;
use crate::crypto::signature::SignatureAlgorithm;
use crate::domain::id::{CrlId, IssuerId};
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::seal::SealError;
use crate::store::View;
use crate::x509::certificate::Certificate;
use crate::x509::crl::{SignedCrl, TbsCertList};
use crate::x509::extension::{Extension, issuing_distribution_point};
use crate::x509::lint::Linted;

/// A CRL that was built just now.
#[derive(Debug)]
pub(crate) struct NewCrl {
    pub(crate) signer: IssuerId,
    pub(crate) shard: Option<u32>,
    pub(crate) is_delta: bool,
    pub(crate) number: u64,
    pub(crate) next_update: Timestamp,
}

/// What building came to.
#[derive(Debug, Default)]
pub(crate) struct Built {
    pub(crate) crls: Vec<NewCrl>,
    /// Those that could not be built, for reasons of their own.
    pub(crate) unbuilt: Vec<Error>,
    /// What kept parts out of CRLs, and who may not sign any.
    pub(crate) warnings: Vec<String>,
}

/// A CRL that is to be built, and can be.
struct Job<'a> {
    list: CrlList,
    class: &'a CrlClass,
    signer: &'a Issuer,
    key: Arc<PrivateKey>,
    work: Work,
    is_new_log: bool,
}

/// Builds CRLs. One that cannot be built for a reason of its own keeps no other from being built,
/// and is as it was: what else was asked for stands, with a warning (D15).
pub(crate) fn build(cx: &mut WriteCx<'_>, which: Which) -> Result<Vec<String>, Error> {
    let Built { unbuilt, warnings, .. } = build_listing(cx, which)?;
    Ok(unbuilt.iter().map(ToString::to_string).chain(warnings).collect())
}

/// As [`build`], and says which were built.
pub(crate) fn build_listing(cx: &mut WriteCx<'_>, which: Which) -> Result<Built, Error> {
    let config = config::load(&cx.tx, &CRL_CONFIG)?;
    let classes = classes(&cx.tx)?;
    let mut built = Built::default();
    let mut jobs = Vec::new();
    for class in &classes {
        let planned: Result<Vec<_>, Error> =
            class.lists().map(|list| plan(cx, class, list, which, &config)).collect();
        match planned {
            Ok(planned) => jobs.extend(planned.into_iter().flatten()),
            Err(problem) => built.unbuilt.push(of_one_issuer(class, problem)?),
        }
    }
    carry_out(cx, &classes, jobs, &config, &mut built)?;
    built.warnings.extend(without_signer(&cx.tx)?);
    Ok(built)
}

/// Builds one CRL if it is due, for whoever is about to read it.
pub(crate) fn build_one(cx: &mut WriteCx<'_>, id: CrlId) -> Result<(), Error> {
    let config = config::load(&cx.tx, &CRL_CONFIG)?;
    let classes = classes(&cx.tx)?;
    let Some((class, list)) = find(&classes, id) else { return Ok(()) };
    let job = match plan(cx, class, list, Which::Due, &config) {
        Ok(job) => job,
        Err(problem) => return Err(of_one_issuer(class, problem)?),
    };
    carry_out(cx, &classes, job.into_iter().collect(), &config, &mut Built::default())
}

/// Whether a CRL has to be built before it is looked at.
pub(crate) fn is_due(cx: &ReadCx<'_>, id: CrlId) -> Result<bool, Error> {
    let classes = classes(cx.view)?;
    let can_be_built = find(&classes, id).is_some_and(|(class, _)| class.signer().is_some());
    let config = config::load(cx.view, &CRL_CONFIG)?;
    let record = cx.view.get(&CRLS, &id)?.unwrap_or_default();
    Ok(can_be_built && work(Which::Due, &record, &config, cx.now) != Work::Nothing)
}

fn find(classes: &[CrlClass], id: CrlId) -> Option<(&CrlClass, CrlList)> {
    let mut all = classes.iter().flat_map(|class| class.lists().map(move |list| (class, list)));
    all.find(|(_, list)| list.id == id)
}

/// What there is to do about a CRL. What could keep it from being built is looked at before
/// anything is changed.
fn plan<'c>(
    cx: &WriteCx<'_>,
    class: &'c CrlClass,
    list: CrlList,
    which: Which,
    config: &CrlConfig,
) -> Result<Option<Job<'c>>, Error> {
    let Some(signer) = class.signer() else { return Ok(None) };
    let record = cx.tx.get(&CRLS, &list.id)?.unwrap_or_default();
    let work = work(which, &record, config, cx.now);
    if work == Work::Nothing {
        return Ok(None);
    }
    let key = signing_key(&cx.reading(), signer)?;
    let tbs = frame(cx, signer, &key, config, 1);
    Linted::check(TbsCertList { extra: scope(class, list), ..tbs }).map_err(Error::Lint)?;
    // What ended by a clock that was ahead may not have ended.
    let is_from_the_future = record.built.as_ref().is_some_and(|b| cx.now < b.this_update);
    let is_new_log = record.stale_log || is_from_the_future;
    Ok(Some(Job { list, class, signer, key, work, is_new_log }))
}

fn carry_out(
    cx: &mut WriteCx<'_>,
    classes: &[CrlClass],
    jobs: Vec<Job<'_>>,
    config: &CrlConfig,
    built: &mut Built,
) -> Result<(), Error> {
    let stale: Vec<CrlId> =
        jobs.iter().filter(|job| job.is_new_log).map(|job| job.list.id).collect();
    if !stale.is_empty() {
        relog(cx, classes, &stale)?;
    }
    for job in jobs {
        if job.work == Work::Delta && !job.is_new_log {
            built.crls.extend(build_delta(cx, &job, config)?);
            continue;
        }
        if !job.is_new_log {
            drop_ended(cx, job.list.id)?;
        }
        let (crl, warning) = build_complete(cx, &job, config)?;
        built.crls.push(crl);
        built.warnings.extend(warning);
    }
    Ok(())
}

/// Tells what is wrong with one issuer, which is returned, from what would keep every CRL from
/// being built, which is an error.
fn of_one_issuer(class: &CrlClass, problem: Error) -> Result<Error, Error> {
    match problem {
        Error::DamagedRecord(_)
        | Error::RecordTooNew(..)
        | Error::Crypto(_)
        | Error::Lint(_)
        | Error::Seal(SealError::Damaged(_)) => {
            let signer = class.signer().map(|signer| signer.record.id.to_string());
            let signer = signer.unwrap_or_default();
            let text = format!("The CRL of issuer {signer} could not be built: {problem}");
            Ok(Error::CrlNotBuilt(text))
        }
        problem => Err(problem),
    }
}

/// Builds a complete CRL, and the delta CRL that adds nothing to it. Issued at the same time,
/// both have the same number (RFC 5280 section 5.2.3).
fn build_complete(
    cx: &mut WriteCx<'_>,
    &Job { list, class, signer, ref key, .. }: &Job<'_>,
    config: &CrlConfig,
) -> Result<(NewCrl, Option<String>), Error> {
    let id = list.id;
    let mut record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    let (freshest_crl, warning) = match list.shard {
        None => freshest(&cx.tx, signer)?,
        Some(_) => Default::default(),
    };
    let number = record.number + 1;
    let covered = if config.disable { 0 } else { record.log_length };
    let plain = frame(cx, signer, key, config, number);
    let (this_update, next_update) = (plain.this_update, plain.next_update);
    let empty = TbsCertList { delta_base: Some(number), ..plain.clone() };
    let complete = TbsCertList { freshest_crl, extra: scope(class, list), ..plain };
    let log = Stretch { crl: id, generation: record.generation, from: LogEnd::default() };
    let (SignedCrl { prefix, suffix }, end) = sign(&cx.tx, complete, key, log, covered)?;
    record.number = number;
    record.requested = false;
    record.built = Some(BuiltCrl {
        number,
        this_update,
        next_update,
        covered,
        end,
        disabled: config.disable,
        with_deltas: config.enable_delta,
        is_of_shard: list.shard.is_some(),
        prefix,
        suffix,
    });
    if list.shard.is_none() {
        let (SignedCrl { prefix, suffix }, _) = sign(&cx.tx, empty, key, log, 0)?;
        record.delta =
            Some(DeltaCrl { number, this_update, next_update, shown: covered, prefix, suffix });
    }
    cx.tx.put(&CRLS, &id, &record);
    let signer = signer.record.id;
    Ok((NewCrl { signer, shard: list.shard, is_delta: false, number, next_update }, warning))
}

/// Builds a delta CRL of all that came since the complete one.
fn build_delta(
    cx: &mut WriteCx<'_>,
    &Job { list: CrlList { id, .. }, signer, ref key, .. }: &Job<'_>,
    config: &CrlConfig,
) -> Result<Option<NewCrl>, Error> {
    let mut record: CrlRecord = cx.tx.get(&CRLS, &id)?.unwrap_or_default();
    let Some(base) = &record.built else { return Ok(None) };
    let number = record.number + 1;
    let shown = record.log_length;
    let length = shown.saturating_sub(base.covered);
    let plain = frame(cx, signer, key, config, number);
    let (this_update, next_update) = (plain.this_update, plain.next_update);
    let delta = TbsCertList { delta_base: Some(base.number), ..plain };
    let log = Stretch { crl: id, generation: record.generation, from: base.end };
    let (SignedCrl { prefix, suffix }, _) = sign(&cx.tx, delta, key, log, length)?;
    record.number = number;
    record.delta = Some(DeltaCrl { number, this_update, next_update, shown, prefix, suffix });
    cx.tx.put(&CRLS, &id, &record);
    let signer = signer.record.id;
    Ok(Some(NewCrl { signer, shard: None, is_delta: true, number, next_update }))
}

/// Which certificates a CRL lists, if not all (RFC 5280 section 5.2.5).
fn scope(class: &CrlClass, list: CrlList) -> Vec<Extension> {
    let urls = list.shard.map(|shard| class.shards.urls(shard));
    urls.map(|urls| issuing_distribution_point(&urls)).into_iter().collect()
}

/// What complete and delta CRLs have in common.
fn frame(
    cx: &WriteCx<'_>,
    signer: &Issuer,
    key: &PrivateKey,
    config: &CrlConfig,
    crl_number: u64,
) -> TbsCertList {
    let this_update = cx.now.to_whole_second();
    TbsCertList {
        signature: signature_algorithm(signer, key),
        issuer: signer.certificate.subject().clone(),
        this_update,
        next_update: this_update.after(config.expiry_seconds()),
        authority_key_identifier: Some(key_identifier(&signer.certificate)),
        crl_number,
        delta_base: None,
        freshest_crl: Vec::new(),
        extra: Vec::new(),
    }
}

/// Signs so many octets of a log, as they are read. Returns where they end, too.
fn sign(
    view: &View<'_>,
    tbs: TbsCertList,
    key: &PrivateKey,
    log: Stretch,
    length: u64,
) -> Result<(SignedCrl, LogEnd), Error> {
    let linted = Linted::check(tbs).map_err(Error::Lint)?;
    let mut signer = linted.signer(key, usize::try_from(length).unwrap_or(usize::MAX))?;
    let end = log.read(view, length, &mut |entries| Ok(signer.update(entries)?))?;
    Ok((signer.finish()?, end))
}

/// Where the delta CRLs of an issuer are. Templates that cannot be filled in do not keep a CRL
/// from being built.
fn freshest(view: &View<'_>, signer: &Issuer) -> Result<(Vec<String>, Option<String>), Error> {
    match aia::delta_crl_urls(view, &signer.record) {
        Ok(urls) => Ok((urls, None)),
        Err(Error::Refused(problem)) => {
            let id = signer.record.id;
            let warning =
                format!("The CRL of issuer {id} does not say where its delta CRLs are: {problem}");
            Ok((Vec::new(), Some(warning)))
        }
        Err(problem) => Err(problem),
    }
}

/// The identifier of an issuer's key: what its certificate says, else what it would.
pub(crate) fn key_identifier(issuer: &Certificate) -> Vec<u8> {
    let own = issuer.subject_key_identifier().filter(|own| !own.is_empty());
    own.unwrap_or_else(|| issuer.public_key().key_identifier().to_vec())
}

/// The key of an issuer that signs CRLs or OCSP responses.
pub(crate) fn signing_key(cx: &ReadCx<'_>, signer: &Issuer) -> Result<Arc<PrivateKey>, Error> {
    let key_id = signer.record.key_id.ok_or(Error::DamagedRecord(CRLS.table.name))?;
    issuers::open_key(cx, key_id)
}

/// The algorithm that was set for what an issuer says of revocations, or the default of its key.
pub(crate) fn signature_algorithm(signer: &Issuer, key: &PrivateKey) -> SignatureAlgorithm {
    SignatureAlgorithm::parse(&signer.record.revocation_signature_algorithm)
        .filter(|algorithm| algorithm.fits(key.spec()))
        .unwrap_or_else(|| SignatureAlgorithm::for_issuing(key.spec(), 0, false, false))
}
