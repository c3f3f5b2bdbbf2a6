//! How far a long command is, for whoever watches it.

use std::time::{Duration, Instant};

use crate::environment::Console;
use crate::failure::Failure;

/// One line on a terminal that is written again and again; nothing elsewhere.
pub(super) struct Progress {
    /// What is counted.
    what: &'static str,
    /// Zero if it is not known.
    total: u64,
    began: Instant,
    shown: Option<Instant>,
    is_watched: bool,
}

impl Progress {
    pub(super) fn new(what: &'static str, total: u64, console: &Console<'_>) -> Self {
        let is_watched = console.environment.stdout_is_terminal();
        Self { what, total, began: Instant::now(), shown: None, is_watched }
    }

    /// Shows how many rows were worked through, unless that was shown a moment ago.
    pub(super) fn show(&mut self, rows: u64, console: &mut Console<'_>) -> Result<(), Failure> {
        const PAUSE: Duration = Duration::from_millis(200);
        if !self.is_watched || self.shown.is_some_and(|shown| shown.elapsed() < PAUSE) {
            return Ok(());
        }
        self.shown = Some(Instant::now());
        let rate = rows as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let of = if self.total == 0 { String::new() } else { format!(" of {}", self.total) };
        write!(console.err, "\r{rows}{of} rows {}, {rate:.0} a second ", self.what)?;
        Ok(console.err.flush()?)
    }

    /// Clears the line.
    pub(super) fn end(self, console: &mut Console<'_>) -> Result<(), Failure> {
        if self.shown.is_some() {
            write!(console.err, "\r{:60}\r", "")?;
        }
        Ok(())
    }
}
