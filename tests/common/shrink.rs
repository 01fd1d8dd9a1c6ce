//! Makes a module smaller while it keeps failing.

use std::convert::Infallible;
use std::ops::Range;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, Instruction};

/// The smallest module that is found by leaving out instructions, or writing a constant for them, of which `fails`
/// still holds. It gets anything that validates.
pub fn shrink(wasm: &[u8], mut fails: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let replacements: [&[Instruction]; 4] =
        [&[], &[Instruction::I32Const(0)], &[Instruction::I64Const(0)], &[Instruction::Drop]];
    let mut smallest = wasm.to_vec();
    for length in [64, 32, 16, 8, 5, 4, 3, 2, 1, 8, 4, 3, 2, 1] {
        for function in 0.. {
            let Some(count) = instructions(&smallest, function) else { break };
            // From the end, so that what is left out does not move what is still to be tried.
            for start in (0..count.saturating_sub(length)).rev() {
                for replacement in replacements.into_iter().filter(|replacement| replacement.len() < length) {
                    let edit = Edit { function, range: start..start + length, replacement };
                    let candidate = edited(&smallest, edit);
                    if wasmparser::validate(&candidate).is_ok() && fails(&candidate) {
                        smallest = candidate;
                        break;
                    }
                }
            }
        }
    }
    smallest
}

/// The number of instructions of a function's body; none if there is no such function.
fn instructions(wasm: &[u8], function: usize) -> Option<usize> {
    let payloads = wasmparser::Parser::new(0).parse_all(wasm).filter_map(Result::ok);
    let mut bodies = payloads.filter_map(|payload| match payload {
        wasmparser::Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    Some(bodies.nth(function)?.get_operators_reader().ok()?.into_iter().count())
}

struct Edit<'a> {
    function: usize,
    range: Range<usize>,
    replacement: &'a [Instruction<'a>],
}

fn edited(wasm: &[u8], edit: Edit) -> Vec<u8> {
    let mut module = wasm_encoder::Module::new();
    let parser = wasmparser::Parser::new(0);
    Editor { edit, next: 0 }.parse_core_module(&mut module, parser, wasm).expect("the module can be encoded again");
    module.finish()
}

struct Editor<'a> {
    edit: Edit<'a>,
    next: usize,
}

impl Reencode for Editor<'_> {
    type Error = Infallible;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: wasmparser::FunctionBody,
    ) -> Result<(), Error<Infallible>> {
        let edits = self.next == self.edit.function;
        self.next += 1;
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut reader = body.get_operators_reader()?;
        for index in 0.. {
            if reader.eof() {
                break;
            }
            let instruction = self.parse_instruction(&mut reader)?;
            if edits && index == self.edit.range.start {
                for replacement in self.edit.replacement {
                    function.instruction(replacement);
                }
            }
            if !(edits && self.edit.range.contains(&index)) {
                function.instruction(&instruction);
            }
        }
        code.function(&function);
        Ok(())
    }
}
