//! Arbitrary bytes as a file of vectors: reading it never panics and never exhausts memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::vectors::{Blobs, Format, evaluate, parse};

fuzz_target!(|text: &[u8]| {
    let Ok((format, cases)) = parse("fuzz", text) else { return };
    for case in cases.iter().take(4) {
        let Ok(input) = case.input(&Blobs::new()) else { continue };
        // What executes may take as long as a vector may, and a few numbers order a whole circuit.
        if format != Format::Circuit && (format == Format::Profile || input.run.is_none()) {
            let _ = evaluate(format, &input, &mut Blobs::new());
        }
    }
});
