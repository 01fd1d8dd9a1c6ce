//! Changes of wires, and the search for a second way to satisfy a row.
#![allow(dead_code)]

use super::soundness::*;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use middle_client::circuit::builder::Label;
use middle_client::circuit::bus::Bus;
use std::collections::{BTreeMap, BTreeSet};

/// Values that a wire could have instead.
pub fn single_changes(value: Fr, seed: u64) -> Vec<Fr> {
    let one = Fr::one();
    let mut changes = vec![one - value, value + one, value - one, Fr::ZERO, scattered(seed)];
    for exponent in [13, 16, 32, 64] {
        changes.extend([value + two_to(exponent), value - two_to(exponent)]);
    }
    // What a range check of a multiple would let through.
    for exponent in [32, 64] {
        changes.push(value + two_to(exponent).inverse().unwrap());
    }
    changes.retain(|changed| *changed != value);
    changes
}

/// Changes of two wires or three that belong together.
pub fn coupled_changes(block: &Block, values: &[Fr]) -> Vec<Vec<(usize, Fr)>> {
    let layout = Layout::get();
    let mut changes = Vec::new();
    for group in range_groups(block) {
        for pair in group.windows(2) {
            // A limb trades with the next, also by numbers that lead to other entries of the table.
            for (low, high) in [(1i64 << 13, -1i64), (-(1 << 13), 1), (1 << 16, -8), (-(1 << 16), 8), (-(5 << 16), 40)]
            {
                let signed = |number: i64| if number < 0 { -Fr::from(-number) } else { Fr::from(number) };
                changes.push(vec![(pair[0], values[pair[0]] + signed(low)), (pair[1], values[pair[1]] + signed(high))]);
            }
        }
    }
    for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]) {
        for form in &traffic.coordinates {
            let terms: Vec<&(Fr, usize)> = form.iter().filter(|(_, column)| block.wires.contains(column)).collect();
            for first in &terms {
                for second in terms.iter().filter(|second| second.1 != first.1) {
                    // The tuple stays the same.
                    let other = first.0 * second.0.inverse().unwrap();
                    changes.push(vec![(first.1, values[first.1] + Fr::one()), (second.1, values[second.1] - other)]);
                    if values[first.1] != values[second.1] {
                        changes.push(vec![(first.1, values[second.1]), (second.1, values[first.1])]);
                    }
                }
            }
        }
    }
    // Neighbours swap.
    for first in block.wires.clone() {
        for second in first + 1..(first + 4).min(block.wires.end) {
            if values[first] != values[second] {
                changes.push(vec![(first, values[second]), (second, values[first])]);
            }
        }
    }
    changes
}

/// The limbs of each range check with more than one: the wires, from the lowest.
pub fn range_groups(block: &Block) -> Vec<Vec<usize>> {
    decompositions(block).into_iter().map(|decomposition| decomposition.limbs).collect()
}

struct Decomposition {
    limbs: Vec<usize>,
    /// What is cut in limbs.
    value: Form,
    /// Whether it is cut in chunks of the tables of bits instead.
    width: u32,
}

/// A number that is cut in parts by look-ups: the last of them holds what the others leave.
fn decompositions(block: &Block) -> Vec<Decomposition> {
    let layout = Layout::get();
    let mut found: Vec<Decomposition> = Vec::new();
    for (position, index) in block.traffic.iter().enumerate() {
        let last = &layout.traffic[*index];
        if last.bus != Bus::Range as u64 {
            continue;
        }
        // The wires before it with the same label.
        let same = |index: &&usize| {
            let traffic = &layout.traffic[**index];
            traffic.bus == last.bus && traffic.label == last.label
        };
        let before = block.traffic[..position].iter().rev().take_while(same).count();
        let next_is_same = block.traffic.get(position + 1).is_some_and(|index| same(&index));
        if before == 0 || next_is_same {
            continue;
        }
        let shift = 13 * before as u32;
        let mut limbs = Vec::new();
        for limb in 0..before {
            let traffic = &layout.traffic[block.traffic[position - before + limb]];
            let expected = -(two_to(13 * limb as u32) * two_to(shift).inverse().unwrap());
            let wire = traffic.coordinates[0].iter().find(|(factor, column)| {
                factor.is_one() && last.coordinates[0].iter().any(|(other, same)| same == column && *other == expected)
            });
            if let Some((_, column)) = wire {
                limbs.push(*column);
            }
        }
        if limbs.len() != before {
            continue;
        }
        let mut value: Form = Vec::new();
        for (factor, column) in &last.coordinates[0] {
            if !limbs.contains(column) {
                value.push((*factor * two_to(shift), *column));
            }
        }
        found.push(Decomposition { limbs, value, width: 13 });
    }
    found
}

