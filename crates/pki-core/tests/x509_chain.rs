//! The chains of issuers.

mod x509_support;

use std::collections::{BTreeMap, BTreeSet};

use pki_core::crypto::{Curve, KeySpec, PrivateKey};
use pki_core::x509::{Certificate, ChainMember, build_chains, ways_up};
use x509_support::certify;

/// Certificates by name. `name=subject/key<issuer/key`: whose key, and whose name and key
/// signed it.
fn world(specs: &[&str]) -> Result<Vec<(String, Certificate)>, String> {
    let mut keys: BTreeMap<String, PrivateKey> = BTreeMap::new();
    let mut key = |name: &str| -> Result<PrivateKey, String> {
        if let Some(key) = keys.get(name) {
            return Ok(key.clone());
        }
        let made = PrivateKey::generate(KeySpec::Ec(Curve::P256)).map_err(|e| e.to_string())?;
        keys.insert(name.to_owned(), made.clone());
        Ok(made)
    };
    let mut certificates = Vec::new();
    for spec in specs {
        let (id, rest) = spec.split_once('=').ok_or("no =")?;
        let (subject, issuer) = rest.split_once('<').ok_or("no <")?;
        let (subject, subject_key) = subject.split_once('/').unwrap_or((subject, subject));
        let (issuer, issuer_key) = issuer.split_once('/').unwrap_or((issuer, issuer));
        let subject_key = key(subject_key)?;
        let certificate = certify(subject, subject_key.public_key(), issuer, &key(issuer_key)?)?;
        certificates.push((id.to_owned(), certificate));
    }
    Ok(certificates)
}

/// The chains, as `id: id id …`; `manual` sets some by hand in the same form.
fn chains(specs: &[&str], manual: &[&str]) -> Result<Vec<String>, String> {
    let world = world(specs)?;
    let manual: BTreeMap<&str, Vec<String>> = manual
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(id, chain)| (id, chain.split(' ').map(str::to_owned).collect()))
        .collect();
    let members: Vec<ChainMember<'_>> = world
        .iter()
        .map(|(id, certificate)| ChainMember {
            id: id.clone(),
            certificate,
            manual_chain: manual.get(id.as_str()).cloned().unwrap_or_default(),
        })
        .collect();
    let chains = build_chains(&members);
    Ok(chains.iter().map(|(id, chain)| format!("{id}: {}", chain.join(" "))).collect())
}

#[test]
fn chains_lead_to_the_root() {
    for (specs, manual, want) in [
        (&[][..], &[][..], &[][..]),
        (&["a=A<A"], &[], &["a: a"]),
        (&["i=I<A"], &[], &["i: i"]),
        (&["a=A<A", "i=I<A"], &[], &["a: a", "i: i a"]),
        (&["a=A<A", "i=I<A", "j=J<I"], &[], &["a: a", "i: i a", "j: j i a"]),
        // The same intermediate under two roots: no merging across signers.
        (&["a=A<A", "b=B<B", "i=I<A", "j=I<B"], &[], &["a: a", "b: b", "i: i a", "j: j b"]),
        // Two parents: the self-issued one first, whatever the order of the identifiers.
        (&["a=A<A", "b=B<B", "x=A<B", "i=I<A"], &[], &["a: a x b", "b: b", "i: i a x b", "x: x b"]),
        // A name is not enough: the key must be the one that signed.
        (&["a=A/other<A/other", "i=I<A"], &[], &["a: a", "i: i"]),
        // By hand, with one that is gone and one twice.
        (&["a=A<A", "i=I<A"], &["i: i gone i"], &["a: a", "i: i i"]),
        (&["a=A<A", "i=I<A", "j=J<I"], &["i: i"], &["a: a", "i: i", "j: j i"]),
        (&["a=A<A", "i=I<A", "j=J<I"], &["a: a j"], &["a: a j", "i: i a j", "j: j i a"]),
    ] {
        assert_eq!(chains(specs, manual).unwrap(), want, "{specs:?}");
    }
}

#[test]
fn parents_are_tried_from_the_last_identifier_to_the_first() {
    let two = ["1=A<A", "2=A/A<B", "3=A/A<C", "i=I<A", "b=B<B", "c=C<C"];
    let got = chains(&two, &[]).unwrap();
    assert!(got.contains(&"i: i 1 3 c 2 b".to_owned()), "{got:?}");
}

/// All certificates of a group are in the chain of each, and its own comes first.
#[track_caller]
fn check_group(chains: &[String], members: &[&str], after: &[&str]) {
    let all: BTreeSet<&str> = members.iter().chain(after).copied().collect();
    for member in members {
        let start = format!("{member}: {member} ");
        let chain = chains.iter().find(|chain| chain.starts_with(&start));
        let ids: Vec<&str> =
            chain.map_or("", |chain| chain.get(3..).unwrap_or("")).split(' ').collect();
        assert_eq!(ids.len(), all.len(), "{chains:?}");
        assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), all, "{chains:?}");
        let tail = ids.get(members.len()..).unwrap_or_default();
        assert_eq!(tail.to_vec(), after, "{chains:?}");
    }
}

