//! `crl/rotate`: new CRLs now.

use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::crls::{self, Which};
use crate::error::Error;
use crate::fields;

/// `crl/rotate`.
pub const PATH: Path = Path {
    patterns: &["crl/rotate"],
    access: Access::Token,
    synopsis: "Build every CRL of the mount anew.",
    description: "Not needed to show a revocation: whoever reads a CRL next has it built if it is due.",
    ops: &[Op::trigger::<RotateCrl>()],
};

fields! {
    /// Asks for new CRLs.
    pub struct RotateCrl {}
}

fields! {
    /// Done.
    #[derive(Debug)]
    pub struct Success {
        /// Always true.
        success: bool,
    }
}

impl Command for RotateCrl {
    type Reply = Success;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Success>, Error> {
        let warnings = crls::build(cx, Which::All)?;
        Ok(Reply::from(Success { success: true }).warn(warnings))
    }
}
