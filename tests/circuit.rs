//! The circuit: honest traces satisfy it, and their sums add up to what the verifier expects.

#[path = "common/vector_bytes.rs"]
mod vector_bytes;

use ark_bn254::Fr;
use ark_ff::Zero;
use middle_client::canonical_code::{CanonicalCode, lower};
use middle_client::circuit::builder::Label;
use middle_client::circuit::bus::CHALLENGES;
use middle_client::circuit::plan::PublicCells;
use middle_client::circuit::public::{known_sum, known_tuples};
use middle_client::circuit::{Machine, Plan, TIERS, Tier};
use middle_client::host_interface::Inputs;
use middle_client::profile::load;
use middle_client::proof_system::{Shape, assignment};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use vector_bytes::bytes;

fn challenges() -> [Fr; CHALLENGES] {
    std::array::from_fn(|index| Fr::from(0x1234_5678_9abc_def1u64 + index as u64).square_many())
}

trait Spread {
    fn square_many(self) -> Fr;
}

impl Spread for Fr {
    fn square_many(self) -> Fr {
        ark_ff::Field::pow(&self, [97u64])
    }
}

struct Fixed {
    shape: Shape,
    labels: Vec<Label>,
}

fn fixed() -> &'static Fixed {
    static FIXED: OnceLock<Fixed> = OnceLock::new();
    FIXED.get_or_init(|| {
        let machine = Machine::universal(tier());
        Fixed { shape: Shape::of(&machine), labels: machine.labels() }
    })
}

fn tier() -> &'static Tier {
    &TIERS[0]
}

/// The labels of the rows that an assignment does not satisfy.
fn unsatisfied(assignment: &[Fr]) -> BTreeMap<Label, usize> {
    let Fixed { shape, labels } = fixed();
    let evaluate = |terms: &[(Fr, usize)]| -> Fr { terms.iter().map(|(c, index)| *c * assignment[*index]).sum() };
    let mut found = BTreeMap::new();
    for (row, label) in labels.iter().enumerate() {
        let [a, b, c] = [0, 1, 2].map(|matrix: usize| evaluate(&shape.matrices[matrix][row]));
        if a * b != c {
            *found.entry(*label).or_insert(0) += 1;
        }
    }
    found
}

/// Proves nothing, but checks all rows of all segments and the sum. `None` if the program does not fit.
fn check(code: &CanonicalCode, inputs: &Inputs, limit: u64) -> Option<Result<u32, String>> {
    let plan = Plan::new(code, inputs, limit, tier(), 1)?;
    if plan.segments > 2 {
        return None;
    }
    let challenges = challenges();
    let cells = PublicCells::of(inputs, &plan.execution);
    let spare = tier().image_cells - plan.program.image.len();
    let tuples = known_tuples(code, spare, &cells, plan.execution.outcome, plan.cycles);
    let mut sum = known_sum(&tuples, &challenges);
    for segment in 0..plan.segments {
        let rows = plan.rows(segment);
        let machine = Machine { program: Some(&plan.program), rows: Some(&rows), ..Machine::universal(tier()) };
        let values = assignment(&machine, &challenges, None);
        let wrong = unsatisfied(&values);
        if !wrong.is_empty() {
            return Some(Err(format!("segment {segment} of {}: {wrong:?}", plan.segments)));
        }
        let shape = &fixed().shape;
        sum += values[1 + shape.public + shape.challenges];
    }
    Some(if sum.is_zero() { Ok(plan.segments) } else { Err("the sums do not add up".into()) })
}

/// By the matrices of the smallest tier: all that are not extensions and fit in two segments, up to a cycle limit.
/// circuit_executions.rs has the extensions, and executions to their end.
#[test]
fn honest_traces_of_the_execution_vectors_satisfy_the_circuit() {
    let cases = ["accept", "reject"].into_iter().flat_map(|file| {
        let text = std::fs::read_to_string(format!("vectors/v1/execution/{file}.json")).unwrap();
        let mut file: Value = serde_json::from_str(&text).unwrap();
        std::mem::take(file["cases"].as_array_mut().unwrap())
    });
    let (executed, refused): (Vec<Value>, Vec<Value>) = cases.partition(|case| case["expect"]["stage"] == "execution");
    let (extensions, others): (Vec<Value>, Vec<Value>) =
        executed.into_iter().partition(|case| case["input"]["module"]["blob"].is_string());
    let results = others.par_iter().map(|case| {
        let input = &case["input"];
        let inputs = ["input", "witness", "context"].map(|part| bytes(&input[part]));
        let inputs = Inputs::new(&inputs[0], &inputs[1], &inputs[2]).unwrap();
        let code = lower(&load(&bytes(&input["module"])).unwrap()).unwrap();
        check(&code, &inputs, 300).map(|result| result.map_err(|error| format!("{}: {error}", case["id"])))
    });
    let results: Vec<Option<Result<u32, String>>> = results.collect();
    let (refused, extensions) = (refused.len(), extensions.len());
    let too_large = results.iter().filter(|result| result.is_none()).count();
    let (satisfied, failed): (Vec<_>, Vec<_>) = results.into_iter().flatten().partition(|result| result.is_ok());
    let failed: Vec<String> = failed.into_iter().filter_map(|result| result.err()).collect();
    let (checked, segments) = (satisfied.len(), satisfied.into_iter().flatten().sum::<u32>());
    println!(
        "{checked} executions in {segments} segments satisfied, {refused} are none, {extensions} of extensions, \
         {too_large} too large"
    );
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert_eq!((refused, extensions), (5, 91));
    assert!(checked >= 300, "{checked}");
}
