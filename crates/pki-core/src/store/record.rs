//! Records: a key type and a value type for every table.

use std::marker::PhantomData;

use pki_store::{Layout, Table};

use crate::domain::id::{CrlId, IssuerId, KeyId, MountId, Uuid};
use crate::domain::serial::SerialNumber;

/// A stored value that cannot be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Damaged;

/// A version of the stored form of a record, below [`SUMMED`]. Every value starts with it.
pub(crate) type Format = u8;

/// Added to the format of a value that ends with its sum. Values were stored without one once.
/// Several bits, so that no single one makes the sum of a value be overlooked.
pub(super) const SUMMED: Format = 0xe0;

/// A value that can be stored. A new form of a record gets a new format number; old ones stay
/// readable for ever.
pub(crate) trait Record: Clone + Send + Sync + 'static {
    /// The format that is written.
    const FORMAT: Format;

    /// The value, without its format number.
    fn encode(&self) -> Vec<u8>;

    /// Reads a value of the given format.
    fn decode(format: Format, bytes: &[u8]) -> Result<Self, Damaged>;
}

/// A value that names a record. Keys sort as their bytes do.
pub(crate) trait RecordKey: Sized {
    /// Whether requests ask for few of them again and again, so that it is kept too that there is
    /// nothing at one. Of names anybody can think of any number.
    const IS_COMMON: bool = false;

    fn encode(&self) -> Vec<u8>;
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// A table with the types of its keys and values.
pub(crate) struct Records<K, V> {
    pub(crate) table: Table,
    /// Whether decoded records are kept for the next request.
    pub(super) are_kept: bool,
    types: PhantomData<fn(K) -> V>,
}

impl<K, V> Records<K, V> {
    /// Small values in key order.
    pub(crate) const fn new(number: u8, name: &'static str) -> Self {
        Self {
            table: Table { number, name, layout: Layout::Clustered },
            are_kept: false,
            types: PhantomData,
        }
    }

    /// Small values in key order, so few and so often read that they are kept decoded.
    pub(crate) const fn kept(number: u8, name: &'static str) -> Self {
        Self { are_kept: true, ..Self::new(number, name) }
    }

    /// Large values in order of arrival.
    pub(crate) const fn large(number: u8, name: &'static str) -> Self {
        Self {
            table: Table { number, name, layout: Layout::Heap },
            are_kept: false,
            types: PhantomData,
        }
    }
}

/// Stores a type as JSON, so that an operator with the store's file in hand can read it.
macro_rules! json_record {
    ($type:ty) => {
        impl $crate::store::Record for $type {
            const FORMAT: $crate::store::Format = 1;

            fn encode(&self) -> Vec<u8> {
                serde_json::to_vec(self).unwrap_or_default()
            }

            fn decode(
                format: $crate::store::Format,
                bytes: &[u8],
            ) -> Result<Self, $crate::store::Damaged> {
                if format != Self::FORMAT {
                    return Err($crate::store::Damaged);
                }
                serde_json::from_slice(bytes).map_err(|_| $crate::store::Damaged)
            }
        }
    };
}
pub(crate) use json_record;

impl RecordKey for String {
    fn encode(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Self::from_utf8(bytes.to_vec()).ok()
    }
}

impl RecordKey for SerialNumber {
    fn encode(&self) -> Vec<u8> {
        self.octets().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_octets(bytes))
    }
}

impl RecordKey for Uuid {
    fn encode(&self) -> Vec<u8> {
        self.octets().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_random)
    }
}

macro_rules! uuid_keys {
    ($($name:ident),*) => { $(
        impl RecordKey for $name {
            fn encode(&self) -> Vec<u8> {
                self.0.encode()
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                Uuid::decode(bytes).map(Self)
            }
        }
    )* };
}
uuid_keys!(IssuerId, KeyId);

impl RecordKey for CrlId {
    const IS_COMMON: bool = true;

    fn encode(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// As at the beginning of every other key.
impl RecordKey for MountId {
    fn encode(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|number| Self(u32::from_be_bytes(number)))
    }
}

/// The key of a table with one record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Only;

impl RecordKey for Only {
    const IS_COMMON: bool = true;

    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(Self)
    }
}

/// A record that says all by being there.
impl Record for () {
    const FORMAT: Format = 1;

    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    fn decode(_: Format, _: &[u8]) -> Result<Self, Damaged> {
        Ok(())
    }
}
