//! Many revocations at once leave what the same revocations one by one leave.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::num::NonZeroUsize;
use std::sync::Arc;

use pki_core::domain::time::Timestamp;
use pki_core::field::Seconds;
use pki_core::paths::issue::Issue;
use pki_core::paths::revoke::RevokeCertificate;
use pki_core::paths::roles::WriteRole;
use pki_core::paths::root::GenerateRoot;
use pki_core::policy::Selector;
use pki_core::x509::CertificateList;
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;

/// More than fit one segment of a CRL's log.
const COUNT: usize = 250;

fn engine() -> (Engine, Vec<String>) {
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::new(store, Arc::new(Given::key([7; 32])), Env::system());
    engine.enable("pki").expect("a mount");
    let mut root = GenerateRoot::internal("Root");
    root.key.key_type = Some("ed25519".into());
    engine.execute("pki", &root).expect("a root");
    let mut role = WriteRole::named("web");
    role.role.allow_any_name = true;
    role.role.key_type = "ed25519".into();
    role.role.ttl = Seconds::hours(24);
    engine.execute("pki", &role).expect("a role");
    let commands: Vec<Issue> =
        (0..COUNT).map(|host| Issue::under("web", format!("h{host}.example.com"))).collect();
    let made = engine.execute_all("pki", &commands, NonZeroUsize::MIN).expect("certificates");
    let serials = made.into_iter().map(|reply| reply.data.serial_number).collect();
    (engine, serials)
}

fn selector(conditions: &[&str]) -> Selector {
    let texts: Vec<String> = conditions.iter().map(|text| (*text).to_owned()).collect();
    Selector::parse(&texts, Timestamp::from_unix(0)).expect("conditions")
}

/// The serial numbers on the CRL.
fn listed(engine: &Engine) -> Vec<String> {
    let request =
        Request { operation: Operation::Read, path: "pki/crl".into(), data: Default::default() };
    let response = engine.handle(request).expect("a CRL");
    let Body::Raw { bytes, .. } = &response.body else { return Vec::new() };
    let list = CertificateList::from_der(bytes).expect("a CRL");
    let entries = list.entries().map(|entry| entry.expect("an entry").revoked);
    let mut serials: Vec<String> = entries.map(|entry| entry.serial.to_string()).collect();
    serials.sort();
    serials
}

#[test]
fn the_crl_lists_all_of_them_once_whatever_came_before_and_after() {
    let (engine, mut serials) = engine();
    let revoke = |serial: &String| {
        engine.execute("pki", &RevokeCertificate::serial(serial.as_str())).expect("a revocation");
    };
    let (alone, rest) = serials.split_at(3);
    alone.iter().for_each(revoke);
    assert_eq!(listed(&engine).len(), 3);
    let (last, together) = rest.split_first().expect("certificates");
    let wanted = selector(&["role=web", &format!("serial!={last}")]);
    let count = together.len() as u64;
    assert_eq!(engine.would_revoke("pki", &wanted).expect("a count").count, count);
    let off = engine.revoke_matching("pki", &wanted, None, count + 1);
    assert!(off.is_err_and(|problem| problem.to_string().starts_with("246 certificates match")));
    assert_eq!(listed(&engine).len(), 3);
    engine.revoke_matching("pki", &wanted, Some("superseded"), count).expect("revocations");
    assert_eq!(listed(&engine).len(), COUNT - 1);
    revoke(last);
    serials.sort();
    assert_eq!(listed(&engine), serials);
    let none = engine.revoke_matching("pki", &wanted, None, 0).expect("nothing to do");
    assert_eq!(none.count, 0);
}
