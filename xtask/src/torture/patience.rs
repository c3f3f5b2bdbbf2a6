//! What may never end, and is not waited for without end: a run that only stops when its time is
//! over does not say what it was doing.

use std::process::{Child, Command, Output};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};

/// No command and no question may take longer, whatever fails under it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Does something that cannot be stopped. If it does not end, its thread is left behind.
pub(super) fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let worker = move || drop(sender.send(work()));
    thread::Builder::new().spawn(worker)?;
    receiver.recv_timeout(patience).map_err(|problem| match problem {
        RecvTimeoutError::Timeout => anyhow!("it takes longer than {patience:?}"),
        RecvTimeoutError::Disconnected => anyhow!("it panicked"),
    })
}

/// Runs a program; kills it if it does not end.
pub(super) fn output(patience: Duration, command: &mut Command) -> Result<Output> {
    let child = command.spawn()?;
    let watched = child.id().to_string();
    let (ended, end) = mpsc::channel::<()>();
    let watcher = thread::spawn(move || {
        let is_late = end.recv_timeout(patience) == Err(RecvTimeoutError::Timeout);
        // It cannot have ended long ago: nobody has waited for it yet, so the number is still its.
        if is_late {
            drop(Command::new("kill").args(["-KILL", &watched]).status());
        }
        is_late
    });
    let output = Child::wait_with_output(child);
    drop(ended);
    let is_late = watcher.join().map_err(|_| anyhow!("the watcher panicked"))?;
    ensure!(!is_late, "{command:?} takes longer than {patience:?}");
    Ok(output?)
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(50);

    #[test]
    fn what_ends_gives_what_it_gave() {
        assert_eq!(within(LONG, || 7).unwrap(), 7);
        let said = output(LONG, Command::new("echo").arg("seven").stdout(Stdio::piped()));
        assert_eq!(said.unwrap().stdout, b"seven\n");
    }

    #[test]
    fn what_does_not_end_is_named() {
        let is_late = |problem: anyhow::Error| problem.to_string().contains("takes longer than 50");
        assert!(is_late(within(SHORT, || thread::sleep(LONG)).unwrap_err()));
        assert!(is_late(output(SHORT, Command::new("sleep").arg("60")).unwrap_err()));
    }
}
