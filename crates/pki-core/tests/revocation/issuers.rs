//! Issuers that come and go, and other defaults: which CRL lists what, after each step of random
//! schedules. What is expected is worked out here from what was done, not from the store.

use std::collections::{BTreeMap, BTreeSet};

use pki_core::Operation;
use pki_core::inspect::Severity;
use pki_core::x509::Certificate;
use serde_json::{Value, json};

use crate::look::Crl;
use crate::world::World;

/// Of as many as are asked for elsewhere: each looks at everything after every step.
const ONE_IN: u64 = 40;
const STEPS: u64 = 40;

/// Authorities that may be here or not, and for which certificates are issued while they are.
const GUESTS: [&str; 2] = ["Guest 0", "Guest 1"];

struct Authority {
    bundle: String,
    certificate: String,
}

struct Leaf {
    serial: String,
    certificate: String,
    guest: usize,
    /// Where its revocation is at home, since it is revoked; none if its issuer was not here.
    revoked: Option<Option<usize>>,
}

struct Story {
    world: World,
    guests: Vec<Authority>,
    leaves: Vec<Leaf>,
    roots: u32,
    /// The numbers of CRLs that were seen, by certificate.
    numbers: BTreeMap<String, u64>,
}

#[test]
fn each_revocation_is_where_it_belongs_whoever_comes_and_goes() {
    let first = crate::first_seed();
    for seed in first..first + crate::schedules().div_ceil(ONE_IN) {
        let mut story = Story::new(seed);
        for step in 0..STEPS {
            let what = story.act();
            story.check(&format!("seed {seed}, step {step}: {what}"));
        }
    }
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut story = Self::without_guests(seed);
        for name in GUESTS {
            story.make(name);
        }
        story
    }

    fn without_guests(seed: u64) -> Self {
        let (world, guests) = (World::new(seed, true), Vec::new());
        Self { world, guests, leaves: Vec::new(), roots: 0, numbers: BTreeMap::new() }
    }

    /// Makes a guest, which is here then. Gives its number.
    fn make(&mut self, name: &str) -> usize {
        let data = json!({"common_name": name, "key_type": "ed25519", "ttl": "87600h"});
        let made = self.world.write("pki/root/generate/exported", data).expect("a root");
        let text = |field: &str| made[field].as_str().expect("text").trim().to_owned();
        let bundle = format!("{}\n{}", text("certificate"), text("private_key"));
        self.guests.push(Authority { bundle, certificate: text("certificate") });
        self.guests.len() - 1
    }

    /// The issuers that are here: identifiers, by certificate.
    fn present(&self) -> BTreeMap<String, String> {
        let listed = self.world.call(Operation::List, "pki/issuers", json!({}));
        let Ok(listed) = listed else { return BTreeMap::new() };
        let ids = listed["keys"].as_array().expect("a list").iter();
        ids.map(|id| {
            let id = id.as_str().expect("text").to_owned();
            let read = self.world.call(Operation::Read, &format!("pki/issuer/{id}"), json!({}));
            let read = read.expect("an issuer");
            (read["certificate"].as_str().expect("text").trim().to_owned(), id)
        })
        .collect()
    }

    fn id_of(&self, guest: usize) -> Option<String> {
        self.present().get(&self.guests[guest].certificate).cloned()
    }

    fn pick(&mut self, count: usize) -> usize {
        usize::try_from(self.world.below(count as u64)).expect("a small number")
    }

    fn act(&mut self) -> String {
        match self.world.below(20) {
            0..=4 => self.issue(),
            5..=10 => self.revoke(),
            11..=14 => self.come_or_go(),
            15 | 16 => self.choose_default(),
            17 => self.associate(),
            18 => self.another_root(),
            _ => self.world.trigger("pki/crl/rotate"),
        }
    }

    fn issue(&mut self) -> String {
        let guest = self.pick(self.guests.len());
        self.issue_by(guest)
    }

    fn issue_by(&mut self, guest: usize) -> String {
        let Some(id) = self.id_of(guest) else { return "-".to_owned() };
        let data = json!({"common_name": "a.example.com", "ttl": "700h"});
        let made = self.world.write(&format!("pki/issuer/{id}/issue/leaf"), data).expect("issued");
        let text = |field: &str| made[field].as_str().expect("text").to_owned();
        let (serial, certificate) = (text("serial_number"), text("certificate"));
        self.leaves.push(Leaf { serial, certificate, guest, revoked: None });
        format!("issue by {guest}")
    }

    fn revoke(&mut self) -> String {
        let valid: Vec<usize> =
            (0..self.leaves.len()).filter(|leaf| self.leaves[*leaf].revoked.is_none()).collect();
        if valid.is_empty() {
            return "-".to_owned();
        }
        let leaf = valid[self.pick(valid.len())];
        self.revoke_one(leaf)
    }

    fn revoke_one(&mut self, leaf: usize) -> String {
        let Leaf { serial, certificate, guest, .. } = &self.leaves[leaf];
        let home = self.id_of(*guest).map(|_| *guest);
        // By certificate only while its issuer is here.
        let data = match home {
            Some(_) if leaf.is_multiple_of(2) => json!({"certificate": certificate}),
            _ => json!({"serial_number": serial}),
        };
        self.world.write("pki/revoke", data).expect("a revocation");
        self.leaves[leaf].revoked = Some(home);
        format!("revoke one of {}", self.leaves[leaf].guest)
    }

    fn come_or_go(&mut self) -> String {
        let guest = self.pick(self.guests.len());
        self.turn(guest)
    }

    /// Has a guest go that is here, or come if it is not.
    fn turn(&mut self, guest: usize) -> String {
        match self.id_of(guest) {
            Some(id) => {
                self.delete(&id);
                format!("{guest} goes")
            }
            None => {
                let data = json!({"pem_bundle": self.guests[guest].bundle});
                self.world.write("pki/issuers/import/bundle", data).expect("imported");
                format!("{guest} comes")
            }
        }
    }

    fn delete(&self, issuer: &str) {
        let path = format!("pki/issuer/{issuer}");
        self.world.call(Operation::Delete, &path, json!({})).expect("deleted");
    }

    fn choose_default(&mut self) -> String {
        let ids: Vec<String> = self.present().into_values().collect();
        let id = &ids[self.pick(ids.len())];
        self.world.write("pki/config/issuers", json!({"default": id})).expect("a default");
        format!("default {id}")
    }

    fn associate(&mut self) -> String {
        let data = json!({"tidy_revoked_cert_issuer_associations": true});
        self.world.write("pki/tidy", data).expect("a tidy");
        let here: Vec<bool> = (0..self.guests.len()).map(|g| self.id_of(g).is_some()).collect();
        for leaf in &mut self.leaves {
            // A home that is away is another's to keep: the issuer is looked for again.
            if let Some(home) = &mut leaf.revoked
                && here[leaf.guest]
            {
                *home = Some(leaf.guest);
            }
        }
        "associate".to_owned()
    }

    fn another_root(&mut self) -> String {
        if self.roots == 3 {
            return "-".to_owned();
        }
        self.roots += 1;
        let data = json!({
            "common_name": format!("Other {}", self.roots), "key_type": "ed25519", "ttl": "87600h",
        });
        self.world.write("pki/root/generate/internal", data).expect("a root");
        "another root".to_owned()
    }

    fn check(&mut self, context: &str) {
        let default = self.world.call(Operation::Read, "pki/config/issuers", json!({}));
        let default = default.ok().and_then(|found| found["default"].as_str().map(str::to_owned));
        for (pem, id) in self.present() {
            let issuer = Certificate::from_pem(&pem).expect("a certificate");
            let crl = Crl::read(&self.world.fetch(&format!("pki/issuer/{id}/crl/der")), &issuer);
            let guest = self.guests.iter().position(|guest| guest.certificate == pem);
            let is_default = default.as_ref() == Some(&id);
            let belongs = |leaf: &&Leaf| match leaf.revoked {
                Some(Some(home)) if self.id_of(home).is_some() => Some(home) == guest,
                Some(_) => is_default,
                None => false,
            };
            let expected: BTreeSet<&String> =
                self.leaves.iter().filter(belongs).map(|leaf| &leaf.serial).collect();
            let found: BTreeSet<&String> = crl.entries.keys().collect();
            assert_eq!(found, expected, "{context}: the CRL of {}", issuer.subject());
            let before = self.numbers.insert(pem, crl.number);
            assert!(before <= Some(crl.number), "{context}: its number falls from {before:?}");
        }
        // That there are certificates of a guest that has left is only noted.
        let mut findings = self.world.findings();
        findings.retain(|finding| finding.severity != Severity::Note);
        assert!(findings.is_empty(), "{context}: {findings:?}");
    }
}

