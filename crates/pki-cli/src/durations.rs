//! Lifetimes on the command line.

use pki_core::domain::time::{format_go_duration, parse_signed_duration_seconds};

/// The value of a flag that takes a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlagDuration {
    seconds: i64,
}

impl FlagDuration {
    /// Reads seconds, a duration in Go's units, whole days, or `system`.
    ///
    /// # Errors
    ///
    /// A text that names the value and says what is accepted.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "system" {
            return Ok(Self { seconds: -1 });
        }
        match parse_signed_duration_seconds(text) {
            Ok(seconds) => Ok(Self { seconds }),
            Err(_) => Err(format!(
                "time: invalid duration {text:?}; write for example 72h, 90m, 30d or 3600"
            )),
        }
    }

    /// As a new mount wants it; nothing given is zero.
    pub(crate) fn for_new(duration: Option<Self>) -> String {
        format_go_duration(duration.map_or(0, |duration| duration.seconds))
    }

    /// As a mount that is there wants it: nothing leaves the setting alone, `system` removes it.
    pub(crate) fn for_change(duration: Option<Self>) -> String {
        match duration.map_or(0, |duration| duration.seconds) {
            0 => String::new(),
            ..0 => "system".to_owned(),
            seconds => format_go_duration(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_sent_as_go_writes_them() {
        for (text, for_new, for_change) in [
            ("72h", "72h0m0s", "72h0m0s"),
            ("90", "1m30s", "1m30s"),
            ("10d", "240h0m0s", "240h0m0s"),
            ("0", "0s", ""),
            ("", "0s", ""),
            ("-1", "-1s", "system"),
            ("system", "-1s", "system"),
        ] {
            let duration = FlagDuration::parse(text).ok();
            assert_eq!(FlagDuration::for_new(duration), for_new, "{text}");
            assert_eq!(FlagDuration::for_change(duration), for_change, "{text}");
        }
        assert_eq!(FlagDuration::for_new(None), "0s");
    }

    #[test]
    fn what_is_no_lifetime_is_named() {
        for text in ["never", "1d12h", "1w", "1H"] {
            let problem = FlagDuration::parse(text).expect_err("refused");
            assert!(problem.starts_with(&format!("time: invalid duration {text:?}")), "{problem}");
        }
    }
}