/// A wire that is the product of two combinations of wires before it.
struct Definition {
    wire: usize,
    row: usize,
}

fn definitions(block: &Block) -> Vec<Definition> {
    let layout = Layout::get();
    let [a, b, c] = &layout.shape.matrices;
    let mut found = Vec::new();
    for row in block.constraints.clone() {
        if let [(factor, wire)] = c[row][..]
            && factor.is_one()
            && block.wires.contains(&wire)
            && a[row].iter().chain(&b[row]).all(|(_, column)| *column < wire)
        {
            found.push(Definition { wire, row });
        }
    }
    found
}

/// The wires of what a row takes from the stateful buses, of its code word, and its activity.
pub fn inputs(block: &Block, values: &[Fr]) -> BTreeSet<usize> {
    let layout = Layout::get();
    let mut inputs: BTreeSet<usize> = BTreeSet::from([block.wires.start]);
    for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]) {
        let multiplicity = evaluate(&traffic.multiplicity, values);
        let takes = multiplicity == -Fr::one() && (!traffic.is_look_up() || traffic.bus == Bus::Code as u64);
        if takes {
            inputs.extend(traffic.coordinates.iter().flatten().map(|(_, column)| *column));
        }
    }
    inputs.retain(|column| block.wires.contains(column));
    inputs
}

/// The wires of a row's state and code word.
pub fn decoded(block: &Block) -> Vec<usize> {
    let layout = Layout::get();
    let mut wires = vec![block.wires.start];
    for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]) {
        if traffic.bus == Bus::Code as u64
            || traffic.label.name == "take state"
            || traffic.label.name == "take free address"
        {
            wires.extend(traffic.coordinates.iter().flatten().map(|(_, column)| *column));
        }
    }
    wires.retain(|column| block.wires.contains(column));
    wires
}

/// Whether every tuple of a cell that a row takes could be one that was put: an address and a value in their ranges; and
/// whether another row can take the state that it puts.
pub fn plausible(block: &Block, values: &[Fr]) -> bool {
    let layout = Layout::get();
    let memory = [Bus::Memory as u64, Bus::Initial as u64];
    block.traffic.iter().map(|index| &layout.traffic[*index]).all(|traffic| {
        if traffic.label.name == "put state" {
            // There is a word at the program counter.
            return traffic.tuple(values)[2] < Fr::from(TIER.code_words as u64);
        }
        if !memory.contains(&traffic.bus) || evaluate(&traffic.multiplicity, values) != -Fr::one() {
            return true;
        }
        let [address, value] = cell_of(traffic, values);
        address < two_to(36) && value < two_to(64)
    })
}

/// The address and the value in a tuple of a cell; out of range if they are not numbers.
pub fn cell_of(traffic: &Traffic, values: &[Fr]) -> [Fr; 2] {
    let tuple = traffic.tuple(values);
    if !traffic.coordinates[3].is_empty() {
        return [tuple[3], tuple[0]];
    }
    let limbs = tuple[0].into_bigint().0;
    if limbs[1] >> 40 != 0 || limbs[2..] != [0, 0] {
        return [-Fr::one(), -Fr::one()];
    }
    [Fr::from(limbs[0] & ((1 << 40) - 1)), Fr::from(limbs[0] >> 40 | limbs[1] << 24)]
}

/// Looks for values of the wires that are not pinned.
pub struct Search<'a> {
    world: &'a World,
    block: &'a Block,
    pinned: &'a BTreeSet<usize>,
    dropped: &'a dyn Fn(Label) -> bool,
    definitions: Vec<Definition>,
    decompositions: Vec<Decomposition>,
    defined: BTreeSet<usize>,
    budget: usize,
    /// The values that were found.
    pub found: Option<Vec<Fr>>,
}

