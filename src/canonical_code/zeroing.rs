//! Which locals must be zeroed on entry: those that some path may read before it writes them.

use crate::profile::{Function, Instruction};

/// A set of locals.
#[derive(Clone)]
struct Set(Vec<u64>);

impl Set {
    fn insert(&mut self, local: usize) {
        self.0[local / 64] |= 1 << (local % 64);
    }

    fn contains(&self, local: usize) -> bool {
        self.0[local / 64] >> (local % 64) & 1 == 1
    }

    fn intersect(&mut self, other: &Set) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }
}

/// A block whose end has not been reached.
struct Control {
    is_loop: bool,
    /// What was written at the start of an `if`, until its `else`.
    at_if: Option<Set>,
    /// What was written on every path to the end that has been seen.
    at_end: Option<Set>,
}

/// The locals, parameters excluded, to be zeroed on entry: a forward pass that keeps the locals written on every path.
/// It is exact for structured control, because a jump backwards can only have written more.
pub(super) fn locals_to_zero(function: &Function, params: usize) -> Vec<u32> {
    let locals = params + function.locals.len();
    let mut written = Set(vec![0; locals.div_ceil(64)]);
    (0..params).for_each(|param| written.insert(param));
    let mut zeroed = vec![false; locals];
    let mut controls = vec![Control { is_loop: false, at_if: None, at_end: None }];
    let mut live = true;
    let branch = |controls: &mut Vec<Control>, label: u32, written: &Set| {
        let index = controls.len() - 1 - label as usize;
        // A branch to the function's label returns, and one to a loop goes where less was written.
        if index > 0 && !controls[index].is_loop {
            join(&mut controls[index].at_end, written);
        }
    };
    for instruction in &function.body {
        match instruction {
            Instruction::LocalGet(local) if !written.contains(*local as usize) => zeroed[*local as usize] = true,
            Instruction::LocalSet(local) | Instruction::LocalTee(local) => written.insert(*local as usize),
            Instruction::Block(_) => controls.push(Control { is_loop: false, at_if: None, at_end: None }),
            Instruction::Loop(_) => controls.push(Control { is_loop: true, at_if: None, at_end: None }),
            Instruction::If { .. } => {
                controls.push(Control { is_loop: false, at_if: Some(written.clone()), at_end: None });
            }
            Instruction::Else { .. } => {
                let control = controls.last_mut().expect("decoding matched the blocks");
                if live {
                    join(&mut control.at_end, &written);
                }
                written = control.at_if.take().expect("an else has its if");
                live = true;
            }
            Instruction::End => {
                let mut control = controls.pop().expect("decoding matched the blocks");
                // An `if` without `else` may skip its body.
                if let Some(at_if) = control.at_if {
                    join(&mut control.at_end, &at_if);
                }
                if let Some(mut at_end) = control.at_end {
                    if live {
                        at_end.intersect(&written);
                    }
                    written = at_end;
                    live = true;
                }
            }
            Instruction::Br(label) => {
                branch(&mut controls, *label, &written);
                live = false;
            }
            Instruction::BrIf(label) => branch(&mut controls, *label, &written),
            Instruction::BrTable { labels, default } => {
                for label in labels.iter().chain([default]) {
                    branch(&mut controls, *label, &written);
                }
                live = false;
            }
            Instruction::Return | Instruction::Unreachable => live = false,
            _ => {}
        }
    }
    (params..locals).filter(|local| zeroed[*local]).map(|local| local as u32).collect()
}

fn join(at_end: &mut Option<Set>, written: &Set) {
    match at_end {
        Some(at_end) => at_end.intersect(written),
        None => *at_end = Some(written.clone()),
    }
}
