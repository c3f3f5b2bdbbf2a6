//! PEM: octets as text.
//!
//! Reading is as tolerant as Go's `pem.Decode`, which clients of Vault rely on: text around the
//! blocks, any line ends, headers as of RFC 1421, blanks. It looks at every line once.
//!
//! Source: RFC 7468.

use super::base64;

/// A decoded block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemBlock {
    /// What stands behind BEGIN.
    pub label: String,
    /// The decoded octets.
    pub der: Vec<u8>,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Octets in a line of 64 characters.
const OCTETS_IN_A_LINE: usize = 48;

/// The longest text that is read, in octets: more than a CRL of five million entries.
const TEXT_LIMIT: usize = 512 * 1024 * 1024;

/// The longest text that is looked at for one certificate, request or key, in octets. Those are
/// refused when they are longer than a mebibyte; this leaves room for what stands around them.
pub const LONGEST_TEXT: usize = 4 * 1024 * 1024;

/// A block in lines of 64 characters, without a line end after the last.
pub fn encode(label: &str, der: &[u8]) -> String {
    let lines = der.len().div_ceil(OCTETS_IN_A_LINE);
    // Never moved while it is written: the block may be a private key.
    let frame = 2 * (END.len() + BEGIN.len() + label.len());
    let mut text = Vec::with_capacity(lines * 65 + frame);
    [BEGIN, label, DASHES, "\n"].iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
    for line in der.chunks(OCTETS_IN_A_LINE) {
        base64::append(&mut text, line);
        text.push(b'\n');
    }
    [END, label, DASHES].iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
    base64::into_text(text)
}

/// Writes a block whose octets come in parts. What does not fill a line is kept until more comes,
/// and is not wiped: this is not for private keys.
#[derive(Debug)]
pub(crate) struct Encoder {
    label: &'static str,
    has_begun: bool,
    rest: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new(label: &'static str) -> Self {
        Self { label, has_begun: false, rest: Vec::new() }
    }

    /// How long the text of so many octets is.
    pub(crate) fn length(&self, octets: usize) -> usize {
        // Four digits for each three octets, the ends of lines, and what stands around.
        octets.div_ceil(3) * 4 + octets.div_ceil(OCTETS_IN_A_LINE) + 2 * (20 + self.label.len())
    }

    /// The lines that are full.
    pub(crate) fn add(&mut self, octets: &[u8]) -> Vec<u8> {
        self.rest.extend_from_slice(octets);
        let full = self.rest.len() - self.rest.len() % OCTETS_IN_A_LINE;
        let rest = self.rest.split_off(full);
        let full = std::mem::replace(&mut self.rest, rest);
        self.lines(&full)
    }

    /// The last line, and what ends the block, without a line end.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let rest = std::mem::take(&mut self.rest);
        let mut text = self.lines(&rest);
        [END, self.label, DASHES].iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
        text
    }

    fn lines(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.length(octets.len()));
        if !std::mem::replace(&mut self.has_begun, true) {
            let begin = [BEGIN, self.label, DASHES, "\n"];
            begin.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
        }
        for line in octets.chunks(OCTETS_IN_A_LINE) {
            base64::append(&mut text, line);
            text.push(b'\n');
        }
        text
    }
}

/// All blocks of a text, and the text after the last of them.
pub fn decode_all(text: &str) -> (Vec<PemBlock>, String) {
    let mut blocks = Blocks::of(text);
    let decoded = blocks.by_ref().collect();
    (decoded, blocks.after_last.to_owned())
}

/// The first block of a text.
pub fn first(text: &str) -> Option<PemBlock> {
    Blocks::of(text).next()
}

/// Finds blocks one after the other.
struct Blocks<'a> {
    /// From the line that is looked at next.
    rest: &'a str,
    /// What follows the last block that was found.
    after_last: &'a str,
}

impl<'a> Blocks<'a> {
    /// A text that is too long has no blocks.
    fn of(text: &'a str) -> Self {
        let rest = if text.len() <= TEXT_LIMIT { text } else { "" };
        Self { rest, after_last: text }
    }

    fn line(&mut self) -> Option<&'a str> {
        let line = self.rest.split_inclusive('\n').next()?;
        self.rest = self.rest.get(line.len()..)?;
        Some(line)
    }

    /// The label, if the line begins a block.
    fn begin(line: &'a str) -> Option<&'a str> {
        line.trim_end().strip_prefix(BEGIN)?.strip_suffix(DASHES)
    }

    /// The block that the line with this label begins. It ends at the next line with dashes,
    /// whatever that is, so that no line is looked at again for each BEGIN before it.
    fn block(&mut self, label: &str) -> Option<PemBlock> {
        let mut body = self.rest;
        let mut in_headers = true;
        loop {
            let here = self.rest;
            let line = self.line()?;
            if line.starts_with(DASHES) {
                let end = line.trim_end().strip_prefix(END).and_then(|l| l.strip_suffix(DASHES));
                if end != Some(label) {
                    self.rest = here;
                    return None;
                }
                let body = body.get(..body.len() - here.len())?;
                return Some(PemBlock { label: label.to_owned(), der: base64::decode(body)? });
            }
            in_headers = in_headers && line.contains(':');
            if in_headers {
                body = self.rest;
            }
        }
    }
}

