/* Anonymous membership: the prover knows a secret whose leaf is in a public Merkle tree, and the
 * output is the secret's only nullifier in a given scope. A second use in the same scope shows
 * the same nullifier; who used it stays hidden, since secret and path are in the witness only.
 *
 *   leaf      = SHA-256(secret)                            32-byte message
 *   node      = SHA-256(left || right)                     64-byte message
 *   nullifier = SHA-256("nullify" 0x00 || secret || scope) 72-byte message
 *
 * The three lengths differ, so no message of one kind is also a message of another, and a path
 * cannot end early at an inner node.
 *
 * input:   root (32 bytes), scope (32 bytes)
 * witness: secret (32 bytes), leaf index (u64, little-endian), siblings from the leaf upwards
 * output:  nullifier, 32 bytes
 * rejects: 1 = input is not 64 bytes, 2 = witness length or depth (1 to 32) is wrong,
 *          3 = index not below 2^depth, 4 = the path does not lead to the root
 */
#include "../middle.h"
#include "../sha256.h"

enum { MAX_DEPTH = 32, PATH = 5 /* first witness word of the siblings */ };

/* `read` is one of the imports: kept out of line, this makes a table of host functions and, with a
 * current linker, an overlong call_indirect, as larger programs have them. */
static __attribute__((noinline)) void push_words(sha256_t *s, uint64_t (*read)(uint32_t), uint32_t word) {
    for (uint32_t i = 0; i < 4; i++) sha256_push_host_word(s, read(word + i));
}

static void push_digest(sha256_t *s, const uint32_t *digest) {
    for (int i = 0; i < 8; i++) sha256_push(s, digest[i]);
}

static uint64_t digest_word(const uint32_t *digest, uint32_t i) {
    return (uint64_t)byte_swap(digest[2 * i + 1]) << 32 | byte_swap(digest[2 * i]);
}

MIDDLE_RUN {
    if (middle_input_len() != 64) return 1;
    uint32_t path_bytes = middle_witness_len() - 8 * PATH; /* wraps to a huge value if too short */
    uint32_t depth = path_bytes / 32;
    if (path_bytes % 32 != 0 || depth < 1 || depth > MAX_DEPTH) return 2;
    uint64_t index = middle_witness(4);
    if (index >> depth != 0) return 3;

    uint32_t node[8];
    sha256_t s;
    sha256_begin(&s);
    push_words(&s, middle_witness, 0);
    sha256_finish(&s, 0, 0);
    for (uint32_t level = 0; level < depth; level++) {
        for (int i = 0; i < 8; i++) node[i] = s.h[i];
        sha256_begin(&s);
        if (index >> level & 1) {
            push_words(&s, middle_witness, PATH + 4 * level);
            push_digest(&s, node);
        } else {
            push_digest(&s, node);
            push_words(&s, middle_witness, PATH + 4 * level);
        }
        sha256_finish(&s, 0, 0);
    }
    for (uint32_t i = 0; i < 4; i++)
        if (digest_word(s.h, i) != middle_input(i)) return 4;

    sha256_begin(&s);
    sha256_push(&s, 0x6e756c6c); /* "null" */
    sha256_push(&s, 0x69667900); /* "ify" 0x00 */
    push_words(&s, middle_witness, 0);
    push_words(&s, middle_input, 4);
    sha256_finish(&s, 0, 0);
    for (uint32_t i = 0; i < 4; i++) middle_output(i, digest_word(s.h, i));
    middle_output_len(32);
    return 0;
}
