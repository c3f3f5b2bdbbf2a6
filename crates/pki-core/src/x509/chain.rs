//! Which certificates lead from an issuer to its root.
//!
//! The chain of an issuer starts with its own certificate; then come its parents with their
//! chains. A root that was issued again with the same key, and roots that signed each other,
//! are each other's parents: such a group is resolved as one.

use std::collections::{BTreeMap, HashMap};

use super::certificate::Certificate;
use crate::crypto::key::PublicKey;

/// An issuer, as far as chains go.
#[derive(Clone, Debug)]
pub struct ChainMember<'a> {
    /// Its identifier.
    pub id: String,
    /// Its certificate.
    pub certificate: &'a Certificate,
    /// Identifiers that replace what is built; empty if the chain is to be built. One that no
    /// issuer has any more is skipped.
    pub manual_chain: Vec<String>,
}

/// The chain of every issuer: identifiers, its own first.
pub fn build_chains(issuers: &[ChainMember<'_>]) -> BTreeMap<String, Vec<String>> {
    let graph = Graph::of(issuers);
    let mut chains: Vec<Vec<usize>> = (0..graph.members.len()).map(|at| graph.manual(at)).collect();
    for group in graph.groups() {
        let built: Vec<_> =
            group.iter().map(|at| (*at, graph.chain(*at, &group, &chains))).collect();
        for (at, chain) in built {
            chains.get_mut(at).into_iter().for_each(|slot| slot.clone_from(&chain));
        }
    }
    let id = |at: &usize| graph.members.get(*at).map(|member| member.id.clone());
    let ids = |chain: &Vec<usize>| chain.iter().filter_map(id).collect();
    graph.members.iter().zip(&chains).map(|(m, chain)| (m.id.clone(), ids(chain))).collect()
}

/// More ways up than this are not looked for: where many CAs signed each other, there are as many
/// as one likes.
const MOST_WAYS: usize = 64;

/// The ways from the first certificate of a chain to a root or to where the chain ends, as
/// positions. Names and key identifiers decide who is above whom; signatures were checked when the
/// chain was built.
pub fn ways_up(chain: &[Certificate]) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut open: Vec<Vec<usize>> = (0..chain.len()).take(1).map(|first| vec![first]).collect();
    while let Some(way) = open.pop() {
        let last = way.last().and_then(|at| chain.get(*at));
        let Some(last) = last.filter(|_| found.len() < MOST_WAYS) else {
            break;
        };
        let is_next = |at: &usize| {
            let parent = chain.get(*at);
            !way.contains(at) && parent.is_some_and(|parent| is_named_by(last, parent))
        };
        let next: Vec<usize> = (0..chain.len()).filter(is_next).collect();
        if next.is_empty() || is_named_by(last, last) {
            found.push(way);
            continue;
        }
        // The last one is taken up first.
        open.extend(next.iter().rev().map(|at| [&way[..], &[*at]].concat()));
    }
    found
}

/// Whether a certificate says that this is its issuer's.
fn is_named_by(child: &Certificate, parent: &Certificate) -> bool {
    let wanted = child.authority_key_identifier();
    let same_key = match (wanted, parent.subject_key_identifier()) {
        (Some(wanted), Some(own)) => wanted == own,
        _ => true,
    };
    same_key && child.issuer() == parent.subject()
}

/// The issuers, and the parents of each by position.
struct Graph<'a> {
    /// In the order in which parents are tried: identifiers from the last to the first.
    members: Vec<&'a ChainMember<'a>>,
    parents: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn of(issuers: &'a [ChainMember<'a>]) -> Self {
        let mut members: Vec<&ChainMember<'_>> = issuers.iter().collect();
        members.sort_by(|a, b| b.id.cmp(&a.id));
        let mut by_subject: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (at, member) in members.iter().enumerate() {
            by_subject.entry(member.certificate.subject().as_der()).or_default().push(at);
        }
        let parents = members
            .iter()
            .enumerate()
            .map(|(at, child)| {
                let named = by_subject.get(child.certificate.issuer().as_der());
                let others = named.into_iter().flatten().filter(|parent| **parent != at);
                parents(child.certificate, others, &members)
            })
            .collect();
        Self { members, parents }
    }

    fn parents(&self, at: usize) -> &[usize] {
        self.parents.get(at).map_or(&[], Vec::as_slice)
    }

    fn certificate(&self, at: usize) -> Option<&Certificate> {
        self.members.get(at).map(|member| member.certificate)
    }

    fn is_manual(&self, at: usize) -> bool {
        self.members.get(at).is_some_and(|member| !member.manual_chain.is_empty())
    }

    /// The chain that was set by hand, if one was.
    fn manual(&self, at: usize) -> Vec<usize> {
        let wanted = self.members.get(at).map(|member| member.manual_chain.as_slice());
        let position = |id: &String| self.members.iter().position(|member| member.id == *id);
        wanted.unwrap_or_default().iter().filter_map(position).collect()
    }

    /// The chain of a member of a group, when all parents outside the group have theirs.
    fn chain(&self, own: usize, group: &[usize], chains: &[Vec<usize>]) -> Vec<usize> {
        let mut chain = Chain { seen: vec![false; self.members.len()], order: Vec::new() };
        chain.add(own);
        for other in group.iter().filter(|other| self.is_reissue(own, **other)) {
            chain.add(*other);
        }
        // Around a cycle, from child to parent.
        let mut here = own;
        while let Some(parent) = self.parent_inside(here, group, &chain) {
            chain.add(parent);
            here = parent;
        }
        group.iter().for_each(|other| chain.add(*other));
        for parent in self.outside_parents(&chain.order, group) {
            chains.get(parent).into_iter().flatten().for_each(|at| chain.add(*at));
        }
        chain.order
    }

    /// Whether both are self-issued, with the same name and key.
    fn is_reissue(&self, one: usize, other: usize) -> bool {
        let (Some(one), Some(other)) = (self.certificate(one), self.certificate(other)) else {
            return false;
        };
        one.is_self_issued()
            && other.is_self_issued()
            && one.subject() == other.subject()
            && one.public_key() == other.public_key()
    }

    fn parent_inside(&self, at: usize, group: &[usize], chain: &Chain) -> Option<usize> {
        let new = |parent: &&usize| group.contains(parent) && !chain.contains(**parent);
        self.parents(at).iter().find(new).copied()
    }

    /// Parents of these that are not in the group: the self-issued ones first.
    fn outside_parents(&self, members: &[usize], group: &[usize]) -> Vec<usize> {
        let parents = members.iter().flat_map(|at| self.parents(*at)).copied();
        let outside = parents.filter(|parent| !group.contains(parent));
        let is_self_issued =
            |at: &usize| self.certificate(*at).is_some_and(Certificate::is_self_issued);
        let (mut first, then): (Vec<usize>, Vec<usize>) = outside.partition(is_self_issued);
        first.extend(then);
        first
    }

    /// Groups of issuers that are each other's ancestors, most of them of one issuer; every
    /// group after those of its parents. Chains that were set by hand are no one's business.
    ///
    /// This is Tarjan's algorithm, which needs every issuer and every parent once.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut search = Search::of(self.members.len());
        for start in 0..self.members.len() {
            if self.is_manual(start) || search.is_numbered(start) {
                continue;
            }
            search.enter(start);
            while let Some((at, next)) = search.step() {
                match self.parents(at).get(next) {
                    Some(parent) if self.is_manual(*parent) => {}
                    Some(parent) => search.look_at(at, *parent),
                    None => search.leave(at),
                }
            }
        }
        search.groups
    }
}

