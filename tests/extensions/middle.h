/* The host interface of an extension (imports of module "middle") for C.
 *
 * Input, witness, context, output and post-state are spaces of 64-bit words. Word i of a byte
 * string is the little-endian integer of its bytes 8i..8i+8, zero padded; reading past the end
 * gives zero. WASM memory is little-endian too, so storing word i at p + 8i keeps the bytes in order.
 */
#ifndef MIDDLE_H
#define MIDDLE_H

#include <stdint.h>

#define MIDDLE(name) __attribute__((import_module("middle"), import_name(#name)))

MIDDLE(input)       uint64_t middle_input(uint32_t word);
MIDDLE(input_len)   uint32_t middle_input_len(void); /* bytes */
MIDDLE(witness)     uint64_t middle_witness(uint32_t word);
MIDDLE(witness_len) uint32_t middle_witness_len(void); /* bytes */
MIDDLE(context)     uint64_t middle_context(uint32_t word);
MIDDLE(output)      void middle_output(uint32_t word, uint64_t value);
MIDDLE(output_len)  void middle_output_len(uint32_t bytes);
MIDDLE(post_state)  void middle_post_state(uint32_t word, uint64_t value);
/* Hashes two field elements of four words, the lowest first; traps if one is not below the modulus. */
MIDDLE(poseidon)    void middle_poseidon(const uint64_t *pair, uint64_t *hash);

/* Field f of the context is words 4f..4f+4, a 32-byte big-endian value. */
enum middle_context_field {
    OPERATION_HASH, SENDER, LANE, TO, WITNESS_COMMITMENT, ANCHOR_HASH, ANCHOR_SLOT, PRE_STATE_ROOT
};

/* The entry point: 0 accepts, any other value rejects with that code. */
#define MIDDLE_RUN __attribute__((export_name("run"))) uint32_t run(void)

#endif
