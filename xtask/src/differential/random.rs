//! Questions made by chance. The same seed makes the same ones, but for the keys in requests.

mod ca;
mod csr;
mod pools;
mod request;
mod role;

use anyhow::Result;
use pkictl_tests::chance::Chance;
use serde_json::Value;

pub(super) use csr::Keys;

use super::pair::{MOUNT, Pair, Step};
use super::side::Fields;
use pools::Pool;

/// The role that every pair writes anew.
const ROLE: &str = "r";

/// The pair with this number, of all that a seed makes. Each has a seed of its own, so that one
/// can be repeated without the others.
pub(super) fn pair(seed: u64, number: u64, keys: &Keys) -> Result<Pair> {
    let mut luck = Luck::new(seed, number);
    let steps = match luck.below(20) {
        0 => vec![ca::root(&mut luck)],
        1 => vec![ca::intermediate(&mut luck)],
        2..=4 => vec![ca::sign_intermediate(&mut luck, keys)?],
        5 => vec![request::sign_verbatim(&mut luck, keys, None)?],
        6..=7 => {
            vec![role(&mut luck), request::sign_verbatim(&mut luck, keys, Some(ROLE))?]
        }
        8..=12 => vec![role(&mut luck), request::sign(&mut luck, keys, ROLE)?],
        _ => vec![role(&mut luck), request::issue(&mut luck, ROLE)],
    };
    Ok(Pair { steps })
}

fn role(luck: &mut Luck) -> Step {
    Step::write(MOUNT, &format!("roles/{ROLE}"), role::role(luck))
}

/// Chance, and how much of it: where too much is odd, all is refused for the first odd thing.
struct Luck {
    chance: Chance,
    is_wild: bool,
}

impl Luck {
    fn new(seed: u64, number: u64) -> Self {
        let mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ number.wrapping_add(1).wrapping_mul(0xd1b5_4a32_d192_ed03);
        let mut chance = Chance::new(mixed);
        // The first numbers of seeds that are alike are alike.
        let is_wild = (0..8).map(|_| chance.below(2)).last() == Some(0);
        Self { chance, is_wild }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.chance.below(end)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// One of these.
    fn of<'p>(&mut self, words: &[&'p str]) -> &'p str {
        let place = usize::try_from(self.below(words.len() as u64)).unwrap_or_default();
        words.get(place).copied().unwrap_or_default()
    }

    /// One of a pool: an odd one now and then.
    fn pick(&mut self, pool: &Pool) -> &'static str {
        let is_odd = self.is_wild && self.one_in(4) && !pool.odd.is_empty();
        self.of(if is_odd { pool.odd } else { pool.usual })
    }
}

/// Parameters that are being chosen.
struct Draw<'l> {
    luck: &'l mut Luck,
    fields: Fields,
}

impl<'l> Draw<'l> {
    fn new(luck: &'l mut Luck) -> Self {
        Self { luck, fields: Fields::new() }
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// Once in so many times, one of a pool.
    fn maybe(&mut self, count: u64, name: &str, pool: &Pool) {
        if self.luck.one_in(count) {
            let value = self.luck.pick(pool);
            self.set(name, value);
        }
    }

    /// Once in so many times, one of these.
    fn choose(&mut self, count: u64, name: &str, words: &[&str]) {
        if self.luck.one_in(count) {
            let value = self.luck.of(words);
            self.set(name, value);
        }
    }

    /// Among odd questions, one of these now and then.
    fn odd(&mut self, name: &str, words: &[&str]) {
        if self.luck.is_wild {
            self.choose(40, name, words);
        }
    }

    /// Once in so many times, yes or no: nearly always as text.
    fn flag(&mut self, count: u64, name: &str) {
        if self.luck.one_in(count) {
            let value = match self.luck.below(24) {
                0 => Value::Bool(true),
                1 => Value::Bool(false),
                2 => "1".into(),
                3 => "".into(),
                other => if other % 2 == 0 { "true" } else { "false" }.into(),
            };
            self.set(name, value);
        }
    }

    /// Once in so many times, up to so many of a pool, as one text or as a list.
    fn list(&mut self, count: u64, name: &str, pool: &Pool, most: u64) {
        if !self.luck.one_in(count) {
            return;
        }
        let length = 1 + self.luck.below(most);
        let items: Vec<&str> = (0..length).map(|_| self.luck.pick(pool)).collect();
        let is_listed = self.luck.one_in(6);
        self.set(name, if is_listed { items.into() } else { Value::from(items.join(",")) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_can_be_had_again() {
        let keys = Keys::generate().unwrap();
        let asked = |seed, number| {
            let pair = pair(seed, number, &keys).unwrap();
            let mut steps: Vec<String> = Vec::new();
            for mut step in pair.steps {
                // Signatures on elliptic curves are different each time.
                step.data.remove("csr");
                steps.push(step.command("bao"));
            }
            steps
        };
        let first: Vec<_> = (0..40).map(|number| asked(3, number)).collect();
        assert_eq!(first, (0..40).map(|number| asked(3, number)).collect::<Vec<_>>());
        assert_ne!(first, (0..40).map(|number| asked(4, number)).collect::<Vec<_>>());
    }
}
