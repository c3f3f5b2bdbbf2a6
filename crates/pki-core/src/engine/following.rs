//! What follows a command, in as many transactions of its own as it takes.

use super::Engine;
use crate::api::endpoint::{Task, WriteCx};
use crate::ca::{leases, leftovers, tidy};
use crate::domain::id::MountId;
use crate::error::Error;

/// What follows a command.
#[derive(Debug)]
pub(super) enum Following {
    /// It was asked for.
    Asked(Task),
    /// It is time to tidy the mount.
    Tidy,
    /// Others have not removed all of a mount.
    Sweep,
}

impl Following {
    /// What follows a command that was carried out in `cx`, if anything does.
    pub(super) fn after(cx: &mut WriteCx<'_>) -> Option<Self> {
        if let Some(task) = cx.task.take() {
            return Some(Self::Asked(task));
        }
        let (due, following) = if cx.mount.id == MountId::SYSTEM {
            (leftovers::are_noted(&cx.tx), Self::Sweep)
        } else {
            (tidy::auto_due(&cx.reading()), Self::Tidy)
        };
        due.unwrap_or(false).then_some(following)
    }
}

impl Engine {
    /// Does what follows a command.
    ///
    /// # Errors
    ///
    /// Why it could not be done, if it was asked for; pages that are done stay done.
    pub(super) fn follow(&self, mount: &str, following: Following) -> Result<(), Error> {
        match following {
            Following::Asked(Task::Tidy(plan)) => self.tidy_as(mount, &plan),
            Following::Asked(Task::Sweep) => self.sweep(),
            // What was asked for is done and stays done; the next command tries again.
            Following::Tidy => self.tidy_if_due(mount).map(drop).or(Ok(())),
            Following::Sweep => self.sweep().or(Ok(())),
        }
    }

    /// Removes what is left of mounts that were removed, whoever did that and could not end it. If
    /// nothing is left, nothing is written.
    ///
    /// # Errors
    ///
    /// Why it could not be done; pages that are done stay done.
    pub fn sweep(&self) -> Result<(), Error> {
        while self.write("sys", &leftovers::sweep)? {}
        self.write("sys", &leases::forget_lost)
    }
}
