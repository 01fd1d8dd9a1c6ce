//! A circuit of any size whose mix of rows and values resembles that of a machine's trace.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, batch_inversion};
use middle_client::proof_system::{Circuit, EarlyWire, LateSystem, Linear, System, Wire};

/// Bits of a limb; the table of the lookups has all of its values.
const LIMB_BITS: u32 = 16;
const LIMBS: usize = 4;
/// Rows of a cell: its value from limbs, two booleans, a selection, a fingerprint, its inverse, and a lookup per limb.
const ROWS_PER_CELL: usize = 6 + LIMBS;

/// Cells of 64 bits with two flags. The limbs are looked up in a table by logarithmic derivative, and each cell puts a
/// fingerprint of itself on a bus: phase 1 has small values, phase 2 dense ones.
pub struct Lookups {
    cells: usize,
    has_values: bool,
}

/// What phase 2 knows of a cell.
pub struct Cell {
    limbs: [EarlyWire; LIMBS],
    value: EarlyWire,
    selected: EarlyWire,
}

/// What phase 2 knows of phase 1.
pub struct Early {
    cells: Vec<Cell>,
    multiplicities: Vec<EarlyWire>,
}

impl Lookups {
    /// As many cells as fit into this number of rows.
    pub fn fitting(rows: usize) -> Lookups {
        // The table, the two sums, and the rows that the inputs and the blinder may need.
        Lookups { cells: (rows - (1 << LIMB_BITS) - 8) / ROWS_PER_CELL, has_values: true }
    }

    /// The same without values.
    pub fn shape(&self) -> Lookups {
        Lookups { has_values: false, ..*self }
    }

    /// The value of a cell: mixed bits, so that all limbs occur.
    fn value(index: usize) -> u64 {
        (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn given(&self, value: u64) -> Option<Fr> {
        self.has_values.then(|| Fr::from(value))
    }
}

fn limbs(value: u64) -> [u64; LIMBS] {
    std::array::from_fn(|limb| (value >> (LIMB_BITS as usize * limb)) & ((1 << LIMB_BITS) - 1))
}

impl Circuit for Lookups {
    const CHALLENGES: usize = 2;
    type Early = Early;

    fn phase_1(&self, system: &mut System) -> Early {
        system.public(self.given(self.cells as u64));
        let mut counts = vec![0u64; 1 << LIMB_BITS];
        let cells = (0..self.cells).map(|index| {
            let value = Lookups::value(index);
            limbs(value).iter().for_each(|limb| counts[*limb as usize] += 1);
            let wires = limbs(value).map(|limb| system.commit(self.given(limb)));
            let flags = [value & 1, value >> 63].map(|flag| system.commit(self.given(flag)));
            let selected = system.commit(self.given(value * (value & 1)));
            let value = system.commit(self.given(value));
            let mut sum = Linear::zero();
            for (wire, power) in wires.iter().zip(0..) {
                sum += Linear::from(*wire) * Fr::from(1u64 << (LIMB_BITS * power));
            }
            system.enforce(sum, EarlyWire::One, value);
            flags.iter().for_each(|flag| system.enforce(*flag, *flag, *flag));
            system.enforce(value, flags[0], selected);
            Cell { limbs: wires, value, selected }
        });
        let cells = cells.collect();
        let multiplicities = counts.into_iter().map(|count| system.commit(self.given(count))).collect();
        Early { cells, multiplicities }
    }

    fn phase_2(&self, early: Early, challenges: &[Wire], system: &mut LateSystem) {
        let [alpha, beta] = [challenges[0], challenges[1]].map(|challenge| system.value(&challenge.into()));
        // All inverses at once, in the order in which they are wired: of the limbs and the fingerprint of each cell,
        // then of the table.
        let mut inverses = Vec::new();
        if let (true, Some(alpha), Some(beta)) = (self.has_values, alpha, beta) {
            for index in 0..self.cells {
                let value = Lookups::value(index);
                inverses.extend(limbs(value).map(|limb| alpha - Fr::from(limb)));
                inverses.push(alpha - beta * Fr::from(value) - Fr::from(value * (value & 1)));
            }
            inverses.extend((0..1u64 << LIMB_BITS).map(|entry| alpha - Fr::from(entry)));
            batch_inversion(&mut inverses);
        }
        let mut inverses = inverses.into_iter();
        let (mut sum, mut bus) = (Linear::zero(), Linear::zero());
        let mut bus_value = Fr::ZERO;
        for (index, cell) in early.cells.into_iter().enumerate() {
            for limb in cell.limbs {
                let inverse = system.private(inverses.next());
                // The dense wire stands on the side of A: there it costs one multiplication, in B two.
                system.enforce(inverse, Linear::from(challenges[0]) - limb, Wire::from(EarlyWire::One));
                sum += inverse;
            }
            let fingerprint =
                system.private(beta.filter(|_| self.has_values).map(|b| b * Fr::from(Lookups::value(index))));
            system.enforce(challenges[1], cell.value, fingerprint);
            let inverse = inverses.next();
            bus_value += inverse.unwrap_or_default();
            let inverse = system.private(inverse);
            let factor = Linear::from(challenges[0]) - fingerprint - cell.selected;
            system.enforce(inverse, factor, Wire::from(EarlyWire::One));
            bus += inverse;
        }
        for (entry, multiplicity) in (0u64..).zip(early.multiplicities) {
            let count = system.value(&multiplicity.into());
            let quotient = system.private(inverses.next().zip(count).map(|(inverse, count)| inverse * count));
            let factor = Linear::from(challenges[0]) - Linear::<Wire>::constant(Fr::from(entry));
            system.enforce(quotient, factor, multiplicity);
            sum -= quotient;
        }
        system.enforce(sum, Wire::from(EarlyWire::One), Linear::<Wire>::zero());
        let total = system.public(self.has_values.then_some(bus_value));
        system.enforce(bus, Wire::from(EarlyWire::One), total);
    }
}
