//! A root, a role and a certificate, in memory: the smallest program around `pki-core`.

use std::sync::Arc;

use pki_core::field::Seconds;
use pki_core::paths::{issue::Issue, roles::WriteRole, root::GenerateRoot};
use pki_core::{Engine, Env, Error, Given};
use pki_store::memory::MemoryStore;

#[expect(clippy::print_stdout, reason = "a program that shows what it made")]
fn main() -> Result<(), Error> {
    let seal = Given::passphrase("correct horse battery staple");
    let engine = Engine::new(Arc::new(MemoryStore::new()), Arc::new(seal), Env::system());
    engine.enable("pki")?;
    engine.execute("pki", &GenerateRoot::internal("Example Root"))?;

    let mut role = WriteRole::named("web");
    role.role.allowed_domains = vec!["example.com".into()];
    role.role.allow_subdomains = true;
    role.role.ttl = Seconds::hours(24);
    engine.execute("pki", &role)?;

    let issued = engine.execute("pki", &Issue::under("web", "blah.example.com"))?.data;
    println!("{}\n{}", issued.serial_number, issued.certificate);
    Ok(())
}
