//! The paths below `sys/`, one file each.

pub(crate) mod lease;
pub(crate) mod mount;
pub(crate) mod mounts;
pub(crate) mod remount;
pub(crate) mod tune;

use crate::api::endpoint::Path;

/// Every path below `sys/`. Order means nothing.
pub const SYSTEM_PATHS: &[&Path] = &[
    &lease::LOOKUP,
    &lease::REVOKE,
    &mount::PATH,
    &mounts::PATH,
    &remount::PATH,
    &remount::STATUS,
    &tune::PATH,
];
