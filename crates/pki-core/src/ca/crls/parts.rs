//! A CRL as it was built, part by part: it may be far longer than what should be in memory.

use super::log::Stretch;
use super::record::{BuiltCrl, LogEnd};
use crate::ca::tables::CRLS;
use crate::domain::id::CrlId;
use crate::error::Error;
use crate::store::View;

/// What is left of a CRL.
pub(crate) struct CrlParts {
    prefix: Option<Vec<u8>>,
    log: Stretch,
    /// Octets of the log that are left.
    left: u64,
    suffix: Option<Vec<u8>>,
}

impl CrlParts {
    /// Octets of entries in one part.
    const LENGTH: u64 = 1 << 18;

    /// The CRL as it was last built; nothing if there is none yet.
    pub(crate) fn complete(view: &View<'_>, crl: CrlId) -> Result<Option<Self>, Error> {
        let record = view.get(&CRLS, &crl)?.unwrap_or_default();
        let log = Stretch { crl, generation: record.generation, from: LogEnd::default() };
        Ok(record.built.map(|BuiltCrl { covered, prefix, suffix, .. }| Self {
            prefix: Some(prefix),
            log,
            left: covered,
            suffix: Some(suffix),
        }))
    }

    /// The delta CRL as it was last built; nothing if there is none yet.
    pub(crate) fn delta(view: &View<'_>, crl: CrlId) -> Result<Option<Self>, Error> {
        let record = view.get(&CRLS, &crl)?.unwrap_or_default();
        let (Some(base), Some(delta)) = (record.built, record.delta) else { return Ok(None) };
        Ok(Some(Self {
            prefix: Some(delta.prefix),
            log: Stretch { crl, generation: record.generation, from: base.end },
            left: delta.shown.saturating_sub(base.covered),
            suffix: Some(delta.suffix),
        }))
    }

    /// The next octets of its DER; nothing after the last.
    pub(crate) fn next(&mut self, view: &View<'_>) -> Result<Option<Vec<u8>>, Error> {
        if let Some(prefix) = self.prefix.take() {
            return Ok(Some(prefix));
        }
        if self.left == 0 {
            return Ok(self.suffix.take());
        }
        let length = self.left.min(Self::LENGTH);
        let mut part = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        self.log.from = self.log.read(view, length, &mut |entries| {
            part.extend_from_slice(entries);
            Ok(())
        })?;
        self.left -= length;
        Ok(Some(part))
    }

    /// How many octets are left.
    pub(crate) fn length(&self) -> usize {
        let frame = [&self.prefix, &self.suffix].into_iter().flatten().map(Vec::len);
        frame.sum::<usize>().saturating_add(usize::try_from(self.left).unwrap_or(usize::MAX))
    }
}
