//! Arbitrary bytes as an output: a claim of children is the encoding of what it decodes to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::composition::{children, encode_children};

fuzz_target!(|bytes: &[u8]| {
    let marked = [&encode_children(&Vec::new())[..32], bytes].concat();
    if let Ok(claimed) = children(&marked) {
        assert_eq!(encode_children(&claimed), marked);
    }
});
