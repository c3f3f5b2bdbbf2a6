//! How answers are shown: which format, and where what goes.

mod field;
mod go;
mod json;
mod long_list;
mod table;
mod text;
mod warnings;
mod yaml;

use std::io;
use std::ops::ControlFlow;
use std::str::FromStr;

use pki_core::{Body, Lease, Response};
use serde_json::{Map, Value};

use self::text::Outlet;
use crate::environment::Console;
use crate::failure::Failure;

pub(crate) use go::plain;
pub(crate) use long_list::LongList;
pub(crate) use table::columns;

/// The values of `-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// The whole answer as JSON.
    Json,
    /// The whole answer as YAML.
    Yaml,
    /// For key-value data; no answer of ours has this form.
    Pretty,
    /// The bytes of a file, as they are.
    Raw,
}

impl Format {
    /// What can be typed, first the preferred words.
    pub(crate) const NAMES: [(&'static str, Self); 6] = [
        ("table", Self::Table),
        ("json", Self::Json),
        ("yaml", Self::Yaml),
        ("yml", Self::Yaml),
        ("pretty", Self::Pretty),
        ("raw", Self::Raw),
    ];
}

impl FromStr for Format {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        Self::NAMES
            .iter()
            .find(|(name, _)| text.eq_ignore_ascii_case(name))
            .map(|(_, format)| *format)
            .ok_or_else(|| Failure::Usage(format!("Invalid output format: {text}")))
    }
}

/// An answer with fields, apart from what was asked.
pub(crate) struct Secret {
    /// Whether the request has a name.
    pub(crate) is_named: bool,
    /// The fields; absent when the answer has none.
    pub(crate) data: Option<Map<String, Value>>,
    /// What was promised with it.
    pub(crate) lease: Option<Lease>,
    /// In order.
    pub(crate) warnings: Vec<String>,
}

/// An answer, sorted by how it is to be shown.
pub(crate) enum Answer {
    /// Done, nothing to say.
    Done,
    /// Fields, a lease, warnings.
    Secret(Secret),
    /// Bytes with a media type of their own.
    File {
        /// The media type.
        content_type: &'static str,
        /// As they are.
        bytes: Vec<u8>,
    },
}

impl From<Response> for Answer {
    fn from(mut response: Response) -> Self {
        let is_named = !matches!(response.body, Body::Accepted);
        let data = match std::mem::replace(&mut response.body, Body::Empty) {
            Body::Empty if response.warnings.is_empty() => return Self::Done,
            Body::Empty | Body::Null | Body::Accepted => None,
            Body::Data(fields) => Some(fields),
            Body::Raw { content_type, bytes } => {
                return Self::File { content_type, bytes };
            }
        };
        Self::Secret(Secret {
            is_named,
            data,
            lease: response.lease.take(),
            warnings: std::mem::take(&mut response.warnings),
        })
    }
}

impl Secret {
    /// The whole answer, as JSON and YAML show it.
    fn into_envelope(self) -> Value {
        self.into_members([
            "request_id",
            "lease_id",
            "lease_duration",
            "renewable",
            "data",
            "warnings",
        ])
    }

    /// The whole answer, as a server sends it.
    fn into_body(self) -> Value {
        self.into_members([
            "request_id",
            "lease_id",
            "renewable",
            "lease_duration",
            "data",
            "wrap_info",
            "warnings",
            "auth",
        ])
    }

    fn into_members<const N: usize>(self, names: [&str; N]) -> Value {
        let lease =
            self.lease.unwrap_or(Lease { id: String::new(), duration: 0, renewable: false });
        let mut data = self.data;
        let member = |name: &str| match name {
            "request_id" if !self.is_named => Value::from(""),
            "request_id" => Value::from(crate::system::request_id()),
            "lease_id" => Value::from(lease.id.as_str()),
            "lease_duration" => Value::from(lease.duration),
            "renewable" => Value::from(lease.renewable),
            "data" => data.take().map_or(Value::Null, Value::Object),
            "warnings" if !self.warnings.is_empty() => Value::from(self.warnings.as_slice()),
            _ => Value::Null,
        };
        let values = names.map(member);
        let names = names.map(str::to_owned);
        Value::Object(names.into_iter().zip(values).collect())
    }
}

/// Shows an answer in full.
pub(crate) fn secret(
    console: &mut Console<'_>,
    format: Format,
    secret: Secret,
) -> Result<(), Failure> {
    match format {
        Format::Table => {
            let banner = warnings::banner(&secret.warnings);
            console.err.write_all(banner.as_bytes())?;
            written(console, |out| table::secret(out, &secret))
        }
        Format::Raw => {
            let body = secret.into_body();
            written(console, |out| json::write_line(out, &body))
        }
        _ => document(console, format, &secret.into_envelope(), 1),
    }
}

