/* SHA-256 of the input.
 *
 * input:  the message, any length
 * output: the digest, 32 bytes
 * rejects: never
 */
#include "../middle.h"
#include "../sha256.h"

MIDDLE_RUN {
    uint32_t bytes = middle_input_len();
    sha256_t s;
    sha256_begin(&s);
    uint32_t word = 0;
    for (; word < bytes / 8; word++) sha256_push_host_word(&s, middle_input(word));

    /* Up to seven bytes are left; the host pads their word with zeros. */
    uint64_t rest = middle_input(word);
    if (bytes & 4) {
        sha256_push(&s, byte_swap((uint32_t)rest));
        rest >>= 32;
    }
    sha256_finish(&s, byte_swap((uint32_t)rest), bytes & 3);

    for (int i = 0; i < 4; i++)
        middle_output(i, (uint64_t)byte_swap(s.h[2 * i + 1]) << 32 | byte_swap(s.h[2 * i]));
    middle_output_len(32);
    return 0;
}
