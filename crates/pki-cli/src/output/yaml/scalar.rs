//! Texts and numbers in YAML: in which style, and how.

use std::fmt::Write as _;

/// A text is folded at the first blank past this column.
const FOLD: usize = 80;

/// The ways to write a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Block,
}

/// A key of a mapping: never folded, never a block.
pub(super) fn key(text: &mut String, content: &str) {
    match style(content) {
        Style::Plain => text.push_str(content),
        Style::SingleQuoted => single_quoted(text, content, None),
        Style::DoubleQuoted | Style::Block => double_quoted(text, content, None),
    }
}

/// A text whose further lines start in column `indent`.
pub(super) fn string(text: &mut String, content: &str, indent: usize) {
    match style(content) {
        Style::Plain => folded(text, content, Some(indent)),
        Style::SingleQuoted => single_quoted(text, content, Some(indent)),
        Style::DoubleQuoted => double_quoted(text, content, Some(indent)),
        Style::Block => block(text, content, indent),
    }
}

/// A floating-point number as Go's `%g` has it.
pub(super) fn float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(-4..=5) => value.to_string(),
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        Err(_) => scientific,
    }
}

fn style(content: &str) -> Style {
    let special = content.chars().any(is_special);
    if content.contains('\n') {
        // A blank at the end of a line would be lost on the eye, and on some editors.
        let fits = !special && !content.contains(" \n") && !content.ends_with(' ');
        return if fits { Style::Block } else { Style::DoubleQuoted };
    }
    if special || means_something_else(content) {
        Style::DoubleQuoted
    } else if is_plain(content) {
        Style::Plain
    } else {
        Style::SingleQuoted
    }
}

/// What cannot stand for itself in any style but the double-quoted one.
fn is_special(c: char) -> bool {
    !matches!(c, '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

/// Whether a reader would take the bare word for something that is no text.
fn means_something_else(content: &str) -> bool {
    const WORDS: [&str; 12] =
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null", ".nan", ".inf", "~"];
    content.is_empty()
        || WORDS.iter().any(|word| content.eq_ignore_ascii_case(word))
        || is_number(content)
        || is_date(content)
}

/// Whole numbers in any base, floating-point numbers, and numbers to the base of 60.
fn is_number(content: &str) -> bool {
    let unsigned = content.strip_prefix(['+', '-']).unwrap_or(content);
    if unsigned.eq_ignore_ascii_case(".inf") {
        return true;
    }
    let digits = unsigned.replace('_', "");
    let in_base = |prefix: &str, base: u32| {
        digits
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(base)))
    };
    let starts_like_one = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let sexagesimal = unsigned.contains(':')
        && unsigned.split(':').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'))
        });
    starts_like_one
        && (sexagesimal
            || in_base("0x", 16)
            || in_base("0o", 8)
            || in_base("0b", 2)
            || digits.parse::<f64>().is_ok())
}

/// `2026-01-02`, alone or with a time after it.
fn is_date(content: &str) -> bool {
    let (date, _) = content.split_once(['T', 't', ' ']).unwrap_or((content, ""));
    let parts: Vec<&str> = date.split('-').collect();
    let fits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match parts.as_slice() {
        [year, month, day] => fits(year, 4..=4) && fits(month, 1..=2) && fits(day, 1..=2),
        _ => false,
    }
}

/// Whether a text can stand without quotes.
fn is_plain(content: &str) -> bool {
    let mut letters = content.chars();
    let (first, second) = (letters.next(), letters.next());
    let bad_start = match first {
        Some('-' | '?' | ':') => second.is_none_or(|c| c == ' '),
        Some(c) => "#,[]{}&*!|>'\"%@` ".contains(c),
        None => true,
    };
    !bad_start
        && !content.starts_with("---")
        && !content.starts_with("...")
        && !content.ends_with([' ', ':'])
        && !content.contains(": ")
        && !content.contains(" #")
}

fn single_quoted(text: &mut String, content: &str, indent: Option<usize>) {
    text.push('\'');
    folded(text, &content.replace('\'', "''"), indent);
    text.push('\'');
}

/// Writes a text, and breaks it at single blanks between words when the line has become long.
fn folded(text: &mut String, content: &str, indent: Option<usize>) {
    let Some(indent) = indent else {
        text.push_str(content);
        return;
    };
    let mut column = column(text);
    let mut letters = content.chars().peekable();
    let mut before = ' ';
    while let Some(c) = letters.next() {
        let between_words = c == ' ' && before != ' ' && letters.peek().is_some_and(|c| *c != ' ');
        if between_words && FOLD < column {
            new_line(text, indent);
            column = indent;
        } else {
            text.push(c);
            column = column.saturating_add(1);
        }
        before = c;
    }
}

fn double_quoted(text: &mut String, content: &str, indent: Option<usize>) {
    let mut column = column(text);
    text.push('"');
    let mut letters = content.chars().peekable();
    let mut before = ' ';
    while let Some(c) = letters.next() {
        let start = text.len();
        let between_words = c == ' ' && before != ' ' && letters.peek().is_some_and(|c| *c != ' ');
        match indent {
            Some(indent) if between_words && FOLD < column => {
                new_line(text, indent);
                column = indent;
            }
            _ => {
                escaped(text, c);
                column = column.saturating_add(text.len().saturating_sub(start));
            }
        }
        before = c;
    }
    text.push('"');
}

