//! Mounts as they lie in the store.

use super::tables::MOUNTS;
use crate::error::Error;
use crate::store::Look;
use crate::system::mount::Mount;

/// Those that can be read. There are few.
pub(crate) fn readable(look: Look<'_>) -> Result<Vec<Mount>, Error> {
    let found = look.page(&MOUNTS, &[], None, usize::MAX)?;
    Ok(found.into_iter().filter_map(|found| Some(found.record.ok()?.1)).collect())
}

/// Whether there are others than these, which cannot be read.
pub(crate) fn has_others(look: Look<'_>, readable: &[Mount]) -> Result<bool, Error> {
    let count = look.count(MOUNTS.table, &[], None)?;
    Ok(count != u64::try_from(readable.len()).unwrap_or(u64::MAX))
}
