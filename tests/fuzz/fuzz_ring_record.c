/* The rings of the kernel: record by record, with and without registers; what it points to lies in the
 * record. */
#include <stdlib.h>

#include "format/profiles/ring_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const void *p, size_t n, const uint8_t *data, size_t size)
{
    const uint8_t *at = p;
    if (p && (at < data || n > size || at + n > data + size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ring_layout layouts[] = {{0}, {.regs = 0xff0fff}};
    uint64_t sum = 0;
    for (size_t l = 0; l < ARRAY_LEN(layouts); l++)
        for (size_t at = 0, n; (n = ring_record_size(data + at, size - at)); at += n) {
            struct ring_record e;
            if (!ring_record_decode(data + at, n, &layouts[l], &e))
                continue;
            for (size_t i = 0; i < e.n_chain; i++)
                sum += ring_record_ip(&e, i);
            inside(e.chain, e.n_chain * 8, data + at, n);
            inside(e.regs, e.n_regs * 8, data + at, n);
            inside(e.stack, e.stack_len, data + at, n);
            inside(e.name, e.name ? strlen(e.name) + 1 : 0, data + at, n);
            if (e.start + e.len < e.start)
                abort();
        }
    return sum == 1 ? 1 : 0;
}
