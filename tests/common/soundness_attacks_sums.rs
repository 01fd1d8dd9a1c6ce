//! Attacks on what adds up: the counts of tables, and the products, fractions and sums of phase 2.

use super::soundness::*;
use super::soundness_attacks::*;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, Zero};
use middle_client::canonical_code::{IMMEDIATE_1, Opcode};
use middle_client::circuit::builder::Label;
use middle_client::circuit::bus::{Bus, Challenge};
use middle_client::circuit::public::known_sum;
use std::collections::{BTreeMap, BTreeSet};

const TABLES: [&str; 6] = ["range table", "and table", "power table", "count table", "place table", "code table"];

/// A program that takes entries of all tables.
fn all_tables() -> World {
    run(vec![
        set(1, 12),
        set(2, 10),
        binary(Opcode::And, 3, 1, 2),
        binary(Opcode::Shl64, 3, 1, 2),
        word(Opcode::Popcnt, 0, 3, 1, 0, 0),
        word(Opcode::Load8U, IMMEDIATE_1, 3, 0, 0, 0),
        halt(0),
    ])
}

/// The program ends with the status 0, and the verifier is told of 7.
fn false_claim() -> World {
    let mut world = all_tables();
    let mut states = known(&mut world, Bus::State);
    (states[1].plain, states[1].frame_pointer) = (Fr::one(), 7);
    caught_by_bus(world.clone(), false, &[Bus::State]);
    world
}

/// The same judgement in the universal circuit and in the program's own.
fn in_both_circuits(world: &World, judge: impl Fn(&World)) {
    judge(world);
    let own = world.in_own_circuit(|world| {
        // The tables' counts are not copied.
        let mut world = world.clone();
        world.recount(&nothing);
        judge(&world);
    });
    assert!(own.is_some(), "every program has its own circuit");
}

/// An entry that is put once: 1/(alpha - fingerprint).
fn share(entry: &Traffic, values: &[Fr]) -> Fr {
    let challenges = challenges();
    let [plain, rest @ ..] = entry.tuple(values);
    let fingerprint = plain + rest.iter().zip(&challenges[1..]).map(|(part, challenge)| *part * challenge).sum::<Fr>();
    (challenges[Challenge::Alpha as usize] - fingerprint).inverse().unwrap()
}

/// S14: a table's counts are the prover's, but they have to be how often its entries are taken. All other tests count anew.
#[test]
fn s14_a_count_of_a_table_that_is_wrong() {
    let mut world = all_tables();
    let counted = world.values.clone();
    world.recount(&nothing);
    assert!(world.values == counted, "an honest prover counts what is taken");
    in_both_circuits(&world, wrong_counts);
}

fn wrong_counts(world: &World) {
    let layout = Layout::get();
    let values = &world.values[0];
    assert_eq!((world.values.len(), world.left_over(&challenges())), (1, Some(Fr::ZERO)));
    for table in TABLES {
        let entries = layout.tables.iter().map(|index| &layout.traffic[*index]);
        let entries: Vec<&Traffic> = entries.filter(|entry| entry.label.chip == table).collect();
        let count = |entry: &Traffic| match entry.multiplicity[..] {
            [(factor, column)] if factor.is_one() => column,
            _ => panic!("{table}: a count is one wire"),
        };
        let taken = entries.iter().find(|entry| !values[count(entry)].is_zero()).expect("an entry that is taken");
        let other = entries.iter().rfind(|entry| count(entry) != count(taken)).expect("another entry");
        // One too many.
        let mut forged = world.clone();
        forged.values[0][count(taken)] += Fr::one();
        assert_eq!(forged.left_over(&challenges()), Some(share(taken, values)), "{table}: one more");
        // One that is taken from another entry.
        forged.values[0][count(taken)] -= Fr::from(2u64);
        forged.values[0][count(other)] += Fr::one();
        let left = share(other, values) - share(taken, values);
        assert!(!left.is_zero());
        assert_eq!(forged.left_over(&challenges()), Some(left), "{table}: one moved");
    }
}

