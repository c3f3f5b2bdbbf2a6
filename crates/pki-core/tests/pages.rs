//! Long lists come in pages that are all of one moment.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

use std::ops::ControlFlow;
use std::sync::Arc;

use pki_core::{Body, Engine, Env, Error, Given, Operation, Page, Pages, Request, Wanted};
use pki_store::memory::MemoryStore;
use serde_json::{Map, Value, json};

const CERTIFICATES: usize = 25;

const ONCE: &[Wanted] = &[Wanted::Facts];
const TWICE: &[Wanted] = &[Wanted::Facts, Wanted::Keys];

fn engine() -> Engine {
    let engine =
        Engine::new(Arc::new(MemoryStore::new()), Arc::new(Given::key([7; 32])), Env::system());
    engine.enable("pki").unwrap();
    let root = json!({"common_name": "root", "key_type": "ec", "ttl": "700h"});
    write(&engine, "pki/root/generate/internal", &root);
    write(&engine, "pki/roles/any", &json!({"allow_any_name": true, "key_type": "ec"}));
    // The root is one of them.
    (1..CERTIFICATES).for_each(|_| issue(&engine));
    engine
}

fn issue(engine: &Engine) {
    write(engine, "pki/issue/any", &json!({"common_name": "a.example", "ttl": "1h"}));
}

fn write(engine: &Engine, path: &str, data: &Value) {
    let data = data.as_object().unwrap().clone();
    let request = Request { operation: Operation::Write, path: path.to_owned(), data };
    engine.handle(request).unwrap();
}

fn keys(body: &Body) -> Vec<String> {
    let Body::Data(data) = body else { return Vec::new() };
    let keys = data.get("keys").and_then(Value::as_array).unwrap();
    keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect()
}

fn whole(engine: &Engine, path: &str) -> Vec<String> {
    let (operation, path) = (Operation::List, path.to_owned());
    keys(&engine.handle(Request { operation, path, data: Map::new() }).unwrap().body)
}

/// The keys of all pages of each round, and the lengths of the pages of the first.
fn paged(engine: &Engine, data: Value, pages: Pages) -> (Vec<Vec<String>>, Vec<usize>) {
    let (mut rounds, mut lengths) = (vec![Vec::new(); pages.rounds.len()], Vec::new());
    let data = data.as_object().unwrap().clone();
    engine
        .list("pki/certs/detailed", data, pages, &mut |Page { response, round, is_last }| {
            let page = keys(&response.body);
            assert_eq!(is_last, page.len() < pages.size);
            if round == 0 {
                lengths.push(page.len());
            }
            rounds.get_mut(round).unwrap().extend(page);
            // It is not in the list that is being gone through.
            issue(engine);
            ControlFlow::Continue(())
        })
        .unwrap();
    (rounds, lengths)
}

#[test]
fn every_round_shows_all_of_one_moment() {
    let engine = engine();
    let all = whole(&engine, "pki/certs");
    let (rounds, lengths) = paged(&engine, json!({}), Pages { size: 10, rounds: TWICE });
    assert_eq!(lengths, [10, 10, 5]);
    assert_eq!(rounds, [all.clone(), all]);
}

#[test]
fn the_limit_and_the_start_are_those_of_the_whole_list() {
    let engine = engine();
    let all = whole(&engine, "pki/certs");
    let data = json!({"after": all.first().unwrap(), "limit": 13});
    let (rounds, lengths) = paged(&engine, data, Pages { size: 10, rounds: ONCE });
    assert_eq!(lengths, [10, 3]);
    assert_eq!(rounds.first().unwrap().as_slice(), all.get(1..14).unwrap());
}

#[test]
fn whoever_sees_enough_stops() {
    let engine = engine();
    let mut seen = 0;
    let pages = Pages { size: 10, rounds: TWICE };
    engine
        .list("pki/certs", Map::new(), pages, &mut |page| {
            seen += keys(&page.response.body).len();
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(seen, 10);
}

#[test]
fn what_cannot_be_paged_is_one_page_and_what_is_empty_is_absent() {
    let engine = engine();
    let pages = Pages { size: 1, rounds: TWICE };
    let mut seen = Vec::new();
    let see = &mut |page: Page| {
        seen.push((keys(&page.response.body).len(), page.round, page.is_last));
        ControlFlow::Continue(())
    };
    let empty = engine.list("pki/certs/revoked", Map::new(), pages, see);
    assert!(matches!(empty, Err(Error::Absent)));
    // A limit that is not a number is for the path to read.
    let data = json!({"limit": "2"}).as_object().unwrap().clone();
    engine.list("pki/certs", data, pages, see).unwrap();
    assert_eq!(seen, [(2, 0, true)]);
}
