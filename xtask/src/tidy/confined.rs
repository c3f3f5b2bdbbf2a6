//! What only one place may use.

use super::{Finding, Tree};
use crate::source::Source;

/// Code that is confined.
struct Confined {
    /// As it is written.
    piece: &'static str,
    /// Where the rule holds.
    within: &'static str,
    /// Where it may be used all the same.
    home: &'static str,
    what: &'static str,
}

const OPENSSL: Confined = Confined {
    piece: "openssl::",
    within: "crates/",
    home: "crates/pki-core/src/crypto",
    what: "OpenSSL is used in crates/pki-core/src/crypto only: add what you need there",
};

/// What `pki-core` must not do on its own account.
///
/// The file that offers the machine's clock to who wants no other is the exception.
const fn ambient(piece: &'static str, what: &'static str) -> Confined {
    Confined {
        piece,
        within: "crates/pki-core/src/",
        home: "crates/pki-core/src/env/system.rs",
        what,
    }
}

const NO_CLOCK: &str = "pki-core has no clock: use the `now` of the request";
const NO_ENVIRONMENT: &str = "pki-core reads no environment: let the program pass what it wants";
const NO_IO: &str = "pki-core does no I/O: it has a store";

const CONFINED: &[Confined] = &[
    OPENSSL,
    ambient("SystemTime::now", NO_CLOCK),
    ambient("Instant::now", NO_CLOCK),
    ambient("OffsetDateTime::now_utc", NO_CLOCK),
    ambient("env::var", NO_ENVIRONMENT),
    ambient("env::var_os", NO_ENVIRONMENT),
    ambient("env::vars", NO_ENVIRONMENT),
    ambient("std::fs", NO_IO),
    ambient("TcpStream", NO_IO),
    ambient("TcpListener", NO_IO),
    ambient("UdpSocket", NO_IO),
    ambient("std::process", "a library neither starts nor ends processes"),
];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for source in &tree.sources {
        for confined in CONFINED {
            let at_home = source.name.starts_with(confined.home);
            if source.name.starts_with(confined.within) && !at_home {
                findings.extend(uses(source, confined));
            }
        }
    }
}

fn uses(source: &Source, confined: &Confined) -> Vec<Finding> {
    let places = source.occurrences(confined.piece);
    let outside = places.into_iter().filter(|at| !source.is_test(*at));
    outside.map(|at| Finding::new(&source.name, source.line_at(at), confined.what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn what_is_confined_is_found_outside() {
        let text = "use openssl::ec;\nfn a() { std::fs::read(1); }\n// std::fs\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert!(found(check, &[("crates/pki-cli/src/a.rs", text)]).len() == 1);
        let findings = found(check, &[("crates/pki-core/src/x509/a.rs", text)]);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert_eq!(found(check, &[("crates/pki-core/src/crypto/a.rs", text)]).len(), 1);
    }
}
