/* C = A * B over the integers modulo 2^64.
 *
 * input:  m, k, n as u32 (12 bytes), 4 zero bytes, then A (m by k) and B (k by n), row by row,
 *         each element an i32; all little-endian
 * output: C (m by n), row by row, each element an i64, little-endian
 * rejects: 1 = shorter than the header or nonzero padding, 2 = a dimension is 0 or above 64,
 *          3 = length does not match the dimensions
 */
#include "../middle.h"

enum { LIMIT = 64 }; /* 64 * 64 results of 8 bytes fill half of the output space */

static int32_t elements[2 * LIMIT * LIMIT];

MIDDLE_RUN {
    uint32_t bytes = middle_input_len();
    uint64_t header = middle_input(0), columns = middle_input(1);
    uint32_t m = (uint32_t)header, k = (uint32_t)(header >> 32), n = (uint32_t)columns;
    if (bytes < 16 || columns >> 32 != 0) return 1;
    if (m == 0 || k == 0 || n == 0 || m > LIMIT || k > LIMIT || n > LIMIT) return 2;
    if (bytes != 16 + 4 * (m * k + k * n)) return 3;

    /* Rounding up to whole words stays inside the array: its length is even. */
    for (uint32_t i = 0; i < (bytes - 16 + 7) / 8; i++) {
        uint64_t pair = middle_input(2 + i);
        elements[2 * i] = (int32_t)pair;
        elements[2 * i + 1] = (int32_t)(pair >> 32);
    }

    const int32_t *a = elements, *b = elements + m * k;
    uint32_t word = 0;
    for (uint32_t row = 0; row < m; row++, a += k) {
        for (uint32_t column = 0; column < n; column++) {
            uint64_t sum = 0; /* unsigned, so that wrapping is defined */
            for (uint32_t i = 0; i < k; i++)
                sum += (uint64_t)((int64_t)a[i] * b[i * n + column]);
            middle_output(word++, sum);
        }
    }
    middle_output_len(8 * word);
    return 0;
}
