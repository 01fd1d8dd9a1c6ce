// Runs the accepted vectors of the kind `vanilla` through snarkjs, an implementation of Groth16 that is independent of the
// crate: each is accepted, and refused after each change below.
//
// usage: snarkjs_verify.mjs DIRECTORY-OF-NODE_MODULES [VECTORS]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, vectors = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "vectors")] = process.argv.slice(2);
const { groth16 } = createRequire(join(resolve(modules), "package.json"))("snarkjs");

const MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

const raised = (values, index, by) => values.map((value, i) => (i === index ? String(BigInt(value) + by) : value));

// Changes of the three files, each of which makes a proof of another statement or none.
const changes = ({ verificationKey: key, proof, public: inputs }) => [
  ...inputs.flatMap((_, index) => [
    [`public input ${index} raised by one`, { inputs: raised(inputs, index, 1n) }],
    [`public input ${index} raised by the modulus`, { inputs: raised(inputs, index, MODULUS) }],
  ]),
  ["pi_a is another point", { proof: { ...proof, pi_a: key.vk_alpha_1 } }],
  ["pi_b is another point", { proof: { ...proof, pi_b: key.vk_beta_2 } }],
  ["pi_c is another point", { proof: { ...proof, pi_c: key.vk_alpha_1 } }],
  ["pi_a and pi_c are exchanged", { proof: { ...proof, pi_a: proof.pi_c, pi_c: proof.pi_a } }],
];

let passed = 0;
let failed = 0;

async function expect(name, wanted, key, inputs, proof) {
  let found;
  try {
    found = (await groth16.verify(key, inputs, proof)) ? "accept" : "reject";
  } catch (error) {
    found = `an error, ${error}`;
  }
  const good = found === wanted;
  good ? passed++ : failed++;
  console.log(`${good ? "ok  " : "FAIL"} ${name}: ${found}${good ? "" : `, expected ${wanted}`}`);
}

const { cases } = JSON.parse(readFileSync(join(vectors, "v1", "proof_system", "accept.json"), "utf8"));
for (const { id, input, expect: { snarkjs } } of cases) {
  if (input.kind !== "vanilla") continue;
  const { verificationKey: key, proof, public: inputs } = snarkjs;
  await expect(id, "accept", key, inputs, proof);
  for (const [what, change] of changes(snarkjs)) {
    await expect(`${id}, ${what}`, "reject", key, change.inputs ?? inputs, change.proof ?? proof);
  }
}
console.log(`${passed} passed, ${failed} failed`);
// snarkjs leaves its workers running.
process.exit(passed > 0 && failed === 0 ? 0 : 1);
