/* A map of code made at run time and a jitdump, at once and in uneven pieces: both give the same names. */
#include <stdlib.h>

#include "format/profiles/jit_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef void feed(struct jit_code *c, const uint8_t *bytes, size_t n);

static void map(struct jit_code *c, const uint8_t *bytes, size_t n)
{
    jit_code_map(c, (const char *)bytes, n);
}

static void dump(struct jit_code *c, const uint8_t *bytes, size_t n)
{
    jit_code_dump(c, bytes, n);
}

static void check(feed *f, const uint8_t *data, size_t size)
{
    struct jit_code whole = {0}, pieces = {0};
    f(&whole, data, size);
    for (size_t i = 0, step = 1; i < size; i += step, step = step * 2 + 1)
        f(&pieces, data + i, size - i < step ? size - i : step);
    for (size_t i = 0; i + 8 <= size && i < 256; i++) {
        uint64_t address;
        memcpy(&address, data + i, 8);
        for (int k = 0; k < 2; k++, address &= 0xffff) {
            const char *a = jit_code_at(&whole, address), *b = jit_code_at(&pieces, address);
            if (!str_eq(a, b) || (a && !*a))
                abort();
        }
    }
    jit_code_free(&whole);
    jit_code_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(map, data, size);
    check(dump, data, size);
    return 0;
}
