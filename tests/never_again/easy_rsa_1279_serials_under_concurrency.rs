//! Processes that issued at the same time gave out the same serial number, and a revocation by name
//! met another certificate (easy-rsa #1279, #1167).

use std::collections::BTreeSet;
use std::thread;

use pkictl_tests::{World, pkictl};

const PROCESSES: usize = 64;

#[test]
fn sixty_four_processes_give_out_sixty_four_serial_numbers() {
    let world = World::new(pkictl!()).with_root();
    // All for one name, so that nothing but the serial number tells them apart.
    let issue =
        || world.field("serial_number", &["write", "pki/issue/web", "common_name=a.example.com"]);
    let serials: Vec<String> = thread::scope(|scope| {
        let started: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(issue)).collect();
        started.into_iter().map(|thread| thread.join().expect("issued")).collect()
    });
    let distinct: BTreeSet<&String> = serials.iter().collect();
    assert_eq!(distinct.len(), PROCESSES);
    let listed = world.ok(&["list", "pki/certs"]);
    assert!(serials.iter().all(|serial| listed.contains(serial.as_str())));
    // One of them is revoked, and the others with its name are not. A name revokes nothing.
    let [first, ..] = serials.as_slice() else { panic!("there are many") };
    world.ok(&["write", "pki/revoke", &format!("serial_number={first}")]);
    let revoked = world.ok(&["list", "pki/certs/revoked"]);
    let is_listed = |serial: &&String| revoked.contains(serial.as_str());
    assert_eq!(serials.iter().filter(is_listed).collect::<Vec<_>>(), [first]);
    let by_name = world.run(&["write", "pki/revoke", "serial_number=a.example.com"]);
    assert_eq!(by_name.status, 2, "{}", by_name.out);
}