fn escaped(text: &mut String, c: char) {
    let short = match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{B}' => "\\v",
        '\u{C}' => "\\f",
        '\u{1B}' => "\\e",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        c if !is_special(c) => {
            text.push(c);
            return;
        }
        c => {
            let _infallible = match u32::from(c) {
                code @ 0..=0xFF => write!(text, "\\x{code:02X}"),
                code @ 0x100..=0xFFFF => write!(text, "\\u{code:04X}"),
                code => write!(text, "\\U{code:08X}"),
            };
            return;
        }
    };
    text.push_str(short);
}

/// A block: how it starts and ends is said in its first line.
fn block(text: &mut String, content: &str, indent: usize) {
    text.push('|');
    if content.starts_with([' ', '\n']) {
        text.push('2');
    }
    match content.strip_suffix('\n') {
        None => text.push('-'),
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => text.push('+'),
        Some(_) => {}
    }
    for line in content.strip_suffix('\n').unwrap_or(content).split('\n') {
        text.push('\n');
        if !line.is_empty() {
            text.push_str(&" ".repeat(indent));
            text.push_str(line);
        }
    }
}

fn new_line(text: &mut String, indent: usize) {
    text.push('\n');
    text.push_str(&" ".repeat(indent));
}

/// The column the text has come to.
fn column(text: &str) -> usize {
    text.rsplit('\n').next().map_or(0, |line| line.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as the reference writes it as a member of `data`.
    #[test]
    fn texts_have_the_style_of_the_reference() {
        for (content, want) in [
            ("yes", "\"yes\""),
            ("on", "\"on\""),
            ("y", "\"y\""),
            ("null", "\"null\""),
            ("~", "\"~\""),
            ("1e3", "\"1e3\""),
            ("0x10", "\"0x10\""),
            ("0o7", "\"0o7\""),
            ("0b11", "\"0b11\""),
            ("010", "\"010\""),
            ("2026-01-02", "\"2026-01-02\""),
            ("2026-01-02T03:04:05Z", "\"2026-01-02T03:04:05Z\""),
            ("1:30", "\"1:30\""),
            ("12:34:56", "\"12:34:56\""),
            ("1_000", "\"1_000\""),
            (".5", "\".5\""),
            ("-1", "\"-1\""),
            ("+1", "\"+1\""),
            (".inf", "\".inf\""),
            (".nan", "\".nan\""),
            ("", "\"\""),
            ("- x", "'- x'"),
            ("-", "'-'"),
            ("--", "--"),
            ("---", "'---'"),
            ("...", "'...'"),
            ("a: b", "'a: b'"),
            ("a:", "'a:'"),
            (":a", ":a"),
            ("a:b", "a:b"),
            ("a #b", "'a #b'"),
            ("#x", "'#x'"),
            (" lead", "' lead'"),
            ("trail ", "'trail '"),
            ("tab\there", "\"tab\\there\""),
            ("é", "é"),
            ("emoji \u{1F600}", "\"emoji \\U0001F600\""),
            ("*star", "'*star'"),
            ("a, b", "a, b"),
            ("'q'", "'''q'''"),
            ("\"dq\"", "'\"dq\"'"),
            ("it's", "it's"),
            ("?x", "?x"),
            ("? x", "'? x'"),
            ("=", "="),
            ("<<", "<<"),
            (".", "."),
            ("1e", "1e"),
            ("http://x/y?z#q", "http://x/y?z#q"),
            ("\u{7}bell", "\"\\abell\""),
            ("2a:23:ff:b4", "2a:23:ff:b4"),
            ("a\nb", "|-\n    a\n    b"),
            ("a\nb\n", "|\n    a\n    b"),
            ("\n", "|2+\n"),
            ("a\r\nb", "\"a\\r\\nb\""),
            ("  lead\nsecond\n", "|2\n      lead\n    second"),
            ("trail \nx", "\"trail \\nx\""),
            ("x\n\n", "|+\n    x\n"),
            ("\nx", "|2-\n\n    x"),
        ] {
            let mut got = String::new();
            string(&mut got, content, 4);
            assert_eq!(got, want, "{content:?}");
        }
    }

    #[test]
    fn keys_are_on_one_line() {
        for (content, want) in [("y", "\"y\""), ("a: b", "'a: b'"), ("", "\"\""), ("a b", "a b")] {
            let mut got = String::new();
            key(&mut got, content);
            assert_eq!(got, want);
        }
    }

    #[test]
    fn floats_look_as_go_prints_them() {
        for (value, want) in [
            (1e10, "1e+10"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (1e-7, "1e-07"),
            (123_456_789.5, "1.234567895e+08"),
            (1e5, "100000"),
        ] {
            assert_eq!(float(value), want);
        }
    }
}
