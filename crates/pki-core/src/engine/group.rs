//! Many commands in one transaction, carried out by several threads.
//!
//! Each thread has a snapshot and a transaction of its own, as if it were a process of its own;
//! what they made becomes one batch of changes. That is right as long as none of them changed
//! what another has read or changed, and is checked. Where it is not so, one thread does it all.

use std::collections::HashMap;
use std::convert::Infallible;
use std::iter::once;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, OnceLock};
use std::thread::{self, Builder};

use pki_store::{Batch, Expect, Key, Op};

use super::Engine;
use super::following::Following;
use super::write::ATTEMPTS;
use crate::api::endpoint::{Check, Command, Reply};
use crate::ca::batches;
use crate::ca::tables::BATCHES;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::store::Tx;

pub use crate::ca::batches::Step;

/// Why nothing of a group was carried out.
#[derive(Debug, thiserror::Error)]
pub enum GroupError<E> {
    /// One of the commands cannot be carried out.
    #[error("{error}")]
    Command {
        /// Which, counted from 0: the first such command that was found.
        index: usize,
        /// Why.
        error: Error,
    },
    /// The group as a whole cannot be carried out.
    #[error(transparent)]
    Group(#[from] Error),
    /// What was made could not be kept.
    #[error("{0}")]
    Keep(E),
}

/// The answers to a group, in the order of its commands.
type Replies<C> = Vec<Reply<<C as Command>::Reply>>;

/// Sees to it that what was made is not lost.
type Keep<'k, C, E> = dyn FnMut(&[Reply<<C as Command>::Reply>]) -> Result<(), E> + 'k;

/// What one thread has done of a group.
struct Part<C: Command> {
    replies: Vec<(usize, Reply<C::Reply>)>,
    changes: Option<Batch>,
    following: Option<Following>,
}

/// Why a thread gave up, and at which command if at one.
struct Failed {
    index: Option<usize>,
    error: Error,
}

impl Failed {
    fn into_error<E>(self) -> GroupError<E> {
        let Self { index, error } = self;
        match index {
            Some(index) => GroupError::Command { index, error },
            None => GroupError::Group(error),
        }
    }
}

/// What the threads of one attempt share.
struct Attempt<'a, C> {
    mount: &'a str,
    commands: &'a [C],
    /// Nobody looks at the clock before everybody has taken a snapshot: what others wrote into
    /// one lies before the moment of the group.
    snapshots: OnceLock<Barrier>,
    moment: OnceLock<Timestamp>,
    next: AtomicUsize,
    has_failed: AtomicBool,
}

impl Engine {
    /// Carries out typed commands in a mount: all of them in one durable transaction, or none.
    /// They are carried out in no particular order, on so many threads, at one moment.
    ///
    /// # Errors
    ///
    /// The first command that cannot be carried out; the store is as it was.
    pub fn execute_all<C>(
        &self,
        mount: &str,
        commands: &[C],
        jobs: NonZeroUsize,
    ) -> Result<Replies<C>, GroupError<Infallible>>
    where
        C: Command + Sync,
        C::Reply: Send,
    {
        self.execute_group(mount, commands, jobs, None, &mut |_| Ok(()))
    }

    /// As [`Engine::execute_all`], for the next step of a batch: that it is done is part of the
    /// transaction. Before that, what was made is given to `keep`, which makes sure that it is
    /// not lost once it counts. That happens again if other writers were in the way.
    ///
    /// # Errors
    ///
    /// As before; also when the batch is not where the step begins, or `keep` has failed.
    pub fn execute_step<C, E>(
        &self,
        mount: &str,
        commands: &[C],
        jobs: NonZeroUsize,
        step: &Step,
        keep: &mut Keep<'_, C, E>,
    ) -> Result<Replies<C>, GroupError<E>>
    where
        C: Command + Sync,
        C::Reply: Send,
    {
        self.execute_group(mount, commands, jobs, Some(step), keep)
    }

    /// How many rows of a batch are done; `None` if there is no such batch.
    ///
    /// # Errors
    ///
    /// When that cannot be read.
    pub fn batch_progress(&self, mount: &str, batch: &str) -> Result<Option<u64>, Error> {
        let (_, view) = self.enter(mount)?;
        Ok(view.get(&BATCHES, &batch.to_owned())?.map(|record| record.done))
    }

