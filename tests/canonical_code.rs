//! Canonical code: the chapter's tables, lowering, encoding, execution and trace.

use middle_client::canonical_code::{CanonicalCode, Opcode, Space, Word, execute, lower, trace};
use middle_client::host_interface::Inputs;
use middle_client::notation::{Outcome, Reject, Trap};
use middle_client::profile::{decode, load};

const CHAPTER: &str = include_str!("../spec/05-canonical-code.md");

/// The rows of the chapter's table with this mark, header excluded, as trimmed columns.
fn table(name: &str) -> Vec<Vec<String>> {
    let start = CHAPTER.find(&format!("<!-- table: {name} -->")).expect("the chapter has the table");
    CHAPTER[start..]
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            line.trim_matches('|').split(" |").map(|column| column.trim().trim_matches('`').to_string()).collect()
        })
        .collect()
}

#[test]
fn the_chapter_lists_every_operation_as_the_code_has_it() {
    let rows = table("operations");
    let expected: Vec<[String; 4]> = Opcode::ALL
        .iter()
        .map(|opcode| {
            let shape = format!("{:?}", opcode.shape());
            let shape = shape.chars().enumerate().fold(String::new(), |mut name, (index, letter)| {
                if letter.is_uppercase() && index > 0 {
                    name.push('_');
                }
                name.push(letter.to_ascii_lowercase());
                name
            });
            [format!("{:#04x}", *opcode as u8), opcode.name().into(), opcode.class().name().into(), shape]
        })
        .collect();
    let found: Vec<[String; 4]> =
        rows.iter().map(|row| [row[0].clone(), row[1].clone(), row[2].clone(), row[3].clone()]).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_chapter_lists_every_space() {
    let found: Vec<(String, String)> =
        table("spaces").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let expected: Vec<(String, String)> =
        Space::ALL.iter().map(|space| ((*space as u8).to_string(), space.name().into())).collect();
    assert_eq!(found, expected);
}

fn lowered(text: &str) -> CanonicalCode {
    let module = load(&wat::parse_str(text).expect("the test's module parses")).expect("the profile accepts it");
    lower(&module).expect("it lowers")
}

/// The listing of the functions, without header, entry routine and image.
fn listing(text: &str) -> String {
    let listing = lowered(text).to_string();
    let start = listing.find("function").expect("a function");
    listing[start..].to_string()
}

#[test]
fn local_gets_and_constants_vanish_into_operands() {
    insta::assert_snapshot!(listing(
        r#"(module (func (export "run") (result i32) (local $i i32) (local $sum i32)
            (loop $next
                (local.set $sum (i32.add (local.get $sum) (local.get $i)))
                (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
            (i32.ne (local.get $sum) (i32.const 45))))"#
    ));
}

#[test]
fn an_alias_is_saved_before_its_local_changes() {
    insta::assert_snapshot!(listing(
        r#"(module (func (export "run") (result i32) (local $x i32)
            local.get $x
            local.get $x
            i32.const 7
            local.set $x
            local.get $x
            i32.sub
            i32.sub))"#
    ));
}

#[test]
fn branches_carry_operands_and_tables_jump() {
    insta::assert_snapshot!(listing(
        r#"(module (func (export "run") (result i32)
            (i32.const 1)
            (block $out (result i32)
                (i32.const 2)
                (block $in (result i32)
                    (i32.const 3)
                    (br_if $out (i32.eqz (i32.lt_s (i32.const 4) (i32.const 5))))
                    (br_if $in (i32.const 6))
                    (br_table $in $out $in 2 (i32.const 7)))
                (i32.add))
            (i32.add)))"#
    ));
}

