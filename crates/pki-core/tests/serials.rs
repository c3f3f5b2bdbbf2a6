//! Serial numbers as they are given to certificates: random in every bit, and never the same
//! (CA/Browser Forum baseline requirements section 7.1 asks for 64 bits).

use std::collections::HashSet;

use pki_core::Env;
use pki_core::domain::serial::SerialNumber;

const SAMPLE: usize = 100_000;

#[test]
fn every_random_bit_is_random() {
    let env = Env::system();
    let mut ones = [0_usize; 160];
    let mut seen = HashSet::with_capacity(SAMPLE);
    for _ in 0..SAMPLE {
        let mut octets = [0; 20];
        env.random.fill(&mut octets);
        let serial = SerialNumber::from_random(octets);
        let octets: [u8; 20] = serial.octets().try_into().unwrap();
        assert!(octets[0] < 0x80, "negative: {serial}");
        for (bit, ones) in ones.iter_mut().enumerate() {
            *ones += usize::from(octets[bit / 8] >> (7 - bit % 8) & 1);
        }
        assert!(seen.insert(octets), "given out twice: {serial}");
    }
    assert_eq!((ones[0], ones[1]), (0, SAMPLE), "the first bits are fixed");
    // Six times the standard deviation of fair bits.
    for (bit, ones) in ones.iter().enumerate().skip(2) {
        let off = ones.abs_diff(SAMPLE / 2);
        assert!(off < SAMPLE / 100, "bit {bit} is set in {ones} of {SAMPLE}");
    }
}
