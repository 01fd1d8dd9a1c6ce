//! The self-shrinking generator Grain, from which the constants are drawn.

use super::{FULL_ROUNDS, Fr, Width};
use ark_ff::{BigInt, PrimeField};

/// Number of bits of the shift register.
const REGISTER_BITS: u32 = 80;
/// Number of first bits that are thrown away, so that the register has mixed the parameters.
const DISCARDED_BITS: usize = 160;

/// The generator: bit `i` of the register is bit `i` of the number, and bit 0 leaves first.
pub(super) struct Grain(u128);

impl Grain {
    /// The generator for the parameters of a width.
    pub(super) fn new(width: Width) -> Grain {
        // POSEIDON-004: the register names every parameter, so no two sets of them share constants. Each field enters
        // with its highest bit first.
        let fields: [(u32, u64); 7] = [
            (2, 1), // a prime field
            (4, 0), // the S-box is a power
            (12, u64::from(Fr::MODULUS_BIT_SIZE)),
            (12, width.get() as u64),
            (10, FULL_ROUNDS as u64),
            (10, width.partial_rounds() as u64),
            (30, (1 << 30) - 1),
        ];
        let (mut register, mut position) = (0, 0);
        for (bits, value) in fields {
            for bit in (0..bits).rev() {
                register |= u128::from(value >> bit & 1) << position;
                position += 1;
            }
        }
        let mut grain = Grain(register);
        for _ in 0..DISCARDED_BITS {
            grain.step();
        }
        grain
    }

    /// Shifts the register by one bit and returns the one that enters.
    fn step(&mut self) -> bool {
        let bit = |index: u32| self.0 >> index & 1;
        let new = bit(62) ^ bit(51) ^ bit(38) ^ bit(23) ^ bit(13) ^ bit(0);
        self.0 = self.0 >> 1 | new << (REGISTER_BITS - 1);
        new == 1
    }

    /// The next bit of the output: of each pair of bits the second one, if the first one is 1.
    fn bit(&mut self) -> bool {
        while !self.step() {
            self.step();
        }
        self.step()
    }

    /// The next number of as many bits as the modulus has, the highest first.
    fn number(&mut self) -> BigInt<4> {
        let mut limbs = [0; 4];
        for index in (0..Fr::MODULUS_BIT_SIZE as usize).rev() {
            limbs[index / 64] |= u64::from(self.bit()) << (index % 64);
        }
        BigInt(limbs)
    }

    /// The next number below the modulus; greater ones are thrown away.
    pub(super) fn element_by_rejection(&mut self) -> Fr {
        loop {
            if let Some(element) = Fr::from_bigint(self.number()) {
                return element;
            }
        }
    }

    /// The next number reduced by the modulus.
    pub(super) fn element_by_reduction(&mut self) -> Fr {
        let mut number = self.number();
        // The number has as many bits as the modulus, so one subtraction is enough.
        if number >= Fr::MODULUS {
            ark_ff::BigInteger::sub_with_borrow(&mut number, &Fr::MODULUS);
        }
        Fr::from_bigint(number).unwrap_or_default()
    }
}
