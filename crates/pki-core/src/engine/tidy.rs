//! Tidying a mount, in as many transactions as it takes.

use super::Engine;
use crate::api::endpoint::WriteCx;
use crate::ca::tidy::{self, TidyStatus, Tidying};
use crate::domain::tidy::TidyPlan;
use crate::error::Error;

/// A tidy that follows a command.
#[derive(Debug)]
pub(super) enum Following {
    /// It was asked for.
    Asked(TidyPlan),
    /// It is time to.
    Due,
}

impl Following {
    /// What follows a command that was carried out in `cx`, if anything does.
    pub(super) fn after(cx: &mut WriteCx<'_>) -> Option<Self> {
        if let Some(plan) = cx.tidy.take() {
            return Some(Self::Asked(plan));
        }
        tidy::auto_due(&cx.reading()).unwrap_or(false).then_some(Self::Due)
    }
}

impl Engine {
    /// Tidies after a command.
    ///
    /// # Errors
    ///
    /// Why it could not be done, if it was asked for; pages that are done stay done.
    pub(super) fn follow(&self, mount: &str, following: Following) -> Result<(), Error> {
        match following {
            Following::Asked(plan) => {
                self.tidy(mount, &|cx| tidy::begin(cx, plan.clone())).map(drop)
            }
            Following::Due => {
                // What was asked for is done and stays done; the next command tries again.
                drop(self.tidy_if_due(mount));
                Ok(())
            }
        }
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
