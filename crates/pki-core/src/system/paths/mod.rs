//! The paths below `sys/`, one file each.

pub mod lease;
pub mod mount;
pub mod mounts;
pub mod remount;
pub mod tune;

use crate::api::endpoint::Path;

/// Every path below `sys/`. Order means nothing.
pub const SYSTEM_PATHS: &[&Path] = &[
    &lease::LIST,
    &lease::LOOKUP,
    &lease::RENEW,
    &lease::REVOKE,
    &lease::REVOKE_PREFIX,
    &mount::PATH,
    &mounts::PATH,
    &remount::PATH,
    &remount::STATUS,
    &tune::PATH,
];
