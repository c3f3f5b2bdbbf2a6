//! Stores that programs before this one have written; see `tests/stores`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use pkictl_tests::{World, pkictl, repository};

use super::{copy_folder, json};

/// The golden stores, by name.
fn names() -> Vec<String> {
    let entries = fs::read_dir(repository::root().join("tests/stores")).expect("a directory");
    let entries = entries.map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A world with a copy of a golden store.
fn with_store(name: &str) -> World {
    let world = World::new(pkictl!());
    let place = world.store();
    fs::create_dir_all(place.parent().expect("a directory")).expect("a directory");
    copy_folder(&repository::root().join("tests/stores").join(name), &place);
    // A checkout does not keep modes.
    let private = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    private(&place, 0o700);
    private(&place.join("seal.key"), 0o600);
    world
}

#[test]
fn every_golden_store_is_read_and_written() {
    let names = names();
    assert!(names.iter().any(|name| name == "format-1"), "{names:?}");
    for name in names {
        let world = with_store(&name);
        let report = json(&world.run(&["store", "check", "-format=json"]));
        assert_eq!(report["findings"].to_string(), "[]", "{name}");
        let stats = json(&world.run(&["store", "stats", "-format=json"]));
        let mounts = stats["mounts"].as_array().expect("mounts");
        assert!(!mounts.is_empty(), "{name}");
        for mount in mounts {
            let mount = mount["path"].as_str().expect("a path");
            let issued = ["write", &format!("{mount}issue/web"), "common_name=b.example.com"];
            let serial = world.field("serial_number", &issued);
            let serial = format!("serial_number={serial}");
            world.ok(&["write", &format!("{mount}revoke"), &serial]);
            world.ok(&["read", &format!("{mount}cert/crl")]);
            world.ok(&["read", &format!("{mount}roles/web")]);
        }
        let after = json(&world.run(&["store", "stats", "-format=json"]));
        for (old, new) in mounts.iter().zip(after["mounts"].as_array().expect("mounts")) {
            let number = |value: &serde_json::Value, name: &str| value[name].as_u64();
            for count in ["certificates", "revoked"] {
                assert_eq!(number(new, count), number(old, count).map(|n| n + 1), "{name} {count}");
            }
            for (old, new) in old["crls"]
                .as_array()
                .into_iter()
                .flatten()
                .zip(new["crls"].as_array().into_iter().flatten())
            {
                assert!(number(old, "number") < number(new, "number"), "{name}: {old} {new}");
                assert_eq!(new["pending_bytes"], 0, "{name}");
            }
        }
        world.ok(&["store", "check"]);
        world.ok(&["store", "rekey", "-to=keyfile"]);
        world.ok(&["store", "backup", "b"]);
        world.ok(&["store", "restore", "b"]);
        world.ok(&["store", "check"]);
    }
}
