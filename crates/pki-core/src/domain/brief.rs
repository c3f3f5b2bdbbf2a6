//! What may be said again of what was sent.

use std::borrow::Cow;

/// A text as it may be repeated to whoever sent it, who may have taken a file with a private key for
/// something else: all of it if it is one short line, else how it begins.
pub fn brief(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 100;
    const BEGINNING: usize = 30;
    if text.len() <= LONGEST && !text.contains(char::is_control) {
        return text.into();
    }
    let beginning = text.chars().take(BEGINNING).take_while(|c| !c.is_control());
    beginning.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_key_is_not_repeated() {
        for (text, want) in [
            ("", ""),
            ("no serial", "no serial"),
            ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n", "-----BEGIN EC PRIVATE KEY-----…"),
            ("a\tb", "a…"),
            (&"17:".repeat(33), &"17:".repeat(33)),
            (&"17:".repeat(34), "17:17:17:17:17:17:17:17:17:17:…"),
        ] {
            assert_eq!(brief(text), want);
        }
    }
}
