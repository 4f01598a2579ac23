/* pack.c - many blobs in one: see blob.h. */
#include "format/history/blob.h"
#include "format/history/coder.h"

const struct pack_section *pack_open(const void *bytes, size_t len, struct arena *a, size_t *n)
{
    const unsigned char *p = bytes, *end = p + len;
    bool bad = false;
    uint64_t count = varint_get(&p, end, &bad), series = 0, total = 0;
    if (bad || count > (uint64_t)(end - p) / 3) /* three numbers of at least a byte each */
        return NULL;
    struct pack_section *s = arena_alloc(a, count * sizeof *s);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t step = varint_get(&p, end, &bad), rows = varint_get(&p, end, &bad);
        uint64_t size = varint_get(&p, end, &bad);
        series += step;
        if (bad || step > UINT32_MAX || series > UINT32_MAX || rows > BLOB_ROWS_MAX || size > len)
            return NULL;
        s[i] = (struct pack_section){.series = (uint32_t)series, .rows = (uint32_t)rows, .len = size};
        total += size;
    }
    if (total != (uint64_t)(end - p))
        return NULL;
    for (uint64_t i = 0; i < count; p += s[i++].len)
        s[i].bytes = p;
    *n = count;
    return s;
}

void pack_close(const struct pack_section *sections, size_t n, struct strbuf *out)
{
    uint32_t last = 0;
    varint_put(out, n);
    for (size_t i = 0; i < n; i++) {
        varint_put(out, sections[i].series - last);
        varint_put(out, sections[i].rows);
        varint_put(out, sections[i].len);
        last = sections[i].series;
    }
    for (size_t i = 0; i < n; i++)
        strbuf_add(out, sections[i].bytes, sections[i].len);
}
