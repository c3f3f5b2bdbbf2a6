//! `key=value` arguments, and the other forms in which data can be given.
//!
//! | word | meaning |
//! |---|---|
//! | `key=value` | a text; everything after the first `=` |
//! | `key=@file` | the file's content, to the last byte |
//! | `key=\@text` | `@text` itself |
//! | `key=-` | standard input, to the last byte |
//! | `@file`, `-` | a JSON object whose members are merged in with their types |
//!
//! A key that comes again makes a list.

use std::fs::File;
use std::io::{self, Read};

use pki_core::domain::brief::brief;
use serde_json::{Map, Value};

use crate::failure::reason;

/// How much is read from files and standard input for one command, in octets.
const MOST_DATA: usize = 8 << 20;

/// How many values a JSON object may hold. Each takes far more memory than its text.
const MOST_VALUES: usize = 200_000;

/// Why a word is not data.
#[derive(Debug, thiserror::Error)]
#[error("invalid key/value pair {:?}: {problem}", brief(.word))]
pub(crate) struct NotData {
    word: String,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("format must be key=value")]
    NoValue,
    #[error("stdin already consumed")]
    StdinConsumed,
    #[error("error reading file: {0}")]
    ValueFile(Unreadable),
    #[error("{0}")]
    ObjectFile(Unreadable),
    #[error("more than {} MiB of data", MOST_DATA >> 20)]
    TooMuch,
    #[error("a JSON object with more than {MOST_VALUES} values")]
    TooManyValues,
    #[error("not a JSON object: {0}")]
    Json(serde_json::Error),
    #[error("not a JSON object but {0}")]
    NotAnObject(&'static str),
}

/// A file, or standard input, that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {place}: {}", reason(.source))]
struct Unreadable {
    doing: &'static str,
    place: String,
    source: io::Error,
}

/// Reads the words of one command line, from left to right.
///
/// # Errors
///
/// [`NotData`], with the word.
pub(crate) fn parse(words: &[String], stdin: &mut dyn Read) -> Result<Map<String, Value>, NotData> {
    let mut builder = Builder { data: Map::new(), stdin: Some(stdin), room: MOST_DATA };
    for word in words {
        builder.add(word).map_err(|problem| NotData { word: word.clone(), problem })?;
    }
    Ok(builder.data)
}

struct Builder<'a> {
    data: Map<String, Value>,
    /// Taken by the first word that asks for it.
    stdin: Option<&'a mut dyn Read>,
    /// How much more may be read.
    room: usize,
}

