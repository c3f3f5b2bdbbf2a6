//! `tidy-cancel`: a tidy here is done when its command returns, so there is none to cancel.

use super::tidy::TidyStatusView;
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::error::Error;
use crate::fields;

/// `tidy-cancel`.
pub const PATH: Path = Path {
    patterns: &["tidy-cancel"],
    access: Access::Token,
    synopsis: "Cancel a running tidy.",
    description: "For scripts that were written for Vault: a tidy here is done when its command returns, or has\nchanged nothing.",
    ops: &[Op::write::<CancelTidy>()],
};

const NOTHING_RUNS: &str = "Tidy operation cannot be cancelled as none is currently running.";

fields! {
    /// Asks for the end of a tidy.
    pub struct CancelTidy {}
}

impl Command for CancelTidy {
    type Reply = Option<TidyStatusView>;

    fn execute(&self, _: &mut WriteCx<'_>) -> Result<Reply<Self::Reply>, Error> {
        Ok(Reply::from(None).warn([NOTHING_RUNS]))
    }
}