    /// Says of each command whether it would be carried out, on so many threads. Nothing is
    /// changed.
    ///
    /// # Errors
    ///
    /// When none can be checked.
    pub fn check_all<C: Check + Sync>(
        &self,
        mount: &str,
        commands: &[C],
        jobs: NonZeroUsize,
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let share = commands.len().div_ceil(jobs.get()).max(1);
        let check = |part: &[C]| -> Result<Vec<Result<(), Error>>, Error> {
            let (entered, view) = self.enter(mount)?;
            let cx = self.read_cx(&view, &entered);
            Ok(part.iter().map(|command| command.check(&cx)).collect())
        };
        let parts: Result<Vec<_>, Error> = thread::scope(|scope| {
            let (first, rest) = commands.split_at_checked(share).unwrap_or((commands, &[]));
            let start = |part| (part, Builder::new().spawn_scoped(scope, move || check(part)));
            let others: Vec<_> = rest.chunks(share).map(start).collect();
            let others = others.into_iter();
            let others = others.map(|(part, started)| {
                // Where the system has no more threads to give, this one does the work.
                started.map_or_else(|_| check(part), |thread| joined(thread.join()))
            });
            once(check(first)).chain(others).collect()
        });
        Ok(parts?.into_iter().flatten().collect())
    }

    fn execute_group<C, E>(
        &self,
        mount: &str,
        commands: &[C],
        jobs: NonZeroUsize,
        step: Option<&Step>,
        keep: &mut Keep<'_, C, E>,
    ) -> Result<Replies<C>, GroupError<E>>
    where
        C: Command + Sync,
        C::Reply: Send,
    {
        let mut jobs = jobs.get().min(commands.len().max(1));
        for _ in 0..ATTEMPTS {
            let mut parts = self.attempt(mount, commands, jobs).map_err(Failed::into_error)?;
            let mut changes: Vec<Batch> =
                parts.iter_mut().filter_map(|part| part.changes.take()).collect();
            changes.extend(step.map(|step| self.advance(mount, step)).transpose()?.flatten());
            let Some(changes) = merged(changes) else {
                jobs = 1;
                continue;
            };
            let following: Vec<Following> =
                parts.iter_mut().filter_map(|part| part.following.take()).collect();
            let mut replies: Vec<_> = parts.into_iter().flat_map(|part| part.replies).collect();
            replies.sort_unstable_by_key(|(index, _)| *index);
            let replies: Replies<C> = replies.into_iter().map(|(_, reply)| reply).collect();
            keep(&replies).map_err(GroupError::Keep)?;
            if changes.ops.is_empty() || self.apply(&changes)? {
                for following in following {
                    self.follow(mount, following)?;
                }
                return Ok(replies);
            }
        }
        Err(Error::Contended(ATTEMPTS).into())
    }

    /// The changes that note a step as done.
    fn advance(&self, mount: &str, step: &Step) -> Result<Option<Batch>, Error> {
        let (mount, view) = self.enter(mount)?;
        let (tx, now) = (Tx::new(view), self.env.clock.now());
        let mut cx = self.write_cx(tx, &mount, now);
        batches::advance(&mut cx, step)?;
        Ok(cx.tx.into_batch())
    }

    /// Runs all commands on so many threads. Fails with the first that failed, if it is known.
    fn attempt<C>(&self, mount: &str, commands: &[C], jobs: usize) -> Result<Vec<Part<C>>, Failed>
    where
        C: Command + Sync,
        C::Reply: Send,
    {
        let attempt = Attempt {
            mount,
            commands,
            snapshots: OnceLock::new(),
            moment: OnceLock::new(),
            next: AtomicUsize::new(0),
            has_failed: AtomicBool::new(false),
        };
        let parts: Vec<Result<_, _>> = thread::scope(|scope| {
            // Where the system has no more threads to give, fewer do the work.
            let start = |_| Builder::new().spawn_scoped(scope, || self.part(&attempt)).ok();
            let others: Vec<_> = (1..jobs).map_while(start).collect();
            attempt.snapshots.get_or_init(|| Barrier::new(1 + others.len()));
            let others = others.into_iter().map(|thread| joined(thread.join()));
            once(self.part(&attempt)).chain(others).collect()
        });
        let (mut done, mut failed): (Vec<Part<C>>, Option<Failed>) = (Vec::new(), None);
        for part in parts {
            match (part, &failed) {
                (Ok(part), _) => done.push(part),
                (Err(failure), Some(first)) if first.index <= failure.index => drop(failure),
                (Err(failure), _) => failed = Some(failure),
            }
        }
        failed.map_or(Ok(done), Err)
    }

