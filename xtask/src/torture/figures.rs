//! How much is asked for, and how much of it is done so far.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Which of the figures in docs/torture.md are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figures {
    /// What fits into some minutes.
    Part,
    /// What every change has to pass.
    Gate,
    /// What every release has to pass, in some hours.
    Release,
}

/// How much of something, for each of the figures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) part: usize,
    pub(super) gate: usize,
    pub(super) release: usize,
}

impl Figures {
    pub(super) fn named(name: &str) -> Result<Self> {
        let found = match name {
            "part" => Some(Self::Part),
            "gate" => Some(Self::Gate),
            "release" => Some(Self::Release),
            _ => None,
        };
        found.with_context(|| format!("-figures {name} is none of part, gate, release"))
    }

    pub(super) fn of(self, asked: Asked) -> usize {
        match self {
            Self::Part => asked.part,
            Self::Gate => asked.gate,
            Self::Release => asked.release,
        }
    }
}

/// How far a kind is. It ends when all is done, or when its time is over.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    asked: usize,
    done: AtomicUsize,
    started: Instant,
    limit: Option<Duration>,
    /// The last minute in which something was said.
    minute: AtomicU64,
}

impl Progress {
    /// None of so many yet.
    pub(super) fn new(what: &'static str, asked: usize, limit: Option<Duration>) -> Self {
        let (done, minute) = (AtomicUsize::new(0), AtomicU64::new(0));
        Self { what, asked, done, started: Instant::now(), limit, minute }
    }

    /// So many more are done. Says so now and then: a long run is seen to live.
    pub(super) fn add(&self, more: usize) {
        let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
        let minute = self.started.elapsed().as_secs() / 60;
        if self.minute.fetch_max(minute, Ordering::Relaxed) < minute {
            eprintln!("torture: {done} of {} {} after {minute} min", self.asked, self.what);
        }
    }

    /// How many are left to be done.
    pub(super) fn left(&self) -> usize {
        self.asked.saturating_sub(self.done.load(Ordering::Relaxed))
    }

    pub(super) fn is_late(&self) -> bool {
        self.limit.is_some_and(|limit| limit <= self.started.elapsed())
    }

    pub(super) fn is_over(&self) -> bool {
        self.left() == 0 || self.is_late()
    }

    /// Ends the count, with what else is to be told.
    pub(super) fn tally(&self, besides: Vec<(&'static str, usize)>) -> Tally {
        let (what, asked) = (self.what, self.asked);
        Tally { what, asked, done: self.done.load(Ordering::Relaxed), besides }
    }
}

/// What was done, in words and numbers.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    what: &'static str,
    asked: usize,
    done: usize,
    besides: Vec<(&'static str, usize)>,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, asked, done, besides } = self;
        if done < asked {
            write!(f, "{done} of {asked} {what}, then the time was over")?;
        } else {
            write!(f, "{done} {what}")?;
        }
        besides.iter().try_for_each(|(what, count)| write!(f, ", {count} {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_done_is_told() {
        let progress = Progress::new("kills", 500, Some(Duration::ZERO));
        progress.add(317);
        assert!(progress.is_over());
        let told = progress.tally(vec![("rounds", 80)]).to_string();
        assert_eq!(told, "317 of 500 kills, then the time was over, 80 rounds");
    }

    #[test]
    fn all_is_enough() {
        let progress = Progress::new("kills", 500, None);
        progress.add(499);
        assert!(!progress.is_over());
        progress.add(3);
        assert!(progress.is_over());
        assert_eq!(progress.tally(Vec::new()).to_string(), "502 kills");
    }

    #[test]
    fn figures_have_names() {
        let asked = Asked { part: 1, gate: 2, release: 3 };
        let of = |name| Figures::named(name).map(|figures| figures.of(asked)).ok();
        assert_eq!(["part", "gate", "release", "all"].map(of), [Some(1), Some(2), Some(3), None]);
    }
}
