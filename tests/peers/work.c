/* What every peer proves: work(n), from one source for WASM and for RISC-V.
 *
 * Without a further macro the module exports work itself; with EXTENSION it is an extension, whose
 * input and output are the two numbers; on RISC-V, _start calls work(TURNS) and ends the machine as
 * the peer's prover expects it.
 */
#include <stdint.h>

uint32_t work(uint32_t n);

#ifdef __riscv
#define DATA __attribute__((section(".data"))) /* not .bss: it has to be in the file */
#else
#define DATA
#endif

#ifdef MIX
/* Turns of xorshift32 over 64 words of memory. */
uint32_t work(uint32_t n) {
    DATA static uint32_t word[64];
    uint32_t x = 0x2545f491;
    do {
        uint32_t *p = &word[n & 63];
        x += *p;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        *p = x;
    } while (--n);
    return x;
}
#else
#include "../extensions/sha256.h"
/* The first word of the SHA-256 of n - 1 blocks of 64 zero bytes: n calls of the compression function. */
uint32_t work(uint32_t n) {
    sha256_t s;
    sha256_begin(&s);
    for (uint32_t word = 0; word < 16 * (n - 1); word++) sha256_push(&s, 0);
    sha256_finish(&s, 0, 0);
    return s.h[0];
}
#endif

#if defined(EXTENSION)
#include "../extensions/middle.h"
MIDDLE_RUN {
    middle_output(0, work((uint32_t)middle_input(0)));
    middle_output_len(4);
    return 0;
}
#elif defined(__riscv)
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__("la sp, stack + 4096\n"
            "li a0, " TEXT(TURNS) "\n"
            "call work\n"
            END);
}
DATA __attribute__((aligned(16))) char stack[4096];
#endif