    /// One thread's part of an attempt: whatever command is next.
    fn part<C: Command>(&self, attempt: &Attempt<'_, C>) -> Result<Part<C>, Failed> {
        let entered = self.enter(attempt.mount);
        attempt.snapshots.wait().wait();
        let (mount, view) = entered.map_err(|error| Failed { index: None, error })?;
        let now = *attempt.moment.get_or_init(|| self.env.clock.now());
        let tx = Tx::new(view);
        let mut cx = self.write_cx(tx, &mount, now);
        let mut replies = Vec::new();
        while !attempt.has_failed.load(Ordering::Relaxed) {
            let index = attempt.next.fetch_add(1, Ordering::Relaxed);
            let Some(command) = attempt.commands.get(index) else { break };
            let reply = command.execute(&mut cx).map_err(|error| {
                attempt.has_failed.store(true, Ordering::Relaxed);
                Failed { index: Some(index), error }
            })?;
            replies.push((index, reply));
        }
        let following = Following::after(&mut cx);
        Ok(Part { replies, changes: cx.tx.into_batch(), following })
    }
}

/// A thread that panicked makes its caller do so too, as if there had been no thread.
fn joined<T>(outcome: thread::Result<T>) -> T {
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// All changes as one batch; nothing if one part changes what another has read or changed, or
/// two work out their changes later, when it is too late to compare them.
fn merged(parts: Vec<Batch>) -> Option<Batch> {
    let has_many = |batch: &&Batch| batch.ops.iter().any(|op| matches!(op, Op::Many(_)));
    if 1 < parts.iter().filter(has_many).count() {
        return None;
    }
    let touched = Touched::by(&parts);
    for (part, batch) in parts.iter().enumerate() {
        let written = batch.ops.iter().filter_map(|op| match op {
            Op::Put { key, .. } | Op::Delete { key } => Some(key),
            Op::DeleteRange { .. } | Op::Many(_) => None,
        });
        let read = batch.expect.iter().map(|(key, _)| key);
        if written.chain(read).any(|key| touched.by_other(part, key)) {
            return None;
        }
    }
    let (expect, ops): (Vec<_>, Vec<_>) =
        parts.into_iter().map(|batch| (batch.expect, batch.ops)).unzip();
    Some(Batch { expect: distinct(&expect), ops: ops.into_iter().flatten().collect() })
}

/// Which part changes what: the last that writes a record, and all that empty ranges or change
/// many records of a table.
struct Touched<'a> {
    records: HashMap<(u8, &'a [u8]), usize>,
    ranges: Vec<(u8, usize)>,
}

impl<'a> Touched<'a> {
    fn by(parts: &'a [Batch]) -> Self {
        let mut touched = Self { records: HashMap::new(), ranges: Vec::new() };
        for (part, batch) in parts.iter().enumerate() {
            for op in &batch.ops {
                match op {
                    Op::Put { key, .. } | Op::Delete { key } => {
                        touched.records.insert((key.table.number, &key.bytes), part);
                    }
                    Op::DeleteRange { range } => touched.ranges.push((range.table.number, part)),
                    Op::Many(many) => {
                        let tables = many.0.tables().iter();
                        touched.ranges.extend(tables.map(|table| (table.number, part)));
                    }
                }
            }
        }
        touched
    }

    fn by_other(&self, part: usize, key: &Key) -> bool {
        let writer = self.records.get(&(key.table.number, key.bytes.as_slice()));
        let is_in_range =
            |(table, other): &(u8, usize)| *table == key.table.number && *other != part;
        writer.is_some_and(|writer| *writer != part) || self.ranges.iter().any(is_in_range)
    }
}

/// What is expected, each only once: commands of a group read much the same.
fn distinct(parts: &[Vec<(Key, Expect)>]) -> Vec<(Key, Expect)> {
    let mut seen: HashMap<(u8, &[u8]), Expect> = HashMap::new();
    let all = parts.iter().flatten();
    let new = all.filter(|(key, expect)| {
        let place = (key.table.number, key.bytes.as_slice());
        // Two that contradict each other both stay, and one of them will not hold.
        seen.insert(place, *expect) != Some(*expect)
    });
    new.cloned().collect()
}
