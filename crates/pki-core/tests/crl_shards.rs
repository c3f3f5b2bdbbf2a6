//! CRLs in shards: who names which, and what each lists.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

use std::collections::BTreeSet;
use std::sync::Arc;

use pki_core::x509::extension::distribution_point_urls;
use pki_core::x509::{Certificate, CertificateList, oid};
use pki_core::{Body, Engine, Env, Error, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use serde_json::{Map, Value, json};

const SHARDED: &str = "http://crl.test/pki/{{crl_shard}}.crl";

struct World(Engine);

impl World {
    /// A root, a role, and certificates that are spread over four shards.
    fn new() -> Self {
        let seal = Arc::new(Given::key([7; 32]));
        let world = Self(Engine::new(Arc::new(MemoryStore::new()), seal, Env::system()));
        world.0.enable("pki").unwrap();
        let root = json!({"common_name": "root", "key_type": "ec", "ttl": "700h"});
        world.write("root/generate/internal", root).unwrap();
        world.write("roles/any", json!({"allow_any_name": true, "key_type": "ec"})).unwrap();
        world.write("config/urls", json!({"crl_distribution_points": SHARDED})).unwrap();
        world.write("config/crl", json!({"shards": 4})).unwrap();
        world
    }

    fn ask(&self, operation: Operation, path: &str, data: Value) -> Result<Body, Error> {
        let (path, data) = (format!("pki/{path}"), data.as_object().unwrap().clone());
        let mut response = self.0.handle(Request { operation, path, data })?;
        Ok(std::mem::replace(&mut response.body, Body::Null))
    }

    fn write(&self, path: &str, data: Value) -> Result<Map<String, Value>, Error> {
        match self.ask(Operation::Write, path, data)? {
            Body::Data(fields) => Ok(fields),
            Body::Empty | Body::Null | Body::Accepted | Body::Raw { .. } => Ok(Map::new()),
        }
    }

    /// Issues, and says the serial number and the URLs where the CRL should be.
    fn issue(&self) -> (String, Vec<String>) {
        let request = json!({"common_name": "a.test", "ttl": "1h"});
        let issued = self.write("issue/any", request).unwrap();
        let certificate = Certificate::from_pem(issued["certificate"].as_str().unwrap()).unwrap();
        let points = certificate.extension(&oid::CRL_DISTRIBUTION_POINTS);
        let urls = points.map(|points| distribution_point_urls(&points.value).unwrap());
        (certificate.serial().to_string(), urls.unwrap_or_default())
    }

    fn revoke(&self, serial: &str) {
        self.write("revoke", json!({"serial_number": serial})).unwrap();
    }

    fn crl(&self, path: &str) -> Result<Vec<u8>, Error> {
        match self.ask(Operation::Read, path, json!({}))? {
            Body::Raw { bytes, .. } => Ok(bytes.clone()),
            Body::Data(_) | Body::Empty | Body::Null | Body::Accepted => Ok(Vec::new()),
        }
    }

    fn listed(&self, path: &str) -> BTreeSet<String> {
        let crl = self.crl(path).unwrap();
        let list = CertificateList::from_der(&crl).unwrap();
        list.entries().map(|entry| entry.unwrap().revoked.serial.to_string()).collect()
    }

    fn number(&self, path: &str) -> u64 {
        CertificateList::from_der(&self.crl(path).unwrap()).unwrap().number().unwrap()
    }
}

/// The shard in a URL of [`SHARDED`].
fn shard(urls: &[String]) -> u32 {
    let number = urls[0].strip_prefix("http://crl.test/pki/").unwrap();
    number.strip_suffix(".crl").unwrap().parse().unwrap()
}

#[test]
fn a_revocation_is_on_its_shard_and_on_the_complete_crl() {
    let world = World::new();
    let issued: Vec<(String, u32)> = (0..40)
        .map(|_| {
            let (serial, urls) = world.issue();
            (serial, shard(&urls))
        })
        .collect();
    let used: BTreeSet<u32> = issued.iter().map(|(_, shard)| *shard).collect();
    assert_eq!(used, (1..=4).collect(), "drawn, so that all are used");
    for (serial, _) in issued.iter().take(20) {
        world.revoke(serial);
    }
    let of = |number: u32| -> BTreeSet<String> {
        let its = issued.iter().take(20).filter(|(_, shard)| *shard == number);
        its.map(|(serial, _)| serial.clone()).collect()
    };
    for number in 1..=4 {
        assert_eq!(world.listed(&format!("crl/shard/{number}")), of(number));
    }
    assert_eq!(world.listed("crl").len(), 20);
    let problem = world.crl("crl/shard/5").unwrap_err().to_string();
    assert!(problem.contains("there are shards 1 to 4"), "{problem}");
}

#[test]
fn only_the_shard_that_is_read_is_built() {
    let world = World::new();
    let (serial, urls) = world.issue();
    let own = format!("crl/shard/{}", shard(&urls));
    let other = format!("crl/shard/{}", shard(&urls) % 4 + 1);
    let before = [&own, &other].map(|path| world.number(path));
    world.revoke(&serial);
    assert_eq!(world.number(&own), before[0] + 1);
    assert_eq!(world.number(&other), before[1]);
}

/// RFC 5280 section 6.3.3 (b)(2): a name of the one is a name of the other.
#[test]
fn a_shard_says_every_url_that_a_certificate_may_know_it_by() {
    let world = World::new();
    let (_, old) = world.issue();
    let path = format!("crl/shard/{}", shard(&old));
    assert!(!world.crl(&path).unwrap().is_empty());
    let urls = json!({"crl_distribution_points": "http://new.test/{{crl_shard}}"});
    world.write("config/urls", urls).unwrap();
    let (_, new) = world.issue();
    let number: u32 = new[0].strip_prefix("http://new.test/").unwrap().parse().unwrap();
    for number in [number, shard(&old)] {
        let crl = world.crl(&format!("crl/shard/{number}")).unwrap();
        let list = CertificateList::from_der(&crl).unwrap();
        let scope = list.extension(&oid::ISSUING_DISTRIBUTION_POINT).unwrap();
        assert!(scope.critical);
        for url in
            [format!("http://crl.test/pki/{number}.crl"), format!("http://new.test/{number}")]
        {
            let url = url.as_bytes();
            assert!(scope.value.windows(url.len()).any(|part| part == url), "{number}");
        }
    }
}

#[test]
fn fewer_shards_or_none_leave_those_that_were_named() {
    let world = World::new();
    let mut issued: Vec<(String, u32)> = Vec::new();
    while !issued.iter().any(|(_, shard)| *shard == 4) {
        let (serial, urls) = world.issue();
        issued.push((serial, shard(&urls)));
    }
    world.write("config/crl", json!({"shards": 2})).unwrap();
    assert!((0..20).all(|_| shard(&world.issue().1) <= 2));
    world.write("config/crl", json!({"shards": 0})).unwrap();
    let (plain, urls) = world.issue();
    assert!(urls.is_empty(), "without shards the URL means nothing");
    let last = &issued.last().unwrap().0;
    world.revoke(last);
    world.revoke(&plain);
    assert_eq!(world.listed("crl/shard/4"), BTreeSet::from([last.clone()]));
    assert_eq!(world.listed("crl"), BTreeSet::from([last.clone(), plain]));
}

#[test]
fn logs_that_are_made_anew_keep_the_shards() {
    let world = World::new();
    let (serial, urls) = world.issue();
    world.revoke(&serial);
    let path = format!("crl/shard/{}", shard(&urls));
    assert_eq!(world.listed(&path).len(), 1);
    let number = world.number(&path);
    // Another issuer: who lists what is worked out again.
    let root = json!({"common_name": "other", "key_type": "ec"});
    world.write("root/generate/internal", root).unwrap();
    assert_eq!(world.listed(&path), BTreeSet::from([serial]));
    assert!(number < world.number(&path));
}

#[test]
fn what_shards_exclude_is_refused() {
    let world = World::new();
    for (data, want) in [
        (json!({"shards": -1}), "shards must be from 0 to 1024, got: -1"),
        (json!({"shards": 1025}), "shards must be from 0 to 1024, got: 1025"),
        (json!({"enable_delta": true, "auto_rebuild": true}), "exclude each other"),
    ] {
        let problem = world.write("config/crl", data).unwrap_err().to_string();
        assert!(problem.contains(want), "{problem}");
    }
    let urls = json!({"crl_distribution_points": "http://crl.test/all.crl"});
    world.write("config/urls", urls).unwrap();
    let request = Request {
        operation: Operation::Write,
        path: "pki/config/crl".to_owned(),
        data: json!({"shards": 8}).as_object().unwrap().clone(),
    };
    let warnings = world.0.handle(request).unwrap().warnings.clone();
    assert!(warnings.iter().any(|warning| warning.contains("{{crl_shard}}")), "{warnings:?}");
    let (serial, urls) = world.issue();
    assert_eq!(urls, ["http://crl.test/all.crl"]);
    world.revoke(&serial);
    assert_eq!(world.listed("crl"), BTreeSet::from([serial]));
}

#[test]
fn many_revocations_at_once_are_on_their_shards_too() {
    use pki_core::policy::selector::Selector;

    let world = World::new();
    let issued: Vec<(String, u32)> = (0..12)
        .map(|_| {
            let (serial, urls) = world.issue();
            (serial, shard(&urls))
        })
        .collect();
    let everything = Selector::default();
    world.0.revoke_matching("pki", &everything, None, 12).unwrap();
    for number in 1..=4 {
        let its = issued.iter().filter(|(_, shard)| *shard == number);
        let want: BTreeSet<String> = its.map(|(serial, _)| serial.clone()).collect();
        assert_eq!(world.listed(&format!("crl/shard/{number}")), want);
    }
    assert_eq!(world.listed("crl").len(), 12);
}
