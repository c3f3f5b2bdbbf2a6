//! Words that a user may copy into a shell.

/// A word as a shell takes it: quoted if it needs to be.
pub(crate) fn word(text: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(harmless) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_when_they_need_it() {
        assert_eq!(word("/var/lib/pki-1"), "/var/lib/pki-1");
        assert_eq!(word("/a b"), "'/a b'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }
}
