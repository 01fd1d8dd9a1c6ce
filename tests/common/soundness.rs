//! An evaluator for the circuit that is as lenient as a prover is free: a look-up is satisfied by any entry of its table,
//! since a prover chooses how often each is taken, and all other tuples, false entries of tables among them, have to
//! cancel as multisets, over all segments.
//! Everything is read off the circuit's matrices and labels.
#![allow(dead_code)]

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use middle_client::canonical_code::{CanonicalCode, Cell, IMMEDIATE_1, IMMEDIATE_2, Opcode, Word};
use middle_client::circuit::builder::Label;
use middle_client::circuit::bus::{Bus, CHALLENGES, Challenge, KnownTuple, inverse_pow2, pow2};
use middle_client::circuit::plan::PublicCells;
use middle_client::circuit::public::{known_sum, known_tuples};
use middle_client::circuit::{Machine, Plan, Program, Rows, Tier};
use middle_client::host_interface::Inputs;
use middle_client::proof_system::{Shape, assignment};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

/// A tier with a few rows of each chip.
pub const TIER: Tier = Tier {
    name: "soundness",
    code_words: 96,
    image_cells: 8,
    //     add, cmp, br, jump, ci, load, store, bit, shift, count, ext, mul, div, cell, mem, end, poseidon
    rows: [24, 8, 8, 6, 2, 9, 5, 6, 8, 4, 5, 4, 6, 10, 3, 1, 1],
    refreshes: 3,
    audits: 28,
    witness_words: 3,
};

/// A combination of variables, by column.
pub type Form = Vec<(Fr, usize)>;

/// A tuple: the coordinates without a challenge and of the challenges but the first.
pub type Tuple = [Fr; CHALLENGES];

/// A tuple that a chip puts or takes.
#[derive(Clone, Debug)]
pub struct Traffic {
    pub label: Label,
    pub multiplicity: Form,
    pub coordinates: [Form; CHALLENGES],
    /// The row of the fraction.
    pub row: usize,
    pub bus: u64,
}

/// The wires, constraints and tuples of one row of a chip.
#[derive(Clone, Debug)]
pub struct Block {
    pub chip: &'static str,
    /// Its number among the rows of its chip.
    pub number: usize,
    /// Columns.
    pub wires: Range<usize>,
    pub constraints: Range<usize>,
    pub traffic: Vec<usize>,
}

/// The circuit, taken apart.
pub struct Layout {
    pub shape: Shape,
    pub labels: Vec<Label>,
    /// The number of rows of phase 1.
    pub early: usize,
    pub traffic: Vec<Traffic>,
    pub blocks: Vec<Block>,
    /// The constraints and the tuples in which each committed wire occurs.
    pub constraints_of: Vec<Vec<usize>>,
    pub traffic_of: Vec<Vec<usize>>,
    /// The first column of committed wires, and the first behind.
    pub committed: Range<usize>,
    /// The traffic of tables: of each entry, by its tuple if that is a constant.
    pub tables: Vec<usize>,
    pub constant_entries: HashSet<Tuple>,
}

pub fn evaluate(form: &[(Fr, usize)], values: &[Fr]) -> Fr {
    // Most factors are 1, and a comparison is cheaper than a product.
    let term = |(factor, column): &(Fr, usize)| match factor.is_one() {
        true => values[*column],
        false => *factor * values[*column],
    };
    form.iter().map(term).sum()
}

/// The circuit of one program (CIRCUIT-019).
struct Own {
    tier: Tier,
    program: Program,
    layout: Layout,
}

thread_local! {
    /// The circuit in which this thread judges, if that is not the universal one.
    static OWN: std::cell::Cell<Option<&'static Own>> = const { std::cell::Cell::new(None) };
}

/// The code words of the circuit in which this thread judges.
fn code_words() -> usize {
    OWN.get().map_or(TIER.code_words, |own| own.tier.code_words)
}