/// Shows one field of an answer.
pub(crate) fn field(
    console: &mut Console<'_>,
    format: Format,
    secret: Secret,
    name: &str,
) -> Result<(), Failure> {
    let value = field::find(secret, name)?;
    let mut text = match format {
        Format::Yaml => yaml::document(&value),
        Format::Json => json::value(&value),
        Format::Table | Format::Raw => go::into_plain(value),
        Format::Pretty => return Err(no_pretty_form()),
    };
    // Scripts take the text as it is; a prompt should not follow it on the same line.
    if console.environment.stdout_is_terminal() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(console.out.write_all(text.as_bytes())?)
}

/// Shows the keys of a list.
pub(crate) fn list(
    console: &mut Console<'_>,
    format: Format,
    keys: &[Value],
    key_info: Option<&Map<String, Value>>,
) -> Result<(), Failure> {
    match format {
        Format::Table => {
            let text = table::list(keys, key_info);
            Ok(console.out.write_all(text.as_bytes())?)
        }
        _ => document(console, format, &Value::from(keys), 0),
    }
}

/// Shows a value in a format for programs. The members of the uppermost `kept` levels keep
/// their order in JSON.
pub(crate) fn document(
    console: &mut Console<'_>,
    format: Format,
    value: &Value,
    kept: usize,
) -> Result<(), Failure> {
    match format {
        Format::Json => written(console, |out| json::write_document(out, value, kept)),
        Format::Yaml => Ok(console.out.write_all(yaml::document(value).as_bytes())?),
        Format::Table | Format::Pretty | Format::Raw => Err(no_pretty_form()),
    }
}

fn written(console: &mut Console<'_>, write: impl FnOnce(&mut Outlet<'_>)) -> Result<(), Failure> {
    let mut out = Outlet::new(&mut *console.out);
    write(&mut out);
    Ok(out.finish()?)
}

/// Writes bytes as they are. A terminal gets its own line for the prompt.
pub(crate) fn file(console: &mut Console<'_>, bytes: &[u8]) -> Result<(), Failure> {
    console.out.write_all(bytes)?;
    if console.environment.stdout_is_terminal() && !bytes.ends_with(b"\n") {
        console.out.write_all(b"\n")?;
    }
    Ok(())
}

/// A file that is written as it comes.
pub(crate) struct Written<'c, 'e> {
    console: &'c mut Console<'e>,
    outcome: io::Result<()>,
    ends_line: bool,
}

impl<'c, 'e> Written<'c, 'e> {
    pub(crate) fn new(console: &'c mut Console<'e>) -> Self {
        Self { console, outcome: Ok(()), ends_line: false }
    }

    /// Writes a part, and says whether to go on.
    pub(crate) fn add(&mut self, part: &[u8]) -> ControlFlow<()> {
        self.ends_line = part.ends_with(b"\n");
        self.outcome = self.console.out.write_all(part);
        if self.outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Ends as [`file`] does.
    ///
    /// # Errors
    ///
    /// When something could not be written.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.outcome?;
        if self.console.environment.stdout_is_terminal() && !self.ends_line {
            self.console.out.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// Says that something was done, where a person is reading.
pub(crate) fn success(
    console: &mut Console<'_>,
    format: Format,
    text: &str,
) -> Result<(), Failure> {
    if format == Format::Table {
        writeln!(console.out, "Success! {text}")?;
    }
    Ok(())
}

/// Shows warnings to people.
pub(crate) fn warn(console: &mut Console<'_>, warnings: &[String]) -> Result<(), Failure> {
    let banner = warnings::banner(warnings);
    Ok(console.err.write_all(banner.as_bytes())?)
}

fn no_pretty_form() -> Failure {
    Failure::Usage("Could not parse output: cannot use the pretty formatter for this type".into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn formats_are_read_in_any_case() {
        assert!(matches!("Yaml".parse(), Ok(Format::Yaml)));
        assert!(matches!("JSON".parse(), Ok(Format::Json)));
        let problem = "xml".parse::<Format>().expect_err("refused");
        assert_eq!(problem.into_parts().0.as_deref(), Some("Invalid output format: xml"));
    }

    #[test]
    fn the_envelope_has_a_fixed_order() {
        let secret =
            Secret { is_named: true, data: None, lease: None, warnings: vec!["w".to_owned()] };
        let envelope = secret.into_envelope();
        let names: Vec<&String> = envelope.as_object().expect("an object").keys().collect();
        assert_eq!(
            names,
            ["request_id", "lease_id", "lease_duration", "renewable", "data", "warnings"]
        );
        assert_eq!(envelope["warnings"], json!(["w"]));
        assert_eq!(envelope["data"], Value::Null);
    }

    #[test]
    fn an_empty_answer_with_warnings_is_shown() {
        let response = |warnings| Response { body: Body::Empty, warnings, lease: None };
        assert!(matches!(Answer::from(response(Vec::new())), Answer::Done));
        let warned = Answer::from(response(vec!["w".to_owned()]));
        assert!(matches!(warned, Answer::Secret(_)));
    }
}
