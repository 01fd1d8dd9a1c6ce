// Encodes, hashes and recovers the vectors of the format `operation` with ethers, which shares no code with the crate.
//
// usage: ethers_operation.mjs DIRECTORY-OF-NODE_MODULES [VECTORS]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, vectors = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "vectors")] = process.argv.slice(2);
const { ethers } = createRequire(join(resolve(modules), "package.json"))("ethers");
const { TypedDataEncoder, concat, dataSlice, encodeRlp, keccak256, recoverAddress, toBeArray } = ethers;

const types = {
  GasManagement: [
    ["uint128", "maxFee"], ["uint128", "maxPriorityFee"], ["uint128", "proverFeeMin"], ["uint128", "proverFeeMax"],
    ["uint64", "rampStartSlot"], ["uint64", "rampSlots"], ["uint64", "cycleLimit"], ["address", "sponsor"],
    ["bytes", "sponsorData"],
  ].map(([type, name]) => ({ type, name })),
  Operation: [
    ["address", "sender"], ["uint256", "nonce"], ["bytes32", "extensionId"], ["uint256", "lane"], ["address", "to"],
    ["uint64", "gasLimit"], ["GasManagement", "gasManagement"], ["bytes", "data"], ["bytes", "witnessCommitment"],
    ["bytes32", "anchorHash"], ["uint64", "validUntilSlot"],
  ].map(([type, name]) => ({ type, name })),
};
const number = (quantity) => toBeArray(BigInt(quantity));
const domain = (operation, verifyingContract) =>
  ({ name: "Middle Client", version: "1", chainId: BigInt(operation.chainId), verifyingContract });

function encoding(operation) {
  const gas = operation.gasManagement;
  return concat(["0x01", encodeRlp([
    number(operation.chainId), operation.sender, number(operation.nonce), operation.extensionId,
    number(operation.lane), operation.to, number(operation.gasLimit),
    [
      number(gas.maxFee), number(gas.maxPriorityFee), number(gas.proverFeeMin), number(gas.proverFeeMax),
      number(gas.rampStartSlot), number(gas.rampSlots), number(gas.cycleLimit), gas.sponsor, gas.sponsorData,
      gas.sponsorSignature,
    ],
    operation.data, operation.witnessCommitment, operation.anchorHash, number(operation.validUntilSlot),
    operation.signature,
  ])]);
}

let checks = 0;
let failed = 0;
function expect(name, found, wanted) {
  checks++;
  if (found === wanted) return;
  failed++;
  console.error(`${name}: found ${found}, expected ${wanted}`);
}

const file = JSON.parse(readFileSync(join(vectors, "v1", "operation", "accept.json")));
for (const { id, input, expect: wanted } of file.cases) {
  if (input.kind !== "decode" || wanted.operation === null) continue;
  const { operation } = wanted;
  const hash = TypedDataEncoder.hash(domain(operation, input.consensusContract), types, operation);
  expect(`${id}: encoding`, encoding(operation), input.encoding);
  expect(`${id}: wireHash`, keccak256(input.encoding), wanted.wireHash);
  expect(`${id}: domainSeparator`, TypedDataEncoder.hashDomain(domain(operation, input.consensusContract)), wanted.domainSeparator);
  expect(`${id}: hash`, hash, wanted.hash);
  if (["operation-decode-plain", "operation-decode-sponsored"].includes(id)) {
    // The first byte is the kind: 0 is ECDSA.
    expect(`${id}: kind`, dataSlice(operation.signature, 0, 1), "0x00");
    expect(`${id}: signer`, recoverAddress(hash, dataSlice(operation.signature, 1)).toLowerCase(), operation.sender);
  }
}
console.log(`ethers: ${checks} comparisons of the format operation, ${failed} differences`);
process.exit(failed === 0 && checks > 20 ? 0 : 1);