/// A circuit that has these words: as many rows of each of their classes as the universal one, and none of others.
fn own_circuit(program: &Program, reads_witness: bool) -> &'static Own {
    let classes: BTreeSet<u64> = program.code.iter().map(|entry| entry.into_bigint().0[0] & 31).collect();
    let rows = std::array::from_fn(|index| if classes.contains(&(index as u64 + 1)) { TIER.rows[index] } else { 0 });
    let tier = Tier {
        name: "own",
        code_words: program.code.len(),
        image_cells: program.image.len(),
        rows,
        witness_words: if reads_witness { TIER.witness_words } else { 0 },
        ..TIER
    };
    let layout = Layout::of(&Machine::custom(&tier, program));
    // A few are made for each test, and tests end.
    Box::leak(Box::new(Own { layout, program: program.clone(), tier }))
}

impl Layout {
    pub fn get() -> &'static Layout {
        static LAYOUT: OnceLock<Layout> = OnceLock::new();
        match OWN.get() {
            Some(own) => &own.layout,
            None => LAYOUT.get_or_init(|| Layout::of(&Machine::universal(&TIER))),
        }
    }

    fn of(machine: &Machine) -> Layout {
        let shape = Shape::of(machine);
        let labels = machine.labels();
        let challenge = 1 + shape.public;
        let committed = shape.known()..shape.instance();
        let [a, b, c] = &shape.matrices;
        let early = (0..labels.len()).find(|row| c[*row].iter().any(|(_, column)| *column >= committed.end)).unwrap();
        // Products of a challenge and a combination, then fractions, then the sum.
        let products = c[early..].iter().take_while(|row| row.len() == 1 && row[0].1 >= committed.end).count();
        let mut traffic = Vec::new();
        for row in early + products..labels.len() - 1 {
            let mut coordinates: [Form; CHALLENGES] = Default::default();
            for (factor, column) in &b[row] {
                if *column >= committed.end {
                    let product = early + column - committed.end;
                    let index = b[product][0].1 - challenge;
                    coordinates[index].extend(a[product].iter().map(|(inner, column)| (-*factor * inner, *column)));
                } else if (challenge..challenge + CHALLENGES).contains(column) {
                    match column - challenge {
                        0 => assert!(factor.is_one()),
                        index => coordinates[index].push((-*factor, 0)),
                    }
                } else {
                    coordinates[0].push((-*factor, *column));
                }
            }
            let tag = &coordinates[Challenge::Epsilon as usize];
            let bus = tag[0].0.into_bigint().0[0];
            let label = labels[row];
            traffic.push(Traffic { label, multiplicity: c[row].clone(), coordinates, row, bus });
        }
        let mut blocks: Vec<Block> = Vec::new();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in 0..early {
            let Label { chip, name } = labels[row];
            if name == "active" {
                let start = a[row][0].1;
                if let Some(last) = blocks.last_mut() {
                    last.wires.end = start;
                    last.constraints.end = row;
                }
                let number = counts.entry(chip).or_insert(0);
                blocks.push(Block {
                    chip,
                    number: *number,
                    wires: start..start,
                    constraints: row..row,
                    traffic: Vec::new(),
                });
                *number += 1;
            }
        }
        let tables: Vec<usize> =
            (0..traffic.len()).filter(|index| traffic[*index].label.chip.ends_with(" table")).collect();
        {
            let last = blocks.last_mut().unwrap();
            last.wires.end = traffic[tables[0]].multiplicity[0].1;
            last.constraints.end = early;
        }
        for (index, tuple) in traffic.iter().enumerate() {
            let column = tuple.multiplicity.iter().map(|(_, column)| *column).find(|column| committed.contains(column));
            let Some(column) = column else { continue };
            if let Some(block) = blocks.iter_mut().find(|block| block.wires.contains(&column)) {
                block.traffic.push(index);
            }
        }
        let mut constraints_of = vec![Vec::new(); committed.len()];
        for row in 0..early {
            let columns: BTreeSet<usize> =
                [a, b, c].iter().flat_map(|matrix| matrix[row].iter().map(|(_, column)| *column)).collect();
            for column in columns.into_iter().filter(|column| committed.contains(column)) {
                constraints_of[column - committed.start].push(row);
            }
        }
        let mut traffic_of = vec![Vec::new(); committed.len()];
        for (index, tuple) in traffic.iter().enumerate() {
            let forms = tuple.coordinates.iter().chain([&tuple.multiplicity]);
            let columns: BTreeSet<usize> = forms.flatten().map(|(_, column)| *column).collect();
            for column in columns.into_iter().filter(|column| committed.contains(column)) {
                traffic_of[column - committed.start].push(index);
            }
        }
        let constant = |form: &Form| form.iter().all(|(_, column)| *column == 0);
        let constant_entries = tables
            .iter()
            .map(|index| &traffic[*index])
            .filter(|entry| entry.coordinates.iter().all(constant))
            .map(|entry| entry.tuple(&[Fr::one()]))
            .collect();
        Layout {
            shape,
            labels,
            early,
            traffic,
            blocks,
            constraints_of,
            traffic_of,
            committed,
            tables,
            constant_entries,
        }
    }

    /// The row of a chip.
    pub fn block(&self, chip: &str, number: usize) -> &Block {
        self.blocks.iter().find(|block| block.chip == chip && block.number == number).unwrap()
    }

    /// The column of the public sum.
    pub fn sum(&self) -> usize {
        1 + self.shape.public + self.shape.challenges
    }

    pub fn satisfied(&self, row: usize, values: &[Fr]) -> bool {
        let [a, b, c] = [0, 1, 2].map(|matrix: usize| evaluate(&self.shape.matrices[matrix][row], values));
        a * b == c
    }

    /// The block that a committed wire belongs to.
    pub fn block_of(&self, column: usize) -> Option<&Block> {
        let index = self.blocks.partition_point(|block| block.wires.end <= column);
        self.blocks.get(index).filter(|block| block.wires.contains(&column))
    }

    /// What a wire is used in, which names it.
    pub fn describe(&self, column: usize) -> String {
        let labels: BTreeSet<&str> = self.constraints_of[column - self.committed.start]
            .iter()
            .map(|row| self.labels[*row].name)
            .chain(self.traffic_of[column - self.committed.start].iter().map(|index| self.traffic[*index].label.name))
            .collect();
        labels.into_iter().collect::<Vec<_>>().join(", ")
    }
}

