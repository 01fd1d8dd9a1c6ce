//! What lowering promises of registers (S20), watched in an execution: link words are what calls wrote, and no register is
//! read that its activation did not write. The circuit relies on both and checks neither.

use middle_client::canonical_code::{
    Access, CanonicalCode, Cycle, IMMEDIATE_1, IMMEDIATE_2, Opcode, Shape, Space, trace,
};
use middle_client::host_interface::Inputs;
use middle_client::notation::Outcome;
use middle_client::profile::Module;
use std::collections::{BTreeMap, BTreeSet};

/// How much an execution had to show.
#[derive(Debug, Default)]
pub struct Watched {
    pub cycles: u64,
    pub reads: u64,
    pub calls: u64,
    pub returns: u64,
    pub deepest: usize,
}

/// Functions by the address of their first word: the numbers of parameters and results.
fn functions(code: &CanonicalCode, module: &Module) -> BTreeMap<u32, (u32, u32)> {
    let arity = |name: &str| match name.strip_prefix("function ") {
        Some(number) => {
            let function = module.function_type(number.parse().expect("the number of a function"));
            (function.params.len() as u32, function.results.len() as u32)
        }
        // The routines of the bulk operations.
        None => (3, 0),
    };
    let functions = code.symbols.iter().filter(|symbol| symbol.name != "entry");
    functions.map(|symbol| (symbol.address, arity(&symbol.name))).collect()
}

/// A call that has not returned.
struct Activation {
    /// The register with its link word, and that word; the entry routine has none.
    link: Option<(u32, u64)>,
    frame_pointer: u32,
    results: u32,
    /// The registers that hold something of its own: what it wrote, its arguments, and its callees' results.
    written: BTreeSet<u32>,
}

/// How many registers a word reads before it writes one.
fn reads(cycle: &Cycle) -> usize {
    let word = &cycle.word;
    let (first, second) = (usize::from(word.mode & IMMEDIATE_1 != 0), usize::from(word.mode & IMMEDIATE_2 != 0));
    match word.opcode.shape() {
        Shape::Binary | Shape::Branch | Shape::Store | Shape::Set => 2 - first - second,
        Shape::Unary | Shape::Halt | Shape::Load | Shape::Get => 1 - first,
        Shape::Conditional => 2 - first,
        Shape::JumpIndexed | Shape::Return | Shape::CallIndirect | Shape::Grow => 1,
        Shape::Hash => 2,
        Shape::Call | Shape::Jump | Shape::Size | Shape::Trap => 0,
    }
}

/// What an execution breaks of these promises first.
pub fn watch(code: &CanonicalCode, module: &Module, inputs: &Inputs, limit: u64) -> Result<Watched, String> {
    let functions = functions(code, module);
    let mut watched = Watched::default();
    let mut stack = vec![Activation { link: None, frame_pointer: 0, results: 0, written: BTreeSet::new() }];
    // A call or return shows in the state of the next cycle.
    let mut before: Option<Cycle> = None;
    let mut broken: Option<String> = None;
    let finished = trace(code, inputs, limit, |cycle| {
        if broken.is_none() {
            let step = match &before {
                Some(before) => follow(before, cycle, &functions, &mut stack, &mut watched),
                None => Ok(()),
            };
            if let Err(fault) = step.and_then(|()| judge(cycle, &mut stack, &mut watched)) {
                broken = Some(format!("{fault}: `{}` at {}, cycle {}", cycle.word, cycle.program_counter, cycle.clock));
            }
        }
        before = Some(cycle.clone());
    });
    match broken {
        Some(broken) => Err(broken),
        None if stack.len() > 1 && matches!(finished.execution.outcome, Outcome::Accepted | Outcome::Rejected(_)) => {
            Err("the end is not that of the entry routine".into())
        }
        None => Ok(watched),
    }
}

