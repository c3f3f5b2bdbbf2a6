//! Random schedules of what may happen between two pages of a tidy: whatever it is, what has not
//! ended stays, revoked certificates are on their CRLs, and the store is sound.
//!
//! `PKICTL_TIDY_SCHEDULES` says how many schedules are run, `PKICTL_TEST_SEED` with which one to begin.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]
#![expect(clippy::panic, reason = "a test that cannot go on fails")]
#![expect(dead_code, reason = "other tests use the rest of what they share")]

mod chance_support;
mod tidy_support;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use pki_core::inspect::{Finding, PrivateKeys, Severity, Watcher};
use pki_core::x509::CertificateList;
use pki_core::{Body, Engine, Error, Maintain, Operation, Request};
use serde_json::{Map, Value, json};

use chance_support::Chance;
use tidy_support::{DAY, Settable, World, data, read, write};

const SCHEDULES: u64 = 20;
const ISSUERS: [&str; 2] = ["one", "two"];

#[expect(clippy::disallowed_methods, reason = "how a longer run is asked for")]
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn no_schedule_breaks_a_tidy() {
    let first = number("PKICTL_TEST_SEED", 1);
    for seed in first..first + number("PKICTL_TIDY_SCHEDULES", SCHEDULES) {
        run(seed);
    }
}

fn run(seed: u64) {
    let world = World::new(0);
    for name in ISSUERS {
        let root = json!({"common_name": name, "issuer_name": name, "key_type": "ec",
            "ttl": "700h"});
        write(&world.other, "pki/root/generate/internal", root).unwrap();
    }
    let role = json!({"allow_any_name": true, "key_type": "ec", "max_ttl": "500h"});
    write(&world.other, "pki/roles/any", role).unwrap();
    let chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (other, clock) = (Arc::clone(&world.other), world.clock.clone());
    let mut model = Model::new(seed, other, clock, chance);
    model.fill(20);
    let model = Arc::new(Mutex::new(model));
    for _ in 0..3 {
        let plan = {
            let mut model = model.lock().unwrap();
            model.fill(20);
            let days = model.below(5);
            world.after(i64::try_from(days).unwrap() * DAY);
            model.begin();
            model.plan()
        };
        let between = Arc::clone(&model);
        world.meanwhile(move |_| between.lock().unwrap().meanwhile());
        if let Err(problem) = write(&world.tidying, "pki/tidy", plan) {
            assert!(matches!(problem, Error::Store(_)), "{seed}: {problem}");
        }
        world.meanwhile(|_| true);
        let mut model = model.lock().unwrap();
        model.look(2);
        model.look_at_crls();
    }
    let mut model = model.lock().unwrap();
    model.end();
}

struct Leaf {
    serial: String,
    issuer: usize,
    not_after: i64,
    is_revoked: bool,
    /// Whether a tidy took it, or its revocation, and might.
    is_gone: bool,
    is_revocation_gone: bool,
}

struct Model {
    seed: u64,
    other: Arc<Engine>,
    clock: Settable,
    chance: Chance,
    leaves: Vec<Leaf>,
    reached: u64,
    /// What time it was, of late.
    clocks: Vec<i64>,
    latest: i64,
    config: Value,
    done: Vec<String>,
}

impl Model {
    fn new(seed: u64, other: Arc<Engine>, clock: Settable, chance: Chance) -> Self {
        let config = json!({"disable": false, "auto_rebuild": false});
        let (leaves, done, clocks) = (Vec::new(), Vec::new(), Vec::new());
        let mut model = Self {
            seed,
            other,
            clock,
            chance,
            leaves,
            reached: 0,
            clocks,
            latest: 0,
            config,
            done,
        };
        model.begin();
        model
    }

    fn below(&mut self, end: u64) -> u64 {
        self.chance.below(end)
    }

    fn now(&self) -> i64 {
        self.clock.0.load(Ordering::SeqCst)
    }

    /// What time it is, from now on.
    fn begin(&mut self) {
        self.clocks.push(self.now());
        self.latest = self.latest.max(self.now());
    }