impl Traffic {
    pub fn tuple(&self, values: &[Fr]) -> Tuple {
        std::array::from_fn(|index| evaluate(&self.coordinates[index], values))
    }

    /// Whether tuples of this bus are entries of tables, which a prover may take as often as it likes.
    pub fn is_look_up(&self) -> bool {
        is_table(self.bus)
    }
}

fn is_table(bus: u64) -> bool {
    [Bus::Code, Bus::Range, Bus::And, Bus::Power, Bus::Place, Bus::Ones].iter().any(|table| *table as u64 == bus)
}

/// Challenges that tests can repeat.
pub fn challenges() -> [Fr; CHALLENGES] {
    std::array::from_fn(|index| Fr::from(0x1234_5678_9abc_def1u64 + index as u64).pow([97u64]))
}

/// A proof in the making: the values of all variables of each segment, and the verifier's tuples.
#[derive(Clone)]
pub struct World {
    pub program: Program,
    pub rows: Vec<Rows>,
    pub values: Vec<Vec<Fr>>,
    pub known: Vec<(i64, KnownTuple)>,
    pub cycles: u64,
}

/// Something that is not satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A row of phase 1, of a segment.
    Row(usize, Label),
    /// A look-up that finds no entry.
    LookUp(usize, Label),
    /// Tuples of this bus do not cancel; one of them is of this label, if it is a chip's.
    Bus(u64),
}

impl Fault {
    pub fn name(&self) -> &'static str {
        match self {
            Fault::Row(_, label) | Fault::LookUp(_, label) => label.name,
            Fault::Bus(_) => "bus",
        }
    }
}

impl World {
    /// The honest proof of an execution.
    pub fn honest(code: &CanonicalCode, inputs: &Inputs, limit: u64) -> World {
        let plan = Plan::new(code, inputs, limit, &TIER, 1).expect("the program fits");
        let rows: Vec<Rows> = (0..plan.segments).map(|segment| plan.rows(segment)).collect();
        let cells = PublicCells::of(inputs, &plan.execution);
        let spare = TIER.image_cells - plan.program.image.len();
        let known = known_tuples(code, spare, &cells, plan.execution.outcome, plan.cycles);
        World::of(plan.program.clone(), rows, known, plan.cycles)
    }

