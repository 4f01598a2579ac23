/* Lines of JSON records; what is taken fits into a batch. */
#include "core/batch.h"
#include "format/record/jsonrecord.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct sd_batch *b = batch_new("fuzz", 0);
    const char *p = (const char *)data, *end = p + size;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t len = nl ? (size_t)(nl - p) : (size_t)(end - p);
        struct jsonrecord r;
        struct sd_error err;
        if (jsonrecord_decode(p, len, a, &r, &err))
            batch_add(b, r.kind, r.record);
        p += len + (nl != NULL);
    }
    batch_unref(b);
    arena_free(a);
    return 0;
}