impl Iterator for Blocks<'_> {
    type Item = PemBlock;

    fn next(&mut self) -> Option<PemBlock> {
        while let Some(line) = self.line() {
            if let Some(block) = Self::begin(line).and_then(|label| self.block(label)) {
                self.after_last = self.rest;
                return Some(block);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(label: &str, der: &[u8]) -> PemBlock {
        PemBlock { label: label.to_owned(), der: der.to_vec() }
    }

    #[test]
    fn parts_are_encoded_as_the_whole_is() {
        let octets: Vec<u8> = (0..=255).collect();
        for length in [0, 1, 47, 48, 49, 96, 256] {
            let whole = octets.get(..length).unwrap();
            for part in [1, 5, 48, 50, 300] {
                let mut encoder = Encoder::new("X509 CRL");
                let bound = encoder.length(length);
                let mut text: Vec<u8> =
                    whole.chunks(part).flat_map(|part| encoder.add(part)).collect();
                text.extend(encoder.finish());
                assert_eq!(String::from_utf8(text).unwrap(), encode("X509 CRL", whole));
                assert!(encode("X509 CRL", whole).len() <= bound, "{length}");
            }
        }
    }

    #[test]
    fn lines_have_64_characters_and_the_last_no_end() {
        let text = encode("X", &[0; 49]);
        let lines: Vec<&str> = text.split('\n').collect();
        let full = "A".repeat(64);
        assert_eq!(lines, ["-----BEGIN X-----", &full, "AA==", "-----END X-----"]);
        assert_eq!(encode("X", &[]), "-----BEGIN X-----\n-----END X-----");
        for length in [0, 1, 47, 48, 49, 96, 1000] {
            let der: Vec<u8> = (0..=255).cycle().take(length).collect();
            assert_eq!(first(&encode("A B", &der)), Some(block("A B", &der)));
        }
    }

    #[test]
    fn blocks_are_found_as_go_finds_them() {
        let x = "-----BEGIN X-----\nZm9v\n-----END X-----\n";
        let cases: &[(&str, &[&str], &str)] = &[
            ("", &[], ""),
            ("nothing\n", &[], "nothing\n"),
            (x, &["X"], ""),
            (&format!("before\n{x}between\n{x}after\n"), &["X", "X"], "after\n"),
            (&x.replace('\n', "\r\n"), &["X"], ""),
            (x.trim_end(), &["X"], ""),
            ("-----BEGIN X-----\nA: b\nC: d\n\nZm 9v\n\n-----END X-----  \n.", &["X"], "."),
            ("-----BEGIN X-----\nZm9v\n-----END Y-----\n", &[], "-----BEGIN"),
            (&format!("-----BEGIN Y-----\nZm9v\n{x}"), &["X"], ""),
            (&format!("-----BEGIN Y-----\n!\n-----END Y-----\n{x}"), &["X"], ""),
            ("-----BEGIN X-----\nZm9v\n", &[], "-----BEGIN"),
            ("-----BEGIN X-----Zm9v-----END X-----\n", &[], "-----BEGIN"),
            (" -----BEGIN X-----\nZm9v\n-----END X-----\n", &[], " ---"),
        ];
        for (text, labels, after) in cases {
            let (blocks, trailing) = decode_all(text);
            let want: Vec<PemBlock> = labels.iter().map(|label| block(label, b"foo")).collect();
            assert_eq!(blocks, want, "{text}");
            assert!(trailing.starts_with(after), "{text}: {trailing}");
            assert_eq!(trailing.is_empty(), after.is_empty(), "{text}: {trailing}");
        }
    }

    /// Text that makes a reader look ahead from every line took minutes elsewhere.
    #[test]
    fn hostile_text_takes_linear_time() {
        let hostile = [
            "-----BEGIN X-----\n".repeat(200_000),
            "-----BEGIN X-----\nA:\n".repeat(200_000) + "-----END X-----",
            "-".repeat(4_000_000),
            "\n".repeat(4_000_000),
            "-----BEGIN ".repeat(400_000),
        ];
        for text in hostile {
            assert!(decode_all(&text).0.len() <= 1, "{}", text.len());
        }
    }
}
