//! What lies beside the mounts: the list of them, and the paths below `sys/`.

pub(crate) mod mount;
pub mod paths;
