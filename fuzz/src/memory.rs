//! How much memory an input takes. What OpenSSL takes for itself is not counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, with a count of the octets that are in use.
pub(crate) struct Counting {
    used: AtomicUsize,
    most: AtomicUsize,
}

impl Counting {
    pub(crate) const fn new() -> Self {
        Self { used: AtomicUsize::new(0), most: AtomicUsize::new(0) }
    }

    /// Forgets the most that was in use, and says what is.
    pub(crate) fn start(&self) -> usize {
        let used = self.used.load(Ordering::Relaxed);
        self.most.store(used, Ordering::Relaxed);
        used
    }

    /// The most that was in use since.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

// SAFETY: all of it is done by the system's allocator; the counts change nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = self.used.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        self.most.fetch_max(used, Ordering::Relaxed);
        // SAFETY: what the caller promises of the layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.used.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: what the caller promises of both.
        unsafe { System.dealloc(memory, layout) }
    }
}
