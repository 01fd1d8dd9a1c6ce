//! Whether an execution satisfies the circuit of its own program.

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use middle_client::canonical_code::CanonicalCode;
use middle_client::circuit::bus::CHALLENGES;
use middle_client::circuit::plan::PublicCells;
use middle_client::circuit::public::{known_sum, known_tuples};
use middle_client::circuit::{Machine, Plan, Program, Tier};
use middle_client::host_interface::Inputs;
use middle_client::proof_system::{Shape, assignment};

fn challenges() -> [Fr; CHALLENGES] {
    std::array::from_fn(|index| Fr::from(0x0f1e_2d3c_4b5a_6978u64 + index as u64).pow([89u64]))
}

/// Whether an execution satisfies the circuit of a program: all rows of all segments, and the sum.
pub fn satisfies(
    tier: &Tier,
    program: &Program,
    code: &CanonicalCode,
    inputs: &Inputs,
    limit: u64,
) -> Result<u32, String> {
    let plan = Plan::new(code, inputs, limit, tier, 1).ok_or("a chip has no row")?;
    let cells = PublicCells::of(inputs, &plan.execution);
    let tuples = known_tuples(code, 0, &cells, plan.execution.outcome, plan.cycles);
    let mut sum = known_sum(&tuples, &challenges());
    let machine = Machine::custom(tier, program);
    let shape = Shape::of(&machine);
    for segment in 0..plan.segments {
        let rows = plan.rows(segment);
        let values = assignment(&Machine { rows: Some(&rows), ..machine.clone() }, &challenges(), None);
        if let Some(row) = shape.unsatisfied(&values) {
            return Err(format!("row {row} of segment {segment}: {:?}", machine.labels().get(row)));
        }
        sum += values[1 + shape.public + shape.challenges];
    }
    if sum.is_zero() { Ok(plan.segments) } else { Err("the sums do not add up".into()) }
}
