//! What a run has found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::compare::{Difference, What};
use super::pair::Step;
use super::rules;
use super::side::Answer;

/// The longest text of a difference that is shown.
const LONGEST: usize = 600;

#[derive(Default)]
pub(super) struct Report {
    /// Questions by verb: how many, and how many of them the reference accepted.
    asked: BTreeMap<String, (u64, u64)>,
    /// The numbers of the pairs.
    pairs: BTreeSet<u64>,
    /// Differences that were decided on, by decision.
    explained: BTreeMap<(&'static str, &'static str), u64>,
    /// The others, by what is different: how many, and the first.
    unexplained: BTreeMap<(String, What, String), (u64, String)>,
}

impl Report {
    pub(super) fn is_clean(&self) -> bool {
        self.unexplained.is_empty()
    }

    /// How many pairs were asked.
    #[cfg(test)]
    pub(super) fn pairs(&self) -> u64 {
        self.pairs.len() as u64
    }

    /// Takes in the differences between the answers to a step, the last of those asked.
    pub(super) fn add(
        &mut self,
        number: u64,
        asked: &[Step],
        theirs: &Answer,
        differences: Vec<Difference>,
    ) {
        let Some(step) = asked.last() else { return };
        self.pairs.insert(number);
        let verb = step.verb().to_owned();
        let (count, accepted) = self.asked.entry(verb.clone()).or_default();
        *count += 1;
        *accepted += u64::from(theirs.is_accepted());
        for difference in differences {
            if let Some(rule) = rules::explain(asked, &difference) {
                *self.explained.entry((rule.decision, rule.why)).or_default() += 1;
                continue;
            }
            let kind = (verb.clone(), difference.what.clone(), stem(&difference));
            let first = || (0, example(number, asked, &difference));
            self.unexplained.entry(kind).or_insert_with(first).0 += 1;
        }
    }
}

/// The beginnings of both texts: differences that begin alike are of one kind.
fn stem(difference: &Difference) -> String {
    let words = |text: &str| text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    format!("{} / {}", words(&difference.theirs), words(&difference.ours))
}

fn example(number: u64, asked: &[Step], difference: &Difference) -> String {
    let commands = |program: &str| -> String {
        asked.iter().map(|step| format!("      {}\n", step.command(program))).collect()
    };
    format!(
        "    in pair {number} (-only {number})\n      theirs: {}\n      ours:   {}\n{}{}",
        cut(&difference.theirs),
        cut(&difference.ours),
        commands("bao"),
        commands("pkictl"),
    )
}

fn cut(text: &str) -> String {
    let start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() { format!("{start}\u{2026}") } else { start }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (verb, (count, accepted)) in &self.asked {
            writeln!(f, "{count:7} {verb:24} of which bao accepted {accepted}")?;
        }
        writeln!(f, "decided on:")?;
        for ((decision, why), count) in &self.explained {
            writeln!(f, "{count:7} {decision:4} {why}")?;
        }
        for ((verb, what, _), (count, example)) in &self.unexplained {
            writeln!(f, "unexplained, {count} times: {verb} {what:?}\n{example}")?;
        }
        writeln!(f, "unexplained: {} kinds", self.unexplained.len())
    }
}
