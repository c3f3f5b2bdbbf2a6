//! Documents that may be longer than what should be in memory.

use crate::error::Error;
use crate::store::View;

/// Reads on, as of the moment it was asked.
type Next = dyn FnMut(&View<'_>) -> Result<Option<Vec<u8>>, Error>;

/// A document that is handed over part by part.
pub struct Parts {
    pub(crate) content_type: &'static str,
    /// Octets that it will have, for whoever wants it whole.
    length: usize,
    next: Box<Next>,
}

impl Parts {
    pub(crate) fn new(
        content_type: &'static str,
        length: usize,
        next: impl FnMut(&View<'_>) -> Result<Option<Vec<u8>>, Error> + 'static,
    ) -> Self {
        Self { content_type, length, next: Box::new(next) }
    }

    /// The next octets; nothing after the last.
    pub(crate) fn next(&mut self, view: &View<'_>) -> Result<Option<Vec<u8>>, Error> {
        (self.next)(view)
    }

    /// The whole of it.
    pub(crate) fn whole(mut self, view: &View<'_>) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(self.length);
        while let Some(part) = self.next(view)? {
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}
