// Encodes and hashes the vectors of the protocol's other formats with ethers, which shares no code with the crate:
// PostOperations, statements, messages, registry entries and manifests, children, native transactions.
//
// usage: ethers_protocol.mjs DIRECTORY-OF-NODE_MODULES [VECTORS]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, vectors = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "vectors")] = process.argv.slice(2);
const { ethers } = createRequire(join(resolve(modules), "package.json"))("ethers");
const {
  TypedDataEncoder, concat, dataLength, dataSlice, decodeRlp, encodeRlp, getBytes, keccak256, recoverAddress, toBeArray,
  toBeHex, toUtf8Bytes,
} = ethers;

const counts = {};
let failed = 0;
function expect(format, name, found, wanted) {
  counts[format] = (counts[format] ?? 0) + 1;
  if (found === wanted) return;
  failed++;
  console.error(`${name}: found ${found}, expected ${wanted}`);
}
// Long byte strings are described by their parts.
const part = (it) => (typeof it === "string" ? it : concat(Array(it.times).fill(it.repeat)));
const expanded = (key, it) => it?.parts && it.sha256 ? concat(it.parts.map(part)) : it;
const cases = (format) => JSON.parse(readFileSync(join(vectors, "v1", format, "accept.json")), expanded).cases;
const number = (value) => toBeArray(BigInt(value));
const fixed = (value, bytes) => toBeHex(BigInt(value), bytes);
const word = (value) => toBeHex(BigInt(value), 32);
const label = (text) => keccak256(toUtf8Bytes(text));
const typed = (name, fields) => ({ [name]: fields.map(([type, name]) => ({ type, name })) });
const domain = (chainId, verifyingContract) =>
  ({ name: "Middle Client", version: "1", chainId: BigInt(chainId), verifyingContract });

// PostOperations: encoding, result id, and what the prover signs.
const proof = (it) => [number(it.proofType), number(it.tier), it.segments];
const postOperation = (it) => concat(["0x02", encodeRlp([
  it.operationHash, it.extensionId, number(it.outcome), number(it.code), it.output, it.preRoot, it.postRoot,
  number(it.cycles), it.prover, proof(it.proof), it.stampHash, it.proverSignature,
])]);
const resultId = (it) => keccak256(concat([
  label("middle-client result v1"), it.operationHash, it.extensionId, word(it.outcome), word(it.code),
  keccak256(it.output), it.preRoot, it.postRoot, word(it.cycles),
]));
const decodedPostOperation = (bytes) => {
  const it = decodeRlp(dataSlice(bytes, 1));
  return { proof: it[9], prover: it[8], stamp: it[10], signature: it[11] };
};
const signed = typed("PostOperation", [["bytes32", "statement"], ["bytes32", "proof"], ["bytes32", "stamp"]]);
const statementDigest = (encoding) => keccak256(concat([toUtf8Bytes("middle-client statement v1"), encoding]));
for (const { id, input, expect: wanted } of cases("post_operation")) {
  if (input.kind === "decode" && wanted.postOperation) {
    expect("post_operation", `${id}: encoding`, postOperation(wanted.postOperation), input.encoding);
    expect("post_operation", `${id}: resultId`, resultId(wanted.postOperation), wanted.resultId);
  }
  if (input.kind === "check") {
    const result = decodedPostOperation(input.postOperation);
    const message =
      { statement: statementDigest(wanted.statement), proof: keccak256(encodeRlp(result.proof)), stamp: result.stamp };
    const hash = TypedDataEncoder.hash(domain(input.view.chainId, input.view.consensusContract), signed, message);
    expect("post_operation", `${id}: statementDigest`, message.statement, wanted.statementDigest);
    expect("post_operation", `${id}: signingHash`, hash, wanted.signingHash);
    if (dataLength(result.signature) === 66) {
      const signer = recoverAddress(hash, dataSlice(result.signature, 1)).toLowerCase();
      expect("post_operation", `${id}: signer`, signer, result.prover);
    }
  }
}

// Statements.
const outcomes = { accepted: 0, rejected: 1, trapped: 2 };
for (const { id, input, expect: wanted } of cases("statement")) {
  const bytes = input.encoding ?? input.statement;
  const it = wanted.statement;
  if (!it || typeof it !== "object") continue;
  const encoding = concat([
    "0x01", fixed(it.chainId, 8), it.extensionId, it.codeCommitment, fixed(it.tier, 4), fixed(it.segments, 4), it.context,
    fixed(it.cycleLimit, 8), fixed(outcomes[it.outcome], 1), fixed(it.code, 4), it.postStateRoot, fixed(it.cycles, 8),
    it.prover, fixed(dataLength(it.input), 4), fixed(dataLength(it.output), 4), it.input, it.output,
  ]);
  expect("statement", `${id}: encoding`, encoding, bytes);
  expect("statement", `${id}: digest`, statementDigest(encoding), wanted.digest);
}

