//! The OpenAPI document of a mount, as `pkictl path-help -format=json pki` prints it.

use anyhow::{Result, ensure};

use crate::bench::authority::Authority;

/// What is larger is not worth committing.
const LARGEST: usize = 300_000;

pub(super) fn document() -> Result<String> {
    let authority = Authority::in_memory()?;
    let help = authority.engine.help("pki")?;
    let text = serde_json::to_string_pretty(&help.openapi)? + "\n";
    ensure!(text.len() < LARGEST, "the OpenAPI document has {} bytes", text.len());
    Ok(text)
}
