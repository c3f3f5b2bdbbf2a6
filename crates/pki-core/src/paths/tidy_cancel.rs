//! `tidy-cancel`: the end of a tidy that another process is at.

use super::tidy::{TidyStatusView, show};
use crate::api::endpoint::{Access, Command, Op, Path, Reply, WriteCx};
use crate::ca::tidy;
use crate::error::Error;
use crate::fields;

/// `tidy-cancel`.
pub const PATH: Path = Path {
    patterns: &["tidy-cancel"],
    access: Access::Token,
    synopsis: "Cancel a running tidy.",
    description: "It ends before its next page. What was done stays done.",
    ops: &[Op::write::<CancelTidy>()],
};

const NOTHING_RUNS: &str = "Tidy operation cannot be cancelled as none is currently running.";

fields! {
    /// Asks for the end of a tidy.
    pub struct CancelTidy {}
}

impl Command for CancelTidy {
    type Reply = Option<TidyStatusView>;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Self::Reply>, Error> {
        Ok(match tidy::cancel(cx)? {
            Some(status) => Some(show(Some(&status), cx.mount.uuid.to_string(), cx.now)).into(),
            None => Reply::from(None).warn([NOTHING_RUNS]),
        })
    }
}
