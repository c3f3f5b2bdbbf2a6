//! Writers of one process that come at the same time.
//!
//! A commit waits for the disk, and that takes as long for many batches as for one. So the first
//! writer leads: it gets the right to write, and commits its own batch with all that have come
//! meanwhile. Those that come while it does wait for the next leader, who is the first of them.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::lock::busy;
use crate::{Batch, StoreError};

/// What a writer is told that has waited.
#[derive(Debug)]
enum Told {
    /// To lead.
    Lead,
    /// What has become of its batch.
    Done(Result<u64, StoreError>),
}

/// A batch that waits for somebody to commit it.
#[derive(Debug)]
pub(super) struct Waiting {
    number: u64,
    pub(super) batch: Batch,
    teller: SyncSender<Told>,
}

impl Waiting {
    pub(super) fn tell(self, outcome: Result<u64, StoreError>) {
        // Nobody hears it whose thread has died.
        drop(self.teller.send(Told::Done(outcome)));
    }
}

/// Those that wait, in order of arrival.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_led: bool,
    last: u64,
    waiting: VecDeque<Waiting>,
}

/// What a writer has to do.
pub(super) enum Turn<'q> {
    /// To commit its batch, and others with it.
    Lead(Lead<'q>),
    /// Nothing: somebody else has.
    Done(Result<u64, StoreError>),
}

impl Queue {
    /// Waits until this batch is committed, or its writer has to lead.
    pub(super) fn join(&self, batch: &Batch, patience: Duration) -> Turn<'_> {
        let started = Instant::now();
        let mut state = self.state();
        if !state.is_led {
            state.is_led = true;
            return Turn::Lead(Lead(self));
        }
        state.last += 1;
        let number = state.last;
        let (teller, told) = sync_channel(1);
        state.waiting.push_back(Waiting { number, batch: batch.clone(), teller });
        drop(state);
        match self.listen(number, &told, patience) {
            Some(Told::Lead) => Turn::Lead(Lead(self)),
            Some(Told::Done(outcome)) => Turn::Done(outcome),
            None => Turn::Done(Err(busy(started.elapsed()))),
        }
    }

    fn listen(&self, number: u64, told: &Receiver<Told>, patience: Duration) -> Option<Told> {
        match told.recv_timeout(patience) {
            Ok(told) => Some(told),
            Err(RecvTimeoutError::Timeout) if self.withdraw(number) => None,
            // A leader has it in hand, or had and has died.
            Err(_) => told.recv().ok(),
        }
    }

    /// False if it was taken out already.
    fn withdraw(&self, number: u64) -> bool {
        let mut state = self.state();
        let before = state.waiting.len();
        state.waiting.retain(|waiting| waiting.number != number);
        state.waiting.len() < before
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Being the one who writes, until dropped; then the first that waits is.
pub(super) struct Lead<'q>(&'q Queue);

impl Lead<'_> {
    /// At most so many of those that wait.
    pub(super) fn take(&self, most: usize) -> Vec<Waiting> {
        let mut state = self.0.state();
        let most = most.min(state.waiting.len());
        state.waiting.drain(..most).collect()
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        while let Some(next) = state.waiting.pop_front() {
            if next.teller.send(Told::Lead).is_ok() {
                return;
            }
        }
        state.is_led = false;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn who_comes_while_another_leads_is_served_by_it() {
        let queue = Queue::default();
        let Turn::Lead(lead) = queue.join(&Batch::default(), LONG) else { panic!("alone") };
        thread::scope(|scope| {
            let others: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| matches!(queue.join(&Batch::default(), LONG), Turn::Done(Ok(7))))
                })
                .collect();
            let mut served = 0;
            while served < 3 {
                for waiting in lead.take(2) {
                    waiting.tell(Ok(7));
                    served += 1;
                }
            }
            assert!(others.into_iter().all(|other| other.join().unwrap()));
        });
        drop(lead);
        assert!(matches!(queue.join(&Batch::default(), LONG), Turn::Lead(_)));
    }

    #[test]
    fn the_lead_is_handed_on_in_order_of_arrival() {
        let queue = Queue::default();
        let lead = queue.join(&Batch::default(), LONG);
        let order = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for number in 0..4 {
                let (queue, order) = (&queue, &order);
                scope.spawn(move || {
                    let turn = queue.join(&Batch::default(), LONG);
                    order.lock().unwrap().push(number);
                    drop(turn);
                });
                while queue.state().waiting.len() <= number {
                    thread::yield_now();
                }
            }
            drop(lead);
        });
        assert_eq!(order.into_inner().unwrap(), [0, 1, 2, 3]);
    }

    #[test]
    fn patience_ends() {
        let queue = Queue::default();
        let lead = queue.join(&Batch::default(), LONG);
        let turn = queue.join(&Batch::default(), Duration::ZERO);
        assert!(matches!(turn, Turn::Done(Err(StoreError::Busy { .. }))));
        assert!(queue.state().waiting.is_empty());
        drop(lead);
        assert!(matches!(queue.join(&Batch::default(), Duration::ZERO), Turn::Lead(_)));
    }

    #[test]
    fn a_leader_that_dies_leaves_nobody_waiting() {
        let queue = Queue::default();
        let both = Barrier::new(2);
        thread::scope(|scope| {
            let dying = scope.spawn(|| {
                let _lead = queue.join(&Batch::default(), LONG);
                both.wait();
                while queue.state().waiting.is_empty() {
                    thread::yield_now();
                }
                panic!("while it leads");
            });
            both.wait();
            assert!(matches!(queue.join(&Batch::default(), LONG), Turn::Lead(_)));
            assert!(dying.join().is_err());
        });
    }
}