impl Builder<'_> {
    fn add(&mut self, word: &str) -> Result<(), Problem> {
        if word.is_empty() {
            return Ok(());
        }
        let Some((key, value)) = word.split_once('=') else {
            let bytes = match word.strip_prefix('@') {
                Some(file) => self.read_file(file, Problem::ObjectFile)?,
                None if word == "-" => self.read_stdin(Problem::ObjectFile)?,
                None => return Err(Problem::NoValue),
            };
            return self.merge(&bytes);
        };
        let value = self.value(value)?;
        match self.data.get_mut(key) {
            Some(present) => append(present, value),
            None => {
                self.data.insert(key.to_owned(), Value::String(value));
            }
        }
        Ok(())
    }

    fn value(&mut self, text: &str) -> Result<String, Problem> {
        let bytes = match text.strip_prefix('@') {
            Some(file) => self.read_file(file, Problem::ValueFile)?,
            None if text == "-" => self.read_stdin(Problem::ValueFile)?,
            None if text.starts_with("\\@") => {
                return Ok(text.trim_start_matches('\\').to_owned());
            }
            None => return Ok(text.to_owned()),
        };
        // The parameter is text: what is not becomes the replacement character, and whoever reads
        // the parameter says what it wanted instead.
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|bytes| String::from_utf8_lossy(bytes.as_bytes()).into_owned()))
    }

    fn read_stdin(&mut self, failed: fn(Unreadable) -> Problem) -> Result<Vec<u8>, Problem> {
        let stdin = self.stdin.take().ok_or(Problem::StdinConsumed)?;
        self.read_all(stdin, "standard input", failed)
    }

    fn read_file(
        &mut self,
        path: &str,
        failed: fn(Unreadable) -> Problem,
    ) -> Result<Vec<u8>, Problem> {
        let mut file = File::open(path).map_err(|source| {
            failed(Unreadable { doing: "open", place: path.to_owned(), source })
        })?;
        self.read_all(&mut file, path, failed)
    }

    /// What is too long is not read to its end, which may never come.
    fn read_all(
        &mut self,
        reader: &mut dyn Read,
        place: &str,
        failed: fn(Unreadable) -> Problem,
    ) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let most = u64::try_from(self.room).unwrap_or(u64::MAX).saturating_add(1);
        reader.take(most).read_to_end(&mut bytes).map_err(|source| {
            failed(Unreadable { doing: "read", place: place.to_owned(), source })
        })?;
        self.room = self.room.checked_sub(bytes.len()).ok_or(Problem::TooMuch)?;
        Ok(bytes)
    }

    /// Members replace what was there under their name.
    fn merge(&mut self, json: &[u8]) -> Result<(), Problem> {
        if MOST_VALUES < values(json) {
            return Err(Problem::TooManyValues);
        }
        match serde_json::from_slice(json).map_err(Problem::Json)? {
            Value::Object(members) => self.data.extend(members),
            Value::Null => {}
            Value::Array(_) => return Err(Problem::NotAnObject("a list")),
            Value::String(_) => return Err(Problem::NotAnObject("a string")),
            Value::Number(_) => return Err(Problem::NotAnObject("a number")),
            Value::Bool(_) => return Err(Problem::NotAnObject("a boolean")),
        }
        Ok(())
    }
}

/// Makes a list of what is there, if it is none yet, and adds to it.
fn append(present: &mut Value, value: String) {
    let mut items = match present.take() {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        Value::Object(members) if members.is_empty() => Vec::new(),
        single => vec![single],
    };
    items.push(Value::String(value));
    *present = Value::Array(items);
}

