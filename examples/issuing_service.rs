//! A service: one engine over a store on disk, shared by threads. Each takes requests, issues,
//! and lets the caller handle the private key; then a certificate is revoked.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use pki_core::api::Reply;
use pki_core::field::Seconds;
use pki_core::paths::crl::ReadCrl;
use pki_core::paths::issue::{Issue, IssuedCertificate};
use pki_core::paths::revoke::RevokeCertificate;
use pki_core::paths::roles::WriteRole;
use pki_core::paths::root::GenerateRoot;
use pki_core::{Engine, Env, Error, ErrorClass, Given};
use pki_store::directory::{DirectoryStore, Options};

/// Opens the store of the service, and sets up its authority the first time.
fn open(folder: &Path, key: [u8; 32]) -> Result<Engine, Error> {
    let store = DirectoryStore::create(folder, Options::default())?;
    let engine = Engine::new(Arc::new(store), Arc::new(Given::key(key)), Env::system());
    match engine.enable("pki") {
        Ok(()) => (),
        // There is one already: this is a later start.
        Err(problem) if problem.class() == ErrorClass::InvalidRequest => return Ok(engine),
        Err(problem) => return Err(problem),
    }
    let mut root = GenerateRoot::internal("Service Root");
    root.key.key_type = Some("ec".into());
    engine.execute("pki", &root)?;
    let mut role = WriteRole::named("workers");
    role.role.allowed_domains = vec!["workers.example.com".into()];
    role.role.allow_subdomains = true;
    role.role.key_type = "ec".into();
    role.role.key_bits = 256;
    engine.execute("pki", &role)?;
    Ok(engine)
}

/// What a request handler of the service would do.
fn issue(engine: &Engine, worker: &str) -> Result<IssuedCertificate, Error> {
    let mut request = Issue::under("workers", format!("{worker}.workers.example.com"));
    request.validity.ttl = Some(Seconds::hours(12));
    let Reply { data, warnings, .. } = engine.execute("pki", &request)?;
    debug_assert!(warnings.is_empty(), "{warnings:?}");
    Ok(data)
}

#[expect(clippy::print_stdout, reason = "a program that shows what it made")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    // A real service has its key from where it keeps its secrets, the same one at each start.
    let engine = Arc::new(open(&folder.path().join("store"), [7; 32])?);

    let threads = ["ada", "grace", "barbara"].map(|worker| {
        let engine = Arc::clone(&engine);
        thread::spawn(move || issue(&engine, worker))
    });
    let mut issued = Vec::new();
    for thread in threads {
        issued.push(thread.join().map_err(|_| "a thread has panicked")??);
    }
    for certificate in &issued {
        println!("issued {}", certificate.serial_number);
    }

    let refused = engine.execute("pki", &Issue::under("workers", "www.example.org"));
    println!("refused: {}", refused.err().ok_or("not refused")?);

    let lost = issued.pop().ok_or("nothing was issued")?;
    engine.execute("pki", &RevokeCertificate::serial(lost.serial_number))?;
    let crl = engine.query("pki", &ReadCrl { issuer_ref: "default".into() })?.data;
    println!("{}", crl.crl);
    Ok(())
}
