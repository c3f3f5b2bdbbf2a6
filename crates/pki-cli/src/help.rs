//! Help and usage errors in the program's own way of writing flags.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::Failure;

/// The help of a command, or of the program if the path is empty.
pub(crate) fn of(path: &[String]) -> String {
    let mut root = crate::command();
    root.build();
    let mut command = &mut root;
    for name in path {
        // Without the arm that gives up, the borrow would have to last for both.
        match command.get_subcommands_mut().find(|found| found.get_name() == name) {
            Some(found) => command = found,
            None => return String::new(),
        }
    }
    one_dash(&command.render_long_help().to_string())
}

/// What clap found wrong, in the words of the reference.
pub(crate) fn usage_error(problem: &clap::Error) -> Failure {
    let context = |kind| match problem.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    if problem.kind() == ErrorKind::ValueValidation {
        let flag = context(ContextKind::InvalidArg);
        let flag = flag.split_whitespace().next().unwrap_or(flag);
        let flag = flag.trim_start_matches('-');
        let value = context(ContextKind::InvalidValue);
        let reason = std::error::Error::source(problem).map(ToString::to_string);
        let reason = reason.unwrap_or_default();
        return Failure::Usage(format!("invalid value {value:?} for flag -{flag}: {reason}"));
    }
    let text = one_dash(&problem.to_string());
    let line = text.lines().next().unwrap_or_default();
    Failure::Usage(line.trim_start_matches("error: ").to_owned())
}

/// Flags with one dash, as everybody who comes from Vault writes them.
fn one_dash(text: &str) -> String {
    text.replace(" --", " -")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn help_shows_flags_with_one_dash() {
        let text = of(&["write".to_owned()]);
        assert!(text.contains("\n  -f, -force\n"), "{text}");
        assert!(text.contains("-data-dir <path>"), "{text}");
        assert!(!text.contains("--"), "{text}");
        assert_eq!(of(&["nonsense".to_owned()]), "");
    }

    #[test]
    fn values_that_do_not_fit_are_named_with_their_flag() {
        let words = ["pkictl", "secrets", "enable", "--max-lease-ttl=never", "--", "pki"];
        let problem = crate::args::Cli::try_parse_from(words).expect_err("refused");
        let text = usage_error(&problem).into_parts().0.unwrap_or_default();
        let want = "invalid value \"never\" for flag -max-lease-ttl: \
                    time: invalid duration \"never\"";
        assert!(text.starts_with(want), "{text}");
    }
}
