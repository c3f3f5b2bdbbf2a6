//! The settings of one check: what it has by itself, and over it what a file says.

use pki_core::domain::time::{parse_duration_seconds, parse_go_duration};
use serde_json::{Map, Value};

use super::mount::Trouble;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

pub(super) struct Settings(Map<String, Value>);

impl Settings {
    /// `defaults` are names with what one would write in a file.
    pub(super) fn of(defaults: &[(&str, Default)], configured: Option<&Value>) -> Self {
        let mut all: Map<String, Value> =
            defaults.iter().map(|(name, value)| ((*name).to_owned(), value.to_value())).collect();
        let configured = configured.and_then(Value::as_object).into_iter().flatten();
        all.extend(configured.map(|(name, value)| (name.clone(), value.clone())));
        Self(all)
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    pub(super) fn is_enabled(&self, otherwise: bool) -> bool {
        let said = self.0.get("enabled").and_then(Value::as_bool);
        said.unwrap_or(otherwise)
    }

    /// A duration in nanoseconds: `30d`, `200ms`, or seconds.
    pub(super) fn duration(&self, name: &str) -> Result<i128, Trouble> {
        let text = self.text(name);
        let seconds = || parse_duration_seconds(&text).map(|seconds| i128::from(seconds) * SECOND);
        parse_go_duration(&text)
            .or_else(|_| seconds())
            .map_err(|_| wrong(name, &text, &format!("time: invalid duration {text:?}")))
    }

    /// The same in whole seconds.
    pub(super) fn seconds(&self, name: &str) -> Result<i64, Trouble> {
        let nanos = self.duration(name)?;
        Ok(i64::try_from(nanos / SECOND).unwrap_or(i64::MAX))
    }

    pub(super) fn count(&self, name: &str) -> Result<usize, Trouble> {
        let text = self.text(name);
        let problem = || wrong(name, &text, "expected a whole number");
        text.parse().map_err(|_| problem())
    }

    /// A share from 1 to 99.
    pub(super) fn percent(&self, name: &str) -> Result<u8, Trouble> {
        let text = self.text(name);
        let percent = text.parse().ok().filter(|percent| (1..=99).contains(percent));
        percent.ok_or_else(|| wrong(name, &text, "expected a percentage from 1 to 99"))
    }

    /// Texts, as a list or with commas between them.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::String(text)) => {
                let words = text.split(',').map(str::trim);
                words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
            }
            other => crate::commands::pki::texts(other),
        }
    }

    fn text(&self, name: &str) -> String {
        self.0.get(name).map(crate::output::plain).unwrap_or_default()
    }
}

fn wrong(name: &str, value: &str, problem: &str) -> Trouble {
    Trouble::Setting(format!("failed to parse parameter ({name}={value}): {problem}"))
}

/// What a setting is where no file says anything.
#[derive(Clone, Copy, Debug)]
pub(super) enum Default {
    Text(&'static str),
    Number(u32),
    NoWords,
}

impl Default {
    fn to_value(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Number(number) => number.into(),
            Self::NoWords => Value::Array(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(configured: Value) -> Settings {
        let defaults = [
            ("long", Default::Text("7d")),
            ("short", Default::Text("200ms")),
            ("some", Default::Number(100)),
            ("share", Default::Text("95")),
            ("names", Default::NoWords),
        ];
        Settings::of(&defaults, Some(&configured))
    }

    #[test]
    fn what_a_file_says_goes_over_what_a_check_has() {
        let plain = settings(json!({}));
        assert_eq!(plain.duration("long").ok(), Some(7 * 86_400 * SECOND));
        assert_eq!(plain.duration("short").ok(), Some(200_000_000));
        assert_eq!(plain.count("some").ok(), Some(100));
        assert_eq!(plain.percent("share").ok(), Some(95));
        assert!(plain.words("names").is_empty());
        assert!(plain.is_enabled(true) && !plain.is_enabled(false));
        let given = settings(json!({
            "enabled": false, "long": 60, "short": "2h", "some": "7", "share": 10,
            "names": "a, b",
        }));
        assert_eq!(given.seconds("long").ok(), Some(60));
        assert_eq!(given.seconds("short").ok(), Some(7200));
        assert_eq!(given.count("some").ok(), Some(7));
        assert_eq!(given.percent("share").ok(), Some(10));
        assert_eq!(given.words("names"), ["a", "b"]);
        assert!(!given.is_enabled(true));
    }

    #[test]
    fn a_wrong_setting_is_named_with_its_value() {
        let given = settings(json!({"long": "x", "some": "many", "share": 100}));
        let problems =
            [given.duration("long").err(), given.count("some").err(), given.percent("share").err()];
        for (problem, want) in problems.into_iter().zip(["(long=x)", "(some=many)", "(share=100)"])
        {
            assert!(
                matches!(&problem, Some(Trouble::Setting(text)) if text.contains(want)),
                "{problem:?}"
            );
        }
    }
}