/// The rows that are not satisfied, of both phases.
fn unsatisfied(values: &[Fr]) -> Vec<(usize, Label)> {
    let layout = Layout::get();
    let rows = (0..layout.labels.len()).filter(|row| !layout.satisfied(*row, values));
    rows.map(|row| (row, layout.labels[row])).collect()
}

/// S1: each row of phase 2 is needed. A forged sum, fraction or product makes the verifier's sum zero though the claim is false,
/// all other rows are satisfied, and the one that says what it has to be is not.
#[test]
fn s1_a_sum_fraction_or_product_that_is_forged() {
    in_both_circuits(&false_claim(), forged_phase_2);
}

fn forged_phase_2(world: &World) {
    let layout = Layout::get();
    let [_, b, c] = &layout.shape.matrices;
    let fraction = |traffic: &Traffic| layout.shape.matrices[0][traffic.row][0].1;
    let sum = layout.sum();
    let derived = world.derived(&challenges());
    let [honest] = &derived[..] else { panic!("one segment") };
    let known = known_sum(&world.known, &challenges());
    let missing = -(known + honest[sum]);
    assert!(!missing.is_zero(), "the claim is false");
    assert_eq!(unsatisfied(honest), []);
    let judge = |forged: &[Fr], row: usize| {
        assert!((known + forged[sum]).is_zero(), "the verifier has nothing against the sum");
        assert_eq!(unsatisfied(forged), [(row, layout.labels[row])]);
    };

    let mut forged = honest.clone();
    forged[sum] += missing;
    let last = layout.labels.len() - 1;
    assert_eq!(layout.labels[last].name, "sum");
    judge(&forged, last);

    // A fraction of each tuple of a chip, whether it is put in this segment or not.
    let mut fractions = BTreeSet::new();
    for traffic in layout.traffic.iter().filter(|traffic| fractions.insert(traffic.label)) {
        let mut forged = honest.clone();
        forged[fraction(traffic)] += missing;
        forged[sum] += missing;
        judge(&forged, traffic.row);
    }

    // A product that a single fraction uses, and the fraction that follows from it. (The same code writes those that several
    // fractions share.)
    let is_late = |column: usize| column >= layout.committed.end;
    let mut uses: BTreeMap<usize, Vec<&Traffic>> = BTreeMap::new();
    for traffic in &layout.traffic {
        b[traffic.row]
            .iter()
            .filter(|term| is_late(term.1))
            .for_each(|term| uses.entry(term.1).or_default().push(traffic));
    }
    let mut products = BTreeSet::new();
    let rows = layout.early..layout.traffic[0].row;
    for (row, result) in rows.clone().zip(&c[rows]) {
        let [(_, product)] = result[..] else { panic!("a product") };
        let Some([traffic]) = uses.get(&product).map(|uses| &uses[..]) else { continue };
        let multiplicity = evaluate(&traffic.multiplicity, honest);
        if multiplicity.is_zero() || !products.insert(layout.labels[row]) {
            continue;
        }
        let mut forged = honest.clone();
        forged[fraction(traffic)] += missing;
        forged[sum] += missing;
        let wanted = multiplicity * forged[fraction(traffic)].inverse().unwrap();
        let (factor, _) = b[traffic.row].iter().find(|term| term.1 == product).expect("it is used there");
        forged[product] += (wanted - evaluate(&b[traffic.row], honest)) * factor.inverse().unwrap();
        judge(&forged, row);
    }
    println!("{} fractions, {} products", fractions.len(), products.len());
    assert!(products.contains(&Label { chip: "add", name: "old time 3" }), "{products:?}");
}

/// S2: a mask that is chosen when the challenges are known makes up for any claim. So it is committed to before: at other
/// challenges it makes up for nothing.
#[test]
fn s2_a_mask_that_knows_the_challenges() {
    let mut world = false_claim();
    let left = world.left_over(&challenges()).expect("all rows are satisfied");
    world.rows[0].mask = -left;
    world.refill();
    assert!(world.verdict(&nothing), "it passes at the challenges that it knows");
    let others = challenges().map(|challenge| challenge + Fr::one());
    assert!(world.left_over(&others).is_some_and(|left| !left.is_zero()), "it passes at others");
}
