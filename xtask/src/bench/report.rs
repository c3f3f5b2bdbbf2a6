//! Figures as a table.

use anyhow::Result;
use serde_json::{Map, Value, json};

/// One figure.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    goal: &'static str,
    what: String,
    ours: String,
    peer: Option<String>,
    ratio: Option<f64>,
    limit: String,
    is_met: Option<bool>,
}

/// Facts about the machine, by name.
pub(super) type Facts = Vec<(&'static str, String)>;

impl Row {
    pub(super) fn new(goal: &'static str, what: &str, ours: String) -> Self {
        Self { goal, what: what.to_owned(), ours, ..Self::default() }
    }

    /// Something beside it, and ours divided by that.
    pub(super) fn beside(self, name: &str, value: String, ratio: f64) -> Self {
        Self { peer: Some(format!("{name} {value}")), ratio: Some(ratio), ..self }
    }

    /// A goal for the ratio.
    pub(super) fn at_most_ratio(self, limit: f64) -> Self {
        let is_met = self.ratio.map(|ratio| ratio <= limit);
        Self { limit: format!("ratio ≤ {limit}"), is_met, ..self }
    }

    /// The same for a ratio of rates.
    pub(super) fn at_least_ratio(self, limit: f64) -> Self {
        let is_met = self.ratio.map(|ratio| limit <= ratio);
        Self { limit: format!("ratio ≥ {limit}"), is_met, ..self }
    }

    /// A goal that is met or not.
    pub(super) fn must_be(self, limit: &str, is_met: bool) -> Self {
        Self { limit: limit.to_owned(), is_met: Some(is_met), ..self }
    }

    /// A goal for a value, in the unit that the text of the limit names.
    pub(super) fn at_most(self, value: f64, limit: f64, unit: &str) -> Self {
        Self { limit: format!("≤ {limit}{unit}"), is_met: Some(value <= limit), ..self }
    }

    fn cells(&self) -> [String; 7] {
        let Self { goal, what, ours, peer, ratio, limit, is_met } = self;
        [
            (*goal).to_owned(),
            what.clone(),
            ours.clone(),
            peer.clone().unwrap_or_default(),
            ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}")),
            limit.clone(),
            match is_met {
                Some(true) => "yes".to_owned(),
                Some(false) => "no".to_owned(),
                None => String::new(),
            },
        ]
    }
}

/// By goal; what has none comes last.
pub(super) fn sort(rows: &mut [Row]) {
    let number = |row: &Row| row.goal.trim_start_matches('P').parse().unwrap_or(u8::MAX);
    rows.sort_by_key(number);
}

const HEADINGS: [&str; 7] = ["", "measured", "ours", "beside", "ratio", "goal", "met"];

/// A table for a terminal.
pub(super) fn text(rows: &[Row]) -> String {
    let mut lines = vec![HEADINGS.map(ToOwned::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|n| lines.iter().filter_map(move |line| line.get(n)).map(|cell| cell.chars().count()))
        .map(|widths| widths.max().unwrap_or_default())
        .collect();
    let line = |cells: &[String; 7]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// A document with a table.
pub(super) fn markdown(rows: &[Row], facts: &Facts) -> String {
    let line = |cells: &[String; 7]| format!("| {} |\n", cells.join(" | "));
    let head = line(&HEADINGS.map(ToOwned::to_owned)) + &"|---".repeat(HEADINGS.len()) + "|\n";
    let table: String = rows.iter().map(|row| line(&row.cells())).collect();
    let facts: String = facts.iter().map(|(name, value)| format!("- {name}: {value}\n")).collect();
    format!(
        "# Performance\n\n\
         Ours and the other are measured in turn; a ratio is the median of those of the pairs, \
         ours divided by the other. CPU is time on a processor, wall is time on a clock. Where \
         single operations of a small and a large store are compared, it is that of the means of \
         CPU, or of the medians of wall. Others that only make files do not wait for the disk; \
         ours does. Commands start a process for each operation; a server that is asked over HTTP \
         has started before.\n\n\
         {facts}\n{head}{table}"
    )
}

/// The same for programs.
pub(super) fn json(rows: &[Row], facts: &Facts, growth: &Value) -> Result<String> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let Row { goal, what, ours, peer, ratio, limit, is_met } = row;
            json!({ "goal": goal, "measured": what, "ours": ours, "beside": peer,
                    "ratio": ratio, "limit": limit, "met": is_met })
        })
        .collect();
    let facts: Map<String, Value> =
        facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
    let all = json!({ "machine": facts, "figures": rows, "growth": growth });
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

/// A number of certificates: `500`, `10k`, `1M`.
pub(super) fn in_words(count: usize) -> String {
    match count {
        1_000_000.. if count.is_multiple_of(1_000_000) => format!("{}M", count / 1_000_000),
        1_000.. if count.is_multiple_of(1_000) => format!("{}k", count / 1_000),
        _ => count.to_string(),
    }
}

/// Seconds, in the unit that suits.
pub(super) fn seconds_in_words(seconds: f64) -> String {
    match seconds {
        ..1e-3 => format!("{:.2} ms", seconds * 1e3),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

/// Seconds, as microseconds.
pub(super) fn micros(seconds: f64) -> String {
    format!("{:.1} µs", seconds * 1e6)
}

/// Seconds, as milliseconds.
pub(super) fn millis(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_certificates_are_short() {
        let words = [500, 1_000, 1_500, 50_000, 1_000_000].map(in_words);
        assert_eq!(words, ["500", "1k", "1500", "50k", "1M"]);
    }

    #[test]
    fn goals_are_in_the_order_of_their_numbers() {
        let mut rows = ["", "P10", "P2", "P9"].map(|goal| Row::new(goal, "a", String::new()));
        sort(&mut rows);
        assert_eq!(rows.map(|row| row.goal), ["P2", "P9", "P10", ""]);
    }

    #[test]
    fn a_goal_is_met_or_not() {
        let row = Row::new("P1", "a", micros(2e-6)).beside("b", micros(1e-6), 2.0);
        assert_eq!(row.clone().at_most_ratio(1.5).is_met, Some(false));
        assert_eq!(row.clone().at_most_ratio(2.0).is_met, Some(true));
        assert_eq!(row.clone().at_least_ratio(2.0).is_met, Some(true));
        assert_eq!(row.clone().at_least_ratio(2.5).is_met, Some(false));
        let line = markdown(&[row.at_most_ratio(2.0)], &vec![]);
        assert!(
            line.ends_with("| P1 | a | 2.0 µs | b 1.0 µs | 2.000 | ratio ≤ 2 | yes |\n"),
            "{line}"
        );
    }
}
