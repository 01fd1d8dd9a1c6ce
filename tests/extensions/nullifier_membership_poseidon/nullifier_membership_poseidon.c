/* Anonymous membership as `nullifier_membership` has it, with Poseidon for SHA-256: a hash is one
 * call of the host, and one row of a proof.
 *
 *   leaf      = poseidon(secret, 1)
 *   node      = poseidon(left, right)
 *   nullifier = poseidon(poseidon(secret, 2), scope)
 *
 * Elements are 32 bytes, little-endian. A path cannot end early at an inner node: it would need a
 * secret, and the hash of a node's right child to be 1.
 *
 * input:   root (element), scope (element)
 * witness: secret (element), leaf index (u64, little-endian), siblings from the leaf upwards
 * output:  nullifier, an element
 * rejects: 1 = input is not 64 bytes, 2 = witness length or depth (1 to 32) is wrong,
 *          3 = index not below 2^depth, 4 = the path does not lead to the root
 * traps:   a secret, sibling or scope that is no element
 */
#include "../middle.h"

enum { MAX_DEPTH = 32, PATH = 5 /* first witness word of the siblings */ };

static uint64_t pair[8];

/* `read` is one of the imports: kept out of line, this makes a table of host functions and, with a
 * current linker, an overlong call_indirect, as larger programs have them. */
static __attribute__((noinline)) void put(int side, uint64_t (*read)(uint32_t), uint32_t word) {
    for (uint32_t i = 0; i < 4; i++) pair[4 * side + i] = read(word + i);
}

static void put_number(int side, uint64_t value) {
    pair[4 * side] = value;
    for (int i = 1; i < 4; i++) pair[4 * side + i] = 0;
}

/* The hash of the pair takes the place of one of its halves. */
static void hash_to(int side) { middle_poseidon(pair, pair + 4 * side); }

MIDDLE_RUN {
    if (middle_input_len() != 64) return 1;
    uint32_t path_bytes = middle_witness_len() - 8 * PATH; /* wraps to a huge value if too short */
    uint32_t depth = path_bytes / 32;
    if (path_bytes % 32 != 0 || depth < 1 || depth > MAX_DEPTH) return 2;
    uint64_t index = middle_witness(4);
    if (index >> depth != 0) return 3;

    put(0, middle_witness, 0);
    put_number(1, 1);
    for (uint32_t level = 0; level < depth; level++) {
        int side = index >> level & 1;
        hash_to(side);
        put(1 - side, middle_witness, PATH + 4 * level);
    }
    hash_to(0);
    for (uint32_t i = 0; i < 4; i++)
        if (pair[i] != middle_input(i)) return 4;

    put(0, middle_witness, 0);
    put_number(1, 2);
    hash_to(0);
    put(1, middle_input, 4);
    hash_to(0);
    for (uint32_t i = 0; i < 4; i++) middle_output(i, pair[i]);
    middle_output_len(32);
    return 0;
}
