/* SHA-256 (FIPS 180-4) for C extensions, over messages of big-endian 32-bit words.
 *
 * The sixteen schedule words and the eight state words are local variables, which WASM reads
 * without a memory access; sixteen rounds are written out and run four times, a balance between
 * the size of the code and the number of executed instructions.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stdint.h>

static const uint32_t SHA256_K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

typedef struct {
    uint32_t h[8];
    uint32_t block[16];
    uint32_t words; /* message words so far; the first words % 16 of the block are filled */
} sha256_t;

static inline uint32_t sha256_rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* WASM has no byte swap; two rotations and two masks are the shortest form. */
static inline uint32_t byte_swap(uint32_t x) {
    return (sha256_rotr(x, 8) & 0xff00ff00) | (sha256_rotr(x, 24) & 0x00ff00ff);
}

#define SIGMA0(x) (sha256_rotr(x, 2) ^ sha256_rotr(x, 13) ^ sha256_rotr(x, 22))
#define SIGMA1(x) (sha256_rotr(x, 6) ^ sha256_rotr(x, 11) ^ sha256_rotr(x, 25))
#define DELTA0(x) (sha256_rotr(x, 7) ^ sha256_rotr(x, 18) ^ ((x) >> 3))
#define DELTA1(x) (sha256_rotr(x, 17) ^ sha256_rotr(x, 19) ^ ((x) >> 10))

/* One round; the caller rotates the names of the state instead of moving the values. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                              \
    do {                                                                              \
        uint32_t t = h + SIGMA1(e) + (g ^ (e & (f ^ g))) + SHA256_K[r + i] + w[i];    \
        d += t;                                                                       \
        h = t + SIGMA0(a) + ((a & b) | (c & (a | b)));                                \
    } while (0)

#define SCHEDULE(i) \
    w[i] += DELTA0(w[(i + 1) & 15]) + w[(i + 9) & 15] + DELTA1(w[(i + 14) & 15])

#define EIGHT(f, i)                                                       \
    f(a, b, c, d, e, f_, g, h, i); f(h, a, b, c, d, e, f_, g, i + 1);     \
    f(g, h, a, b, c, d, e, f_, i + 2); f(f_, g, h, a, b, c, d, e, i + 3); \
    f(e, f_, g, h, a, b, c, d, i + 4); f(d, e, f_, g, h, a, b, c, i + 5); \
    f(c, d, e, f_, g, h, a, b, i + 6); f(b, c, d, e, f_, g, h, a, i + 7)

static __attribute__((noinline)) void sha256_compress(uint32_t *state, const uint32_t *block) {
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f_ = state[5], g = state[6], h = state[7];
    uint32_t w[16];
    for (int i = 0; i < 16; i++) w[i] = block[i];

    for (int r = 0;;) {
        EIGHT(ROUND, 0);
        EIGHT(ROUND, 8);
        r += 16;
        if (r == 64) break;
        SCHEDULE(0); SCHEDULE(1); SCHEDULE(2); SCHEDULE(3);
        SCHEDULE(4); SCHEDULE(5); SCHEDULE(6); SCHEDULE(7);
        SCHEDULE(8); SCHEDULE(9); SCHEDULE(10); SCHEDULE(11);
        SCHEDULE(12); SCHEDULE(13); SCHEDULE(14); SCHEDULE(15);
    }

    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f_; state[6] += g; state[7] += h;
}

static inline void sha256_begin(sha256_t *s) {
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (int i = 0; i < 8; i++) s->h[i] = initial[i];
    s->words = 0;
}

static inline void sha256_push(sha256_t *s, uint32_t word) {
    s->block[s->words & 15] = word;
    if ((++s->words & 15) == 0) sha256_compress(s->h, s->block);
}

/* One host word holds eight message bytes, the first one lowest. */
static inline void sha256_push_host_word(sha256_t *s, uint64_t v) {
    sha256_push(s, byte_swap((uint32_t)v));
    sha256_push(s, byte_swap((uint32_t)(v >> 32)));
}

/* Ends a message with `bytes` (0 to 3) further bytes, the high ones of `tail`; its others are 0. */
static __attribute__((noinline)) void sha256_finish(sha256_t *s, uint32_t tail, uint32_t bytes) {
    uint64_t bits = (uint64_t)s->words * 32 + bytes * 8;
    sha256_push(s, tail | 0x80000000u >> (8 * bytes));
    while ((s->words & 15) != 14) sha256_push(s, 0);
    sha256_push(s, (uint32_t)(bits >> 32));
    sha256_push(s, (uint32_t)bits);
}

#endif