    /// What a prover that fills rows as it likes has.
    pub fn of(program: Program, rows: Vec<Rows>, known: Vec<(i64, KnownTuple)>, cycles: u64) -> World {
        let mut world = World { program, rows, values: vec![], known, cycles };
        world.refill();
        world
    }

    /// Computes all wires from the rows.
    pub fn refill(&mut self) {
        let machines = self.rows.iter().map(|rows| self.machine(rows));
        self.values = machines.map(|machine| assignment(&machine, &challenges(), None)).collect();
    }

    fn machine<'a>(&'a self, rows: &'a Rows) -> Machine<'a> {
        if let Some(own) = OWN.get() {
            return Machine { rows: Some(rows), ..Machine::custom(&own.tier, &own.program) };
        }
        Machine { program: Some(&self.program), rows: Some(rows), ..Machine::universal(&TIER) }
    }

    fn code_tuple(&self, address: usize) -> Tuple {
        let entry = self.program.code.get(address).copied().unwrap_or(Fr::ZERO);
        let mut tuple = [Fr::ZERO; CHALLENGES];
        tuple[0] = entry;
        tuple[Challenge::Gamma as usize] = Fr::from(address as u64);
        tuple[Challenge::Epsilon as usize] = Fr::from(Bus::Code as u64);
        tuple
    }

    /// Whether a tuple is an entry of a table.
    pub fn is_entry(&self, tuple: &Tuple, values: &[Fr]) -> bool {
        if tuple[Challenge::Epsilon as usize] == Fr::from(Bus::Code as u64) {
            let address = tuple[Challenge::Gamma as usize].into_bigint().0;
            return address[1..] == [0, 0, 0]
                && (address[0] as usize) < code_words()
                && self.code_entry(address[0] as usize, values) == *tuple;
        }
        Layout::get().constant_entries.contains(tuple)
    }

    fn code_entry(&self, address: usize, values: &[Fr]) -> Tuple {
        let layout = Layout::get();
        let first = layout.tables.len() - code_words();
        layout.traffic[layout.tables[first + address]].tuple(values)
    }

    /// All that is wrong, but for what is dropped.
    pub fn faults(&self, dropped: &dyn Fn(Label) -> bool) -> Vec<Fault> {
        let layout = Layout::get();
        let mut faults = BTreeSet::new();
        let mut sums: HashMap<Tuple, Fr> = HashMap::new();
        let mut false_entries: HashMap<Tuple, (Fr, BTreeSet<Fault>)> = HashMap::new();
        for (count, known) in &self.known {
            let tuple = [
                known.plain,
                Fr::from(known.time),
                known.program_counter,
                Fr::from(known.frame_pointer),
                Fr::from(known.bus as u64),
            ];
            *sums.entry(tuple).or_insert(Fr::ZERO) += Fr::from(*count);
        }
        for (segment, values) in self.values.iter().enumerate() {
            for row in 0..layout.early {
                if !layout.satisfied(row, values) && !dropped(layout.labels[row]) {
                    faults.insert(Fault::Row(segment, layout.labels[row]));
                }
            }
            for traffic in layout.traffic.iter().filter(|traffic| !traffic.label.chip.ends_with(" table")) {
                let multiplicity = evaluate(&traffic.multiplicity, values);
                if multiplicity.is_zero() || dropped(traffic.label) {
                    continue;
                }
                let tuple = traffic.tuple(values);
                if traffic.is_look_up() {
                    if !self.is_entry(&tuple, values) {
                        let (sum, look_ups) = false_entries.entry(tuple).or_default();
                        *sum += multiplicity;
                        look_ups.insert(Fault::LookUp(segment, traffic.label));
                    }
                } else {
                    *sums.entry(tuple).or_insert(Fr::ZERO) += multiplicity;
                }
            }
        }
        faults.extend(false_entries.into_values().filter(|(sum, _)| !sum.is_zero()).flat_map(|(_, look_ups)| look_ups));
        for tuple in sums.iter().filter(|(_, sum)| !sum.is_zero()).map(|(tuple, _)| tuple) {
            faults.insert(Fault::Bus(tuple[Challenge::Epsilon as usize].into_bigint().0[0]));
        }
        faults.into_iter().collect()
    }

