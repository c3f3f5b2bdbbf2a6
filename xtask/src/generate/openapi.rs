//! The OpenAPI document of a mount, as `pkictl path-help -format=json pki` prints it.

use anyhow::{Result, ensure};
use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::bench::authority::Authority;

/// What is larger is not worth committing.
const LARGEST: usize = 400_000;

pub(super) fn document() -> Result<String> {
    let authority = Authority::in_memory()?;
    let help = authority.engine.help("pki")?;
    let mut text = Vec::new();
    let indented = PrettyFormatter::with_indent(b" ");
    help.openapi.serialize(&mut Serializer::with_formatter(&mut text, indented))?;
    let text = String::from_utf8(text)? + "\n";
    ensure!(text.len() < LARGEST, "the OpenAPI document has {} bytes", text.len());
    Ok(text)
}
