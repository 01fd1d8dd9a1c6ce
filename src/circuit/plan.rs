//! The plan of a proof: the execution, its cells, and which rows each segment holds.
//!
//! Segments are bags of rows: what connects the rows is on the buses, and these span all segments. So a row of a chip goes
//! to the segment that its number among the rows of that chip says, and there are as many segments as the busiest chip
//! needs.

use super::chips::audit::AuditCell;
use super::chips::witness::WitnessLength;
use super::cost::Needs;
use super::entry::{Kind, address};
use super::machine::{Program, Rows, trap_chip};
use super::step::{Cells, Refresh, Step};
use super::tier::Tier;
use crate::canonical_code::{CanonicalCode, INPUT_LENGTH, OUTPUT_LENGTH, Space, WITNESS_LENGTH, trace};
use crate::host_interface::{CONTEXT_WORDS, Inputs};
use crate::notation::{Execution, Outcome, Trap, word};
use std::collections::BTreeMap;

/// The public cells of an execution: their first and last values, by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicCells {
    /// Cells of the inputs that do not start as zero.
    pub initial: BTreeMap<u64, u64>,
    /// Cells of output and post-state.
    pub last: BTreeMap<u64, u64>,
}

impl PublicCells {
    /// CIRCUIT-014: input, context, pre-state root and the input's length at first; after an end other than a trap the
    /// output and its length; if accepted the post-state root.
    pub fn of(inputs: &Inputs, execution: &Execution) -> PublicCells {
        let mut cells = PublicCells::default();
        let mut start = |space: Space, index: u32, value: u64| {
            if value != 0 {
                cells.initial.insert(address(space, index), value);
            }
        };
        let words =
            |bytes: &[u8]| (0..bytes.len().div_ceil(8)).map(|index| word(bytes, index as u64)).collect::<Vec<_>>();
        for (index, value) in words(&inputs.input).into_iter().enumerate() {
            start(Space::Input, index as u32, value);
        }
        for index in 0..CONTEXT_WORDS {
            start(Space::Context, index, inputs.context.word(index));
        }
        for (index, value) in words(inputs.context.pre_state_root().as_slice()).into_iter().enumerate() {
            start(Space::PostState, index as u32, value);
        }
        start(Space::Length, INPUT_LENGTH, inputs.input.len() as u64);
        if !matches!(execution.outcome, Outcome::Trapped(_)) {
            for (index, value) in words(&execution.output).into_iter().enumerate() {
                cells.last.insert(address(Space::Output, index as u32), value);
            }
            cells.last.insert(address(Space::Length, OUTPUT_LENGTH), execution.output.len() as u64);
        }
        if execution.outcome == Outcome::Accepted {
            for (index, value) in words(execution.post_state.as_slice()).into_iter().enumerate() {
                cells.last.insert(address(Space::PostState, index as u32), value);
            }
        }
        cells
    }
}

/// A row that a cycle needs. It is handed on at once, so a box for the larger one would only cost time.
#[allow(clippy::large_enum_variant)]
enum CycleRow {
    Refresh(Refresh),
    Step(Step),
}

/// What a proof of an execution is made of.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    code: &'a CanonicalCode,
    inputs: &'a Inputs,
    cycle_limit: u64,
    tier: &'a Tier,
    /// What the execution yields.
    pub execution: Execution,
    /// Its cycles.
    pub cycles: u64,
    /// The program.
    pub program: Program,
    /// The number of rows of each chip, by [`Kind`].
    pub steps: [u64; Kind::ALL.len()],
    trap: Option<&'static str>,
    /// The number of refreshed cells.
    pub refreshes: u64,
    audits: Vec<AuditCell>,
    witness: Vec<AuditCell>,
    witness_cell: Option<WitnessLength>,
    audit_end: u64,
    /// The number of segments.
    pub segments: u32,
}

