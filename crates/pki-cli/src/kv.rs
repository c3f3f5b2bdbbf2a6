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

use serde_json::{Map, Value};

use crate::failure::reason;

/// Why a word is not data.
#[derive(Debug, thiserror::Error)]
#[error("invalid key/value pair {word:?}: {problem}")]
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
    let mut builder = Builder { data: Map::new(), stdin: Some(stdin) };
    for word in words {
        builder.add(word).map_err(|problem| NotData { word: word.clone(), problem })?;
    }
    Ok(builder.data)
}

struct Builder<'a> {
    data: Map<String, Value>,
    /// Taken by the first word that asks for it.
    stdin: Option<&'a mut dyn Read>,
}

impl Builder<'_> {
    fn add(&mut self, word: &str) -> Result<(), Problem> {
        if word.is_empty() {
            return Ok(());
        }
        let Some((key, value)) = word.split_once('=') else {
            let bytes = match word.strip_prefix('@') {
                Some(file) => read_file(file).map_err(Problem::ObjectFile)?,
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
            Some(file) => read_file(file).map_err(Problem::ValueFile)?,
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
        read_all(stdin, "standard input").map_err(failed)
    }

    /// Members replace what was there under their name.
    fn merge(&mut self, json: &[u8]) -> Result<(), Problem> {
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

fn read_file(path: &str) -> Result<Vec<u8>, Unreadable> {
    let mut file = File::open(path).map_err(|source| Unreadable {
        doing: "open",
        place: path.to_owned(),
        source,
    })?;
    read_all(&mut file, path)
}

fn read_all(reader: &mut dyn Read, place: &str) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    match reader.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(source) => Err(Unreadable { doing: "read", place: place.to_owned(), source }),
    }
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
