//! What is stored of a CRL.

use serde::{Deserialize, Serialize};

use crate::domain::hex;
use crate::domain::id::CrlId;
use crate::domain::time::Timestamp;
use crate::store::{Damaged, Format, Record, RecordKey};

/// A CRL as it was last built, and what the next one will hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CrlRecord {
    /// The number of the last CRL; it never falls, whatever happens to the issuers.
    pub(crate) number: u64,
    /// Which log is in use.
    pub(crate) generation: u32,
    /// Octets in the log.
    pub(crate) log_length: u64,
    /// Segments in the log.
    pub(crate) segments: u32,
    /// Whether someone asked for a new CRL.
    pub(crate) requested: bool,
    /// Whether the log must be made anew from the revocations.
    pub(crate) stale_log: bool,
    /// The last CRL, if there is one.
    pub(crate) built: Option<BuiltCrl>,
    /// The last delta CRL, which adds to `built`; there is one whenever that is there, unless
    /// that is of a shard.
    pub(crate) delta: Option<DeltaCrl>,
}

impl CrlRecord {
    /// Whether there is anything that the last CRL does not show.
    pub(crate) fn is_behind(&self) -> bool {
        let covered = self.built.as_ref().map(|built| built.covered);
        self.stale_log || covered.is_some_and(|covered| covered != self.log_length)
    }
}

impl Record for CrlRecord {
    /// 1 is the same, but who wrote it did not know that it matters where revocations are at home
    /// (`super::homes`). It must not go on with a store in which that is noted.
    const FORMAT: Format = 2;

    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn decode(format: Format, bytes: &[u8]) -> Result<Self, Damaged> {
        match format {
            1 | 2 => serde_json::from_slice(bytes).map_err(|_| Damaged),
            _ => Err(Damaged),
        }
    }
}

/// A signed CRL without its entries: those are the first `covered` octets of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BuiltCrl {
    pub(crate) number: u64,
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Timestamp,
    pub(crate) covered: u64,
    /// Where in the log those end.
    #[serde(default)]
    pub(crate) end: LogEnd,
    /// Whether it is empty because CRLs were switched off.
    pub(crate) disabled: bool,
    /// Whether delta CRLs were switched on.
    #[serde(default)]
    pub(crate) with_deltas: bool,
    /// Whether it lists one shard only, and has no delta CRLs.
    #[serde(default)]
    pub(crate) is_of_shard: bool,
    #[serde(with = "hex")]
    pub(crate) prefix: Vec<u8>,
    #[serde(with = "hex")]
    pub(crate) suffix: Vec<u8>,
}

/// A signed delta CRL without its entries: those stand in the log between what the complete CRL
/// covers and `shown`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeltaCrl {
    pub(crate) number: u64,
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Timestamp,
    /// Octets of the log that both together show.
    pub(crate) shown: u64,
    #[serde(with = "hex")]
    pub(crate) prefix: Vec<u8>,
    #[serde(with = "hex")]
    pub(crate) suffix: Vec<u8>,
}

/// A place between two entries of a log: so many octets into a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogEnd {
    pub(crate) segment: u32,
    pub(crate) offset: u32,
}

impl LogEnd {
    pub(super) fn at(segment: u32, offset: usize) -> Self {
        Self { segment, offset: u32::try_from(offset).unwrap_or(u32::MAX) }
    }
}

/// A part of a log: the CRL, the generation, and how many parts come before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogKey {
    pub(crate) crl: CrlId,
    pub(crate) generation: u32,
    pub(crate) segment: u32,
}

impl LogKey {
    /// What the keys of a whole generation start with.
    pub(crate) fn prefix(crl: CrlId, generation: u32) -> Vec<u8> {
        [crl.0.as_slice(), &generation.to_be_bytes()].concat()
    }
}

impl RecordKey for LogKey {
    fn encode(&self) -> Vec<u8> {
        [Self::prefix(self.crl, self.generation).as_slice(), &self.segment.to_be_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (crl, rest) = bytes.split_at_checked(16)?;
        let (generation, segment) = rest.split_at_checked(4)?;
        Some(Self {
            crl: CrlId::decode(crl)?,
            generation: u32::from_be_bytes(generation.try_into().ok()?),
            segment: u32::from_be_bytes(segment.try_into().ok()?),
        })
    }
}

/// Encoded entries, one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogSegment(pub(crate) Vec<u8>);

impl Record for LogSegment {
    const FORMAT: Format = 1;

    fn encode(&self) -> Vec<u8> {
        self.0.clone()
    }

    fn decode(format: Format, bytes: &[u8]) -> Result<Self, Damaged> {
        if format == Self::FORMAT { Ok(Self(bytes.to_vec())) } else { Err(Damaged) }
    }
}
