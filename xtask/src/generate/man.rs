//! Manual pages: one for the program and one for each command.

use anyhow::Result;
use clap::Command;
use clap_mangen::Man;

use super::{Documents, MAN};

/// All pages.
pub(super) fn pages() -> Result<Documents> {
    let mut command = pki_cli::command();
    command.build();
    let mut pages = Documents::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Documents) -> Result<()> {
    for subcommand in command.get_subcommands().filter(|found| !found.is_hide_set()) {
        add(subcommand, pages)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    pages.insert(format!("{MAN}{name}.1"), page(command)?);
    Ok(())
}

fn page(command: &Command) -> Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let man =
        Man::new(command.clone()).date("").source(format!("pkictl {version}")).manual("pkictl");
    let mut page = Vec::new();
    man.render(&mut page)?;
    let page = one_dash(&String::from_utf8(page)?);
    let lines: Vec<&str> = page.lines().map(line).collect();
    Ok(examples(&lines.join("\n")) + "\n")
}

/// A line as it should be: there is one help, not a short and a long one.
fn line(line: &str) -> &str {
    if line.starts_with("Print help (see ") { "Print help" } else { line.trim_end() }
}

/// Examples keep their lines. They are the last section.
fn examples(page: &str) -> String {
    match page.split_once(".SH EXTRA\n") {
        Some((before, after)) => {
            let after = after.strip_prefix("Examples:\n").unwrap_or(after);
            format!("{before}.SH EXAMPLES\n.nf\n{after}\n.fi")
        }
        None => page.to_owned(),
    }
}

/// Flags as they are typed: with one dash. In a manual page each is written `\-`.
fn one_dash(page: &str) -> String {
    page.replace(r"\-\-", r"\-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_show_flags_as_they_are_typed() {
        let pages = pages().unwrap();
        let page = &pages["docs/man/pkictl-write.1"];
        assert!(page.contains(r"\-format"), "{page}");
        for (name, page) in &pages {
            assert!(!page.contains(r"\-\-") && !page.contains(" --"), "{name}: {page}");
        }
    }

    #[test]
    fn every_command_has_a_page() {
        let pages = pages().unwrap();
        for name in ["pkictl", "pkictl-read", "pkictl-secrets", "pkictl-secrets-enable"] {
            assert!(pages.contains_key(&format!("{MAN}{name}.1")), "{name}");
        }
    }
}
