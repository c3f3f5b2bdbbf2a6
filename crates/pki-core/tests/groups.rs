//! Many commands in one transaction: all or none, and as if there were one thread.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use pki_core::api::endpoint::Reply;
use pki_core::field::Seconds;
use pki_core::paths::certs::ListCertificates;
use pki_core::paths::issue::{Issue, IssuedCertificate};
use pki_core::paths::roles::{ReadRole, WriteRole};
use pki_core::paths::root::GenerateRoot;
use pki_core::{Engine, Env, Given, GroupError, Step};
use pki_store::memory::MemoryStore;

const JOBS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

fn engine() -> Engine {
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::new(store, Arc::new(Given::key([7; 32])), Env::system());
    engine.enable("pki").expect("a mount");
    let mut root = GenerateRoot::internal("Root");
    root.key.key_type = Some("ec".into());
    engine.execute("pki", &root).expect("a root");
    engine.execute("pki", &role("web")).expect("a role");
    engine
}

fn role(name: &str) -> WriteRole {
    let mut role = WriteRole::named(name);
    role.role.allowed_domains = vec!["example.com".into()];
    role.role.allow_subdomains = true;
    role.role.key_type = "ec".into();
    role.role.ttl = Seconds::hours(24);
    role
}

fn issue(host: usize) -> Issue {
    Issue::under("web", format!("h{host}.example.com"))
}

fn stored(engine: &Engine) -> usize {
    engine.query("pki", &ListCertificates::default()).expect("a list").data.keys.len()
}

fn step(from: u64, to: u64) -> Step {
    Step { batch: "b".into(), path: "issue/web".into(), rows: 100, from, to }
}

fn fine(_: &[Reply<IssuedCertificate>]) -> Result<(), String> {
    Ok(())
}

#[test]
fn answers_come_in_the_order_of_the_commands() {
    let engine = engine();
    let before = stored(&engine);
    let commands: Vec<Issue> = (0..50).map(issue).collect();
    let replies = engine.execute_all("pki", &commands, JOBS).expect("certificates");
    let serials: BTreeSet<&str> = replies.iter().map(|r| r.data.serial_number.as_str()).collect();
    assert_eq!((replies.len(), serials.len(), stored(&engine)), (50, 50, before + 50));
    for (host, reply) in replies.iter().enumerate() {
        let certificate = pki_core::x509::Certificate::from_pem(&reply.data.certificate);
        let name = certificate.expect("a certificate").subject().common_name();
        assert_eq!(name, Some(format!("h{host}.example.com")));
    }
    let nothing: &[Issue] = &[];
    assert!(engine.execute_all("pki", nothing, JOBS).expect("nothing").is_empty());
}

#[test]
fn one_that_cannot_be_done_is_named_and_none_is_done() {
    let engine = engine();
    let before = stored(&engine);
    let mut commands: Vec<Issue> = (0..20).map(issue).collect();
    commands[7] = Issue::under("web", "example.org");
    let checks = engine.check_all("pki", &commands, JOBS).expect("checks");
    let bad: Vec<usize> = (0..20).filter(|index| checks[*index].is_err()).collect();
    assert_eq!(bad, [7]);
    match engine.execute_all("pki", &commands, JOBS) {
        Err(GroupError::Command { index: 7, error }) => {
            assert_eq!(error.to_string(), "common name example.org not allowed by this role");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(stored(&engine), before);
}

#[test]
fn commands_that_look_at_each_other_are_done_by_one_thread() {
    let engine = engine();
    // Each makes or replaces a role, and whoever makes one changes what there is to list.
    let commands: Vec<WriteRole> = (0..40).map(|n| role(&format!("r{}", n % 3))).collect();
    let replies = engine.execute_all("pki", &commands, JOBS).expect("roles");
    assert_eq!(replies.len(), 40);
    for name in ["r0", "r1", "r2"] {
        engine.query("pki", &ReadRole { name: name.into() }).expect("a role");
    }
}

#[test]
fn a_step_is_done_once() {
    let engine = engine();
    let before = stored(&engine);
    let commands: Vec<Issue> = (0..10).map(issue).collect();
    let mut kept = 0;
    let mut keep = |replies: &[Reply<IssuedCertificate>]| -> Result<(), String> {
        kept += replies.len();
        Ok(())
    };
    assert_eq!(engine.batch_progress("pki", "b").expect("progress"), None);
    engine.execute_step("pki", &commands, JOBS, &step(0, 10), &mut keep).expect("a step");
    assert_eq!(kept, 10);
    assert_eq!(engine.batch_progress("pki", "b").expect("progress"), Some(10));
    for (from, to) in [(0, 10), (20, 30)] {
        let got = engine.execute_step("pki", &commands, JOBS, &step(from, to), &mut fine);
        let problem = got.err().map(|problem| problem.to_string()).expect("refused");
        assert!(problem.starts_with("batch b has 10 rows done"), "{problem}");
    }
    let mut full = |_: &[Reply<IssuedCertificate>]| Err("the disk is full".to_owned());
    let got = engine.execute_step("pki", &commands, JOBS, &step(10, 20), &mut full);
    assert!(matches!(got, Err(GroupError::Keep(why)) if why == "the disk is full"));
    assert_eq!(engine.batch_progress("pki", "b").expect("progress"), Some(10));
    assert_eq!(stored(&engine), before + 10);
}

#[test]
fn another_writer_makes_a_group_start_again() {
    let engine = engine();
    let commands: Vec<Issue> = (0..10).map(issue).collect();
    let mut attempts = 0;
    let mut keep = |_: &[Reply<IssuedCertificate>]| -> Result<(), String> {
        attempts += 1;
        if attempts == 1 {
            // The role that everything was decided by is replaced before the group counts.
            let mut changed = role("web");
            changed.role.allowed_domains = vec!["example.com".into(), "example.net".into()];
            engine.execute("pki", &changed).map_err(|problem| problem.to_string())?;
        }
        Ok(())
    };
    let got = engine.execute_step("pki", &commands, JOBS, &step(0, 10), &mut keep);
    got.expect("a step");
    assert_eq!(attempts, 2);
    // And if that makes a row impossible, nothing of the group is done.
    let before = stored(&engine);
    let mut keep = |_: &[Reply<IssuedCertificate>]| -> Result<(), String> {
        let mut closed = role("web");
        closed.role.allowed_domains = vec!["example.net".into()];
        engine.execute("pki", &closed).map(drop).map_err(|problem| problem.to_string())
    };
    let got = engine.execute_step("pki", &commands, JOBS, &step(10, 20), &mut keep);
    assert!(matches!(got, Err(GroupError::Command { index: 0, .. })));
    assert_eq!(stored(&engine), before);
}