impl<'a> Search<'a> {
    pub fn new(
        world: &'a World,
        block: &'a Block,
        pinned: &'a BTreeSet<usize>,
        dropped: &'a dyn Fn(Label) -> bool,
    ) -> Search<'a> {
        let (definitions, decompositions) = (definitions(block), decompositions(block));
        let limbs = decompositions.iter().flat_map(|decomposition| decomposition.limbs.iter().copied());
        let defined = definitions.iter().map(|definition| definition.wire).chain(limbs).collect();
        Search { world, block, pinned, dropped, definitions, decompositions, defined, budget: 60, found: None }
    }

    /// Whether a change can be completed to a row that is satisfied and accepted.
    pub fn run(&mut self, values: &[Fr], change: &[(usize, Fr)], accept: &dyn Fn(&[Fr]) -> bool) -> bool {
        let mut changed = values.to_vec();
        let mut fixed = self.pinned.clone();
        for (column, value) in change {
            changed[*column] = *value;
            fixed.insert(*column);
        }
        self.complete(changed, &fixed, accept, 5)
    }

    fn derive(&self, values: &mut [Fr], fixed: &BTreeSet<usize>) {
        let [a, b, _] = &Layout::get().shape.matrices;
        for Definition { wire, row } in &self.definitions {
            if !fixed.contains(wire) {
                values[*wire] = evaluate(&a[*row], values) * evaluate(&b[*row], values);
            }
        }
        for Decomposition { limbs, value, .. } in &self.decompositions {
            let number = evaluate(value, values).into_bigint();
            for (index, limb) in limbs.iter().enumerate() {
                if !fixed.contains(limb) {
                    let mut shifted = number;
                    shifted >>= 13 * index as u32;
                    values[*limb] = Fr::from(shifted.0[0] & 0x1fff);
                }
            }
        }
    }

    fn complete(
        &mut self,
        mut values: Vec<Fr>,
        fixed: &BTreeSet<usize>,
        accept: &dyn Fn(&[Fr]) -> bool,
        depth: usize,
    ) -> bool {
        if self.budget == 0 {
            return false;
        }
        self.budget -= 1;
        let layout = Layout::get();
        self.derive(&mut values, fixed);
        let dropped = |row: usize| (self.dropped)(layout.labels[row]);
        let violated: Vec<usize> =
            self.block.constraints.clone().filter(|row| !layout.satisfied(*row, &values) && !dropped(*row)).collect();
        let Some(row) = violated.first().copied() else {
            let faults = self.world.local_faults(self.block, &values);
            if faults.iter().all(|label| (self.dropped)(*label)) {
                if accept(&values) {
                    self.found = Some(values);
                    return true;
                }
                return false;
            }
            return depth > 0 && self.look_up_others(&values, fixed, accept, depth);
        };
        if depth == 0 {
            return false;
        }
        let columns: BTreeSet<usize> = [0, 1, 2]
            .iter()
            .flat_map(|matrix: &usize| layout.shape.matrices[*matrix][row].iter().map(|(_, column)| *column))
            .filter(|column| {
                self.block.wires.contains(column) && !fixed.contains(column) && !self.defined.contains(column)
            })
            .collect();
        for column in columns {
            let old = values[column];
            let mut residue = |value: Fr| {
                values[column] = value;
                self.derive_row(&mut values, fixed);
                let [a, b, c] = [0, 1, 2].map(|m: usize| evaluate(&layout.shape.matrices[m][row], &values));
                a * b - c
            };
            let (at_0, at_1, at_2) = (residue(Fr::ZERO), residue(Fr::one()), residue(Fr::from(2u64)));
            let slope = at_1 - at_0;
            let candidates: Vec<Fr> = match slope.inverse() {
                Some(inverse) if at_2 - at_1 == slope => vec![-at_0 * inverse],
                // A bit, probably.
                _ => vec![Fr::one() - old],
            };
            values[column] = old;
            for value in candidates {
                let mut next = values.clone();
                next[column] = value;
                let mut fixed = fixed.clone();
                fixed.insert(column);
                if self.complete(next, &fixed, accept, depth - 1) {
                    return true;
                }
            }
        }
        false
    }

    /// Looks for another entry of a small table: one that a single wire makes up for.
    fn look_up_others(
        &mut self,
        values: &[Fr],
        fixed: &BTreeSet<usize>,
        accept: &dyn Fn(&[Fr]) -> bool,
        depth: usize,
    ) -> bool {
        let layout = Layout::get();
        let small = [Bus::Power as u64, Bus::Place as u64, Bus::Ones as u64];
        for traffic in self.block.traffic.iter().map(|index| &layout.traffic[*index]) {
            let tuple = traffic.tuple(values);
            if !small.contains(&traffic.bus)
                || evaluate(&traffic.multiplicity, values).is_zero()
                || (self.dropped)(traffic.label)
                || self.world.is_entry(&tuple, values)
            {
                continue;
            }
            for (factor, column) in &traffic.coordinates[0] {
                if !self.block.wires.contains(column) || fixed.contains(column) || self.defined.contains(column) {
                    continue;
                }
                let without = tuple[0] - *factor * values[*column];
                for entry in layout.constant_entries.iter().filter(|entry| entry[4] == tuple[4]) {
                    let value = (entry[0] - without) * factor.inverse().unwrap();
                    if value < two_to(66) {
                        let mut next = values.to_vec();
                        next[*column] = value;
                        let mut fixed = fixed.clone();
                        fixed.insert(*column);
                        if self.complete(next, &fixed, accept, depth - 1) {
                            return true;
                        }
                    }
                }
            }
            return false;
        }
        false
    }

    fn derive_row(&self, values: &mut [Fr], fixed: &BTreeSet<usize>) {
        let [a, b, _] = &Layout::get().shape.matrices;
        for Definition { wire, row } in &self.definitions {
            if !fixed.contains(wire) {
                values[*wire] = evaluate(&a[*row], values) * evaluate(&b[*row], values);
            }
        }
    }
}

