//! Random programs in the circuit: honest traces satisfy it, and rows that tell of another execution do not.

use super::cases::{ARGUMENT_BYTES, Source, module};
use super::engines::inputs;
use super::free_wires::FREE;
use super::generator::Choices;
use ark_bn254::Fr;
use ark_ff::Field;
use middle_client::canonical_code::{CanonicalCode, Opcode, Word, lower};
use middle_client::circuit::entry::{Kind, entry};
use middle_client::circuit::{Block, Check, Fault, Plan, Program, Rows, Uses, check};
use middle_client::host_interface::Inputs;
use middle_client::notation::{Outcome, Trap};
use middle_client::profile::load;
use std::collections::{BTreeMap, BTreeSet};

/// Cycles of a case at most: a fuzzer learns more from many short ones.
const CYCLES: u32 = 2_000;
/// More rows than any case has: it is one segment.
const ROWS: usize = 1 << 20;

/// An execution to be proven: with a cycle limit that many exceed, which is a trap like others.
pub struct Case {
    code: CanonicalCode,
    inputs: Inputs,
    cycle_limit: u64,
}

/// What came of a case.
#[derive(Default)]
pub struct Seen {
    /// Cycles of the execution.
    pub cycles: u64,
    pub outcome: Option<Outcome>,
    /// Used rows by chip.
    pub rows: BTreeMap<&'static str, u64>,
}

impl Case {
    /// The case that bytes choose; none if they choose a module that the circuit cannot have.
    pub fn new(bytes: &[u8]) -> Option<Case> {
        let wasm = module(Source::Generator, bytes)?;
        let code = lower(&load(&wasm).ok()?).ok()?;
        let mut choices = Choices::new(&bytes[..bytes.len().min(ARGUMENT_BYTES)]);
        // First, as the inputs may use up the choices.
        let cycle_limit = if choices.chance(20) { choices.between(1, CYCLES) } else { CYCLES };
        let inputs = inputs(&mut choices);
        Some(Case { code, inputs, cycle_limit: cycle_limit.into() })
    }

