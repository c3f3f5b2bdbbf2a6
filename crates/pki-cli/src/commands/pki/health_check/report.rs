//! What checks find, how it is shown, and which exit status it leads to.

use serde_json::{Value, json};

use crate::environment::Console;
use crate::failure::{Failure, SUCCESS};
use crate::output::{self, Format};

/// How bad a finding is. The order is that of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    NotApplicable,
    Ok,
    Informational,
    Warning,
    Critical,
    InvalidVersion,
    InsufficientPermissions,
}

/// The number and the word of each.
const STATUSES: [(Status, u8, &str); 7] = [
    (Status::NotApplicable, 0, "not_applicable"),
    (Status::Ok, 1, "ok"),
    (Status::Informational, 2, "informational"),
    (Status::Warning, 3, "warning"),
    (Status::Critical, 4, "critical"),
    (Status::InvalidVersion, 5, "invalid_version"),
    (Status::InsufficientPermissions, 6, "insufficient_permissions"),
];

impl Status {
    fn code(self) -> u8 {
        let found = STATUSES.iter().find(|status| status.0 == self);
        found.map_or(u8::MAX, |status| status.1)
    }

    fn name(self) -> &'static str {
        let found = STATUSES.iter().find(|status| status.0 == self);
        found.map_or("", |status| status.2)
    }
}

/// From where on the exit status is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Indicator(Status);

impl Indicator {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(Self(match word {
            "default" | "informational" => Status::Informational,
            "warning" => Status::Warning,
            "critical" => Status::Critical,
            "permission" => Status::InvalidVersion,
            _ => return None,
        }))
    }

    pub(super) fn exit_status(self, worst: Status) -> u8 {
        if worst < self.0 { SUCCESS } else { worst.code() }
    }
}

/// One result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) status: Status,
    /// The path it is about, with a slash in front.
    pub(super) endpoint: String,
    pub(super) message: String,
}

impl Finding {
    pub(super) fn new(
        status: Status,
        endpoint: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, endpoint: endpoint.into(), message: message.into() }
    }

    fn to_json(&self) -> Value {
        let Self { status, endpoint, message } = self;
        json!({
            "status_code": status.code(),
            "status": status.name(),
            "endpoint": endpoint,
            "message": message,
        })
    }
}

/// The results of all checks, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<(&'static str, Vec<Finding>)>);

impl Report {
    pub(super) fn add(&mut self, check: &'static str, findings: Vec<Finding>) {
        self.0.push((check, findings));
    }

    pub(super) fn worst(&self) -> Status {
        let findings = self.0.iter().flat_map(|(_, findings)| findings);
        let worst = findings.map(|finding| finding.status).max();
        worst.unwrap_or(Status::NotApplicable)
    }

    pub(super) fn show(&self, console: &mut Console<'_>, format: Format) -> Result<(), Failure> {
        /// The check, and below it a finding, whose members stay in their order.
        const KEPT: usize = 3;
        if format == Format::Table {
            return Ok(console.out.write_all(self.table().as_bytes())?);
        }
        let mut checks: Vec<(String, Value)> = self
            .0
            .iter()
            .map(|(name, findings)| {
                let findings = findings.iter().map(Finding::to_json).collect();
                ((*name).to_owned(), Value::Array(findings))
            })
            .collect();
        checks.sort_by(|(one, _), (other, _)| one.cmp(other));
        let document = Value::Object(checks.into_iter().collect());
        output::document(console, format, &document, KEPT)
    }

    /// A table for each check that found anything.
    fn table(&self) -> String {
        let filled = self.0.iter().filter(|(_, findings)| !findings.is_empty());
        let one = |(name, findings): &(&str, Vec<Finding>)| {
            let row = |finding: &Finding| {
                let Finding { status, endpoint, message } = finding;
                vec![status.name().to_owned(), endpoint.clone(), message.clone()]
            };
            let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
            let dashes = "-".repeat(name.len());
            let table = output::columns(&["status", "endpoint", "message"], &rows);
            format!("{name}\n{dashes}\n{table}\n\n")
        };
        filled.map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_is_that_of_the_worst() {
        use Status::{Critical, Informational, InvalidVersion, Ok, Warning};
        for (word, worst, want) in [
            ("default", Ok, 0),
            ("default", Informational, 2),
            ("informational", Warning, 3),
            ("warning", Informational, 0),
            ("warning", Warning, 3),
            ("critical", Warning, 0),
            ("critical", Critical, 4),
            ("permission", Critical, 0),
            ("permission", InvalidVersion, 5),
            ("default", Status::InsufficientPermissions, 6),
            ("default", Status::NotApplicable, 0),
        ] {
            let indicator = Indicator::parse(word).expect("a word");
            assert_eq!(indicator.exit_status(worst), want, "{word} {worst:?}");
        }
        assert_eq!(Indicator::parse("sometimes"), None);
    }

    #[test]
    fn each_check_has_a_table() {
        let mut report = Report::default();
        report.add("a_check", vec![Finding::new(Status::Ok, "/pki/x", "fine")]);
        report.add("nothing", Vec::new());
        assert_eq!(
            report.table(),
            "a_check\n-------\nstatus    endpoint    message\n------    --------    -------\n\
             ok        /pki/x      fine\n\n\n"
        );
        assert_eq!(report.worst(), Status::Ok);
        assert_eq!(Report::default().worst(), Status::NotApplicable);
    }
}
