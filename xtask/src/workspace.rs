//! The files of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Directories that hold nothing of ours. What a fuzzer found may look like anything.
const NOT_OURS: [&str; 3] = ["corpus", "target", "node_modules"];

/// A text file, by its name below the root.
pub(crate) struct TextFile {
    /// With `/` between the parts.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The directory that holds everything.
pub(crate) fn root() -> PathBuf {
    // Cargo says where it is; that is the place even when the workspace was moved or copied.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let manifest = manifest.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    manifest.parent().map(Path::to_owned).unwrap_or(manifest)
}

/// Every text file, in the order of their names. Files that begin with a dot are not looked
/// at, and neither is what was built.
pub(crate) fn text_files(root: &Path) -> Result<Vec<TextFile>> {
    let mut found = Vec::new();
    collect(root, "", &mut found)?;
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<TextFile>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_hidden = name.starts_with('.') && name != ".cargo";
        if is_hidden || NOT_OURS.contains(&name.as_str()) || name.starts_with("target-") {
            continue;
        }
        let path = entry.path();
        let name = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&path, &format!("{name}/"), found)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            // What is not text has nothing to check.
            found.push(TextFile { name, text });
        }
    }
    Ok(())
}