#[test]
fn calls_overlap_their_frames() {
    insta::assert_snapshot!(listing(
        r#"(module
            (type $binary (func (param i32 i32) (result i32)))
            (table 2 funcref) (elem (i32.const 1) $sub)
            (func $sub (type $binary) (i32.sub (local.get 0) (local.get 1)))
            (func $swap (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
            (func (export "run") (result i32) (local $kept i32)
                (local.set $kept (i32.const 3))
                (i32.add (local.get $kept) (call $sub (i32.const 9) (local.get $kept)))
                (call_indirect (type $binary) (i32.const 4) (i32.const 1))
                (call $swap (i64.const 5))
                (drop) (drop)
                (i32.const 0)))"#
    ));
}

#[test]
fn host_functions_are_cells() {
    insta::assert_snapshot!(
        lowered(
            r#"(module
            (import "middle" "input" (func $input (param i32) (result i64)))
            (import "middle" "input_len" (func $input_len (result i32)))
            (import "middle" "output" (func $output (param i32 i64)))
            (import "middle" "output_len" (func $output_len (param i32)))
            (import "middle" "post_state" (func $post_state (param i32 i64)))
            (memory 1) (data (i32.const 6) "middle client") (data "passive")
            (global $g (mut i64) (i64.const 77))
            (func (export "run") (result i32) (local $i i32)
                (call $output (local.get $i) (call $input (i32.const 2)))
                (call $output (i32.const 8192) (i64.const 0x100000000))
                (call $output_len (call $input_len))
                (call $post_state (i32.const 3) (global.get $g))
                (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 7))
                (data.drop 1)
                (memory.copy (i32.const 1) (i32.const 2) (i32.const 3))
                (memory.fill (i32.const 1) (i32.const 2) (local.get $i))
                (i32.const 0)))"#
        )
        .to_string()
    );
}

#[test]
fn a_conditional_move_lands_in_the_local() {
    // The least of three: `x` keeps its value unless the other is less; the slot of the operand is never used.
    insta::assert_snapshot!(listing(
        r#"(module (func $least (param $x i64) (param $y i64) (param $z i64) (result i64)
                (local.set $x (select (local.get $x) (local.get $y) (i64.lt_u (local.get $x) (local.get $y))))
                (local.set $z (select (local.get $x) (local.get $z) (i64.lt_u (local.get $x) (local.get $z))))
                (local.get $z))
            (func (export "run") (result i32) (i32.const 0)))"#
    ));
}

#[test]
fn a_loop_tested_at_its_top_takes_the_branch_at_its_bottom() {
    insta::assert_snapshot!(listing(
        r#"(module (func (export "run") (result i32) (local $i i32) (local $sum i32)
            (block $done
                (loop $next
                    (br_if $done (i32.ge_u (local.get $i) (i32.const 10)))
                    (local.set $sum (i32.add (local.get $sum) (local.get $i)))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br $next)))
            (i32.ne (local.get $sum) (i32.const 45))))"#
    ));
}

#[test]
fn only_locals_that_may_be_read_first_are_zeroed() {
    let zeroed = |body: &str| {
        let text = format!("(module (func (export \"run\") (result i32) (local $a i32) (local $b i32) {body}))");
        let words = lowered(&text).words;
        // Slot 0 holds the result and slot 1 the link word, so the locals are slots 2 and 3.
        let entry = words.iter().position(|word| word.opcode == Opcode::Halt).expect("an entry routine") + 1;
        words[entry..]
            .iter()
            .take_while(|word| word.opcode == Opcode::Move && word.mode == 1 && word.immediate == 0)
            .map(|word| word.dst)
            .collect::<Vec<u16>>()
    };
    assert_eq!(zeroed("(local.set $a (i32.const 1)) (local.get $a)"), [0u16; 0]);
    assert_eq!(zeroed("(local.get $b)"), [3]);
    // Written on one path only.
    assert_eq!(zeroed("(if (i32.const 1) (then (local.set $a (i32.const 1)))) (local.get $a)"), [2]);
    // Written on both.
    assert_eq!(
        zeroed(
            "(if (i32.const 1) (then (local.set $a (i32.const 1))) (else (local.set $a (i32.const 2)))) (local.get $a)"
        ),
        [0u16; 0]
    );
    // The branch leaves before the write.
    assert_eq!(zeroed("(block (br_if 0 (i32.const 1)) (local.set $a (i32.const 1))) (local.get $a)"), [2]);
    // The branch leaves after it.
    assert_eq!(zeroed("(block (local.set $a (i32.const 1)) (br_if 0 (i32.const 1))) (local.get $a)"), [0u16; 0]);
    // The only path that does not write does not go on.
    assert_eq!(
        zeroed("(if (i32.const 1) (then (local.set $a (i32.const 1))) (else (unreachable))) (local.get $a)"),
        [0u16; 0]
    );
    // A loop's first turn reads what its last one wrote.
    assert_eq!(
        zeroed("(loop (drop (local.get $a)) (local.set $a (i32.const 1)) (br_if 0 (i32.const 0))) (i32.const 0)"),
        [2]
    );
}