// Messages between nodes.
const hashes = (it) => [it.types, it.sizes.map(number), it.hashes];
const request = (it) => [number(it.requestId), it.hashes];
const items = (it) => [number(it.requestId), it.items];
const asked = (it) => [it.postOperation, it.wireHash, number(it.slot), number(it.salt)];
const messages = {
  status: [0, (it) => [number(it.version), number(it.chainId), it.consensusContract, it.headHash, number(it.headNumber)]],
  capabilities: [1, (it) => [
    number(it.sequence), it.extensions, it.proofTypes, it.tiers.map(number), number(it.maxProofBytes),
    number(it.minProverFee),
  ]],
  newOperationHashes: [2, hashes], getOperations: [3, request], operations: [4, items],
  newPostOperationHashes: [5, hashes], getPostOperations: [6, request], postOperations: [7, items],
  verificationRequest: [8, asked],
  verificationResponse: [9, (it) =>
    [it.request, it.postOperation, number(it.verdict), it.node, number(it.slot), it.signature]],
  getExtension: [10, (it) => [number(it.requestId), it.extensionId]],
  extension: [11, (it) => [number(it.requestId), it.entry, it.wasm]],
};
const verdict = typed("VerificationResponse", [
  ["bytes32", "request"], ["bytes32", "postOperation"], ["uint8", "verdict"], ["address", "node"], ["uint64", "slot"],
]);
const seen = new Set();
for (const { id, input, expect: wanted } of cases("wire")) {
  if (input.kind === "record") {
    const { version, chainId, consensusContract } = wanted.entry;
    expect("wire", id, encodeRlp([number(version), number(chainId), consensusContract]), input.encoding);
  }
  if (input.kind !== "decode" || !wanted.message || typeof input.encoding !== "string") continue;
  const [type, fields] = messages[wanted.name];
  const message = wanted.message[wanted.name];
  seen.add(wanted.name);
  expect("wire", id, concat([fixed(type, 1), encodeRlp(fields(message))]), input.encoding);
  if (wanted.name === "verificationRequest") {
    expect("wire", `${id}: id`, keccak256(encodeRlp(asked(message))), wanted.requestId);
  }
  if (wanted.name === "verificationResponse") {
    // Chain and contract are those of all cases.
    const hash = TypedDataEncoder.hash(domain(1, `0x${"cc".repeat(20)}`), verdict, message);
    expect("wire", `${id}: signer`, recoverAddress(hash, dataSlice(message.signature, 1)).toLowerCase(), message.node);
  }
}
expect("wire", "kinds of messages", seen.size, Object.keys(messages).length);

// Registry entries and build manifests.
for (const { id, input, expect: wanted } of cases("registry")) {
  if (input.kind === "entry") {
    const it = wanted.entry;
    const encoding = encodeRlp([
      it.developer, it.wasmHash, it.wasm, it.blobHashes, it.codeCommitment, number(it.mode), number(it.proofSystem),
      it.keyHash, number(it.abiVersion), number(it.dataRule), it.buildRoot, it.metadataUri,
    ]);
    expect("registry", `${id}: encoding`, encoding, input.encoding);
    expect("registry", `${id}: id`, keccak256(concat([
      label("middle-client extension v1"), word(input.chainId), word(it.developer), it.wasmHash, word(it.mode),
      word(it.proofSystem), it.keyHash, word(it.abiVersion), word(it.dataRule),
    ])), wanted.id);
  }
  if (input.kind === "manifest") {
    const { wasmHash, items } = wanted.manifest;
    const encoded = items.map((it) => [number(it.kind), it.name, it.digest]);
    expect("registry", `${id}: encoding`, encodeRlp([wasmHash, encoded]), input.encoding);
    const leaf = (bytes) => keccak256(concat(["0x00", bytes]));
    let level = [leaf(wasmHash), ...encoded.map((it) => leaf(encodeRlp(it)))];
    while (level.length > 1) {
      const pairs = [];
      for (let i = 0; i < level.length; i += 2) {
        pairs.push(i + 1 < level.length ? keccak256(concat(["0x01", level[i], level[i + 1]])) : level[i]);
      }
      level = pairs;
    }
    expect("registry", `${id}: root`, level[0], wanted.root);
  }
}

// Children.
for (const { id, input, expect: wanted } of cases("composition")) {
  if (input.kind !== "children") continue;
  const encoded = wanted.children.map((it) =>
    [number(it.authorization), it.extensionId, number(it.lane), it.to, number(it.gasLimit), number(it.cycleLimit), it.data]);
  if (wanted.children.length > 0) {
    const mark = label("middle-client children v1");
    expect("composition", `${id}: output`, concat([mark, encodeRlp(encoded)]), input.output);
  }
  const account = keccak256(concat([label("middle-client extension account v1"), input.extensionId]));
  expect("composition", `${id}: sender`, dataSlice(account, 12), wanted.sender);
  encoded.forEach((child, index) => {
    const words = [label("middle-client child v1"), input.parent, word(index), keccak256(encodeRlp(child))];
    expect("composition", `${id}: child ${index}`, keccak256(concat(words)), wanted.hashes[index]);
  });
}

// Native transactions.
for (const { id, input, expect: wanted } of cases("native_transaction")) {
  if (typeof input.encoding !== "string") continue;
  const parts = decodeRlp(dataSlice(input.encoding, 1));
  expect("native_transaction", `${id}: encoding`, concat(["0x4d", encodeRlp(parts)]), input.encoding);
  const segments = decodeRlp(dataSlice(parts[1], 1))[9][2].length;
  const calldata = [...getBytes(input.encoding)].reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 0);
  const operation = decodeRlp(dataSlice(parts[0], 1));
  const byContracts = [operation[12], operation[7][9]].filter((signature) => signature.startsWith("0x01")).length;
  const intrinsic = 21000 + calldata + 250000 + 60000 * segments + 200000 * byContracts;
  expect("native_transaction", `${id}: intrinsic gas`, BigInt(wanted.intrinsicGas), BigInt(intrinsic));
}

const formats = ["post_operation", "statement", "wire", "registry", "composition", "native_transaction"];
const empty = formats.filter((format) => !(counts[format] > 0));
console.log(`ethers: ${formats.map((format) => `${counts[format] ?? 0} ${format}`).join(", ")}; ${failed} differences`);
process.exit(failed === 0 && empty.length === 0 ? 0 : 1);
