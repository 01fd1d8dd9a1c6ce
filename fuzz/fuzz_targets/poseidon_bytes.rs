//! Arbitrary bytes as field elements to hash: what is decoded is the encoding of what it decodes to, the rows of a circuit
//! give the same hashes, and no two of the hashes are equal.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::poseidon::{Domain, Fr, MAX_INPUTS, element_to_bytes, elements_from_bytes, gadget, hash, sponge};

/// Each eight elements are a permutation of a quarter of a millisecond in each of the two ways.
const MAX_ELEMENTS: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let elements = match elements_from_bytes(bytes) {
        Ok(elements) => elements,
        Err(rejection) => return assert!(rejection.offset <= bytes.len()),
    };
    let encodings: Vec<u8> = elements.iter().flat_map(|element| element_to_bytes(*element)).collect();
    assert_eq!(encodings, bytes);
    let elements = &elements[..elements.len().min(MAX_ELEMENTS)];
    let mut multiply = |a: &Fr, b: &Fr| *a * b;
    let mut results = Vec::new();
    for domain in [1, u64::MAX].map(|domain| Domain::new(domain).expect("not zero")) {
        results.push(sponge(domain, elements));
        assert_eq!(gadget::sponge(domain, elements, &mut multiply), results[results.len() - 1]);
    }
    match hash(elements) {
        Ok(result) => {
            assert_eq!(gadget::hash(elements, &mut multiply), Ok(result));
            results.push(result);
        }
        Err(_) => assert!(elements.is_empty() || elements.len() > MAX_INPUTS),
    }
    results.sort();
    assert!(results.windows(2).all(|pair| pair[0] != pair[1]));
});
