//! Lines of a file of any size, and the records of CSV that they make up (RFC 4180).

use std::io::{self, BufRead, Read as _};

use crate::failure::reason;

/// Octets that a row may have. A file that has no line ends is not read into memory whole.
const LONGEST: usize = 1 << 20;

/// A row that is none, after which nothing else in the file can be trusted.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(super) struct NotRows {
    line: u64,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{}", reason(.0))]
    Read(io::Error),
    #[error("this is not text in UTF-8")]
    NotText,
    #[error("the row that begins here is longer than a mebibyte")]
    TooLong,
    #[error("the quotation mark of a value that begins in this row is never closed")]
    Unclosed,
    #[error("a quotation mark stands within a value that does not begin with one")]
    StrayQuote,
    #[error("a comma has to follow the quotation mark that closes a value")]
    AfterQuote,
}

/// A row, and the line that it begins on, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<T> {
    pub(super) number: u64,
    pub(super) content: T,
}

/// What quotation marks do to line ends.
#[derive(Clone, Copy)]
enum Quotes {
    /// Nothing.
    AreText,
    /// They come in pairs, and a line end between two of them does not end the row.
    Hold,
}

impl Quotes {
    fn are_odd(self, part: &[u8]) -> bool {
        match self {
            Self::AreText => false,
            Self::Hold => part.iter().filter(|octet| **octet == b'"').count() % 2 == 1,
        }
    }
}

/// Reads rows one after another.
pub(super) struct Lines<R> {
    source: R,
    read: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, read: 0 }
    }

    /// Where the lines come from.
    pub(super) fn into_source(self) -> R {
        self.source
    }

    /// The next line that is not empty, without its end.
    ///
    /// # Errors
    ///
    /// When what follows is no line of text.
    pub(super) fn next_text(&mut self) -> Result<Option<Line<String>>, NotRows> {
        self.next(Quotes::AreText)
    }

    /// The values of the next record.
    ///
    /// # Errors
    ///
    /// When what follows is no record.
    pub(super) fn next_record(&mut self) -> Result<Option<Line<Vec<String>>>, NotRows> {
        let Some(Line { number, content }) = self.next(Quotes::Hold)? else { return Ok(None) };
        let content = values(&content).map_err(|problem| NotRows { line: number, problem })?;
        Ok(Some(Line { number, content }))
    }

    fn next(&mut self, quotes: Quotes) -> Result<Option<Line<String>>, NotRows> {
        let (mut row, mut is_open) = (Vec::new(), false);
        let mut number = self.read + 1;
        loop {
            let at = |problem| NotRows { line: number, problem };
            let before = row.len();
            let is_at_end = self.extend(&mut row).map_err(at)?;
            // A row may have as many lines as octets: only what is new is looked at.
            is_open ^= quotes.are_odd(row.get(before..).unwrap_or_default());
            match is_at_end {
                true if row.is_empty() => return Ok(None),
                true if is_open => return Err(at(Problem::Unclosed)),
                _ if matches!(row.as_slice(), b"\n" | b"\r\n") => {
                    row.clear();
                    number = self.read + 1;
                }
                false if is_open => (),
                _ => break,
            }
        }
        let text = String::from_utf8(row).ok().filter(|text| !text.contains('\0'));
        let text = text.ok_or(NotRows { line: number, problem: Problem::NotText })?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let content = text.strip_suffix('\r').unwrap_or(text).to_owned();
        Ok(Some(Line { number, content }))
    }

    /// Adds a line to a row. True at the end of the file.
    fn extend(&mut self, row: &mut Vec<u8>) -> Result<bool, Problem> {
        const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
        let left = (LONGEST + 1).saturating_sub(row.len()) as u64;
        let read = self.source.by_ref().take(left).read_until(b'\n', row);
        let read = read.map_err(Problem::Read)?;
        if LONGEST < row.len() {
            return Err(Problem::TooLong);
        }
        if self.read == 0 && row.starts_with(BYTE_ORDER_MARK) {
            row.drain(..BYTE_ORDER_MARK.len());
        }
        self.read += 1;
        Ok(read == 0)
    }
}

/// The values of a record.
fn values(record: &str) -> Result<Vec<String>, Problem> {
    let (mut values, mut rest) = (Vec::new(), record);
    loop {
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted)?,
            None => plain_value(rest)?,
        };
        values.push(value);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(values),
            None => return Err(Problem::AfterQuote),
        }
    }
}

fn plain_value(text: &str) -> Result<(String, &str), Problem> {
    let (value, rest) =
        text.split_at_checked(text.find(',').unwrap_or(text.len())).unwrap_or((text, ""));
    if value.contains('"') { Err(Problem::StrayQuote) } else { Ok((value.to_owned(), rest)) }
}

/// A value whose quotation mark was read. Two of them stand for one.
fn quoted_value(text: &str) -> Result<(String, &str), Problem> {
    let (mut value, mut rest) = (String::new(), text);
    loop {
        let (before, after) = rest.split_once('"').ok_or(Problem::Unclosed)?;
        value.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                value.push('"');
                rest = next;
            }
            None => return Ok((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut lines = Lines::new(text);
        let mut found = Vec::new();
        loop {
            match lines.next_record() {
                Ok(Some(Line { number, content })) => found.push((number, content)),
                Ok(None) => return Ok(found),
                Err(problem) => return Err(problem.to_string()),
            }
        }
    }

    #[track_caller]
    fn check(text: &str, want: &[(u64, &[&str])]) {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let want = want.iter().map(|(line, values)| (*line, owned(values))).collect();
        assert_eq!(records(text.as_bytes()), Ok(want), "{text:?}");
    }

    #[test]
    fn records_are_lines_of_values() {
        check("", &[]);
        check("\n\r\n", &[]);
        check("a,b\n1,\n", &[(1, &["a", "b"]), (2, &["1", ""])]);
        check("\u{feff}a\r\n\r\n b ", &[(1, &["a"]), (3, &[" b "])]);
        check("\u{feff}\"a\"", &[(1, &["a"])]);
    }

    #[test]
    fn quoted_values_hold_anything() {
        check("\"a,\"\"b\"\"\",c\n", &[(1, &["a,\"b\"", "c"])]);
        check("x\n\"1\n\n2\",3\nz", &[(1, &["x"]), (2, &["1\n\n2", "3"]), (5, &["z"])]);
        check("\"\",\"\"", &[(1, &["", ""])]);
    }

    #[test]
    fn what_is_no_record_is_said_with_its_line() {
        for (text, want) in [
            (&b"a\n\"b,c\nd"[..], "line 2: the quotation mark of a value"),
            (b"a\nb\"c\"\n", "line 2: a quotation mark stands within"),
            (b"a\n\"b\"c\n", "line 2: a comma has to follow"),
            (b"a\nb\xff\n", "line 2: this is not text"),
            (b"\x7fELF\0\n", "line 1: this is not text"),
            (b"\xff\xfea\0\n\0", "line 1: this is not text"),
        ] {
            let got = records(text).expect_err("refused");
            assert!(got.starts_with(want), "{got}");
        }
        let endless = vec![b'a'; LONGEST + 1];
        assert!(records(&endless).expect_err("refused").contains("longer than a mebibyte"));
        assert_eq!(records(&vec![b'a'; LONGEST]).map(|found| found.len()), Ok(1));
        // It took minutes when each line end was followed by a look at the whole row.
        let mut lines = vec![b'\n'; LONGEST + 1];
        lines[0] = b'"';
        assert!(records(&lines).expect_err("refused").contains("longer than a mebibyte"));
    }
}
