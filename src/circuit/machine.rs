//! The circuit of a segment: all chips, the tables and the program.

use super::builder::{Builder, Early, Label, phase_2};
use super::bus::{Bus, CHALLENGES, Challenge, Coordinate, Tuple};
use super::chips;
use super::chips::audit::AuditCell;
use super::chips::witness::WitnessLength;
use super::cost::Costs;
use super::entry::{Kind, address, entry};
use super::step::{Refresh, Step};
use super::tables::{Tables, put_tables};
use super::tier::Tier;
use crate::canonical_code::CanonicalCode;
use crate::notation::Trap;
use crate::proof_system::{Circuit, EarlyLinear, LateSystem, System, Wire};
use ark_bn254::Fr;
use ark_ff::Zero;

/// A program as the circuit has it: its code words' entries and its image's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The entries, by address.
    pub code: Vec<Fr>,
    /// The addresses and values of the cells.
    pub image: Vec<(u64, u64)>,
}

impl Program {
    /// The program of canonical code.
    pub fn of(code: &CanonicalCode) -> Program {
        let cells = code.image.iter();
        Program {
            code: code.words.iter().map(|word| entry(word).pack()).collect(),
            image: cells.map(|cell| (address(cell.space, cell.index), cell.value)).collect(),
        }
    }

    /// Whether a tier has room for it.
    pub fn fits(&self, tier: &Tier) -> bool {
        self.code.len() <= tier.code_words && self.image.len() <= tier.image_cells
    }

    /// CIRCUIT-013: the constants of a key: entries, values of cells, addresses of cells, each list filled up with zeros.
    pub fn constants(&self, tier: &Tier) -> Vec<Fr> {
        let filled = |mut values: Vec<Fr>, length: usize| {
            values.resize(length, Fr::zero());
            values
        };
        let image = |f: fn(&(u64, u64)) -> u64| self.image.iter().map(|cell| Fr::from(f(cell))).collect();
        [
            filled(self.code.clone(), tier.code_words),
            filled(image(|(_, value)| *value), tier.image_cells),
            filled(image(|(address, _)| *address), tier.image_cells),
        ]
        .concat()
    }
}

/// The rows of a segment.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Whether it is the first segment, which brings the image.
    pub first: bool,
    /// The steps of each chip, by [`Kind`].
    pub steps: [Vec<Step>; Kind::ALL.len()],
    /// The step that traps, or the state at the cycle limit.
    pub trap: Option<Step>,
    /// Refreshed cells.
    pub refreshes: Vec<Refresh>,
    /// Audited cells.
    pub audits: Vec<AuditCell>,
    /// Audited cells of the witness input.
    pub witness: Vec<AuditCell>,
    /// The witness input's length in bytes.
    pub witness_length: u64,
    /// The row of that length.
    pub witness_cell: Option<WitnessLength>,
    /// The last free address.
    pub audit_end: Option<u64>,
    /// What hides the segment's sum.
    pub mask: Fr,
}

/// The circuit of a segment.
#[derive(Clone, Debug)]
pub struct Machine<'a> {
    /// The capacities.
    pub tier: &'a Tier,
    /// The program; in universal mode its values only.
    pub program: Option<&'a Program>,
    /// CIRCUIT-019: whether the program is a constant of the circuit.
    pub custom: bool,
    /// The rows, for a prover.
    pub rows: Option<&'a Rows>,
}

impl<'a> Machine<'a> {
    /// The circuit for all programs, without values.
    pub fn universal(tier: &'a Tier) -> Machine<'a> {
        Machine { tier, program: None, custom: false, rows: None }
    }

    /// The circuit for one program, without values. The tier has exactly its words and cells.
    pub fn custom(tier: &'a Tier, program: &'a Program) -> Machine<'a> {
        Machine { tier, program: Some(program), custom: true, rows: None }
    }

    /// The labels of the circuit's rows, in their order.
    pub fn labels(&self) -> Vec<Label> {
        let mut system = System::default();
        system.keep_rows();
        self.phase_1(&mut system).labels()
    }

    /// What the rows cost by chip, written to a system that keeps them.
    pub(super) fn costs(&self, system: &mut System) -> Costs {
        self.phase_1(system).costs()
    }
}

/// Writes a row of a chip.
type Chip = fn(&mut Builder, Option<&Step>);