/// The log of an issuer that comes back is made anew: as the default it had listed another's.
#[test]
fn who_comes_back_lists_nothing_of_others() {
    let mut story = Story::new(9);
    let default = json!({"default": story.id_of(1)});
    story.world.write("pki/config/issuers", default).expect("a default");
    story.issue_by(0);
    story.revoke_one(0);
    for guest in [0, 1, 0, 1] {
        let what = story.turn(guest);
        story.check(&what);
    }
}

/// While CRLs are switched off, logs are not made anew; then nothing is known of homes either.
#[test]
fn what_happens_while_crls_are_off_is_on_them_later() {
    let mut story = Story::without_guests(8);
    let turn_off = |story: &Story, off: bool| {
        story.world.write("pki/config/crl", json!({"disable": off})).expect("a configuration");
    };
    turn_off(&story, true);
    crate::world::ISSUERS.iter().for_each(|issuer| story.delete(issuer));
    // Only one of the two is ever here. The log of the first is as it should be when it comes
    // back; what is known of homes is not.
    let first = story.make("First");
    story.turn(first);
    let second = story.make("Second");
    for (guest, other, leaf) in [(second, first, 0), (first, second, 1)] {
        story.issue_by(guest);
        story.revoke_one(leaf);
        story.turn(guest);
        story.turn(other);
    }
    turn_off(&story, false);
    story.check("CRLs are on again");
}

/// Coming and going is rare; what a new issuer costs is not to depend on what was revoked.
#[test]
fn another_root_leaves_the_log_of_the_first_alone() {
    let world = World::new(7, true);
    let issue = || {
        let data = json!({"common_name": "a.example.com", "ttl": "700h"});
        let made = world.write("pki/issuer/one/issue/leaf", data).expect("issued");
        made["serial_number"].clone()
    };
    for _ in 0..3 {
        world.write("pki/revoke", json!({"serial_number": issue()})).expect("a revocation");
    }
    let generation = |world: &World| world.log_generations();
    let before = generation(&world);
    let root = json!({"common_name": "Another", "key_type": "ed25519", "ttl": "87600h"});
    world.write("pki/root/generate/internal", root).expect("a root");
    world.write("pki/config/issuers", json!({"default": "two"})).expect("a default");
    let der = world.fetch("pki/issuer/one/crl/der");
    assert_eq!(Crl::read(&der, &world.issuers[0]).entries.len(), 3);
    assert_eq!(generation(&world), before);
    let gone = world.call(Operation::Delete, "pki/issuer/two", Value::Null);
    gone.expect("deleted");
    world.fetch("pki/issuer/one/crl/der");
    assert!(generation(&world) != before, "what was the other's goes to the default");
}