/// The accesses of a cycle that does what its word says to the registers.
fn judge(cycle: &Cycle, stack: &mut [Activation], watched: &mut Watched) -> Result<(), String> {
    watched.cycles += 1;
    watched.deepest = watched.deepest.max(stack.len());
    let links: Vec<(u32, u64)> = stack.iter().filter_map(|activation| activation.link).collect();
    let top = stack.last_mut().ok_or("nothing was called")?;
    if cycle.frame_pointer != top.frame_pointer {
        return Err(format!("the frame is at {}, not at {}", cycle.frame_pointer, top.frame_pointer));
    }
    let registers: Vec<_> = cycle.accesses().iter().filter(|access| access.space == Space::Register).collect();
    let (read, written) = registers.split_at(reads(cycle).min(registers.len()));
    for access in read {
        watched.reads += 1;
        if cycle.word.opcode == Opcode::Return {
            // The word that the matching call wrote, where it wrote it.
            if top.link != Some((access.index, access.previous)) {
                let Access { index, previous, .. } = access;
                return Err(format!(
                    "a return to what its call did not write: {index}, {previous:#x}, {:x?}",
                    top.link
                ));
            }
        } else if !top.written.contains(&access.index) {
            return Err(format!("register {} was not written in this activation", access.index));
        }
    }
    for access in written {
        // A conditional move that keeps the old value has read it.
        let keeps = cycle.word.opcode == Opcode::MoveIfZero && read.last().is_some_and(|it| it.value != 0);
        if keeps && !top.written.contains(&access.index) {
            return Err(format!("register {} is kept and was not written in this activation", access.index));
        }
        if links.iter().any(|(link, _)| *link == access.index) {
            return Err(format!("register {} holds a link word and is written", access.index));
        }
        let is_call = matches!(cycle.word.opcode.shape(), Shape::Call | Shape::CallIndirect);
        if !is_call {
            top.written.insert(access.index);
        }
    }
    let is_return = cycle.word.opcode == Opcode::Return;
    if !is_return && read.iter().any(|access| links.iter().any(|(link, _)| *link == access.index)) {
        return Err("a link word is read".into());
    }
    Ok(())
}

/// What a call or return before this cycle did to the activations.
fn follow(
    before: &Cycle,
    cycle: &Cycle,
    functions: &BTreeMap<u32, (u32, u32)>,
    stack: &mut Vec<Activation>,
    watched: &mut Watched,
) -> Result<(), String> {
    let mut registers = before.accesses().iter().filter(|access| access.space == Space::Register);
    match before.word.opcode.shape() {
        Shape::Call | Shape::CallIndirect => {
            watched.calls += 1;
            let (params, results) = *functions.get(&cycle.program_counter).ok_or("a call of no function")?;
            let link =
                registers.next_back().map(|access| (access.index, access.value)).ok_or("a call without a link")?;
            let caller = stack.last().ok_or("nothing was called")?;
            let frame_pointer = caller.frame_pointer + u32::from(before.word.src2);
            let arguments = frame_pointer..frame_pointer + params;
            if let Some(missing) = arguments.clone().find(|register| !caller.written.contains(register)) {
                return Err(format!("the argument in register {missing} was not written"));
            }
            if link.0 != frame_pointer + params.max(results) {
                return Err("the link word is not behind the parameters and results".into());
            }
            if link.1 != u64::from(before.program_counter + 1) | u64::from(caller.frame_pointer) << 32 {
                return Err("the link word does not lead behind the call".into());
            }
            stack.push(Activation { link: Some(link), frame_pointer, results, written: arguments.collect() });
        }
        Shape::Return => {
            watched.returns += 1;
            let callee = stack.pop().ok_or("nothing was called")?;
            let caller = stack.last_mut().ok_or("a return from the entry routine")?;
            let results = callee.frame_pointer..callee.frame_pointer + callee.results;
            if let Some(missing) = results.clone().find(|register| !callee.written.contains(register)) {
                return Err(format!("the result in register {missing} was not written"));
            }
            if callee.link.is_none_or(|(_, link)| link as u32 != cycle.program_counter) {
                return Err("a return to another address".into());
            }
            // All above is the callee's, and what is left of it there is nobody's.
            caller.written.retain(|register| *register < callee.frame_pointer);
            caller.written.extend(results);
        }
        _ => {}
    }
    Ok(())
}