    /// Sets the counts of the tables to what is taken from them.
    pub fn recount(&mut self, dropped: &dyn Fn(Label) -> bool) {
        let layout = Layout::get();
        for values in &mut self.values {
            let mut taken: HashMap<Tuple, Fr> = HashMap::new();
            for traffic in layout.traffic.iter().filter(|traffic| traffic.is_look_up()) {
                if !traffic.label.chip.ends_with(" table") && !dropped(traffic.label) {
                    let multiplicity = evaluate(&traffic.multiplicity, values);
                    *taken.entry(traffic.tuple(values)).or_insert(Fr::ZERO) -= multiplicity;
                }
            }
            for index in &layout.tables {
                let entry = &layout.traffic[*index];
                let count = taken.remove(&entry.tuple(values)).unwrap_or(Fr::ZERO);
                values[entry.multiplicity[0].1] = count;
            }
        }
    }

    /// The same judgement by the circuit itself: phase 2 is derived honestly from the wires, every row is evaluated, and
    /// the segments' sums are added to the verifier's. Of what is dropped, rows are passed over and fractions left out.
    pub fn verdict(&self, dropped: &dyn Fn(Label) -> bool) -> bool {
        self.judge(dropped, &[], &challenges())
    }

    /// The verdict of a circuit without these buses: none of their tuples is in a sum, the verifier's neither.
    pub fn verdict_without(&self, buses: &[Bus]) -> bool {
        self.judge(&|_| false, buses, &challenges())
    }

    /// The verdict of a circuit whose tuples have an address and a value in one coordinate, `address + 2⁴⁰ · value`: that is
    /// what fingerprints say, but for the factor `2⁴⁰`, if delta is known to be `2⁻⁴⁰`.
    pub fn verdict_if_packed(&self) -> bool {
        let mut packed = challenges();
        packed[Challenge::Delta as usize] = inverse_pow2(40);
        self.judge(&|_| false, &[], &packed)
    }

    /// The verdict of a circuit whose buses have no tags.
    pub fn verdict_without_tags(&self) -> bool {
        let mut untagged = challenges();
        untagged[Challenge::Epsilon as usize] = Fr::ZERO;
        self.judge(&|_| false, &[], &untagged)
    }

    /// The verdict of a circuit without both: rules and buses.
    pub fn verdict_but_for(&self, dropped: &dyn Fn(Label) -> bool, buses: &[Bus]) -> bool {
        self.judge(dropped, buses, &challenges())
    }

    fn judge(&self, dropped: &dyn Fn(Label) -> bool, buses: &[Bus], challenges: &[Fr; CHALLENGES]) -> bool {
        let mut world = self.clone();
        world.recount(dropped);
        world.left_over_but_for(dropped, buses, challenges).is_some_and(|sum| sum.is_zero())
    }

    /// What the sums of the segments and the verifier's leave, with the counts of tables as they are; `None` if a row is not
    /// satisfied.
    pub fn left_over(&self, challenges: &[Fr; CHALLENGES]) -> Option<Fr> {
        self.left_over_but_for(&|_| false, &[], challenges)
    }

    fn left_over_but_for(
        &self,
        dropped: &dyn Fn(Label) -> bool,
        buses: &[Bus],
        challenges: &[Fr; CHALLENGES],
    ) -> Option<Fr> {
        let layout = Layout::get();
        let known: Vec<_> = self.known.iter().filter(|(_, tuple)| !buses.contains(&tuple.bus)).copied().collect();
        let mut sum = known_sum(&known, challenges);
        for derived in self.derived(challenges) {
            for (row, label) in layout.labels.iter().enumerate() {
                let left_out = row < layout.early && dropped(*label);
                if !left_out && !layout.satisfied(row, &derived) {
                    return None;
                }
            }
            sum += derived[layout.sum()];
            let without = |traffic: &&Traffic| buses.iter().any(|bus| *bus as u64 == traffic.bus);
            for traffic in layout.traffic.iter().filter(|traffic| dropped(traffic.label) || without(traffic)) {
                let fraction = layout.shape.matrices[0][traffic.row][0].1;
                sum -= derived[fraction];
            }
        }
        Some(sum)
    }