    fn plan(&mut self) -> Value {
        let buffer = [1, 60, 3_600][usize::try_from(self.below(3)).unwrap()];
        let revoked_buffer = [1, 60, 9_000][usize::try_from(self.below(3)).unwrap()];
        json!({
            "tidy_cert_store": self.below(3) != 0,
            "tidy_revoked_certs": self.below(4) != 0,
            "tidy_revoked_cert_issuer_associations": self.below(4) == 0,
            "tidy_invalid_certs": self.below(4) == 0,
            "safety_buffer": buffer,
            "revoked_safety_buffer": revoked_buffer,
            "page_size": 5 + self.below(3),
        })
    }

    fn meanwhile(&mut self) -> bool {
        assert!(self.clocks.len() < 2_000, "it does not end: {}", self.told());
        // What was done since was decided after the last time this was called, or is from before.
        self.look(2);
        let lives = self.step();
        self.look(1);
        if self.below(3) == 0 {
            self.look_at_crls();
        }
        self.begin();
        lives
    }

    fn told(&self) -> String {
        format!("seed {}, now {}: {:?}", self.seed, self.now(), self.done)
    }

    fn fill(&mut self, count: usize) {
        for _ in 0..count {
            self.issue();
            if self.below(2) == 0 {
                self.revoke();
            }
        }
    }

    fn step(&mut self) -> bool {
        let what = self.below(16);
        self.done.push(format!("{what}"));
        match what {
            0 | 1 => self.issue(),
            2..=4 => self.revoke(),
            5 => read(&self.other, "pki/crl/rotate").clear(),
            6 | 7 => self.configure(),
            8 | 9 => self.jump(),
            10 => {
                let plan = self.plan();
                self.done.push(format!("{plan}"));
                write(&self.other, "pki/tidy", plan).unwrap();
            }
            11 => drop(write(&self.other, "pki/tidy-cancel", json!({})).unwrap()),
            12 => {
                let name = ISSUERS[usize::try_from(self.below(2)).unwrap()];
                write(&self.other, "pki/config/issuers", json!({"default": name})).unwrap();
            }
            13 => drop(self.other.maintain("pki", &Maintain::default()).unwrap()),
            14 => return self.below(3) != 0,
            _ => drop(read(&self.other, "pki/tidy-status")),
        }
        true
    }

    fn issue(&mut self) {
        let issuer = usize::try_from(self.below(2)).unwrap();
        let ttl = [20, 600, 7_200, 90_000, 400_000][usize::try_from(self.below(5)).unwrap()];
        let path = format!("pki/issuer/{}/issue/any", ISSUERS[issuer]);
        let asked = json!({"common_name": "a.test", "ttl": ttl});
        // A clock that is far ahead is behind the end of the issuer.
        let Ok(issued) = write(&self.other, &path, asked) else { return };
        let issued = data(issued);
        let serial = issued["serial_number"].as_str().unwrap().to_owned();
        let not_after = issued["expiration"].as_i64().unwrap();
        let (is_revoked, is_gone, is_revocation_gone) = (false, false, false);
        let leaf = Leaf { serial, issuer, not_after, is_revoked, is_gone, is_revocation_gone };
        self.leaves.push(leaf);
    }

    fn revoke(&mut self) {
        if self.leaves.is_empty() {
            return;
        }
        let index = usize::try_from(self.chance.below(self.leaves.len() as u64)).unwrap();
        let leaf = &mut self.leaves[index];
        let asked = json!({"serial_number": leaf.serial});
        match write(&self.other, "pki/revoke", asked) {
            Ok(response) => leaf.is_revoked |= !data(response).is_empty(),
            Err(problem) => assert!(leaf.is_gone, "{problem}"),
        }
    }

    fn configure(&mut self) {
        let asked = json!({"disable": self.below(6) == 0, "auto_rebuild": self.below(4) == 0,
            "allow_expired_cert_revocation": self.below(3) != 0});
        self.done.push(format!("{asked}"));
        write(&self.other, "pki/config/crl", asked.clone()).unwrap();
        self.config = asked;
    }

    fn jump(&mut self) {
        let most = [5, 400, 50_000, 300_000][usize::try_from(self.below(4)).unwrap()];
        let by = i64::try_from(self.below(most)).unwrap();
        let by = if self.below(2) == 0 { -by } else { by };
        self.done.push(format!("by {by}"));
        self.clock.0.fetch_add(by, Ordering::SeqCst);
    }