/// Those of some candidates whose key made the child's signature. Certificates issued again
/// have the same key, which is tried once.
fn parents<'i>(
    child: &Certificate,
    candidates: impl Iterator<Item = &'i usize>,
    members: &[&ChainMember<'_>],
) -> Vec<usize> {
    let mut tried: HashMap<&PublicKey, bool> = HashMap::new();
    let mut made_it = |at: &&usize| {
        members.get(**at).is_some_and(|candidate| {
            let key = candidate.certificate.public_key();
            *tried.entry(key).or_insert_with(|| child.is_signed_by(key))
        })
    };
    candidates.filter(|at| made_it(at)).copied().collect()
}

/// Positions in order, each once.
struct Chain {
    seen: Vec<bool>,
    order: Vec<usize>,
}

impl Chain {
    fn contains(&self, at: usize) -> bool {
        self.seen.get(at).copied().unwrap_or(true)
    }

    fn add(&mut self, at: usize) {
        if let Some(seen @ false) = self.seen.get_mut(at) {
            *seen = true;
            self.order.push(at);
        }
    }
}

/// The state of the search for groups. The path is kept here and not in calls, since a chain
/// may be as long as someone likes.
struct Search {
    /// When each issuer was found, and the earliest one it can reach; nothing before that.
    numbers: Vec<Option<Number>>,
    /// Issuers that belong to no group yet.
    open: Vec<usize>,
    /// From the start to where the search is, with the number of parents looked at.
    path: Vec<(usize, usize)>,
    found: usize,
    groups: Vec<Vec<usize>>,
}

#[derive(Clone, Copy)]
struct Number {
    found: usize,
    reaches: usize,
    is_open: bool,
}

impl Search {
    fn of(members: usize) -> Self {
        Self {
            numbers: vec![None; members],
            open: Vec::new(),
            path: Vec::new(),
            found: 0,
            groups: Vec::new(),
        }
    }

    fn number(&self, at: usize) -> Option<Number> {
        self.numbers.get(at).copied().flatten()
    }

    fn is_numbered(&self, at: usize) -> bool {
        self.number(at).is_some()
    }

    fn enter(&mut self, at: usize) {
        let number = Number { found: self.found, reaches: self.found, is_open: true };
        self.found += 1;
        self.numbers.get_mut(at).into_iter().for_each(|slot| *slot = Some(number));
        self.open.push(at);
        self.path.push((at, 0));
    }

    /// Where the search is, and which parent is next.
    fn step(&mut self) -> Option<(usize, usize)> {
        let (at, next) = self.path.last_mut()?;
        let here = (*at, *next);
        *next += 1;
        Some(here)
    }

    fn look_at(&mut self, at: usize, parent: usize) {
        match self.number(parent) {
            None => self.enter(parent),
            Some(number) if number.is_open => self.reaches(at, number.found),
            Some(_) => {}
        }
    }

    fn reaches(&mut self, at: usize, found: usize) {
        if let Some(Some(number)) = self.numbers.get_mut(at) {
            number.reaches = number.reaches.min(found);
        }
    }

    /// All parents were looked at. If no earlier issuer can be reached, those found since then
    /// are a group.
    fn leave(&mut self, at: usize) {
        self.path.pop();
        let Some(number) = self.number(at) else {
            return;
        };
        if let Some((child, _)) = self.path.last().copied() {
            self.reaches(child, number.reaches);
        }
        if number.reaches == number.found {
            let start = self.open.iter().rposition(|open| *open == at).unwrap_or_default();
            let mut group = self.open.split_off(start);
            for member in &group {
                if let Some(Some(number)) = self.numbers.get_mut(*member) {
                    number.is_open = false;
                }
            }
            group.sort_unstable();
            self.groups.push(group);
        }
    }
}
