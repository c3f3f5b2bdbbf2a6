//! Searching the inventory, and revoking what is found.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::Engine;
use crate::ca::inventory::{self, Fitting};
use crate::ca::revoke_all::{Targets, each_revocable, revoke_all};
use crate::domain::id::IssuerId;
use crate::domain::serial::SerialNumber;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::paths::revoke::reason;
use crate::policy::selector::{self, Selector, State};

/// Certificates that are shown of many.
const SAMPLE: usize = 10;

/// A certificate that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub serial: SerialNumber,
    /// Common name of its subject; empty if there is none.
    pub common_name: String,
    /// Its alternative names.
    pub names: Vec<String>,
    /// First second of its validity.
    pub not_before: Timestamp,
    /// Last second of its validity.
    pub not_after: Timestamp,
    /// The type of its key; empty if it is not known here.
    pub key_type: &'static str,
    /// The identifier of the issuer that signed it, if it is one of this mount.
    pub issuer: Option<String>,
    /// The role it was issued under; empty if there was none.
    pub role: String,
    /// What has become of it.
    pub state: State,
}

impl From<&Fitting> for Found {
    fn from(fitting: &Fitting) -> Self {
        let Fitting { serial, record, certificate, state } = fitting;
        Self {
            serial: serial.clone(),
            common_name: certificate.subject().common_name().unwrap_or_default(),
            names: selector::names(certificate),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            key_type: selector::key_type(certificate),
            issuer: record.issuer.as_ref().map(IssuerId::to_string),
            role: record.role.clone(),
            state: *state,
        }
    }
}

/// Certificates that were revoked, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocations {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub sample: Vec<Found>,
    /// What the caller should know.
    pub warnings: Vec<String>,
}

impl Engine {
    /// Shows every certificate of a mount that a selector fits, until told to stop: by the end
    /// if the selector speaks of that, else by serial number. One is in memory at a time, and
    /// few others.
    ///
    /// # Errors
    ///
    /// When the inventory cannot be read.
    pub fn find(
        &self,
        mount: &str,
        selector: &Selector,
        see: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let (entered, view) = self.enter(mount)?;
        let cx = self.read_cx(&view, &entered);
        inventory::search(&cx, selector, &mut |fitting| see(Found::from(&fitting)))
    }

    /// What [`Engine::revoke_matching`] would revoke now.
    ///
    /// # Errors
    ///
    /// When the inventory cannot be read.
    pub fn would_revoke(&self, mount: &str, selector: &Selector) -> Result<Revocations, Error> {
        self.read(mount, &|_| Ok(None), &mut |cx| {
            let (mut count, mut sample) = (0, Vec::new());
            let mut without: BTreeSet<&SerialNumber> =
                selector.serials().into_iter().flatten().collect();
            each_revocable(cx, selector, &mut |fitting, _| {
                count += 1;
                without.remove(&fitting.serial);
                sampled(&mut sample, fitting);
            })?;
            let warnings = without.first().map(|first| unmatched(first, without.len()));
            Ok(Revocations { count, sample, warnings: warnings.into_iter().collect() })
        })
    }

    /// Revokes every certificate of a mount that a selector fits and that can be revoked, in one
    /// transaction, if there are exactly as many as expected.
    ///
    /// # Errors
    ///
    /// When there are not, or the reason is none; nothing was revoked.
    pub fn revoke_matching(
        &self,
        mount: &str,
        selector: &Selector,
        why: Option<&str>,
        expected: u64,
    ) -> Result<Revocations, Error> {
        let why = reason(why)?;
        self.command(mount, false, &|cx| {
            let (mut targets, mut sample) = (Targets::default(), Vec::new());
            each_revocable(&cx.reading(), selector, &mut |fitting, signer| {
                targets.push(fitting, signer);
                sampled(&mut sample, fitting);
            })?;
            let count = targets.count();
            if count != expected {
                return Err(Error::refused(format!(
                    "{count} certificates match, and {expected} were expected; none was revoked"
                )));
            }
            Ok(Revocations { count, sample, warnings: revoke_all(cx, targets, why)? })
        })
    }
}

/// Serial numbers of a list that stand for nothing: mistyped, of another mount, revoked already.
fn unmatched(first: &SerialNumber, count: usize) -> String {
    let others = match count {
        1 => String::new(),
        count => format!(", and the same goes for {} more of the list", count - 1),
    };
    format!("no certificate that matches and can be revoked has the serial number {first}{others}")
}

fn sampled(sample: &mut Vec<Found>, fitting: &Fitting) {
    if sample.len() < SAMPLE {
        sample.push(fitting.into());
    }
}