impl<'a> Plan<'a> {
    /// Executes a program and counts what a proof needs. `None` if the program does not fit the tier, or if a chip that
    /// is needed has no capacity.
    pub fn new(
        code: &'a CanonicalCode,
        inputs: &'a Inputs,
        cycle_limit: u64,
        tier: &'a Tier,
        at_least: u32,
    ) -> Option<Plan<'a>> {
        let program = Program::of(code);
        if !program.fits(tier) {
            return None;
        }
        let mut steps = [0; Kind::ALL.len()];
        let mut refreshes = 0;
        let mut cells = Cells::default();
        let mut last_kind = None;
        let finished = trace(code, inputs, cycle_limit, |cycle| {
            let step = cells.step(cycle, None, |_| refreshes += 1);
            steps[step.kind as usize - 1] += 1;
            last_kind = Some(step.kind);
        });
        let execution = finished.execution;
        let trap = match (execution.outcome, last_kind) {
            (Outcome::Trapped(Trap::CycleLimitExhausted), _) => trap_chip(None),
            (Outcome::Trapped(_), Some(kind)) if kind != Kind::End => {
                // The last word has trapped: its row is in the chip of traps.
                steps[kind as usize - 1] -= 1;
                trap_chip(Some(kind))
            }
            _ => None,
        };
        let public = PublicCells::of(inputs, &execution);
        let mut plan = Plan {
            code,
            inputs,
            cycle_limit,
            tier,
            execution,
            cycles: finished.cycles,
            program,
            steps,
            trap,
            refreshes,
            audits: Vec::new(),
            witness: Vec::new(),
            witness_cell: None,
            audit_end: 0,
            segments: 0,
        };
        plan.audit(&cells, &public);
        plan.segments = plan.needs().segments(tier)?.max(at_least);
        Some(plan)
    }

    /// How many rows of each chip the proof needs.
    pub fn needs(&self) -> Needs {
        Needs {
            code_words: self.program.code.len() as u64,
            image_cells: self.program.image.len() as u64,
            steps: self.steps,
            refreshes: self.refreshes,
            audits: self.audits.len() as u64,
            witness_words: self.witness.len() as u64,
            witness_length: self.witness_cell.is_some(),
            trap: self.trap,
        }
    }

    /// Rows for all cells that were touched or are public, in the order of their addresses.
    fn audit(&mut self, cells: &Cells, public: &PublicCells) {
        let mut all: BTreeMap<u64, AuditCell> = BTreeMap::new();
        let untouched = |address: u64| AuditCell::untouched(0, address);
        for (&address, touched) in &cells.0 {
            let cell = all.entry(address).or_insert(untouched(address));
            cell.initial = touched.initial;
            cell.initial_time = touched.initial_time;
            cell.last = touched.last;
            cell.last_time = touched.last_time;
        }
        let image = self.code.image.iter().map(|cell| (address(cell.space, cell.index), cell.value));
        for (address, value) in image.chain(public.initial.iter().map(|(address, value)| (*address, *value))) {
            let cell = all.entry(address).or_insert_with(|| AuditCell { last: value, ..untouched(address) });
            cell.initial = value;
            cell.public_initial = true;
        }
        for &address in public.last.keys() {
            all.entry(address).or_insert(untouched(address)).public_final = true;
        }
        let length = address(Space::Length, WITNESS_LENGTH);
        let witness = address(Space::Witness, 0);
        let words = (self.inputs.witness.len() as u64).div_ceil(8);
        let free_cells = all.keys().filter(|address| (witness..witness + words).contains(address)).count() as u64;
        // Witness cells ask for the length, whether or not the program does.
        if free_cells > 0 || all.get(&length).is_some_and(|cell| cell.initial != 0) {
            let bytes = self.inputs.witness.len() as u64;
            let cell = all.entry(length).or_insert(untouched(length));
            (cell.initial, cell.last) = (bytes, bytes);
        }
        let mut free = 0;
        for cell in all.values_mut() {
            cell.free = std::mem::replace(&mut free, cell.address + 1);
            if cell.address == length && cell.initial != 0 {
                self.witness_cell = Some(WitnessLength { cell: *cell, rows: free_cells });
            } else if (witness..witness + words).contains(&cell.address) {
                self.witness.push(*cell);
            } else {
                self.audits.push(*cell);
            }
        }
        self.audit_end = free;
    }

    /// The rows of a segment, without its mask. The program is executed again; only what the segment holds is kept.
    pub fn rows(&self, segment: u32) -> Rows {
        let share = |total: usize, capacity: usize| {
            let start = (segment as usize * capacity).min(total);
            start..(start + capacity).min(total)
        };
        let mut rows = Rows {
            first: segment == 0,
            witness_length: self.inputs.witness.len() as u64,
            audits: self.audits[share(self.audits.len(), self.tier.audits)].to_vec(),
            witness: self.witness[share(self.witness.len(), self.tier.witness_words)].to_vec(),
            ..Rows::default()
        };
        if segment == 0 {
            rows.witness_cell = self.witness_cell;
            rows.audit_end = Some(self.audit_end);
        }
        let mine = |number: u64, capacity: usize| capacity > 0 && number / capacity as u64 == u64::from(segment);
        let mut counts = [0u64; Kind::ALL.len()];
        let mut refreshes = 0u64;
        let trap = self.each_row(|row| match row {
            CycleRow::Refresh(refresh) => {
                if mine(refreshes, self.tier.refreshes) {
                    rows.refreshes.push(refresh);
                }
                refreshes += 1;
            }
            CycleRow::Step(step) => {
                let index = step.kind as usize - 1;
                if mine(counts[index], self.tier.rows[index]) {
                    rows.steps[index].push(step);
                }
                counts[index] += 1;
            }
        });
        if segment == 0 {
            rows.trap = trap;
        }
        rows
    }

    /// All rows, in segments of at most so many rows each of cycles and cells, from one execution.
    pub fn batches(&self, size: usize, mut visit: impl FnMut(&Rows)) {
        for audits in self.audits.chunks(size) {
            visit(&Rows { audits: audits.to_vec(), ..Rows::default() });
        }
        let mut rows = Rows {
            first: true,
            witness: self.witness.clone(),
            witness_length: self.inputs.witness.len() as u64,
            witness_cell: self.witness_cell,
            audit_end: Some(self.audit_end),
            ..Rows::default()
        };
        let mut count = 0;
        rows.trap = self.each_row(|row| {
            match row {
                CycleRow::Refresh(refresh) => rows.refreshes.push(refresh),
                CycleRow::Step(step) => rows.steps[step.kind as usize - 1].push(step),
            }
            count += 1;
            if count == size {
                visit(&std::mem::take(&mut rows));
                count = 0;
            }
        });
        visit(&rows);
    }

    /// Executes the program and shows each row of a cycle; the result is the row of a chip of traps.
    fn each_row(&self, mut visit: impl FnMut(CycleRow)) -> Option<Step> {
        let trap = match self.execution.outcome {
            Outcome::Trapped(trap) => Some(trap),
            _ => None,
        };
        let mut cells = Cells::default();
        let mut after: Option<Step> = None;
        trace(self.code, self.inputs, self.cycle_limit, |cycle| {
            let mut step = cells.step(cycle, None, |refresh| visit(CycleRow::Refresh(refresh)));
            let last = cycle.clock == self.cycles;
            if last && trap.is_some_and(|trap| trap != Trap::CycleLimitExhausted) && step.kind != Kind::End {
                step.trap = trap;
                after = Some(step);
                return;
            }
            if last && trap == Some(Trap::CycleLimitExhausted) {
                after = Some(step.clone());
            }
            visit(CycleRow::Step(step));
        });
        trap.and_then(|_| self.trap_row(after, trap))
    }

    /// The row of a chip of traps: the step that trapped, or the state that the last cycle left at the limit.
    fn trap_row(&self, last: Option<Step>, trap: Option<Trap>) -> Option<Step> {
        if trap != Some(Trap::CycleLimitExhausted) {
            return last;
        }
        // One cycle more shows the state at the limit.
        let mut state = None;
        trace(self.code, self.inputs, self.cycles + 1, |cycle| {
            if cycle.clock == self.cycles + 1 {
                state = Some((cycle.program_counter, cycle.frame_pointer, cycle.pages));
            }
        });
        let (program_counter, frame_pointer, pages) = state?;
        let word = self.code.words.get(program_counter as usize)?;
        Some(Step {
            clock: self.cycles + 1,
            program_counter,
            frame_pointer,
            pages,
            entry: super::entry::entry(word),
            kind: Kind::of(word.opcode),
            accesses: [None; 4],
            words: Vec::new(),
            trap,
        })
    }
}
