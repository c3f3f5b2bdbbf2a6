//! `pki verify-sign`, and how two certificates can be related.

use pki_core::domain::time::Timestamp;
use pki_core::policy::NamesOf;
use pki_core::policy::constraints;
use pki_core::x509::{Certificate, KeyUsage};
use serde_json::{Map, Value};

use super::issuer::Issuer;
use super::{Context, trimmed};
use crate::args::VerifySignArgs;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::system;

pub(super) fn run(args: &VerifySignArgs, context: Context<'_, '_>) -> Result<(), Failure> {
    let (issuer_path, issued_path) = paths(&args.words.words)?;
    let session = context.session()?;
    let lead = format!("Failed to read issuer: {issuer_path}");
    let issuer = Issuer::read(&session, issuer_path, &lead).map_err(Failure::Usage)?;
    let lead = format!("Failed to run verification: error: unable to fetch issuer {issued_path}");
    let issued = Issuer::read(&session, issued_path, &lead).map_err(Failure::Usage)?;
    let relation = Relation::of(&issuer.certificate, &issued, system::now());
    if context.format != Format::Table {
        let members = relation.members();
        let members = members.map(|(name, holds)| (name.to_owned(), Value::from(holds)));
        let document = Value::Object(Map::from_iter(members));
        return output::document(context.console, context.format, &document, 0);
    }
    let row = |(name, holds): (&str, bool)| vec![name.to_owned(), holds.to_string()];
    let table = output::columns(&["field", "value"], &relation.members().map(row));
    write!(context.console.out, "issuer:{issuer_path}\nissued:{issued_path}\n\n{table}\n\n")?;
    Ok(())
}

fn paths(words: &[String]) -> Result<(&str, &str), Failure> {
    let problem = match words {
        [issuer, issued] => return Ok((trimmed(issuer), trimmed(issued))),
        [] => "Not enough arguments (expected potential issuer and issued, got nothing)".to_owned(),
        [_] => "Not enough arguments (expected both potential issuer and issued, got only one)"
            .to_owned(),
        more => format!(
            "Too many arguments (expected only potential issuer and issued, got {} arguments)",
            more.len()
        ),
    };
    Err(Failure::Usage(problem))
}

/// What makes one certificate look like the issuer of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    /// The subject of one is the issuer of the other.
    pub(super) subject: bool,
    /// One is in the chain of the other.
    pub(super) path: bool,
    /// Who trusts one trusts the other.
    pub(super) trust: bool,
    /// The key identifiers agree, also if there are none.
    pub(super) key_id: bool,
    /// The key of one made the signature of the other, and may.
    pub(super) signature: bool,
}

impl Relation {
    pub(super) fn of(issuer: &Certificate, issued: &Issuer, now: Timestamp) -> Self {
        let child = &issued.certificate;
        let subject = issuer.subject() == child.issuer();
        let signature = may_sign(issuer) && child.is_signed_by(issuer.public_key());
        let allows = || {
            let names = NamesOf { subject: child.subject(), extensions: child.extensions() };
            let chain = std::slice::from_ref(issuer);
            is_current(issuer, now)
                && is_current(child, now)
                && constraints::check(chain, names).is_ok()
        };
        Self {
            subject,
            path: issued.chain.contains(issuer),
            trust: (issuer == child && is_current(child, now))
                || (subject && signature && allows()),
            key_id: child.authority_key_identifier() == issuer.subject_key_identifier(),
            signature,
        }
    }

    /// Under the names of the reference.
    fn members(self) -> [(&'static str, bool); 5] {
        [
            ("subject_match", self.subject),
            ("path_match", self.path),
            ("trust_match", self.trust),
            ("key_id_match", self.key_id),
            ("signature_match", self.signature),
        ]
    }
}

/// RFC 5280 section 6.1.4 (k) and (n).
fn may_sign(certificate: &Certificate) -> bool {
    let usage = certificate.key_usage();
    certificate.is_ca() && usage.is_none_or(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN))
}

fn is_current(certificate: &Certificate, now: Timestamp) -> bool {
    certificate.not_before() <= now && now <= certificate.not_after()
}