    /// All variables of each segment: the committed wires as they are, and what phase 2 derives from them.
    pub fn derived(&self, challenges: &[Fr; CHALLENGES]) -> Vec<Vec<Fr>> {
        let derive = |(rows, values): (&Rows, &Vec<Fr>)| {
            let committed = &values[Layout::get().committed.clone()];
            let change = |wires: &mut [Fr]| wires.copy_from_slice(&committed[..wires.len()]);
            assignment(&self.machine(rows), challenges, Some(&change))
        };
        self.rows.iter().zip(&self.values).map(derive).collect()
    }

    /// Judges the same wires in the circuit of their program, with [`OWN`] set; `None` if a row is used of a chip that this
    /// circuit does not have. What is left out there is put by nobody here.
    pub fn in_own_circuit<T>(&self, judge: impl FnOnce(&World) -> T) -> Option<T> {
        let universal = Layout::get();
        let zero = |values: &[Fr], block: &Block| values[block.wires.clone()].iter().all(|value| value.is_zero());
        let used = |block: &Block| self.values.iter().any(|values| !zero(values, block));
        let reads_witness = universal.blocks.iter().any(|block| block.chip == "witness" && used(block));
        let own = own_circuit(&self.program, reads_witness);
        let counterpart = |block: &Block| {
            let mut all = own.layout.blocks.iter();
            all.find(|other| (other.chip, other.number) == (block.chip, block.number))
        };
        let mut values = Vec::new();
        for wires in &self.values {
            let mut here = vec![Fr::ZERO; own.layout.committed.end];
            here[0] = Fr::one();
            // Whether it is the first segment, and what hides the sum.
            here[own.layout.shape.public] = wires[universal.shape.public];
            for block in &universal.blocks {
                match counterpart(block) {
                    Some(other) => here[other.wires.clone()].copy_from_slice(&wires[block.wires.clone()]),
                    None if zero(wires, block) => {}
                    None => return None,
                }
            }
            values.push(here);
        }
        // The wires are those above, whatever the rows say: only what is public of them counts.
        let rows = self.rows.iter().map(|rows| Rows { first: rows.first, ..Rows::default() }).collect();
        // The image is not filled up.
        let is_spare = |count: i64, tuple: &KnownTuple| {
            let KnownTuple { bus, plain, frame_pointer, .. } = tuple;
            count < 0 && *bus == Bus::Initial && plain.is_zero() && *frame_pointer == 0
        };
        let known = self.known.iter().filter(|(count, tuple)| !is_spare(*count, tuple)).copied().collect();
        OWN.set(Some(own));
        let judgement = judge(&World { program: own.program.clone(), rows, values, known, cycles: self.cycles });
        OWN.set(None);
        Some(judgement)
    }

    /// Active rows: segment and block.
    pub fn active(&self) -> Vec<(usize, &'static Block)> {
        let blocks = &Layout::get().blocks;
        let active = self.values.iter().enumerate().flat_map(|(segment, values)| {
            blocks.iter().filter(|block| values[block.wires.start].is_one()).map(move |block| (segment, block))
        });
        active.collect()
    }

    /// What is wrong about one row of a chip: its constraints and look-ups.
    pub fn local_faults(&self, block: &Block, values: &[Fr]) -> Vec<Label> {
        let layout = Layout::get();
        let mut faults = Vec::new();
        for row in block.constraints.clone() {
            if !layout.satisfied(row, values) {
                faults.push(layout.labels[row]);
            }
        }
        // No row puts entries: see `no_multiplicity_is_negative`.
        for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]).filter(|traffic| traffic.is_look_up())
        {
            if !evaluate(&traffic.multiplicity, values).is_zero() && !self.is_entry(&traffic.tuple(values), values) {
                faults.push(traffic.label);
            }
        }
        faults
    }

    /// What a row of a chip takes from the buses and puts on them, without look-ups.
    pub fn effects(&self, block: &Block, values: &[Fr]) -> HashMap<Tuple, Fr> {
        let layout = Layout::get();
        let mut effects = HashMap::new();
        for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]).filter(|traffic| !traffic.is_look_up())
        {
            *effects.entry(traffic.tuple(values)).or_insert(Fr::ZERO) += evaluate(&traffic.multiplicity, values);
        }
        effects.retain(|_, multiplicity| !multiplicity.is_zero());
        effects
    }
}

