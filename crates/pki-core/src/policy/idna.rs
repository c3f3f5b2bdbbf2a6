//! Domain names in ASCII, and what a host name looks like.

use super::Violation;

/// Longest label and longest name, in octets (RFC 1035 section 2.3.4).
const LABEL_LIMIT: usize = 63;
const NAME_LIMIT: usize = 253;

/// The name with every label in ASCII: labels that are not are encoded as they stand, without
/// folding case or mapping characters, and labels that are stay what they are. A name is data
/// here, not something to be corrected.
///
/// # Errors
///
/// [`Violation::Idna`] if a label is empty (a trailing dot makes an empty label) or longer than
/// 63 octets, or the name is longer than 253.
///
/// Source: RFC 5890 section 2.3.2.1 for the form of a label, RFC 3492 for the encoding.
pub fn to_ascii(name: &str) -> Result<String, Violation> {
    let labels: Vec<String> = name.split('.').map(label_to_ascii).collect();
    if let Some(long) = labels.iter().find(|label| LABEL_LIMIT < label.len()) {
        return Err(Violation::Idna(long.clone()));
    }
    let ascii = labels.join(".");
    if NAME_LIMIT < ascii.len() || labels.iter().any(String::is_empty) {
        return Err(Violation::Idna(name.to_owned()));
    }
    Ok(ascii)
}

fn label_to_ascii(label: &str) -> String {
    // Encoding never makes a label shorter than it has characters, so what is too long already
    // need not be encoded to be refused; encoding takes quadratic time.
    if label.is_ascii() || NAME_LIMIT < label.chars().count() {
        return label.to_owned();
    }
    format!("xn--{}", punycode(label))
}

/// RFC 3492 section 6.3, with the parameters of section 5.
fn punycode(label: &str) -> String {
    let points: Vec<u32> = label.chars().map(u32::from).collect();
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = length(out.len());
    if 0 < basic {
        out.push('-');
    }
    let (mut least, mut delta, mut bias, mut done) = (128_u32, 0_u32, 72_u32, basic);
    while done < length(points.len()) {
        let Some(next) = points.iter().copied().filter(|point| least <= *point).min() else {
            break;
        };
        delta = delta.saturating_add((next - least).saturating_mul(done + 1));
        for point in &points {
            if *point < next {
                delta = delta.saturating_add(1);
            }
            if *point == next {
                push_number(&mut out, delta, bias);
                bias = adapted(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta = delta.saturating_add(1);
        least = next + 1;
    }
    out
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A number in generalized variable-length digits, least significant first.
fn push_number(out: &mut String, number: u32, bias: u32) {
    let mut rest = number;
    for position in 1_u32.. {
        let threshold = (36 * position).saturating_sub(bias).clamp(1, 26);
        if rest < threshold {
            break;
        }
        let base = 36 - threshold;
        out.push(digit(threshold + (rest - threshold) % base));
        rest = (rest - threshold) / base;
    }
    out.push(digit(rest));
}

fn digit(value: u32) -> char {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let index = usize::try_from(value).unwrap_or_default();
    DIGITS.get(index).copied().map_or('0', char::from)
}

/// The bias for the next number (RFC 3492 section 6.1).
fn adapted(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut bias = 0;
    while 455 < delta {
        delta /= 35;
        bias += 36;
    }
    bias + 36 * delta / (delta + 38)
}

/// Whether an ASCII name looks like a host name: labels of letters, digits and inner hyphens,
/// `*` perhaps as the whole first label, a dot perhaps at the end.
pub fn is_hostname(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let name = name.strip_suffix('.').unwrap_or(name);
    name.split('.').all(is_label)
}

/// Whether a text is letters, digits and hyphens, with neither end a hyphen.
pub fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, want: Result<&str, &str>) {
        let got = to_ascii(name).map_err(|violation| violation.to_string());
        assert_eq!(got.as_deref().map_err(String::as_str), want, "{name}");
    }

    #[test]
    fn labels_are_encoded_as_they_stand() {
        for (name, want) in [
            ("EXÄMPLE.com", "xn--EXMPLE-xna.com"),
            ("ÄÖ.COM", "xn--7ba0b.COM"),
            ("straße.de", "xn--strae-oqa.de"),
            ("☃.com", "xn--n3h.com"),
            ("a\u{200d}.com", "xn--a-ugn.com"),
            ("İ.com", "xn--bfa.com"),
            ("ﬁ.com", "xn--jm6c.com"),
            ("*.bücher.com", "*.xn--bcher-kva.com"),
            ("xn--abc.com", "xn--abc.com"),
            ("foo bar", "foo bar"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("3年B組金八先生", "xn--3B-ww4c5e180e575a65lsy2b"),
        ] {
            check(name, Ok(want));
        }
    }

    #[test]
    fn lengths_and_empty_labels_are_refused() {
        for name in ["", ".", "a..b", "example.com.", ".example.com"] {
            check(name, Err(&format!("idna: invalid label {name:?}")));
        }
        let long = "a".repeat(64);
        check(&format!("{long}.com"), Err(&format!("idna: invalid label {long:?}")));
        let whole = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(62)].join(".");
        check(&whole, Err(&format!("idna: invalid label {whole:?}")));
        assert!(to_ascii(&"ä".repeat(1_000_000)).is_err());
    }

    #[test]
    fn hostnames_are_labels_with_dots() {
        for name in ["a", "a-b.c", "a--b", "*.a", "1.2.3.4", "a.", "xn--a", "A.B"] {
            assert!(is_hostname(name), "{name}");
        }
        for name in [
            "", "*", "*.", ".", "a..b", "-a", "a-", "a_b", "f*.b", "*.*.a", "a b", "a\n", "ä",
            "a:1", "a\0b",
        ] {
            assert!(!is_hostname(name), "{name:?}");
        }
    }
}