    fn keys(&self, path: &str) -> BTreeSet<String> {
        let (path, operation) = (path.to_owned(), Operation::List);
        let Ok(listed) = self.other.handle(Request { operation, path, data: Map::new() }) else {
            return BTreeSet::new();
        };
        let listed = data(listed);
        let keys = listed["keys"].as_array().unwrap();
        keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect()
    }

    /// What is gone had ended by one of the clocks by which it may have been decided.
    fn look(&mut self, clocks: usize) {
        let (stored, revoked) = (self.keys("pki/certs"), self.keys("pki/certs/revoked"));
        let told = self.told();
        let now = self.clocks.iter().rev().take(clocks).copied().max().unwrap();
        for leaf in &mut self.leaves {
            if !leaf.is_gone && !stored.contains(&leaf.serial) {
                assert!(leaf.not_after < now, "{} lost at {now}: {told}", leaf.not_after);
                leaf.is_gone = true;
            }
            if leaf.is_revoked && !leaf.is_revocation_gone && !revoked.contains(&leaf.serial) {
                assert!(leaf.not_after < now, "{} lost at {now}: {told}", leaf.not_after);
                leaf.is_revocation_gone = true;
            }
        }
        let mut found = Findings(Vec::new());
        self.other.check(PrivateKeys::Leave, &mut found).unwrap();
        // By a clock that was set back, what a tidy took when it was ahead has not ended.
        assert!(self.now() < self.latest || found.0.is_empty(), "{:?}: {told}", found.0);
    }

    fn look_at_crls(&mut self) {
        let now = self.now();
        let shows = !self.config["disable"].as_bool().unwrap()
            && !self.config["auto_rebuild"].as_bool().unwrap();
        for (index, name) in ISSUERS.iter().enumerate() {
            let path = format!("pki/issuer/{name}/crl/der");
            let (operation, data) = (Operation::Read, Map::new());
            let fetched = self.other.handle(Request { operation, path, data }).unwrap();
            let Body::Raw { ref bytes, .. } = fetched.body else { panic!("no CRL") };
            let list = CertificateList::from_der(bytes).unwrap();
            let listed: BTreeSet<String> =
                list.entries().map(|entry| entry.unwrap().revoked.serial.to_string()).collect();
            for leaf in self.leaves.iter().filter(|leaf| leaf.issuer == index && leaf.is_revoked) {
                let must = shows && now < leaf.not_after && !leaf.is_revocation_gone;
                assert!(!must || listed.contains(&leaf.serial), "{}: {}", leaf.serial, self.told());
            }
        }
        let reached = self.numbers();
        assert!(self.reached <= reached, "{}", self.told());
        self.reached = reached;
    }

    fn numbers(&self) -> u64 {
        let mounts = self.other.lineage().unwrap().mounts;
        mounts.iter().flat_map(|mount| &mount.crls).map(|crl| crl.number).sum()
    }

    /// When all has ended, all goes.
    fn end(&mut self) {
        self.clock.0.store(self.latest + 5 * DAY, Ordering::SeqCst);
        self.begin();
        let asked = json!({"disable": false, "auto_rebuild": false});
        write(&self.other, "pki/config/crl", asked).unwrap();
        let plan = json!({"tidy_cert_store": true, "tidy_revoked_certs": true, "safety_buffer": 1,
            "page_size": 5});
        write(&self.other, "pki/tidy", plan).unwrap();
        assert_eq!(read(&self.other, "pki/tidy-status")["state"], "Finished", "{}", self.told());
        let stored = self.keys("pki/certs");
        assert!(!self.leaves.iter().any(|leaf| stored.contains(&leaf.serial)), "{}", self.told());
        assert_eq!(self.keys("pki/certs/revoked").len(), 0, "{}", self.told());
        self.look(1);
    }
}

struct Findings(Vec<String>);

impl Watcher for Findings {
    fn found(&mut self, finding: Finding) {
        if finding.severity != Severity::Note {
            self.0.push(finding.problem);
        }
    }

    fn went_on(&mut self, _: u64, _: u64) {}
}