    fn plan<'a>(&'a self, code: &'a CanonicalCode) -> (Plan<'a>, Rows) {
        let plan = check::plan(code, &self.inputs, self.cycle_limit);
        let mut batches = Vec::new();
        plan.batches(ROWS, |rows| batches.push(rows.clone()));
        // The last batch has the cycles, and those before it the cells.
        let mut rows = batches.pop().expect("there is a batch");
        rows.audits = batches.into_iter().flat_map(|batch| batch.audits).collect();
        (plan, rows)
    }

    fn judge(&self, plan: &Plan, rows: &Rows, changes: &[(usize, Fr)]) -> Judgement {
        let mut check = Check::default();
        check.known(&check::known(&self.code, &self.inputs, plan));
        let (blocks, uses) = check.changed_rows(&Program::of(&self.code), rows, changes);
        Judgement { faults: check.faults(), blocks, uses }
    }

    /// An honest execution satisfies the circuit.
    pub fn honest(&self) -> Seen {
        let (plan, rows) = self.plan(&self.code);
        let Judgement { faults, blocks, .. } = self.judge(&plan, &rows, &[]);
        assert!(faults.is_empty(), "{faults:?} in an honest trace of\n{}", self.code);
        let mut seen = Seen { cycles: plan.cycles, outcome: Some(plan.execution.outcome), ..Seen::default() };
        for block in blocks.iter().filter(|block| block.active) {
            *seen.rows.entry(block.chip).or_default() += 1;
        }
        seen
    }

    /// The rows of a program with one other word, put forward as rows of this program, with what that execution yields as
    /// the statement: the circuit refuses them unless they are the same rows. A prover can fill them in with any care: all
    /// buses of states and cells balance, and all that is wrong is one operation. Returns the word that was replaced, if
    /// the lie made a difference.
    pub fn lie(&self, choices: &mut Choices) -> Option<Word> {
        let (honest_plan, honest) = self.plan(&self.code);
        let executed: BTreeSet<u32> = steps(&honest)
            .map(|step| step.program_counter)
            .chain(honest.trap.iter().map(|step| step.program_counter))
            .collect();
        let executed: Vec<u32> = executed.into_iter().collect();
        let address = executed[choices.below(executed.len())] as usize;
        let word = self.code.words[address];
        let mut told = self.code.clone();
        told.words[address] = another_word(word, choices)?;
        // What no program can have is refused before.
        let told = CanonicalCode::from_bytes(&told.to_bytes()).ok()?;
        let (plan, mut rows) = self.plan(&told);
        let inside = |address: u32| (address as usize) < self.code.words.len();
        if !steps(&rows).chain(&rows.trap).all(|step| inside(step.program_counter)) {
            return None;
        }
        let true_entry = entry(&word);
        for step in rows.steps.iter_mut().flatten().chain(&mut rows.trap) {
            if step.program_counter as usize == address {
                step.entry = true_entry;
            }
        }
        let same = rows.steps == honest.steps && rows.trap == honest.trap;
        let faults = self.judge(&plan, &rows, &[]).faults;
        let outcomes = (honest_plan.execution.outcome, plan.execution.outcome);
        assert_eq!(
            faults.is_empty(),
            same,
            "{word} at {address} as {}: {outcomes:?}, {faults:?} in\n{}",
            told.words[address],
            self.code
        );
        (!same).then_some(word)
    }

    /// A statement with another outcome, cycle or output than the execution has is refused, whatever its rows. Returns
    /// whether it was another one.
    pub fn false_statement(&self, choices: &mut Choices) -> bool {
        let (mut plan, rows) = self.plan(&self.code);
        let truth = (plan.execution.clone(), plan.cycles);
        match choices.below(4) {
            0 => plan.cycles = plan.cycles.wrapping_add(u64::from(choices.between(0, 4))).saturating_sub(2),
            1 => {
                plan.execution.outcome = match choices.below(3) {
                    0 => Outcome::Accepted,
                    1 => Outcome::Rejected(choices.between(0, 3)),
                    _ => Outcome::Trapped(choices.pick(&Trap::ALL)),
                }
            }
            2 => {
                // A trap has no output that a statement could be wrong about.
                let length = choices.below(24);
                if !matches!(plan.execution.outcome, Outcome::Trapped(_)) {
                    plan.execution.output.resize(length, 1);
                }
            }
            _ => {
                if plan.execution.outcome == Outcome::Accepted {
                    plan.execution.post_state[choices.below(32)] ^= choices.between(0, 255) as u8;
                }
            }
        }
        let same = truth == (plan.execution.clone(), plan.cycles);
        // A rejection with 0 is an end of no execution, and no statement.
        if plan.execution.outcome == Outcome::Rejected(0) {
            return false;
        }
        let faults = self.judge(&plan, &rows, &[]).faults;
        assert_eq!(faults.is_empty(), same, "{truth:?} stated as {:?}, {}", plan.execution, plan.cycles);
        !same
    }

    /// A wire of a used row changed, or two: the circuit refuses that unless each of them is listed as free there. Returns
    /// the chip, and the names of the wire if it is free.
    pub fn changed_wire(&self, choices: &mut Choices) -> (&'static str, Option<String>) {
        let (plan, rows) = self.plan(&self.code);
        let active: Vec<Block> =
            self.judge(&plan, &rows, &[]).blocks.into_iter().filter(|block| block.active).collect();
        let Block { chip, wires, .. } = choices.pick(&active);
        let wire = wires.start + choices.below(wires.len());
        let powers = [0, 1, 8, 13, 26, 32, 39, 64, 70];
        let power = Fr::from(2u64).pow([choices.pick(&powers)]);
        let sign = if choices.chance(50) { Fr::from(1u64) } else { -Fr::from(1u64) };
        let mut changes = vec![(wire, sign * power)];
        // A limb and the next one, or a sum and its carry.
        if choices.chance(30) && wire + 1 < wires.end {
            let other = wire + 1 + choices.below(wires.end - wire - 1);
            let inverse = Fr::from(2u64).pow([choices.pick(&powers)]).inverse().expect("no power is zero");
            changes.push((other, -sign * power * inverse));
        }
        let Judgement { faults, uses, .. } = self.judge(&plan, &rows, &changes);
        if !faults.is_empty() {
            return (chip, None);
        }
        let name = |uses: &Uses| uses.names.iter().copied().collect::<Vec<_>>().join(", ");
        let names: Vec<String> = uses.iter().map(name).collect();
        for (name, uses) in names.iter().zip(&uses) {
            // A wire of an access or check that the row does not make is free without being listed.
            let free = !uses.counts || FREE.iter().any(|(free_chip, wire, _)| *free_chip == chip && wire == name);
            assert!(free, "{chip}: {names:?} changed unnoticed, {changes:?} in\n{}", self.code);
        }
        (chip, Some(names.join(" with ")))
    }
}

struct Judgement {
    faults: BTreeSet<Fault>,
    blocks: Vec<Block>,
    uses: Vec<Uses>,
}

fn steps(rows: &Rows) -> impl Iterator<Item = &middle_client::circuit::step::Step> {
    rows.steps.iter().flatten()
}

/// A word that differs in one field, of the same chip and shape.
fn another_word(word: Word, choices: &mut Choices) -> Option<Word> {
    let mut other = word;
    match choices.below(4) {
        0 => {
            let alike =
                |opcode: &Opcode| Kind::of(*opcode) == Kind::of(word.opcode) && opcode.shape() == word.opcode.shape();
            let opcodes: Vec<Opcode> = Opcode::ALL.iter().copied().filter(alike).collect();
            other.opcode = choices.pick(&opcodes);
        }
        1 => {
            let bit = choices.between(0, 63);
            other.immediate =
                if choices.chance(50) { word.immediate ^ 1 << bit } else { word.immediate.wrapping_add(1) };
        }
        2 => other.src1 ^= 1 << choices.between(0, 3),
        _ => match choices.below(2) {
            0 => other.src2 ^= 1 << choices.between(0, 3),
            _ => other.dst ^= 1 << choices.between(0, 3),
        },
    }
    (other != word).then_some(other)
}
