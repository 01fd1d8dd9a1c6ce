//! One row of a chip, written out: its wires, constraints, products and tuples, as a circuit with one row of each has them.

use super::evaluate::Stop;
use super::json::Node;
use crate::circuit::builder::Label;
use crate::circuit::bus::CHALLENGES;
use crate::circuit::{Machine, ONE_OF_EACH};
use crate::proof_system::Shape;
use ark_bn254::Fr;
use ark_ff::{PrimeField, Zero};
use serde_json::{Map, Value, json};

/// A combination of variables, by column.
type Combination = [(Fr, usize)];

/// The rows of a chip of which a segment has many, or which an execution may need once.
pub(super) fn chip(name: &Node) -> Result<Value, Stop> {
    let wanted = name.text()?;
    let machine = Machine::universal(&ONE_OF_EACH);
    let (shape, labels) = (Shape::of(&machine), machine.labels());
    let [a, b, c] = &shape.matrices;
    let (challenge, private) = (1 + shape.public, shape.instance());
    // Constraints of phase 1, then a row for each product, then one for each tuple, then the sum.
    let early = (0..labels.len()).find(|row| c[*row].iter().any(|term| term.1 >= private)).unwrap_or(labels.len());
    let products = c[early..].iter().take_while(|row| matches!(row[..], [(_, column)] if column >= private)).count();
    let mine = |rows: std::ops::Range<usize>| rows.filter(|row| labels[*row].chip == wanted).collect::<Vec<usize>>();
    let constraints = mine(0..early);
    // A chip's first constraint says that `active` is a bit, and `active` is its first wire.
    let Some(first) = constraints.first().filter(|row| labels[**row].name == "active").map(|row| a[*row][0].1) else {
        return Err(name.fault("is no chip whose rows are written out").into());
    };
    let tuples = mine(early + products..labels.len());
    let products = mine(early..early + products);
    let columns = constraints.iter().flat_map(|row| [a, b, c].map(|matrix| &matrix[*row])).flatten();
    let of_products = products.iter().flat_map(|row| &a[*row]);
    let of_tuples = tuples.iter().flat_map(|row| b[*row].iter().chain(&c[*row]));
    let last = columns.chain(of_products).chain(of_tuples).map(|term| term.1).filter(|column| *column < private).max();

    let variable = |column: usize| match column {
        0 => "one".to_string(),
        column if column >= private => {
            format!("product {}", products.iter().position(|row| c[*row][0].1 == column).unwrap_or(usize::MAX))
        }
        column if column >= challenge && column < challenge + CHALLENGES => CHALLENGE_NAMES[column - challenge].into(),
        column => format!("wire {}", column - first),
    };
    let combination = |terms: &Combination| -> Value {
        let terms = terms.iter().filter(|(factor, _)| !factor.is_zero());
        terms
            .map(|(factor, column)| (variable(*column), integer(*factor).into()))
            .collect::<Map<String, Value>>()
            .into()
    };
    let label = |row: &usize| {
        let Label { name, .. } = labels[*row];
        name
    };
    Ok(json!({
        "wires": last.map_or(0, |last| last + 1 - first),
        "constraints": constraints.iter().map(|row| json!({
            "label": label(row), "a": combination(&a[*row]), "b": combination(&b[*row]), "c": combination(&c[*row]),
        })).collect::<Vec<_>>(),
        "products": products.iter().map(|row| json!({
            "label": label(row), "of": combination(&a[*row]), "challenge": variable(b[*row][0].1),
        })).collect::<Vec<_>>(),
        "tuples": tuples.iter().map(|row| json!({
            "label": label(row), "multiplicity": combination(&c[*row]), "denominator": combination(&b[*row]),
        })).collect::<Vec<_>>(),
    }))
}

/// The challenges, in their order.
const CHALLENGE_NAMES: [&str; CHALLENGES] = ["alpha", "beta", "gamma", "delta", "epsilon"];

/// A coefficient as the integer of the least absolute value.
fn integer(value: Fr) -> String {
    let negative = -value;
    if negative.into_bigint() < value.into_bigint() { format!("-{negative}") } else { value.to_string() }
}
