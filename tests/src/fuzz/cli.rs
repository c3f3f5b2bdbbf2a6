//! Command lines: flags as Go takes them, and `key=value`.

use std::ffi::OsString;

use pki_cli::{Console, Environment, SUCCESS};

use super::{Target, Verdict};

pub(super) const TARGET: Target = Target {
    name: "cli",
    about: "the words of a command line, one in a line; after a NUL, standard input",
    run,
    seeds,
};

fn run(input: &[u8]) -> Verdict {
    let mut parts = input.splitn(2, |octet| *octet == 0);
    let words = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let stdin = parts.next().unwrap_or_default();
    let words: Vec<&str> = words.split('\n').collect();
    if words.iter().any(|word| reaches_files(word)) {
        return Verdict::Refused;
    }
    // There can be no store: what gets as far as opening it has been read whole.
    let home = [("HOME", "/proc/none")];
    let (status, _, err) = obey(&words, stdin, &Environment::of(home));
    assert!(status == SUCCESS || !err.is_empty(), "{words:?} failed without a word");
    let completing = home.into_iter().chain([("PKICTL_COMPLETE", "bash")]);
    obey(&words, stdin, &Environment::of(completing));
    if status == SUCCESS { Verdict::Taken } else { Verdict::Refused }
}

/// Words by which a command would read or write files of whoever runs this.
fn reaches_files(word: &str) -> bool {
    word.starts_with('@')
        || ["=@", "data-dir", "config", "/dev", "log"].iter().any(|part| word.contains(part))
}

fn obey(words: &[&str], mut stdin: &[u8], environment: &Environment) -> (u8, Vec<u8>, Vec<u8>) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { stdin: &mut stdin, out: &mut out, err: &mut err, environment };
    let status = pki_cli::run(words.iter().map(OsString::from), &mut console);
    (status, out, err)
}

fn seeds() -> Vec<Vec<u8>> {
    [
        "write\n-format=json\npki/roles/x\nallowed_domains=a,b\nttl=72h\n-force\nx=-\0value",
        "write\n-field\ncertificate\npki/issue/web\n-\0{\"common_name\": \"a.b\", \"n\": [1]}",
        "secrets\nenable\n-path=pki\n--max-lease-ttl=87600h\n-description\nd\npki",
        "secrets\ntune\n-passthrough-request-headers=A,B\npki/",
        "list\npki/certs\n-detailed\n-format\nyaml",
        "read\n--\n-x",
        "lease\nrevoke\n-prefix\n-force\npki/",
        "pki\nissue\n-type=internal\n-issuer_name=b\npki/issuer/default\npki2/\ncommon_name=B",
        "pki\nhealth-check\n-return-indicator=informational\npki",
        "path-help\npki",
        "patch\npki/issuer/default\nissuer_name=\\@x",
        "-h",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}