/// CIRCUIT-017: the chips of traps, and which traps of which kinds they are for.
const TRAP_CHIPS: [(&str, Chip, Option<Kind>); 7] = [
    ("divide_trap", chips::divide::divide_trap, Some(Kind::Divide)),
    ("load_trap", chips::load::load_trap, Some(Kind::Load)),
    ("store_trap", chips::store::store_trap, Some(Kind::Store)),
    ("call_trap", chips::jump::call_trap, Some(Kind::Jump)),
    ("call_indirect_trap", chips::call_indirect::call_indirect_trap, Some(Kind::CallIndirect)),
    ("poseidon_trap", chips::poseidon::poseidon_trap, Some(Kind::Poseidon)),
    ("limit", chips::trap::limit, None),
];

/// The chip of the row that traps with a word of this kind, or at the cycle limit if there is no kind.
pub(super) fn trap_chip(kind: Option<Kind>) -> Option<&'static str> {
    TRAP_CHIPS.iter().find(|(.., of)| *of == kind).map(|(name, ..)| *name)
}

/// Whether it is a chip of traps.
pub(super) fn is_trap_chip(chip: &str) -> bool {
    TRAP_CHIPS.iter().any(|(name, ..)| *name == chip)
}

impl Circuit for Machine<'_> {
    const CHALLENGES: usize = CHALLENGES;
    type Early = Early;

    fn constants(&self) -> usize {
        if self.custom { 0 } else { self.tier.constants() }
    }

    fn phase_1(&self, system: &mut System) -> Early {
        self.write(Builder::new(system, Tables::new(self.tier.code_words)))
    }

    fn phase_2(&self, early: Early, challenges: &[Wire], system: &mut LateSystem) {
        phase_2(&early, challenges, system);
    }
}

impl Machine<'_> {
    /// CIRCUIT-016: the order of wires and rows.
    pub(super) fn write(&self, mut builder: Builder) -> Early {
        let none = Rows::default();
        let rows = self.rows.unwrap_or(&none);
        let mut constants = match self.program {
            Some(program) => program.constants(self.tier),
            None => vec![Fr::zero(); self.tier.constants()],
        }
        .into_iter()
        .map(|value| if self.custom { EarlyLinear::constant(value) } else { builder.public(value).into() })
        .collect::<Vec<EarlyLinear>>();
        let mut values = constants.split_off(self.tier.code_words);
        let addresses = values.split_off(self.tier.image_cells);
        let first = builder.public(Fr::from(u64::from(rows.first)));

        for (kind, (steps, capacity)) in Kind::ALL.into_iter().zip(rows.steps.iter().zip(self.tier.rows)) {
            for index in 0..capacity {
                chips::row(kind, &mut builder, steps.get(index));
            }
        }
        for (name, chip, kind) in TRAP_CHIPS.into_iter().filter(|(name, ..)| self.tier.capacity(name) > 0) {
            builder.chip(name);
            let at_limit = |step: &&Step| step.trap == Some(Trap::CycleLimitExhausted);
            chip(
                &mut builder,
                rows.trap.as_ref().filter(|step| match kind {
                    Some(kind) => !at_limit(step) && step.kind == kind,
                    None => at_limit(step),
                }),
            );
        }
        builder.chip("refresh");
        (0..self.tier.refreshes).for_each(|index| chips::refresh::refresh(&mut builder, rows.refreshes.get(index)));
        builder.chip("audit");
        (0..self.tier.audits).for_each(|index| chips::audit::audit(&mut builder, rows.audits.get(index)));
        builder.chip("witness");
        for index in 0..self.tier.witness_words {
            chips::witness::witness(&mut builder, rows.witness.get(index), rows.witness_length);
        }
        builder.chip("witness_length");
        chips::witness::witness_length(&mut builder, rows.witness_cell.as_ref());
        builder.chip("audit_end");
        chips::audit::audit_end(&mut builder, rows.audit_end);

        put_tables(&mut builder, self.tier);
        builder.chip("code table");
        for (address, entry) in constants.into_iter().enumerate() {
            let count = builder.tables.code[address];
            let count = builder.wire(Fr::from(count));
            let program_counter = Coordinate::constant(address as u128);
            builder.put("entry", count, Tuple { program_counter, ..Tuple::plain(Bus::Code, entry) });
        }
        builder.chip("image");
        for (value, address) in values.into_iter().zip(addresses) {
            let address = builder.challenge("address", Challenge::Delta, address);
            builder.put("cell", first, Tuple { frame_pointer: address.into(), ..Tuple::plain(Bus::Initial, value) });
        }
        builder.finish(rows.mask)
    }
}
