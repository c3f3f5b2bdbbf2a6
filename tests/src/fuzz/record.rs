//! Stored records that were damaged: an error, never a panic.

use pki_core::Operation;
use pki_core::x509::pem;
use pki_store::memory::MemoryStore;
use pki_store::{Batch, Key, KeyRange, Layout, Op, Store as _, Table};
use serde_json::{Map, json};

use super::authority::{self, Authority, PREPARED, Whose};
use super::{Target, Verdict};

pub(super) const TARGET: Target = Target {
    name: "record",
    about: "the number of a stored record, and what stands there instead",
    run,
    seeds,
};

/// Tables have numbers below this.
const TABLES: u8 = 64;

/// The first octet picks a record; the rest is its new value.
fn run(input: &[u8]) -> Verdict {
    let Some((pick, value)) = input.split_first() else { return Verdict::Refused };
    let store = Authority::records();
    let records = records(&store);
    let Some((key, _)) = records.get(usize::from(*pick) % records.len().max(1)) else {
        return Verdict::Refused;
    };
    let put = Op::Put { key: key.clone(), value: value.to_vec() };
    store.apply(&Batch { expect: Vec::new(), ops: vec![put] }).expect("memory");
    use_all(&Authority::on(store))
}

/// Every record, in the order of tables and keys.
fn records(store: &MemoryStore) -> Vec<(Key, Vec<u8>)> {
    let snapshot = store.snapshot().expect("memory");
    let table = |number| Table { number, name: "", layout: Layout::Clustered };
    let range = |number| KeyRange::prefix(table(number), []);
    let scanned = (0..TABLES).map(|number| snapshot.scan(&range(number), 1_000).expect("memory"));
    scanned.flatten().map(|(key, entry)| (key, entry.value)).collect()
}

/// What reads records of every kind. Whether it succeeds depends on the damage.
fn use_all(authority: &Authority) -> Verdict {
    let leaf = PREPARED.leaf.serial();
    for path in [
        "sys/mounts",
        "sys/mounts/pki/tune",
        "pki/roles/any",
        "pki/issuer/root",
        "pki/key/root",
        "pki/config/issuers",
        "pki/config/keys",
        "pki/config/urls",
        "pki/config/crl",
        "pki/config/cluster",
        "pki/config/auto-tidy",
        "pki/tidy-status",
        "pki/ca_chain",
        "pki/cert/ca",
        "pki/crl",
        &format!("pki/cert/{leaf}"),
        &format!("pki/cert/{}", PREPARED.revoked),
    ] {
        drop(authority.read(path));
    }
    for path in [
        "pki/roles",
        "pki/issuers",
        "pki/keys",
        "pki/certs",
        "pki/certs/revoked",
        "pki/certs/detailed",
    ] {
        drop(authority.ask(Operation::List, path, Map::new()));
    }
    let csr = authority::csr(&Whose::Leaf.key(), "c.example.com", Vec::new());
    let csr = pem::encode("CERTIFICATE REQUEST", &csr);
    drop(authority.write("pki/sign/any", json!({"csr": csr})));
    drop(authority.write("pki/revoke", json!({"serial_number": leaf.to_string()})));
    let rotated = authority.read("pki/crl/rotate");
    drop(authority.read("pki/crl/delta"));
    let tidy = json!({"tidy_cert_store": true, "tidy_revoked_certs": true,
        "tidy_expired_issuers": true, "safety_buffer": "1s"});
    drop(authority.write("pki/tidy", tidy));
    drop(authority.ask(Operation::Delete, "pki/issuer/root", Map::new()));
    drop(authority.ask(Operation::Delete, "sys/mounts/pki", Map::new()));
    Verdict::of(&rotated)
}

fn seeds() -> Vec<Vec<u8>> {
    let records = records(&Authority::records());
    let numbered = records.iter().zip(0_u8..);
    numbered.map(|((_, value), number)| [&[number], value.as_slice()].concat()).collect()
}
