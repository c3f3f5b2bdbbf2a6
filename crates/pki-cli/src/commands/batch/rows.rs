//! The rows of an input file: one request each.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use pki_core::crypto::digest::sha256;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::lines::{Line, Lines, NotRows};
use crate::failure::{Failure, reason};

/// Most rows that are read, checked and compared together.
pub(super) const BLOCK: usize = 1_000;

/// Octets of such rows, after which no more are taken.
const LARGEST_BLOCK: usize = 16 << 20;

/// Octets that a file which a value names may have.
const LARGEST_FILE: u64 = 1 << 20;

/// What the requests are, as far as reading them goes.
pub(super) struct Columns {
    /// The parameters that a row may give.
    pub(super) known: Vec<&'static str>,
    /// One that every row has to give.
    pub(super) needed: Option<&'static str>,
    /// One that may name a file instead.
    pub(super) from_file: Option<&'static str>,
}

/// A row that can be read.
#[derive(Debug)]
pub(super) struct Row {
    /// The line it begins on, counted from 1.
    pub(super) line: u64,
    pub(super) data: Map<String, Value>,
}

/// A row that cannot be carried out, and why.
#[derive(Debug)]
pub(super) struct BadRow {
    pub(super) line: u64,
    /// The parameter that is at fault, and its value, if it is known which it is.
    pub(super) at: Option<(String, String)>,
    pub(super) problem: String,
}

/// Some rows, one after another.
pub(super) struct Block {
    pub(super) rows: Vec<Result<Row, BadRow>>,
    /// Tells these rows, and all before them, from any others.
    pub(super) digest: [u8; 32],
}

enum Form {
    /// The names in the header.
    Csv(Vec<String>),
    Json,
}

/// A file that is read row by row.
pub(super) struct Rows<'a> {
    path: PathBuf,
    columns: &'a Columns,
    lines: Lines<BufReader<File>>,
    form: Form,
    digest: [u8; 32],
}

impl<'a> Rows<'a> {
    /// Opens a file, and reads what comes before its first row.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or its columns are not parameters.
    pub(super) fn open(path: &Path, columns: &'a Columns) -> Result<Self, Failure> {
        let unreadable =
            |why: &str| Failure::Usage(format!("cannot read {}: {why}", path.display()));
        let file = File::open(path).map_err(|problem| unreadable(&reason(&problem)))?;
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if !is_file {
            return Err(unreadable("it is read twice, so it has to be a file"));
        }
        let mut lines = Lines::new(BufReader::new(file));
        let extension = path.extension().and_then(|extension| extension.to_str());
        let form = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Form::Csv(header(path, &mut lines, columns)?),
            Some("jsonl" | "ndjson") => Form::Json,
            _ => return Err(unreadable("its name has to end in .csv, .jsonl or .ndjson")),
        };
        Ok(Self { path: path.to_owned(), columns, lines, form, digest: [0; 32] })
    }

    /// The same file from its beginning, whatever has its name now.
    ///
    /// # Errors
    ///
    /// As for [`Rows::open`].
    pub(super) fn again(self) -> Result<Self, Failure> {
        let Self { path, columns, lines, form, .. } = self;
        let mut file = lines.into_source().into_inner();
        file.rewind().map_err(|problem| {
            Failure::Usage(format!("cannot read {}: {}", path.display(), reason(&problem)))
        })?;
        let mut lines = Lines::new(BufReader::new(file));
        let form = match form {
            Form::Csv(_) => Form::Csv(header(&path, &mut lines, columns)?),
            Form::Json => Form::Json,
        };
        Ok(Self { path, columns, lines, form, digest: [0; 32] })
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    ///
    /// When the rest of the file cannot be told into rows.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, Failure> {
        let mut rows = Vec::new();
        let mut hashed = self.digest.to_vec();
        while rows.len() < BLOCK && hashed.len() < LARGEST_BLOCK {
            let Some(row) = self.next_row().map_err(|problem| broken(&self.path, &problem))? else {
                break;
            };
            if let Ok(Row { data, .. }) = &row {
                hashed.extend(Value::Object(data.clone()).to_string().into_bytes());
            }
            hashed.push(b'\n');
            rows.push(row);
        }
        if rows.is_empty() {
            return Ok(None);
        }
        self.digest = sha256(&hashed);
        Ok(Some(Block { rows, digest: self.digest }))
    }

    fn next_row(&mut self) -> Result<Option<Result<Row, BadRow>>, NotRows> {
        let (line, data) = match &self.form {
            Form::Csv(names) => {
                let Some(Line { number, content }) = self.lines.next_record()? else {
                    return Ok(None);
                };
                (number, cells(names, content))
            }
            Form::Json => {
                let Some(Line { number, content }) = self.lines.next_text()? else {
                    return Ok(None);
                };
                (number, members(&content, self.columns))
            }
        };
        let row = data.and_then(|data| self.columns.complete(data));
        Ok(Some(match row {
            Ok(data) => Ok(Row { line, data }),
            Err((at, problem)) => Err(BadRow { line, at, problem }),
        }))
    }
}