/// Wires that are 0 in a row whose activity is 0.
pub fn zero_if_inactive(block: &Block) -> BTreeSet<usize> {
    let layout = Layout::get();
    let [a, b, c] = &layout.shape.matrices;
    let mut zero = BTreeSet::from([block.wires.start]);
    loop {
        let before = zero.len();
        for row in block.constraints.clone() {
            let rest =
                |form: &Form| form.iter().filter(|(_, column)| !zero.contains(column)).copied().collect::<Form>();
            let [a, b, c] = [rest(&a[row]), rest(&b[row]), rest(&c[row])];
            // w · w = 0, w · constant = 0 or 0 = w.
            let new = match (&a[..], &b[..], &c[..]) {
                ([(_, first)], [(_, second)], []) if first == second || *second == 0 => Some(*first),
                ([], _, [(_, wire)]) | (_, [], [(_, wire)]) => Some(*wire),
                _ => None,
            };
            zero.extend(new);
        }
        if zero.len() == before {
            return zero;
        }
    }
}

/// Wires that are 0 or 1 by a constraint of their own, and differences of such by which other bits are bound.
pub fn boolean_wires() -> BTreeSet<usize> {
    let layout = Layout::get();
    let [a, b, c] = &layout.shape.matrices;
    let mut bits = BTreeSet::new();
    for row in 0..layout.early {
        if let ([(_, wire)], []) = (&a[row][..], &c[row][..])
            && b[row].iter().any(|(factor, column)| column == wire && factor.is_one())
        {
            let rest: Vec<&(Fr, usize)> = b[row].iter().filter(|(_, column)| column != wire).collect();
            if rest.iter().all(|(factor, column)| *factor == -Fr::one() && (*column == 0 || bits.contains(column))) {
                bits.insert(*wire);
            }
        }
    }
    // A product of two bits.
    for row in 0..layout.early {
        if let ([(_, first)], [(_, wire)]) = (&a[row][..], &c[row][..])
            && bits.contains(first)
            && b[row].iter().all(|(_, column)| *column == 0 || bits.contains(column))
            && b[row].len() <= 2
        {
            bits.insert(*wire);
        }
    }
    bits
}

/// The names of the range checks that a row makes, and one that is none.
pub fn range_checks(block: &Block, values: &[Fr]) -> BTreeSet<&'static str> {
    let layout = Layout::get();
    let traffic = block.traffic.iter().map(|index| &layout.traffic[*index]);
    let checks = traffic
        .filter(|traffic| traffic.bus == Bus::Range as u64 && !evaluate(&traffic.multiplicity, values).is_zero());
    checks.map(|traffic| traffic.label.name).chain(["nothing"]).collect()
}

/// A basis of the directions in which the wires of a row can move while its linearised constraints hold and what it takes
/// and looks up stays.
/// Range checks can be released, so that they do not bind what they check.
pub fn kernel(block: &Block, values: &[Fr], released: &[&str]) -> Vec<Vec<Fr>> {
    kernel_of(block, values, &inputs(block, values), released, &[])
}

