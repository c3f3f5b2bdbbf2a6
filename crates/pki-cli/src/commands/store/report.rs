//! What a check has found: gathered, told while it goes on, and shown.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use pki_core::inspect::{Finding, Repair, Severity, Watcher};
use pki_store::directory::{Fault, FileRepair};
use serde_json::{Value, json};

use crate::seal::Draft;

/// No more findings than this are kept; all are counted.
const MOST: usize = 1_000;

/// The findings of one check.
#[derive(Default)]
pub(super) struct Report {
    /// The first of them.
    pub(super) findings: Vec<Shown>,
    pub(super) errors: u64,
    pub(super) warnings: u64,
    pub(super) notes: u64,
    /// Records that were looked at.
    pub(super) records: u64,
    pub(super) repairs: BTreeSet<(String, Repair)>,
    pub(super) file_repairs: BTreeSet<FileRepair>,
}

/// A finding in words.
pub(super) struct Shown {
    pub(super) severity: Severity,
    pub(super) mount: String,
    pub(super) table: String,
    pub(super) record: String,
    pub(super) problem: String,
    pub(super) repair: String,
}

impl Report {
    /// Whether there is anything that should not be.
    pub(super) fn has_findings(&self) -> bool {
        0 < self.errors + self.warnings
    }

    /// Findings that are counted and not shown.
    pub(super) fn hidden(&self) -> u64 {
        let shown = u64::try_from(self.findings.len()).unwrap_or(u64::MAX);
        (self.errors + self.warnings + self.notes).saturating_sub(shown)
    }

    /// Takes on what is wrong with the file.
    pub(super) fn take(&mut self, faults: Vec<Fault>) {
        for Fault { problem, repair } in faults {
            self.file_repairs.extend(repair);
            self.add(Shown {
                severity: Severity::Error,
                mount: String::new(),
                table: "pki.db".to_owned(),
                record: String::new(),
                problem,
                repair: repair.map_or_else(String::new, |repair| repair.to_string()),
            });
        }
    }

    /// Takes on what is left of key files that were being made when a command was killed.
    pub(super) fn note_drafts(&mut self, drafts: &[Draft]) {
        const WHOLE: &str = "a command was killed while it made a key file, and this may hold a \
                             whole key; remove it only if no store and no backup opens with it \
                             (try with PKICTL_KEY_FILE)";
        const PART: &str = "a command was killed while it made a key file, or is making one; \
                            this holds no key, and can be removed when none is running";
        for Draft { path, holds_key } in drafts {
            self.add(Shown {
                severity: Severity::Note,
                mount: String::new(),
                table: "key file".to_owned(),
                record: path.display().to_string(),
                problem: if *holds_key { WHOLE } else { PART }.to_owned(),
                // Whoever has the key decides. A key is worth more than a tidy directory.
                repair: String::new(),
            });
        }
    }

    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let row = |found: &Shown| {
            let Shown { severity, mount, table, record, problem, repair } = found;
            let severity = severity.name().to_owned();
            let texts = [mount, table, record, problem, repair].map(Clone::clone);
            [severity].into_iter().chain(texts).collect()
        };
        self.findings.iter().map(row).collect()
    }

    pub(super) fn as_json(&self) -> Value {
        let finding = |found: &Shown| {
            let Shown { severity, mount, table, record, problem, repair } = found;
            json!({
                "severity": severity.name(), "mount": mount, "table": table, "record": record,
                "problem": problem, "repair": repair,
            })
        };
        json!({
            "errors": self.errors, "warnings": self.warnings, "notes": self.notes,
            "records": self.records,
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "hidden": self.hidden(),
        })
    }

    fn add(&mut self, found: Shown) {
        let count = match found.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Note => &mut self.notes,
        };
        *count += 1;
        if self.findings.len() < MOST {
            self.findings.push(found);
        }
    }
}

/// Gathers findings, and says how far the check is where somebody is watching.
pub(super) struct Gatherer<'a> {
    report: Report,
    line: Option<(&'a mut dyn Write, Instant)>,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(report: Report, line: Option<&'a mut dyn Write>) -> Self {
        Self { report, line: line.map(|line| (line, Instant::now())) }
    }

    /// What was gathered. Removes the line that said how far it was.
    pub(super) fn end(self) -> Report {
        if let Some((line, _)) = self.line {
            // Nothing depends on it.
            let _unwritten = write!(line, "\r\x1b[K");
        }
        self.report
    }
}

impl Watcher for Gatherer<'_> {
    fn found(&mut self, finding: Finding) {
        let Finding { severity, mount, table, record, problem, repair } = finding;
        if let Some(repair) = repair {
            self.report.repairs.insert((mount.clone(), repair));
        }
        self.report.add(Shown {
            severity,
            mount,
            table: table.to_owned(),
            record,
            problem,
            repair: repair.map_or_else(String::new, |repair| repair.to_string()),
        });
    }

    fn went_on(&mut self, done: u64, total: u64) {
        const PAUSE: Duration = Duration::from_millis(200);
        self.report.records = done;
        if let Some((line, last)) = &mut self.line
            && PAUSE <= last.elapsed()
        {
            *last = Instant::now();
            let _unwritten = write!(line, "\r\x1b[K{done} of {total} records").and(line.flush());
        }
    }
}