/// What is wrong with a row, and where.
type Wrong = (Option<(String, String)>, String);

fn broken(path: &Path, problem: &NotRows) -> Failure {
    Failure::Usage(format!("{}: {problem}", path.display()))
}

/// Reads the names of the columns.
fn header(
    path: &Path,
    lines: &mut Lines<BufReader<File>>,
    columns: &Columns,
) -> Result<Vec<String>, Failure> {
    let names = lines.next_record().map_err(|problem| broken(path, &problem))?;
    let wrong = |text: String| Failure::Usage(format!("{}: {text}", path.display()));
    let Some(Line { number, content: names }) = names else {
        return Err(wrong("the file is empty".to_owned()));
    };
    let mut seen = BTreeSet::new();
    for name in &names {
        if !columns.known.contains(&name.as_str()) {
            return Err(wrong(format!("line {number}: {}", columns.unknown("column", name))));
        }
        if !seen.insert(name) {
            return Err(wrong(format!("line {number}: column {name:?} is there twice")));
        }
    }
    match columns.needed.filter(|needed| !names.iter().any(|name| name == needed)) {
        Some(needed) => Err(wrong(format!("line {number}: column {needed:?} is missing"))),
        None => Ok(names),
    }
}

/// The parameters of a record. An empty cell is a parameter that is not given.
fn cells(names: &[String], values: Vec<String>) -> Result<Map<String, Value>, Wrong> {
    if values.len() != names.len() {
        let (has, wants) = (values.len(), names.len());
        return Err((None, format!("the row has {has} values, and the header has {wants} names")));
    }
    let given = names.iter().cloned().zip(values).filter(|(_, value)| !value.is_empty());
    Ok(given.map(|(name, value)| (name, Value::String(value))).collect())
}

/// The parameters in a JSON object.
fn members(text: &str, columns: &Columns) -> Result<Map<String, Value>, Wrong> {
    let data = match serde_json::from_str(text) {
        Ok(Members { data, twice: None }) => data,
        Ok(Members { twice: Some(name), .. }) => {
            return Err((None, format!("parameter {name:?} is there twice")));
        }
        Err(problem) if problem.is_data() => {
            return Err((None, "this is JSON, but no object".to_owned()));
        }
        Err(problem) => {
            let at = problem.column();
            let kind = if problem.is_eof() { "it ends too early" } else { "it is malformed" };
            return Err((None, format!("this is no JSON object: {kind} at character {at}")));
        }
    };
    match data.keys().find(|name| !columns.known.contains(&name.as_str())) {
        Some(name) => Err((None, columns.unknown("parameter", name))),
        None => Ok(data),
    }
}

/// The members of an object. Which of two with one name counts, readers of JSON do not agree on.
struct Members {
    data: Map<String, Value>,
    /// The first name that is there again.
    twice: Option<String>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Members, A::Error> {
        let mut members = Members { data: Map::new(), twice: None };
        while let Some((name, value)) = source.next_entry::<String, Value>()? {
            if members.data.insert(name.clone(), value).is_some() {
                members.twice.get_or_insert(name);
            }
        }
        Ok(members)
    }
}

impl Columns {
    fn unknown(&self, kind: &str, name: &str) -> String {
        let why = match name {
            "role" | "issuer_ref" => "the path says it".to_owned(),
            "format" => "the files are PEM bundles".to_owned(),
            _ => format!("known are {}", self.known.join(", ")),
        };
        format!("there is no {kind} {name:?} here: {why}")
    }

    /// Takes values from files, and looks for what has to be there.
    fn complete(&self, mut data: Map<String, Value>) -> Result<Map<String, Value>, Wrong> {
        if let Some(name) = self.from_file
            && let Some(Value::String(text)) = data.get_mut(name)
        {
            if let Some(file) = text.strip_prefix('@') {
                let content = read(Path::new(file)).map_err(|problem| {
                    (
                        Some((name.to_owned(), text.clone())),
                        format!("cannot read {file}: {problem}"),
                    )
                })?;
                *text = content;
            } else if text.starts_with("\\@") {
                text.remove(0);
            }
        }
        match self.needed.filter(|needed| !data.contains_key(*needed)) {
            Some(needed) => Err((None, format!("there is no {needed}"))),
            None => Ok(data),
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|problem| reason(&problem))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|problem| reason(&problem))?;
    if LARGEST_FILE < bytes.len() as u64 {
        return Err("it is larger than a mebibyte".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is not text in PEM".to_owned())
}
