// Sorts the input, u32 elements, ascending.
//
// The standard library's sort runs with its allocator and its comparator behind an indirect call:
// what a developer would write, not what a circuit would like best.
//
// input:  elements, u32 little-endian
// output: the same elements in order
// rejects: 1 = length is not a multiple of 4, 2 = longer than the output limit (65,536 bytes)
import { input, inputLen, output, outputLen } from "../middle";

export function run(): u32 {
  const bytes = inputLen();
  if (bytes % 4 != 0) return 1;
  if (bytes > 65536) return 2;

  const elements = new StaticArray<u32>(bytes / 4);
  for (let i: u32 = 0; i < bytes / 4; i++) {
    unchecked(elements[i] = <u32>(input(i / 2) >> (32 * (i % 2))));
  }
  elements.sort();
  for (let i: u32 = 0; i < bytes / 4; i += 2) {
    let pair: u64 = unchecked(elements[i]);
    // Checked on purpose: the bounds check is what imports env.abort.
    if (i + 1 < bytes / 4) pair |= <u64>elements[i + 1] << 32;
    output(i / 2, pair);
  }
  outputLen(bytes);
  return 0;
}