#[test]
fn a_root_issued_again_is_in_every_chain() {
    let got = chains(&["a=A<A", "b=A<A", "c=A<A", "i=I<A"], &[]).unwrap();
    check_group(&got, &["a", "b", "c"], &[]);
    assert!(got.contains(&"i: i c b a".to_owned()), "{got:?}");
    // More than six are no error here.
    let many: Vec<String> = (10..20).map(|number| format!("{number}=A<A")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(chains(&many, &[]).unwrap().iter().all(|chain| chain.split(' ').count() == 11));
}

#[test]
fn roots_that_signed_each_other_are_in_every_chain() {
    let cross = ["a=A<A", "b=B<B", "x=A<B", "y=B<A"];
    let got = chains(&cross, &[]).unwrap();
    check_group(&got, &["a", "b", "x", "y"], &[]);
    let with_reissue = ["a=A<A", "b=B<B", "x=A<B", "y=B<A", "c=A<A", "i=I<A", "j=J<I"];
    let got = chains(&with_reissue, &[]).unwrap();
    check_group(&got, &["a", "b", "c", "x", "y"], &[]);
    for (chain, count) in got.iter().filter(|chain| chain.starts_with(['i', 'j'])).zip([7, 8]) {
        assert_eq!(chain.split(' ').count(), count, "{chain}");
    }
    // The rest of its own clique comes right after its own.
    assert!(got.iter().any(|chain| chain.starts_with("a: a c ")), "{got:?}");
}

#[test]
fn a_group_is_followed_by_the_chains_above_it() {
    let got = chains(&["r=R<R", "p=P<Q", "q=Q<P", "s=P<R"], &[]).unwrap();
    check_group(&got, &["p", "q"], &["s", "r"]);
}

#[test]
fn a_set_chain_cuts_a_cycle() {
    let got = chains(&["a=A<A", "b=B<B", "x=A<B", "y=B<A"], &["x: x"]).unwrap();
    let want = ["a: a x", "b: b y a x", "x: x", "y: y a x"];
    assert_eq!(got, want);
}

#[test]
fn a_long_chain_does_not_exhaust_the_stack() {
    let specs: Vec<String> =
        (0..400).map(|at: u32| format!("{at:04}=S{at}<S{}", at.saturating_sub(1))).collect();
    let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
    let got = chains(&specs, &[]).unwrap();
    assert!(got.last().is_some_and(|chain| chain.starts_with("0399: 0399 0398 ")));
    assert!(got.last().is_some_and(|chain| chain.split(' ').count() == 401));
}

/// The ways up through these certificates, as `id id …`.
fn ways(specs: &[&str]) -> Result<Vec<String>, String> {
    let (ids, chain): (Vec<String>, Vec<Certificate>) = world(specs)?.into_iter().unzip();
    let text = |way: Vec<usize>| {
        let ids: Vec<&str> = way.iter().filter_map(|at| ids.get(*at)).map(String::as_str).collect();
        ids.join(" ")
    };
    Ok(ways_up(&chain).into_iter().map(text).collect())
}

#[test]
fn every_way_up_is_found() {
    assert_eq!(ways(&[]), Ok(Vec::new()));
    let check = |specs: &[&str], want: &[&str]| {
        let want = want.iter().map(|way| (*way).to_owned()).collect();
        assert_eq!(ways(specs), Ok(want), "{specs:?}");
    };
    check(&["a=a<a"], &["a"]);
    check(&["c=c<b", "b=b<a", "a=a<a"], &["c b a"]);
    check(&["c=c<b", "x=x<x"], &["c"]);
    check(&["c=c<a", "a1=a<a", "a2=a<a"], &["c a1", "c a2"]);
    // A root is an end, also where someone else signed it too.
    check(&["c=c<a", "a=a<a", "ab=a<b", "b=b<b"], &["c a", "c ab b"]);
    // Two that signed each other, without a root.
    check(&["ab=a<b", "ba=b<a"], &["ab ba"]);
    // A new key under the old name is no end.
    check(&["new=a/k2<a/k1", "old=a/k1<a/k1"], &["new old"]);
}

/// Where everyone signed everyone, there are more ways than anyone can walk.
#[test]
fn the_search_for_ways_ends() {
    let names: Vec<String> = (0..8).map(|at| format!("n{at}")).collect();
    let pairs = names.iter().flat_map(|one| names.iter().map(move |other| (one, other)));
    let specs: Vec<String> = pairs
        .filter(|(one, other)| one != other)
        .map(|(one, other)| format!("{one}{other}={one}<{other}"))
        .collect();
    let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
    assert_eq!(ways(&specs).map(|ways| ways.len()), Ok(64));
}
