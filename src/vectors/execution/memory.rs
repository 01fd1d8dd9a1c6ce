//! The memory instructions, at both sides of every bound.

use super::arithmetic::{signed, unsigned};
use super::{input32, module, show, words};
use crate::notation::Trap;
use crate::profile::MAX_MEMORY_PAGES;
use crate::vectors::{Case, case};

/// Bytes of the memory that most cases have.
const SIZE: u64 = 65_536;
/// The bytes with which its data segments fill its first and its last sixteen bytes.
const DATA: [u8; 16] = [0x81, 0x02, 0x83, 0x04, 0x85, 0x06, 0x87, 0x08, 0x79, 0xfa, 0x7b, 0xfc, 0x7d, 0xfe, 0x7f, 0xf0];

/// Name, touched bytes, whether it extends the sign, width of the value.
const LOADS: [(&str, u64, bool, u32); 12] = [
    ("i32.load", 4, false, 32),
    ("i64.load", 8, false, 64),
    ("i32.load8_s", 1, true, 32),
    ("i32.load8_u", 1, false, 32),
    ("i32.load16_s", 2, true, 32),
    ("i32.load16_u", 2, false, 32),
    ("i64.load8_s", 1, true, 64),
    ("i64.load8_u", 1, false, 64),
    ("i64.load16_s", 2, true, 64),
    ("i64.load16_u", 2, false, 64),
    ("i64.load32_s", 4, true, 64),
    ("i64.load32_u", 4, false, 64),
];
/// Name, touched bytes, width of the value.
const STORES: [(&str, u64, u32); 7] = [
    ("i32.store", 4, 32),
    ("i64.store", 8, 64),
    ("i32.store8", 1, 32),
    ("i32.store16", 2, 32),
    ("i64.store8", 1, 64),
    ("i64.store16", 2, 64),
    ("i64.store32", 4, 64),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = LOADS.into_iter().flat_map(load).collect();
    cases.extend(STORES.into_iter().flat_map(store));
    cases.extend(effective_address());
    cases.extend(bulk());
    cases.extend(segments());
    cases.extend(grow());
    cases
}