#[test]
fn the_encoding_is_strict() {
    let code = lowered(
        r#"(module (memory 1) (data (i32.const 0) "a") (data (i32.const 8) "b")
        (func (export "run") (result i32) (i32.const 0)))"#,
    );
    let bytes = code.to_bytes();
    let decoded = CanonicalCode::from_bytes(&bytes).expect("what was encoded decodes");
    assert_eq!((&decoded.words, &decoded.image, decoded.initial_pages), (&code.words, &code.image, code.initial_pages));
    assert_eq!(decoded.to_bytes(), bytes);

    let words = code.words.len();
    let image = 20 + 16 * words;
    let reject = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        let rejection = CanonicalCode::from_bytes(&bytes).expect_err("the change is a fault");
        (rejection.reason, rejection.offset)
    };
    assert_eq!(reject(&|bytes| bytes[7] = 2), (Reject::CodeMalformed, 0));
    assert_eq!(reject(&|bytes| bytes.push(0)), (Reject::CodeMalformed, 12));
    assert_eq!(reject(&|bytes| bytes.truncate(19)), (Reject::CodeMalformed, 0));
    assert_eq!(reject(&|bytes| bytes[12..16].fill(0xff)), (Reject::CodeMalformed, 12));
    assert_eq!(reject(&|bytes| bytes[8..12].fill(0xff)), (Reject::CodeMalformed, 8));
    // A vector cannot hold so many bytes.
    let of_words = |words: u32| {
        let mut bytes = bytes[..20].to_vec();
        bytes[12..16].copy_from_slice(&words.to_le_bytes());
        bytes[16..20].fill(0);
        let halt = Word { opcode: Opcode::Halt, mode: 1, dst: 0, src1: 0, src2: 0, immediate: 0 };
        bytes.extend(std::iter::repeat_n(halt.to_bytes(), words as usize).flatten());
        CanonicalCode::from_bytes(&bytes).map(|code| code.words.len()).map_err(|rejection| rejection.reason)
    };
    assert_eq!(of_words(1 << 20), Ok(1 << 20));
    assert_eq!(of_words((1 << 20) + 1), Err(Reject::CodeTooLarge));
    assert_eq!(reject(&|bytes| bytes[20] = 0), (Reject::CodeUnknownOperation, 20));
    assert_eq!(reject(&|bytes| bytes[21] = 1), (Reject::CodeFieldNotCanonical, 20));
    assert_eq!(reject(&|bytes| bytes[28..32].fill(0x0f)), (Reject::CodeTargetOutOfRange, 20));
    assert_eq!(reject(&|bytes| bytes[image] = 8), (Reject::CodeImageNotCanonical, image));
    assert_eq!(reject(&|bytes| bytes[image + 1] = 1), (Reject::CodeImageNotCanonical, image + 13));
    assert_eq!(reject(&|bytes| bytes[image + 5] = 0), (Reject::CodeImageNotCanonical, image));
    assert_eq!(reject(&|bytes| bytes[image + 16] = 1), (Reject::CodeImageNotCanonical, image + 13));
}

#[test]
fn every_word_has_one_encoding() {
    // All bytes of W0 that matter, with every mode and a few fields and immediates: what decodes encodes to itself.
    let mut accepted = 0u32;
    for opcode in 0..=255u8 {
        for mode in 0..=4u8 {
            for fields in [[0u16, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3], [1, 2, 3], [4096, 0, 0], [8, 0, 0], [0, 0, 7]]
            {
                for immediate in [0u64, 1, 1 << 32, u64::MAX, 12, 5] {
                    let mut bytes = [0; 16];
                    bytes[0] = opcode;
                    bytes[1] = mode;
                    for (index, field) in fields.iter().enumerate() {
                        bytes[2 + 2 * index..4 + 2 * index].copy_from_slice(&field.to_le_bytes());
                    }
                    bytes[8..].copy_from_slice(&immediate.to_le_bytes());
                    if let Ok(word) = Word::from_bytes(&bytes, 0) {
                        assert_eq!(word.to_bytes(), bytes);
                        accepted += 1;
                    }
                }
            }
        }
    }
    assert!(accepted > 500, "only {accepted} words were accepted");
}

