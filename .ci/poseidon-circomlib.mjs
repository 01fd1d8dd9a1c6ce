// The comparison of .ci/poseidon-circomlib, which installs what is imported here.
import { buildPoseidon } from "circomlibjs";
import { ethers } from "ethers";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const RATE = 8;
const library = dirname(dirname(createRequire(import.meta.url).resolve("circomlibjs")));
const constants = JSON.parse(readFileSync(join(library, "src/poseidon_constants.json")));
const poseidon = await buildPoseidon();
const field = poseidon.F;

const word = (number) => BigInt(number).toString(16).padStart(64, "0");
const digest = (numbers) => ethers.utils.keccak256("0x" + numbers.map(word).join(""));
const value = (element) => "0x" + word(field.toString(element));

function check(id, what, found, expected) {
  if (found !== expected) throw new Error(`${id}: ${what} is ${found} in circomlib, ${expected} in the vectors`);
}

// Both return the last state of each permutation.
function hash(inputs) {
  return [poseidon(inputs, field.zero, inputs.length + 1)];
}

function sponge(domain, inputs) {
  let state = Array(RATE + 1).fill(field.zero);
  state[0] = field.e((domain << 64n) + BigInt(inputs.length));
  const states = [];
  for (let start = 0; start < Math.max(inputs.length, 1); start += RATE) {
    const block = inputs.slice(start, start + RATE);
    const rate = state.slice(1).map((element, i) => (i < block.length ? field.add(element, field.e(block[i])) : element));
    state = poseidon(rate, state[0], RATE + 1);
    states.push(state);
  }
  return states;
}

const { cases } = JSON.parse(readFileSync(join(process.argv[2], "accept.json")));
for (const { id, input, expect } of cases) {
  const inputs = (input.elements.slice(2).match(/.{64}/g) ?? []).map((digits) => BigInt("0x" + digits));
  const isSponge = "domain" in input;
  const states = isSponge ? sponge(BigInt(input.domain), inputs) : hash(inputs);
  check(id, "the number of permutations", states.length, expect.permutations.length);
  states.forEach((state, index) => {
    check(id, `state ${index}`, state.map(value).join(), expect.permutations[index].end.join());
  });
  check(id, "the result", value(states.at(-1)[isSponge ? 1 : 0]), expect.result);
  check(id, "the digest of round constants", digest(constants.C[expect.width - 2]), expect.roundConstants);
  check(id, "the digest of the matrix", digest(constants.M[expect.width - 2].flat()), expect.matrix);
}

const widths = new Set(cases.map(({ expect }) => expect.width));
check("accept.json", "the number of widths", constants.C.length, widths.size);
console.log(`${cases.length} cases of ${widths.size} widths agree with circomlib`);
process.exit(0); // circomlibjs leaves threads behind