/// The same with other wires that cannot move, and without the constraints and look-ups of some names.
pub fn kernel_of(
    block: &Block,
    values: &[Fr],
    pinned: &BTreeSet<usize>,
    released: &[&str],
    dropped: &[&str],
) -> Vec<Vec<Fr>> {
    let layout = Layout::get();
    let unknown: Vec<usize> = block.wires.clone().filter(|column| !pinned.contains(column)).collect();
    let place: BTreeMap<usize, usize> = unknown.iter().enumerate().map(|(index, column)| (*column, index)).collect();
    let mut rows: Vec<Vec<Fr>> = Vec::new();
    let mut add = |terms: &mut dyn Iterator<Item = (Fr, usize)>| {
        let mut row = vec![Fr::ZERO; unknown.len()];
        for (factor, column) in terms {
            if let Some(index) = place.get(&column) {
                row[*index] += factor;
            }
        }
        if row.iter().any(|factor| !factor.is_zero()) {
            rows.push(row);
        }
    };
    let [a, b, c] = &layout.shape.matrices;
    for row in block.constraints.clone().filter(|row| !dropped.contains(&layout.labels[*row].name)) {
        let (left, right) = (evaluate(&a[row], values), evaluate(&b[row], values));
        let terms = a[row].iter().map(|(factor, column)| (*factor * right, *column));
        let terms = terms.chain(b[row].iter().map(|(factor, column)| (*factor * left, *column)));
        let terms = terms.chain(c[row].iter().map(|(factor, column)| (-*factor, *column)));
        add(&mut terms.collect::<Vec<_>>().into_iter());
        // Where w · (w - s) = 0 has a double root, since s is 0, it still says that w is 0.
        if let ([(_, wire)], []) = (&a[row][..], &c[row][..])
            && left.is_zero()
            && right.is_zero()
            && b[row].iter().any(|(_, column)| column == wire)
        {
            add(&mut [(Fr::one(), *wire)].into_iter());
        }
    }
    for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]).filter(|traffic| traffic.is_look_up()) {
        let name = traffic.label.name;
        let is_released = traffic.bus == Bus::Range as u64 && released.contains(&name) || dropped.contains(&name);
        if !is_released && !evaluate(&traffic.multiplicity, values).is_zero() {
            for form in &traffic.coordinates {
                add(&mut form.iter().copied());
            }
        }
    }
    // Gaussian elimination.
    let mut pivots: Vec<(usize, usize)> = Vec::new();
    let mut rank = 0;
    for column in 0..unknown.len() {
        let Some(found) = (rank..rows.len()).find(|row| !rows[*row][column].is_zero()) else { continue };
        rows.swap(rank, found);
        let inverse = rows[rank][column].inverse().unwrap();
        rows[rank].iter_mut().for_each(|value| *value *= inverse);
        let pivot = rows[rank].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            if index != rank && !row[column].is_zero() {
                let factor = row[column];
                row.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
        pivots.push((rank, column));
        rank += 1;
    }
    let free: Vec<usize> = (0..unknown.len()).filter(|column| pivots.iter().all(|pivot| pivot.1 != *column)).collect();
    free.into_iter()
        .map(|column| {
            let mut direction = vec![Fr::ZERO; block.wires.len()];
            direction[unknown[column] - block.wires.start] = Fr::one();
            for (row, pivot) in &pivots {
                direction[unknown[*pivot] - block.wires.start] = -rows[*row][column];
            }
            direction
        })
        .collect()
}

/// What a row puts or takes that moves in one of these directions.
pub fn loose_effects(block: &Block, values: &[Fr], kernel: &[Vec<Fr>]) -> BTreeSet<String> {
    let parts = loose_parts(block, values, kernel).into_iter();
    parts.map(|part| part.split(':').next().unwrap_or_default().to_string()).collect()
}

/// The same with the part of the tuple that moves.
pub fn loose_parts(block: &Block, values: &[Fr], kernel: &[Vec<Fr>]) -> BTreeSet<String> {
    let layout = Layout::get();
    let mut loose = BTreeSet::new();
    let moves = |form: &Form, direction: &[Fr]| {
        !form
            .iter()
            .filter(|(_, column)| block.wires.contains(column))
            .map(|(factor, column)| *factor * direction[*column - block.wires.start])
            .sum::<Fr>()
            .is_zero()
    };
    for direction in kernel {
        for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]).filter(|t| !t.is_look_up()) {
            let present = !evaluate(&traffic.multiplicity, values).is_zero();
            let parts = ["value", "time", "program counter", "address or frame", "tag"].into_iter();
            let moved = parts.zip(&traffic.coordinates).filter(|(_, form)| present && moves(form, direction));
            let count = moves(&traffic.multiplicity, direction).then_some("count");
            for part in moved.map(|(part, _)| part).chain(count) {
                loose.insert(format!("{}: {part}", traffic.label.name));
            }
        }
    }
    loose
}
