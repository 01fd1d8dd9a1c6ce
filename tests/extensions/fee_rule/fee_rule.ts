// The base fee after a number of blocks, by the update rule of EIP-1559.
//
// input:  base fee (wei), gas limit, number of blocks, then the gas used by each block as a pattern
//         that repeats; all u64 little-endian
// output: base fee after the last block, the lowest and the highest on the way; u64 little-endian
// rejects: 1 = length is not a multiple of 8 or there is no pattern, 2 = gas limit is not between
//          2 and 2^32 - 1, 3 = a block uses more than the gas limit, 4 = more than 1,000,000 blocks,
//          5 = base fee is not below 2^62
// traps:  aborted, when the base fee grows to 2^62 wei: no chain gets there, so it is an assertion
import { input, inputLen, output, outputLen } from "../middle";

const ELASTICITY_MULTIPLIER: u64 = 2;
const BASE_FEE_MAX_CHANGE_DENOMINATOR: u64 = 8;
const MAX_BASE_FEE: u64 = 1 << 62;
const HEADER_WORDS: u32 = 3;

// floor(baseFee * distance / target / 8) without a 128-bit product: with baseFee = q * target + r
// the inner quotient is q * distance + floor(r * distance / target), and r * distance < 2^64
// because target and distance are below 2^32. distance <= target + 1 <= 2 * target (an odd limit
// rounds the target down), so with baseFee < 2^62 nothing here overflows.
function change(baseFee: u64, distance: u64, target: u64): u64 {
  const whole = (baseFee / target) * distance;
  const part = ((baseFee % target) * distance) / target;
  return (whole + part) / BASE_FEE_MAX_CHANGE_DENOMINATOR;
}

function nextBaseFee(baseFee: u64, gasUsed: u64, target: u64): u64 {
  if (gasUsed > target) {
    const next = baseFee + max<u64>(change(baseFee, gasUsed - target, target), 1);
    assert(next < MAX_BASE_FEE, "base fee out of range");
    return next;
  }
  return baseFee - change(baseFee, target - gasUsed, target);
}

export function run(): u32 {
  const bytes = inputLen();
  if (bytes % 8 != 0 || bytes / 8 <= HEADER_WORDS) return 1;
  const period = bytes / 8 - HEADER_WORDS;
  const gasLimit = input(1);
  if (gasLimit < 2 || gasLimit >> 32 != 0) return 2;
  for (let i: u32 = 0; i < period; i++) {
    if (input(HEADER_WORDS + i) > gasLimit) return 3;
  }
  const blocks = input(2);
  if (blocks > 1000000) return 4;

  const target = gasLimit / ELASTICITY_MULTIPLIER;
  let baseFee = input(0);
  if (baseFee >= MAX_BASE_FEE) return 5;
  let lowest = baseFee;
  let highest = baseFee;
  let at: u32 = 0;
  for (let block: u64 = 0; block < blocks; block++) {
    baseFee = nextBaseFee(baseFee, input(HEADER_WORDS + at), target);
    lowest = min(lowest, baseFee);
    highest = max(highest, baseFee);
    if (++at == period) at = 0;
  }
  output(0, baseFee);
  output(1, lowest);
  output(2, highest);
  outputLen(24);
  return 0;
}
