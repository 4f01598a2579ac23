/* Any bytes as fields of a record: refused, or a record that gives the same line each time. */
#include <stdlib.h>

#include "format/history/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *record_of(const struct sd_schema *sc, const char *line, size_t len, struct arena *a)
{
    void *record = arena_alloc(a, sc->size);
    schema_clear(sc, record);
    return fields_decode(sc, line, len, record, a) ? record : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct sd_schema *sc = schema_of((enum sd_kind)(data[0] % (SD_KIND_END - 1) + 1));
    struct arena *a = arena_new();
    struct strbuf once = {0}, twice = {0};
    void *r = sc ? record_of(sc, (const char *)data + 1, size - 1, a) : NULL;
    if (r) {
        fields_encode(sc, r, UINT64_MAX, &once);
        r = record_of(sc, strbuf_text(&once), once.len, a);
        if (!r)
            abort();
        fields_encode(sc, r, UINT64_MAX, &twice);
        if (once.len != twice.len || (once.len && memcmp(once.text, twice.text, once.len)))
            abort();
    }
    strbuf_free(&once);
    strbuf_free(&twice);
    arena_free(a);
    return 0;
}