/// A code word.
pub fn word(opcode: Opcode, mode: u8, dst: u16, src1: u16, src2: u16, immediate: u64) -> Word {
    Word { opcode, mode, dst, src1, src2, immediate }
}

/// `r := immediate`.
pub fn set(register: u16, value: u64) -> Word {
    word(Opcode::Move, IMMEDIATE_1, register, 0, 0, value)
}

/// A binary operation on registers.
pub fn binary(opcode: Opcode, dst: u16, src1: u16, src2: u16) -> Word {
    word(opcode, 0, dst, src1, src2, 0)
}

/// A binary operation with an immediate on the right.
pub fn binary_immediate(opcode: Opcode, dst: u16, src1: u16, immediate: u64) -> Word {
    word(opcode, IMMEDIATE_2, dst, src1, 0, immediate)
}

/// The end.
pub fn halt(status: u64) -> Word {
    word(Opcode::Halt, IMMEDIATE_1, 0, 0, 0, status)
}

/// A program without an image.
pub fn program(words: Vec<Word>) -> CanonicalCode {
    program_with(words, vec![], 1)
}

pub fn program_with(words: Vec<Word>, image: Vec<Cell>, initial_pages: u32) -> CanonicalCode {
    CanonicalCode { words, image, initial_pages, symbols: vec![] }
}

/// The column of the wire that a constraint or look-up with this label is about: the only wire of its left side, or of its
/// result.
pub fn wire(block: &Block, name: &str) -> usize {
    let layout = Layout::get();
    let only = |form: &Form| match form[..] {
        [(_, column)] if layout.committed.contains(&column) => Some(column),
        _ => None,
    };
    for row in block.constraints.clone().filter(|row| layout.labels[*row].name == name) {
        let [a, _, c] = [0, 1, 2].map(|matrix: usize| only(&layout.shape.matrices[matrix][row]));
        if let Some(column) = c.or(a) {
            return column;
        }
    }
    let first = block.traffic.iter().map(|index| &layout.traffic[*index]).find(|traffic| traffic.label.name == name);
    let traffic = first.unwrap_or_else(|| panic!("{} has no {name}", block.chip));
    let wires = traffic.coordinates[0].iter().filter(|(factor, _)| factor.is_one()).map(|(_, column)| *column);
    wires.filter(|column| layout.committed.contains(column)).min().unwrap_or_else(|| panic!("{name} has no wire"))
}

/// The wires with the limbs of a range check. The last limb is what these leave, and no wire.
pub fn limbs(block: &Block, name: &str) -> Vec<usize> {
    let layout = Layout::get();
    let checks = block.traffic.iter().map(|index| &layout.traffic[*index]).filter(|traffic| traffic.label.name == name);
    checks
        .filter_map(|traffic| match traffic.coordinates[0][..] {
            [(factor, column)] if factor.is_one() => Some(column),
            _ => None,
        })
        .collect()
}

/// The first tuple of this name that a row puts or takes.
pub fn tuple_of(block: &Block, name: &str) -> &'static Traffic {
    let layout = Layout::get();
    let mut all = block.traffic.iter().map(|index| &layout.traffic[*index]);
    all.find(|traffic| traffic.label.name == name).unwrap_or_else(|| panic!("{} has no {name}", block.chip))
}

/// 2 to a power, in the field.
pub fn two_to(exponent: u32) -> Fr {
    pow2(exponent)
}

/// A random element that is the same each time.
pub fn scattered(seed: u64) -> Fr {
    Fr::from(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).pow([101u64])
}

pub fn immediate_modes() -> [u8; 3] {
    [0, IMMEDIATE_1, IMMEDIATE_2]
}
