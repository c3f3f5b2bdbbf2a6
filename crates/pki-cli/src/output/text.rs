//! Text on its way out.

use std::io::{self, Write};

/// Takes text piece by piece.
pub(super) trait Text {
    /// Adds a piece.
    fn push_str(&mut self, piece: &str);

    /// Adds a character.
    fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }
}

impl Text for String {
    fn push_str(&mut self, piece: &str) {
        self.push_str(piece);
    }
}

/// Text that is written as soon as there is much of it: an answer may hold a CRL of megabytes, and
/// what is shown of it need not be in memory beside it.
pub(super) struct Outlet<'o> {
    out: &'o mut dyn Write,
    held: String,
    outcome: io::Result<()>,
}

impl<'o> Outlet<'o> {
    /// Octets that are gathered before they are written.
    const HELD: usize = 1 << 16;

    pub(super) fn new(out: &'o mut dyn Write) -> Self {
        Self { out, held: String::new(), outcome: Ok(()) }
    }

    /// Writes the rest.
    ///
    /// # Errors
    ///
    /// The first one of all that was written.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush();
        self.outcome
    }

    fn flush(&mut self) {
        if self.outcome.is_ok() {
            self.outcome = self.out.write_all(self.held.as_bytes());
        }
        self.held.clear();
    }
}

impl Text for Outlet<'_> {
    fn push_str(&mut self, piece: &str) {
        if self.held.len().saturating_add(piece.len()) < Self::HELD {
            return self.held.push_str(piece);
        }
        self.flush();
        if self.outcome.is_ok() {
            self.outcome = self.out.write_all(piece.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes how long each piece was; fails after the first if it is told to.
    #[derive(Default)]
    struct Pieces {
        lengths: Vec<usize>,
        whole: Vec<u8>,
        is_broken: bool,
    }

    impl Write for Pieces {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            if self.is_broken && !self.lengths.is_empty() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.lengths.push(piece.len());
            self.whole.extend_from_slice(piece);
            Ok(piece.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(pieces: &mut Pieces, texts: &[&str]) -> io::Result<()> {
        let mut outlet = Outlet::new(pieces);
        texts.iter().for_each(|text| outlet.push_str(text));
        outlet.push('é');
        outlet.finish()
    }

    #[test]
    fn little_is_written_at_once() {
        let mut pieces = Pieces::default();
        written(&mut pieces, &["a", "b", ""]).expect("written");
        assert_eq!((pieces.lengths, pieces.whole), (vec![4], "abé".into()));
    }

    #[test]
    fn much_is_written_as_it_comes_and_in_order() {
        let mut pieces = Pieces::default();
        let (long, short) = ("x".repeat(Outlet::HELD), "y".repeat(Outlet::HELD / 2));
        written(&mut pieces, &["a", &long, &short, &short, "b"]).expect("written");
        assert_eq!(pieces.whole, format!("a{long}{short}{short}bé").into_bytes());
        assert!(
            pieces.lengths.iter().all(|length| *length <= Outlet::HELD),
            "{:?}",
            pieces.lengths
        );
    }

    #[test]
    fn nothing_is_written_after_a_failure() {
        let mut pieces = Pieces { is_broken: true, ..Pieces::default() };
        let long = "x".repeat(Outlet::HELD);
        let problem = written(&mut pieces, &[&long, &long, "b"]).expect_err("broken");
        assert_eq!(problem.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(pieces.lengths.len(), 1);
    }
}