#[test]
fn the_cycle_limit_is_exact() {
    let code = lowered(r#"(module (func (export "run") (result i32) (i32.const 0)))"#);
    let finished = execute(&code, &Inputs::default(), u64::MAX);
    assert_eq!(finished.execution.outcome, Outcome::Accepted);
    assert_eq!(execute(&code, &Inputs::default(), finished.cycles), finished);
    let exhausted = execute(&code, &Inputs::default(), finished.cycles - 1);
    assert_eq!(exhausted.execution.outcome, Outcome::Trapped(Trap::CycleLimitExhausted));
    assert_eq!(exhausted.cycles, finished.cycles - 1);
}

/// A small memory checker: replays a trace and verifies that each access takes exactly what the last one put.
#[test]
fn a_trace_is_consistent_and_complete() {
    let text = r#"(module
        (import "middle" "input" (func $input (param i32) (result i64)))
        (import "middle" "output" (func $output (param i32 i64)))
        (import "middle" "output_len" (func $output_len (param i32)))
        (memory 1) (data (i32.const 4) "middle client")
        (table 1 funcref) (elem (i32.const 0) $square)
        (type $unary (func (param i64) (result i64)))
        (func $square (param i64) (result i64) (i64.mul (local.get 0) (local.get 0)))
        (func (export "run") (result i32) (local $i i32)
            (loop $next
                (i64.store offset=5 (i32.mul (local.get $i) (i32.const 3))
                    (call_indirect (type $unary) (call $input (local.get $i)) (i32.const 0)))
                (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9))))
            (call $output (i32.const 0) (i64.load (i32.const 7)))
            (call $output_len (i32.const 5))
            (memory.copy (i32.const 100) (i32.const 3) (i32.const 21))
            (i32.const 0)))"#;
    let code = lowered(text);
    let inputs = Inputs { input: (1..=72).collect(), ..Inputs::default() };
    let mut cells = std::collections::BTreeMap::new();
    for cell in &code.image {
        cells.insert((cell.space, cell.index), (0u64, cell.value));
    }
    for index in 0..9 {
        cells.insert((Space::Input, index), (0, middle_client::notation::word(&inputs.input, index.into())));
    }
    cells.insert((Space::Length, 0), (0, 72));
    let mut clock = 0;
    let mut time = 3;
    let finished = trace(&code, &inputs, u64::MAX, |cycle| {
        clock += 1;
        assert_eq!(cycle.clock, clock);
        assert_eq!(cycle.word, code.words[cycle.program_counter as usize]);
        for access in cycle.accesses() {
            assert!(access.time > time && access.time / 4 == clock, "times grow and belong to their cycle");
            time = access.time;
            let cell = cells.entry((access.space, access.index)).or_insert((0, 0));
            assert_eq!((access.previous_time, access.previous), *cell, "{access:?} of {}", cycle.word);
            *cell = (access.time, access.value);
        }
    });
    assert_eq!(finished.cycles, clock);
    assert_eq!(finished, execute(&code, &inputs, u64::MAX));
    assert_eq!(finished.execution.output.len(), 5);
}

#[test]
fn a_module_that_would_lower_to_too_many_words_is_refused() {
    // Each entry of the table names a label of its own, and to each the operands move down by one: 65 words a label.
    let depth = 16_400;
    let results = "i32 ".repeat(64);
    let mut text = format!("(module (type $t (func (result {results}))) (func (export \"run\") (result i32) ");
    text.push_str(&"block (type $t) ".repeat(depth));
    text.push_str(&"i32.const 1 ".repeat(65));
    text.push_str("i32.const 0 br_table ");
    for label in 0..depth {
        text.push_str(&format!("{label} "));
    }
    text.push_str(&"end ".repeat(depth));
    text.push_str(&"drop ".repeat(63));
    text.push_str("))");
    let bytes = wat::parse_str(&text).expect("it parses");
    match decode(&bytes).and_then(|module| lower(&module)) {
        Ok(code) => panic!("{} words", code.words.len()),
        Err(rejection) => assert_eq!(rejection.reason, Reject::CodeTooLarge, "{rejection}"),
    }
}

/// Found by the fuzz target `canonical_code_bytes`.
#[test]
fn a_word_that_names_a_far_global_exhausts_no_memory() {
    let set =
        Word { opcode: Opcode::Set, mode: 3, dst: Space::Global as u16, src1: 0, src2: 0, immediate: u32::MAX.into() };
    let halt = Word { opcode: Opcode::Halt, mode: 1, dst: 0, src1: 0, src2: 0, immediate: 0 };
    let code = CanonicalCode { words: vec![set, halt], image: Vec::new(), initial_pages: 0, symbols: Vec::new() };
    let decoded = CanonicalCode::from_bytes(&code.to_bytes()).expect("each word is canonical");
    let finished = execute(&decoded, &Inputs::default(), 10);
    assert_eq!(finished.execution.outcome, Outcome::Trapped(Trap::HostIndexOutOfBounds));
}