fn declarations() -> String {
    let escaped: String = DATA.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(r#"(memory 1 3) (data (i32.const 0) "{escaped}") (data (i32.const {}) "{escaped}")"#, SIZE - 16)
}

/// The memory after instantiation.
fn bytes() -> Vec<u8> {
    let mut bytes = vec![0; SIZE as usize];
    bytes[..16].copy_from_slice(&DATA);
    bytes[SIZE as usize - 16..].copy_from_slice(&DATA);
    bytes
}

/// Instructions that make the first and the last 32 bytes of the first page the output.
fn show_memory() -> String {
    let addresses = [0, 8, 16, 24, SIZE - 32, SIZE - 24, SIZE - 16, SIZE - 8];
    show(&addresses.map(|address| format!("(i64.load (i32.const {address}))")).each_ref().map(String::as_str))
}

/// What [`show_memory`] shows.
fn shown(bytes: &[u8]) -> Vec<u8> {
    [&bytes[..32], &bytes[bytes.len() - 32..]].concat()
}

fn id_of(instruction: &str) -> String {
    format!("execution-{}", instruction.replace(['.', '_'], "-"))
}

/// Loads at even and odd addresses up to the last possible one, then one byte further.
fn load((name, length, extends_sign, width): (&str, u64, bool, u32)) -> [Case; 2] {
    let id = id_of(name);
    let value = format!("({name} offset=2 (i32.wrap_i64 (call $input (local.get $j))))");
    let value = if width == 32 { format!("(i64.extend_i32_u {value})") } else { value };
    let program = module(
        &declarations(),
        &format!(
            "(call $output_len (call $input_len))
            (loop $next
                (call $output (local.get $j) {value})
                (local.set $j (i32.add (local.get $j) (i32.const 1)))
                (br_if $next (i32.lt_u (i32.shl (local.get $j) (i32.const 3)) (call $input_len))))"
        ),
    );
    let last = SIZE - 2 - length;
    let bases = [0, 1, 2, 3, 5, 7, 11, 14, 20, last - 1, last];
    let values = bases.map(|base| {
        let start = (base + 2) as usize;
        let loaded = &bytes()[start..start + length as usize];
        let value = loaded.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        if extends_sign { unsigned(signed(value, 8 * length as u32), width) } else { value }
    });
    let accepted = case(&id, &format!("`{name}` at any alignment, up to the last byte."), ["EXEC-004", "EXEC-011"])
        .module(program.as_slice())
        .input(words(&bases))
        .accepted(words(&values));
    let beyond = case(&format!("{id}-beyond"), &format!("`{name}` of one byte beyond the end."), ["EXEC-011"])
        .module(program)
        .input(words(&[last + 1]))
        .derived_from(&id, "one address, one above the last possible one")
        .trapped(Trap::OutOfBoundsMemoryAccess);
    [accepted, beyond]
}

/// Stores at even and odd addresses up to the last possible one, then one byte further.
fn store((name, length, width): (&str, u64, u32)) -> [Case; 2] {
    let id = id_of(name);
    let value = 0xf1e2_d3c4_b5a6_9788u64;
    let operand = if width == 32 { "(i32.wrap_i64 (local.get $k))" } else { "(local.get $k)" };
    let program = module(
        &declarations(),
        &format!(
            "(local.set $k (i64.const {value}))
            (loop $next
                ({name} offset=2 (i32.wrap_i64 (call $input (local.get $j))) {operand})
                (local.set $j (i32.add (local.get $j) (i32.const 1)))
                (br_if $next (i32.lt_u (i32.shl (local.get $j) (i32.const 3)) (call $input_len))))
            {}",
            show_memory()
        ),
    );
    let last = SIZE - 2 - length;
    let bases = [1, 13, 22, last - 9, last];
    let mut after = bytes();
    for base in bases {
        let start = (base + 2) as usize;
        after[start..start + length as usize].copy_from_slice(&value.to_le_bytes()[..length as usize]);
    }
    let accepted = case(&id, &format!("`{name}` at any alignment, up to the last byte."), ["EXEC-004", "EXEC-011"])
        .module(program.as_slice())
        .input(words(&bases))
        .accepted(shown(&after));
    let beyond = case(&format!("{id}-beyond"), &format!("`{name}` of one byte beyond the end."), ["EXEC-011"])
        .module(program)
        .input(words(&[last + 1]))
        .derived_from(&id, "one address, one above the last possible one")
        .trapped(Trap::OutOfBoundsMemoryAccess);
    [accepted, beyond]
}

fn effective_address() -> Vec<Case> {
    let program = |offset: u64| {
        let value = format!("(i64.load8_u offset={offset} {})", input32(0));
        module(&declarations(), &show(&[&value]))
    };
    let greatest = u64::from(u32::MAX);
    let origin = "execution-effective-address";
    let traps = |name: &str, sentence: &str, offset: u64, base: u64, mutation: &str| {
        case(&format!("{origin}-{name}"), sentence, ["EXEC-010", "EXEC-011"])
            .module(program(offset))
            .input(words(&[base]))
            .derived_from(origin, mutation)
            .trapped(Trap::OutOfBoundsMemoryAccess)
    };
    vec![
        case(origin, "The static offset alone can reach the last byte.", ["EXEC-010"])
            .module(program(SIZE - 1))
            .input(words(&[0]))
            .accepted(words(&[u64::from(DATA[15])])),
        traps("one", "The sum of base and offset is one too large.", SIZE - 1, 1, "the base is 1"),
        traps("wrap", "The sum of base and offset does not wrap to 0.", 1, greatest, "offset 1, the greatest base"),
        traps(
            "greatest",
            "The greatest base and the greatest offset.",
            greatest,
            greatest,
            "the greatest base and offset",
        ),
        traps("sign", "The base is unsigned.", SIZE - 1, greatest, "the base is -1"),
    ]
}

fn bulk() -> Vec<Case> {
    let program = |instruction: &str| {
        let operands = [0, 1, 2].map(input32).concat();
        module(
            &format!(r#"{} (data $passive "0123456789")"#, declarations()),
            &format!("({instruction} {operands}) {}", show_memory()),
        )
    };
    let mut cases = Vec::new();
    let mut add = |id: String, instruction: &str, origin: Option<&str>, sentence: &str, operands: [u64; 3]| {
        let draft = case(&id, sentence, ["EXEC-012"]).module(program(instruction)).input(words(&operands));
        cases.push(match (after_bulk(instruction, operands), origin) {
            (Some(after), _) => draft.accepted(shown(&after)),
            (None, Some(origin)) => {
                let mutation = format!("the operands are {}, {} and {}", operands[0], operands[1], operands[2]);
                draft.derived_from(origin, &mutation).trapped(Trap::OutOfBoundsMemoryAccess)
            }
            (None, None) => panic!("{id} traps and is derived from nothing"),
        });
    };
    let (far, greatest) = (SIZE + 1, u64::from(u32::MAX));

    let copy = "execution-memory-copy";
    add(copy.into(), "memory.copy", None, "A copy without overlap.", [16, 0, 16]);
    for (name, sentence, operands) in [
        ("up", "A copy to a higher address whose ranges overlap by all but a byte.", [1, 0, 15]),
        ("down", "A copy to a lower address whose ranges overlap by all but a byte.", [0, 1, 15]),
        ("up-by-a-word", "A copy to an address 8 bytes higher.", [8, 0, 24]),
        ("down-by-a-word", "A copy to an address 8 bytes lower.", [0, 8, 24]),
        ("up-unaligned", "A copy to a higher address that is not aligned.", [5, 2, 20]),
        ("down-unaligned", "A copy to a lower address that is not aligned.", [2, 5, 20]),
        ("in-place", "A copy of a range to itself.", [3, 3, 20]),
        ("from-the-end", "A copy from the last bytes.", [9, SIZE - 16, 16]),
        ("to-the-end", "A copy to the last bytes.", [SIZE - 7, 0, 7]),
        ("all-but-one", "A copy of the whole memory but a byte.", [1, 0, SIZE - 1]),
        ("nothing-at-the-end", "A copy of no bytes at the end of the memory.", [SIZE, SIZE, 0]),
        ("target-beyond", "A copy to one byte beyond the end.", [SIZE - 6, 0, 7]),
        ("source-beyond", "A copy from one byte beyond the end.", [0, SIZE - 6, 7]),
        ("nothing-to-beyond", "A copy of no bytes to beyond the end.", [far, 0, 0]),
        ("nothing-from-beyond", "A copy of no bytes from beyond the end.", [0, far, 0]),
        ("sum-does-not-wrap", "The sum of source and length does not wrap.", [0, greatest, 2]),
        ("length-is-unsigned", "The length is unsigned.", [0, 0, greatest]),
    ] {
        add(format!("{copy}-{name}"), "memory.copy", Some(copy), sentence, operands);
    }

    let fill = "execution-memory-fill";
    add(fill.into(), "memory.fill", None, "A fill keeps the low byte of the value.", [3, 0x1ab, 18]);
    for (name, sentence, operands) in [
        ("one", "A fill of one byte.", [7, 0xff, 1]),
        ("to-the-end", "A fill up to the last byte.", [SIZE - 21, 0x80, 21]),
        ("all", "A fill of the whole memory.", [0, 0x5c, SIZE]),
        ("nothing-at-the-end", "A fill of no bytes at the end of the memory.", [SIZE, 1, 0]),
        ("beyond", "A fill of one byte beyond the end.", [SIZE - 21, 1, 22]),
        ("nothing-beyond", "A fill of no bytes beyond the end.", [far, 1, 0]),
        ("length-is-unsigned", "The length is unsigned.", [1, 1, greatest]),
    ] {
        add(format!("{fill}-{name}"), "memory.fill", Some(fill), sentence, operands);
    }

    let init = "execution-memory-init";
    add(init.into(), "memory.init $passive", None, "A whole segment.", [5, 0, 10]);
    for (name, sentence, operands) in [
        ("part", "A part of a segment.", [13, 3, 5]),
        ("to-the-end", "A segment to the last bytes of the memory.", [SIZE - 10, 0, 10]),
        ("nothing-at-the-ends", "No bytes at the end of both memory and segment.", [SIZE, 10, 0]),
        ("segment-beyond", "One byte beyond the end of the segment.", [0, 3, 8]),
        ("memory-beyond", "One byte beyond the end of the memory.", [SIZE - 9, 0, 10]),
        ("nothing-of-beyond", "No bytes from beyond the end of the segment.", [0, 11, 0]),
        ("nothing-to-beyond", "No bytes to beyond the end of the memory.", [far, 0, 0]),
    ] {
        add(format!("{init}-{name}"), "memory.init $passive", Some(init), sentence, operands);
    }
    cases
}

/// The memory after a bulk instruction, byte by byte; none if it traps.
fn after_bulk(instruction: &str, [target, operand, length]: [u64; 3]) -> Option<Vec<u8>> {
    let before = bytes();
    let mut after = before.clone();
    let source = match instruction {
        "memory.copy" => Some(before.as_slice()),
        "memory.fill" => None,
        _ => Some(b"0123456789".as_slice()),
    };
    if target + length > SIZE || source.is_some_and(|source| operand + length > source.len() as u64) {
        return None;
    }
    for i in 0..length {
        after[(target + i) as usize] = match source {
            Some(source) => source[(operand + i) as usize],
            None => operand as u8,
        };
    }
    Some(after)
}

fn segments() -> Vec<Case> {
    let program = |before: &str, segment: &str| {
        let declarations = r#"(memory 1) (data $passive "0123456789") (data $active (i32.const 8) "abcdefgh")"#;
        let init = format!("(memory.init {segment} (i32.const 0) (i32.const 0) {})", input32(0));
        module(declarations, &format!("{before} {init} {}", show(&["(i64.load (i32.const 0))"])))
    };
    let dropped = program("(data.drop $passive) (data.drop $passive)", "$passive");
    vec![
        case("execution-data-kept", "A passive segment can be used until it is dropped.", ["EXEC-013"])
            .module(program("(data.drop $active)", "$passive"))
            .input(words(&[8]))
            .accepted("01234567"),
        case("execution-data-drop-nothing", "No bytes of a dropped segment.", ["EXEC-013", "EXEC-012"])
            .module(dropped.as_slice())
            .input(words(&[0]))
            .accepted(words(&[0])),
        case("execution-data-drop", "A dropped segment has no bytes.", ["EXEC-013"])
            .module(dropped)
            .input(words(&[1]))
            .derived_from("execution-data-kept", "drop the segment, twice, and copy one byte")
            .trapped(Trap::OutOfBoundsMemoryAccess),
        case("execution-data-active-nothing", "No bytes of an active segment.", ["EXEC-013"])
            .module(program("", "$active"))
            .input(words(&[0]))
            .accepted(words(&[0])),
        case("execution-data-active", "An active segment counts as dropped from the beginning.", ["EXEC-013"])
            .module(program("", "$active"))
            .input(words(&[1]))
            .derived_from("execution-data-active-nothing", "copy one byte")
            .trapped(Trap::OutOfBoundsMemoryAccess),
    ]
}

fn grow() -> Vec<Case> {
    let grow = |pages: u64| format!("(i64.extend_i32_u (memory.grow (i32.const {pages})))");
    let program = |declaration: &str, expressions: &[&str]| module(declaration, &show(expressions));
    let size = "(i64.extend_i32_u memory.size)";
    let refused = u64::from(u32::MAX);
    let limit = u64::from(MAX_MEMORY_PAGES);
    let access = |id: &str| {
        let body = format!("(drop (memory.grow (i32.const 1))) {}", show(&[&format!("(i64.load {})", input32(0))]));
        case(id, "Pages that were added are zero and in bounds.", ["EXEC-014", "EXEC-011"])
            .module(module(&declarations(), &body))
    };
    vec![
        case("execution-memory-grow", "Growing up to the declared maximum, and not beyond.", ["EXEC-014"])
            .module(program(
                "(memory 1 3)",
                &[size, &grow(0), &grow(3), &grow(1), size, &grow(2), &grow(1), size, &grow(1), &grow(0)],
            ))
            .accepted(words(&[1, 1, refused, 1, 2, refused, 2, 3, refused, 3])),
        case("execution-memory-grow-limit", "Without a maximum, 1024 pages are the limit.", ["EXEC-014"])
            .module(program("(memory 0)", &[&grow(limit + 1), &grow(limit), size, &grow(1), &grow(0)]))
            .accepted(words(&[refused, 0, limit, refused, limit])),
        case("execution-memory-grow-large-maximum", "A larger declared maximum changes nothing.", ["EXEC-014"])
            .module(program("(memory 1 65536)", &[&grow(limit), &grow(65_535), &grow(1), size]))
            .accepted(words(&[refused, refused, 1, 2])),
        case("execution-memory-grow-sum", "The sum of pages does not wrap.", ["EXEC-014"])
            .module(program("(memory 1)", &[&grow(refused), &grow(1 << 31), size]))
            .accepted(words(&[refused, refused, 1])),
        access("execution-memory-grown").input(words(&[2 * SIZE - 8])).accepted(words(&[0])),
        access("execution-memory-grown-beyond")
            .input(words(&[2 * SIZE - 7]))
            .derived_from("execution-memory-grown", "the address is one higher")
            .trapped(Trap::OutOfBoundsMemoryAccess),
    ]
}
