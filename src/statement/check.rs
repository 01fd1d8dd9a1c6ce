//! What every statement fulfils, whatever module it is about.

use super::encoding::offset;
use super::{MAX_CYCLES, MAX_SEGMENTS, Statement};
use crate::host_interface::{MAX_INPUT_BYTES, MAX_OUTPUT_BYTES};
use crate::notation::{Outcome, Reject, Rejection, Trap};

impl Statement {
    /// Checks what needs no module: limits, and that the parts can belong to one execution. The decoder does it too, so
    /// only a statement that was put together field by field needs it. Offsets are those of the encoding.
    pub fn check(&self) -> Result<(), Rejection> {
        check_lengths(self.input.len(), self.output.len())?;
        check_ranges(self.segments, self.cycle_limit)?;
        self.check_cycles()?;
        self.check_outcome()
    }

    fn check_cycles(&self) -> Result<(), Rejection> {
        // STATEMENT-008: even a trap is an executed word, unless it is that of the limit, which then has used them all.
        if self.cycles == 0 || self.cycles > self.cycle_limit {
            let detail = format!("{} cycles are not in the range from 1 to {}", self.cycles, self.cycle_limit);
            return Err(Rejection::new(Reject::StatementCyclesOutOfRange, offset::CYCLES, detail));
        }
        Ok(())
    }

    fn check_outcome(&self) -> Result<(), Rejection> {
        let reject = |reason, offset, detail: &str| Err(Rejection::new(reason, offset, detail));
        // STATEMENT-010: the type rules out the other wrong codes.
        if self.outcome == Outcome::Rejected(0) {
            return reject(Reject::StatementOutcomeCode, offset::CODE, "a rejection has another code than 0");
        }
        // STATEMENT-011: what a trap left half-written is no output.
        if matches!(self.outcome, Outcome::Trapped(_)) && !self.output.is_empty() {
            return reject(Reject::StatementTrapWithOutput, offset::OUTPUT_LENGTH, "a trap has no output");
        }
        // STATEMENT-012: only acceptance moves the state.
        if self.outcome != Outcome::Accepted && self.post_state_root != self.context.pre_state_root() {
            let detail = "only an accepted execution changes the state";
            return reject(Reject::StatementStateChanged, offset::POST_STATE_ROOT, detail);
        }
        // STATEMENT-013: the other direction does not hold, since a program may end by its last cycle.
        if self.outcome == Outcome::Trapped(Trap::CycleLimitExhausted) && self.cycles != self.cycle_limit {
            let detail = "as many cycles as the limit exhaust it";
            return reject(Reject::StatementLimitNotExhausted, offset::CYCLES, detail);
        }
        Ok(())
    }
}

// STATEMENT-005: of the decoder's checks the one that bounds what it allocates.
/// The limits on the two parts of variable length.
pub(super) fn check_lengths(input: usize, output: usize) -> Result<(), Rejection> {
    if input > MAX_INPUT_BYTES {
        let detail = format!("the input has {input} bytes, the limit is {MAX_INPUT_BYTES}");
        return Err(Rejection::new(Reject::InputTooLarge, offset::INPUT_LENGTH, detail));
    }
    if output > MAX_OUTPUT_BYTES as usize {
        let detail = format!("the output has {output} bytes, the limit is {MAX_OUTPUT_BYTES}");
        return Err(Rejection::new(Reject::StatementOutputTooLarge, offset::OUTPUT_LENGTH, detail));
    }
    Ok(())
}

/// The limits on what a prover chooses before it executes.
pub(crate) fn check_ranges(segments: u32, cycle_limit: u64) -> Result<(), Rejection> {
    // STATEMENT-006: a proof has a part, and a verifier's work an end.
    if segments == 0 || segments > MAX_SEGMENTS {
        let detail = format!("a proof has 1 to {MAX_SEGMENTS} segments, not {segments}");
        return Err(Rejection::new(Reject::StatementSegmentsOutOfRange, offset::SEGMENTS, detail));
    }
    // STATEMENT-007: times have 32 bits, far fewer than a row of `refresh` can span.
    if cycle_limit > MAX_CYCLES {
        let detail = format!("a cycle limit of {cycle_limit} is above {MAX_CYCLES}");
        return Err(Rejection::new(Reject::StatementCycleLimitTooLarge, offset::CYCLE_LIMIT, detail));
    }
    Ok(())
}
