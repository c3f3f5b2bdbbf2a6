//! Tidying a mount, in as many transactions as it takes.

use super::Engine;
use crate::api::endpoint::WriteCx;
use crate::ca::tidy::{self, TidyStatus, Tidying};
use crate::domain::tidy::TidyPlan;
use crate::error::Error;

impl Engine {
    /// Tidies as it was asked for.
    pub(super) fn tidy_as(&self, mount: &str, plan: &TidyPlan) -> Result<(), Error> {
        self.tidy(mount, &|cx| tidy::begin(cx, plan.clone())).map(drop)
    }

    /// Tidies if it is still time to. Says how it went.
    pub(super) fn tidy_if_due(&self, mount: &str) -> Result<Option<TidyStatus>, Error> {
        self.tidy(mount, &tidy::begin_auto)
    }

    fn tidy(
        &self,
        mount: &str,
        begin: &dyn Fn(&mut WriteCx<'_>) -> Result<Option<Tidying>, Error>,
    ) -> Result<Option<TidyStatus>, Error> {
        let Some(mut tidying) = self.write(mount, begin)? else { return Ok(None) };
        while tidying.goes_on() {
            let next = self.write(mount, &|cx| tidy::go_on(cx, &tidying));
            tidying = next.inspect_err(|problem| {
                // As well as it can be: if not, it is taken for dead after a while.
                drop(self.write(mount, &|cx| tidy::fail(cx, &tidying, problem)));
            })?;
        }
        Ok(Some(tidying.status))
    }
}
