//! `crl/rotate-delta`: new delta CRLs now.

use super::crl_rotate::Success;
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::config;
use crate::ca::crls::{self, Which};
use crate::ca::tables::CRL_CONFIG;
use crate::error::Error;
use crate::fields;

/// `crl/rotate-delta`.
pub const PATH: Path = Path {
    patterns: &["crl/rotate-delta"],
    access: Access::Token,
    synopsis: "Build every delta CRL of the mount anew.",
    description: "Changes nothing where delta CRLs are switched off; see `config/crl`.",
    ops: &[Op::trigger::<RotateDeltaCrl>()],
};

const SWITCHED_OFF: &str =
    "requested rebuild of delta CRL when delta CRL is not enabled; this is a no-op";

fields! {
    /// Asks for new delta CRLs.
    pub struct RotateDeltaCrl {}
}

impl Command for RotateDeltaCrl {
    type Reply = Success;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Success>, Error> {
        let done = Reply::from(Success { success: true });
        if !config::load(&cx.tx, &CRL_CONFIG)?.enable_delta {
            return Ok(done.warn([SWITCHED_OFF]));
        }
        Ok(done.warn(crls::build(cx, Which::Deltas)?))
    }
}
