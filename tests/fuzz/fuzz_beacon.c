/* What a page sends to the receiver of beacons: the head of a request, and its body. Every beacon is sound
 * and counted once; the head is a part of the bytes. */
#include <math.h>
#include <stdlib.h>

#include "core/batch.h"
#include "format/http_request.h"
#include "format/pages/beacon.h"

static int64_t taken;

static void take(void *ctx, const struct field_beacon *b)
{
    if (b->metric >= VITAL_N || !(b->value >= 0 && b->value <= BEACON_VALUE_MAX) || !*b->id ||
        strlen(b->id) > BEACON_ID_MAX || strlen(b->key[FIELD_PAGE]) >= PAGE_TEMPLATE_MAX)
        abort();
    for (unsigned by = FIELD_PAGE; by < FIELD_BYS; by++)
        if (!*b->key[by])
            abort();
    field_tally_add(ctx, b);
    taken++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sd_host host = {.add = batch_add};
    static const struct field_limits limits = {
        .keys = {1, 3, 2, 2, 2, 2}, .targets = 3, .ids = 4, .exact = 20};
    const char *text = (const char *)data;
    struct http_request r;
    struct field_tally *t = field_tally_new(&limits, size);
    size_t body = 0;
    if (size) { /* a body in chunks */
        struct http_chunks c = {0};
        char *copy = mem_alloc(size);
        size_t out = 0, n = size;
        memcpy(copy, data, size);
        http_chunks_read(&c, copy, &out, &n);
        if (out > n || n > size)
            abort();
        free(copy);
    }
    if (http_request_read(text, size, &r) == HTTP_WHOLE) {
        if (!r.head || r.head > size || r.length < -1 ||
            (r.referer.at && (r.referer.at < text || r.referer.at + r.referer.n > text + r.head)))
            abort();
        body = r.head;
    }
    taken = 0;
    for (int i = 0; i < 2; i++) {
        struct beacon_found f = beacon_read(text + body, size - body, "/r", take, t);
        if (!f.rejected != !f.reason)
            abort();
    }
    const struct field_counts *c = field_tally_counts(t);
    if (c->accepted + c->duplicates != taken)
        abort();
    struct sd_batch *b = batch_new("fuzz", 0);
    if (!field_tally_records(t, &host, b))
        abort();
    const struct sd_page_field *f;
    for (size_t i = 0; (f = batch_each(b, SD_PAGE_FIELD, &i));)
        if (!(f->p75_low <= f->p75 && f->p75 <= f->p75_high) || f->count < 1)
            abort();
    batch_unref(b);
    field_tally_free(t);
    beacon_sure(text, size);
    return 0;
}
