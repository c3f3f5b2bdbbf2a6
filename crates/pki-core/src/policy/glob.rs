//! Patterns in which `*` stands for anything.

/// Whether a whole text fits a pattern. `*` is any run of characters, the empty one and dots
/// included; everything else is itself, case included. Takes time in proportion to both lengths,
/// whatever the pattern.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    // The last piece is tied to the end; those between are taken as early as they come, because
    // an earlier place never leaves less room for the others.
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(text) = text.strip_prefix(head).and_then(|text| text.strip_suffix(tail)) else {
        return false;
    };
    middle
        .split('*')
        .try_fold(text, |text, piece| text.split_once(piece).map(|(_, after)| after))
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (pattern, text, want) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a.b", true),
            ("**", "a", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.EXAMPLE.com", false),
            ("ftp*.foo.com", "ftp.foo.com", true),
            ("ftp*.foo.com", "x.ftp1.foo.com", false),
            ("a*b*c", "abbbc", true),
            ("a*b*c", "acb", false),
            ("*ab*ab*", "ab", false),
            ("*ab*ab*", "xabyabz", true),
            ("ab*bc", "abc", false),
            ("a.c", "abc", false),
        ] {
            assert_eq!(glob(pattern, text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "a*".repeat(20_000) + "b";
        assert!(!glob(&pattern, &"a".repeat(40_000)));
    }
}
