//! Rust source as the checks see it: without what is in comments and texts.
//!
//! This is no parser. It knows where comments, texts, functions and test modules begin and end,
//! which is enough for rules about names and lengths, and also works inside macros.

use std::ops::Range;

/// A Rust file.
pub(crate) struct Source {
    /// Its name below the root, with `/` between the parts.
    pub(crate) name: String,
    /// As it is.
    pub(crate) text: String,
    /// The same bytes and lines, with blanks for what is in comments and texts.
    pub(crate) code: String,
    /// Where test modules are, in bytes.
    tests: Vec<Range<usize>>,
}

/// A function, with what is in it.
pub(crate) struct Function {
    pub(crate) name: String,
    /// The line it begins in.
    pub(crate) line: usize,
    pub(crate) lines: usize,
    pub(crate) is_test: bool,
}

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let code = mask(text);
        let tests = test_modules(&code);
        Self { name: name.to_owned(), text: text.to_owned(), code, tests }
    }

    /// The line that a byte is in, counted from one.
    pub(crate) fn line_at(&self, byte: usize) -> usize {
        let before = self.code.as_bytes().iter().take(byte);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    /// Whether a byte is in a test module, or the file is nothing but tests.
    pub(crate) fn is_test(&self, byte: usize) -> bool {
        self.name.contains("/tests/") || self.tests.iter().any(|module| module.contains(&byte))
    }

    /// Where a piece of code occurs, tests included. What it begins or ends with is not part of
    /// a longer word.
    pub(crate) fn occurrences(&self, piece: &str) -> Vec<usize> {
        let found = self.code.match_indices(piece).map(|(at, _)| at);
        found.filter(|at| is_whole(&self.code, *at, piece)).collect()
    }

    pub(crate) fn functions(&self) -> Vec<Function> {
        let starts = self.code.match_indices("fn ").map(|(at, _)| at);
        starts.filter_map(|at| self.function(at)).collect()
    }

    fn function(&self, at: usize) -> Option<Function> {
        if !is_whole(&self.code, at, "fn ") {
            return None;
        }
        let rest = self.code.get(at + 3..)?;
        let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
        let body = at + 3 + body(rest)?;
        let end = body + matching(self.code.get(body..)?)?;
        (!name.is_empty()).then(|| Function {
            name,
            line: self.line_at(at),
            lines: self.line_at(end) - self.line_at(at) + 1,
            is_test: self.is_test(at),
        })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a piece found at a place is not part of a longer word.
fn is_whole(code: &str, at: usize, piece: &str) -> bool {
    let before = code.get(..at).and_then(|before| before.chars().next_back());
    let after = code.get(at + piece.len()..).and_then(|after| after.chars().next());
    let joins = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(is_word) && outer.is_some_and(is_word)
    };
    !joins(piece.chars().next(), before) && !joins(piece.chars().next_back(), after)
}

/// Where the body of a function begins, if it has one.
fn body(signature: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in signature.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ';' if depth == 0 => return None,
            '{' if depth == 0 => return Some(at),
            _ => (),
        }
    }
    None
}

/// Where the brace that a piece begins with is closed.
fn matching(piece: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in piece.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => (),
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn test_modules(code: &str) -> Vec<Range<usize>> {
    let starts = code.match_indices("#[cfg(test)]").map(|(at, _)| at);
    let module = |at: usize| {
        let body = at + body(code.get(at..)?.trim_end_matches(']'))?;
        Some(at..body + matching(code.get(body..)?)? + 1)
    };
    starts.filter_map(module).collect()
}

/// Source with blanks in place of comments and of what is in texts.
pub(crate) fn mask(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut masked = Vec::with_capacity(rest.len());
    while let Some(first) = rest.first() {
        let (hidden, length) = match token(rest) {
            Some(length) => (true, length),
            None => (false, 1),
        };
        let (piece, more) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        match hidden {
            true => masked.extend(piece.iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' })),
            false => masked.push(*first),
        }
        rest = more;
    }
    String::from_utf8_lossy(&masked).into_owned()
}

/// The length of the comment or text that begins here.
fn token(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'/', b'/', ..] => Some(rest.iter().take_while(|byte| **byte != b'\n').count()),
        [b'/', b'*', ..] => Some(block_comment(rest)),
        [b'"', ..] => Some(quoted(rest)),
        [b'r', after @ ..] => raw(after).map(|length| length + 1),
        [b'\'', b'\\', ..] => Some(character(rest)),
        [b'\'', after @ ..] => {
            let text = String::from_utf8_lossy(after.get(..5).unwrap_or(after)).into_owned();
            let mut text = text.chars();
            let length = text.next().map_or(0, char::len_utf8);
            // Otherwise it is a lifetime.
            (text.next() == Some('\'')).then_some(length + 2)
        }
        _ => None,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut length) = (0_usize, 0);
    while let Some(after) = rest.get(length..) {
        let step = match after {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            [] => break,
            _ => 1,
        };
        length += step;
        if depth == 0 {
            break;
        }
    }
    length
}

fn quoted(rest: &[u8]) -> usize {
    let mut is_escaped = false;
    let inside = rest.iter().skip(1).take_while(|byte| {
        let goes_on = is_escaped || **byte != b'"';
        is_escaped = !is_escaped && **byte == b'\\';
        goes_on
    });
    inside.count() + 2
}

fn character(rest: &[u8]) -> usize {
    let inside = rest.iter().skip(3).take_while(|byte| **byte != b'\'');
    inside.count() + 4
}

/// The length of what follows the `r` of a raw text.
fn raw(after: &[u8]) -> Option<usize> {
    let hashes = after.iter().take_while(|byte| **byte == b'#').count();
    let opened = hashes + 1;
    if after.get(hashes) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = [b'"'].into_iter().chain(std::iter::repeat_n(b'#', hashes)).collect();
    let inside = after.get(opened..)?.windows(close.len()).position(|window| window == close)?;
    Some(opened + inside + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(mask(text), want, "{text}");
    }

    #[test]
    fn comments_and_texts_are_blank() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("{\"}", 1)"#, "f(      , 1)");
        check("r#\"a\"b\"#;", "        ;");
        check("'{' '\\'' '\\n'", "             ");
        check("fn a<'a>(x: &'a str)", "fn a<'a>(x: &'a str)");
        check("r#type", "r#type");
    }

    #[test]
    fn functions_have_names_and_lengths() {
        let text = "fn a(x: [u8; 3]) -> u8 {\n    {}\n}\ntrait T { fn b(); }\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
        let source = Source::new("a.rs", text);
        let found: Vec<_> =
            source.functions().into_iter().map(|f| (f.name, f.line, f.lines, f.is_test)).collect();
        assert_eq!(found, [("a".to_owned(), 1, 3, false), ("c".to_owned(), 7, 1, true)]);
    }

    #[test]
    fn pieces_of_words_do_not_count() {
        let source = Source::new("a.rs", "crate::a; mycrate::b; x.expose(); reexpose()");
        assert_eq!(source.occurrences("crate::"), [0]);
        assert_eq!(source.occurrences("expose("), [24]);
    }
}
