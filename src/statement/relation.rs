//! The relation: when a statement is true of a module and a private witness input.

use super::Statement;
use super::check::check_ranges;
use super::encoding::offset;
use crate::canonical_code::{Finished, execute, lower};
use crate::host_interface::Inputs;
use crate::notation::{B256, Reject, Rejection};
use crate::profile::Module;
use alloy_primitives::Address;

/// What a statement says beside module, inputs and what the execution yields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// As [`Statement::chain_id`].
    pub chain_id: u64,
    /// As [`Statement::extension_id`].
    pub extension_id: B256,
    /// As [`Statement::tier`].
    pub tier: u32,
    /// As [`Statement::segments`].
    pub segments: u32,
    /// As [`Statement::cycle_limit`].
    pub cycle_limit: u64,
    /// As [`Statement::prover`].
    pub prover: Address,
}

impl Statement {
    /// Executes a module and states what came of it. Refused are inputs and terms that no statement can have.
    pub fn of_execution(module: &Module, inputs: &Inputs, terms: &Terms) -> Result<Statement, Rejection> {
        inputs.check()?;
        check_ranges(terms.segments, terms.cycle_limit)?;
        let code = lower(module)?;
        let Finished { execution, cycles } = execute(&code, inputs, terms.cycle_limit);
        let statement = Statement {
            chain_id: terms.chain_id,
            extension_id: terms.extension_id,
            code_commitment: code.commitment(),
            tier: terms.tier,
            segments: terms.segments,
            context: inputs.context.clone(),
            input: inputs.input.clone(),
            cycle_limit: terms.cycle_limit,
            outcome: execution.outcome,
            output: execution.output,
            post_state_root: execution.post_state,
            cycles,
            prover: terms.prover,
        };
        // A limit of 0 leaves no cycle.
        statement.check()?;
        Ok(statement)
    }
}

/// Whether the statement is true of this module and this private witness input: what a proof shows without the witness.
pub fn relation(statement: &Statement, module: &Module, witness: &[u8]) -> Result<(), Rejection> {
    statement.check()?;
    let inputs = statement.inputs(witness);
    inputs.check()?;
    let code = lower(module)?;
    // STATEMENT-014: the program is what everybody derives from the module, not what the statement claims.
    if code.commitment() != statement.code_commitment {
        return mismatch(Reject::CodeCommitmentMismatch, offset::CODE_COMMITMENT, code.commitment());
    }
    let Finished { execution, cycles } = execute(&code, &inputs, statement.cycle_limit);
    // STATEMENT-015: all that an execution leaves behind.
    if execution.outcome != statement.outcome {
        return mismatch(Reject::OutcomeMismatch, offset::OUTCOME, format!("{:?}", execution.outcome));
    }
    if execution.output != statement.output {
        let detail = format!("an output of {} bytes", execution.output.len());
        return mismatch(Reject::OutputMismatch, offset::INPUT + statement.input.len(), detail);
    }
    if execution.post_state != statement.post_state_root {
        return mismatch(Reject::PostStateMismatch, offset::POST_STATE_ROOT, execution.post_state);
    }
    if cycles != statement.cycles {
        return mismatch(Reject::CyclesMismatch, offset::CYCLES, cycles);
    }
    Ok(())
}

fn mismatch(reason: Reject, offset: usize, found: impl std::fmt::Display) -> Result<(), Rejection> {
    Err(Rejection::new(reason, offset, format!("the execution has {found}")))
}