/// How many values a JSON text may hold at most: each comes after one of these.
fn values(json: &[u8]) -> usize {
    let (mut count, mut is_text, mut is_escaped) = (0, false, false);
    for octet in json {
        match octet {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b',' | b'[' | b'{' if !is_text => count += 1,
            _ => (),
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(words: &[&str], stdin: &str) -> Result<Value, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match parse(&words, &mut stdin.as_bytes()) {
            Ok(data) => Ok(Value::Object(data)),
            Err(error) => Err(error.to_string()),
        }
    }

    #[track_caller]
    fn check(words: &[&str], stdin: &str, want: Value) {
        assert_eq!(parsed(words, stdin), Ok(want), "{words:?}");
    }

    #[track_caller]
    fn refuse(words: &[&str], stdin: &str, want: &str) {
        let got = parsed(words, stdin).expect_err("refused");
        assert!(got.starts_with(want), "{got}");
    }

    #[test]
    fn values_are_texts() {
        check(&["ttl=10", "flag=true"], "", json!({"ttl": "10", "flag": "true"}));
        check(&["o=a=b=c", "e="], "", json!({"o": "a=b=c", "e": ""}));
        check(&["=x", "", "==y"], "", json!({"": ["x", "=y"]}));
        check(&["-x=1", "--y=2"], "", json!({"-x": "1", "--y": "2"}));
    }

    #[test]
    fn a_backslash_keeps_an_at_sign_and_nothing_else() {
        check(&[r"k=\@x", r"l=\x", r"m=\\@x"], "", json!({"k": "@x", "l": r"\x", "m": r"\\@x"}));
    }

    #[test]
    fn repeated_keys_make_a_list() {
        check(&["d=a", "d=b", "d=c"], "", json!({"d": ["a", "b", "c"]}));
    }

    #[test]
    fn objects_replace_and_pairs_append() {
        let body = r#"{"a":1,"b":null,"c":[1],"d":{"x":1}}"#;
        check(
            &["-", "a=2", "b=3", "c=4", "d=5"],
            body,
            json!({"a": [1, "2"], "b": ["3"], "c": [1, "4"], "d": [{"x": 1}, "5"]}),
        );
        check(&["a=2", "-"], r#"{"a":1}"#, json!({"a": 1}));
        check(&["-", "a=b"], "null", json!({"a": "b"}));
    }

    #[test]
    fn standard_input_is_read_whole_and_once() {
        check(&["a=-"], "two\nlines\n", json!({"a": "two\nlines\n"}));
        refuse(&["a=-", "b=-"], "x", "invalid key/value pair \"b=-\": stdin already consumed");
        refuse(&["a=-", "-"], "x", "invalid key/value pair \"-\": stdin already consumed");
    }

    #[test]
    fn files_are_read_to_the_last_byte() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("ttl");
        std::fs::write(&path, "2h\n").expect("written");
        let path = path.to_str().expect("text");
        check(&[&format!("ttl=@{path}")], "", json!({"ttl": "2h\n"}));
        std::fs::write(path, r#"{"ttl": 7200}"#).expect("written");
        check(&[&format!("@{path}")], "", json!({"ttl": 7200}));
        std::fs::write(path, b"\xff").expect("written");
        let word = format!("ttl=@{path}");
        check(&[&word], "", json!({"ttl": "\u{fffd}"}));
    }

    #[test]
    fn what_never_ends_is_not_read_to_its_end() {
        refuse(&["x=@/dev/zero"], "", "invalid key/value pair \"x=@/dev/zero\": more than 8 MiB");
        refuse(&["@/dev/zero"], "", "invalid key/value pair \"@/dev/zero\": more than 8 MiB");
        let longest = "a".repeat(MOST_DATA);
        assert!(parsed(&["x=-"], &longest).is_ok());
        refuse(&["x=-"], &(longest + "a"), "invalid key/value pair \"x=-\": more than 8 MiB");
        // What is read for one word leaves less for the next.
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("half");
        std::fs::write(&path, "a".repeat(MOST_DATA / 2 + 1)).expect("written");
        let word = format!("x=@{}", path.display());
        assert!(parsed(&[&word], "").is_ok());
        assert!(parsed(&[&word, &word], "").is_err());
    }

    #[test]
    fn an_object_with_too_many_values_is_not_read() {
        let list = |count: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(count));
        assert!(parsed(&["-"], &list(MOST_VALUES - 2)).is_ok());
        let message = "invalid key/value pair \"-\": a JSON object with more than 200000 values";
        refuse(&["-"], &list(MOST_VALUES - 1), message);
        assert_eq!(values(br#"{"a,[{\"":["\\",{}]}"#), 4);
    }

    #[test]
    fn what_is_no_data_is_named() {
        refuse(&["ttl"], "", "invalid key/value pair \"ttl\": format must be key=value");
        refuse(
            &["t=@/does/not/exist"],
            "",
            "invalid key/value pair \"t=@/does/not/exist\": error reading file: \
             open /does/not/exist: no such file or directory",
        );
        refuse(
            &["@/does/not/exist"],
            "",
            "invalid key/value pair \"@/does/not/exist\": \
             open /does/not/exist: no such file or directory",
        );
        refuse(&["-"], "[1]", "invalid key/value pair \"-\": not a JSON object but a list");
        refuse(&["-"], "not json", "invalid key/value pair \"-\": not a JSON object: ");
        refuse(&["-"], "", "invalid key/value pair \"-\": not a JSON object: ");
        refuse(&["-"], "{} {}", "invalid key/value pair \"-\": not a JSON object: ");
    }
}
