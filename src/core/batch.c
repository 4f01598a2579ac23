#include "core/batch.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/schema.h"

struct entry {
    const void *record;
    enum sd_kind kind;
};

struct sd_batch {
    _Atomic uint32_t refs; /* everything else is written before publishing only */
    sd_time at;
    const char *origin;
    struct arena *arena;
    struct entry *entries;
    size_t n, cap;
};

struct sd_batch *batch_new(const char *origin, sd_time at)
{
    struct sd_batch *b = mem_alloc(sizeof *b);
    atomic_init(&b->refs, 1);
    b->at = at;
    b->arena = arena_new();
    b->origin = arena_strdup(b->arena, origin ? origin : "");
    return b;
}

struct sd_batch *batch_ref(const struct sd_batch *b)
{
    struct sd_batch *mine = (struct sd_batch *)(uintptr_t)b;
    atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    return mine;
}

void batch_unref(const struct sd_batch *b)
{
    struct sd_batch *mine = (struct sd_batch *)(uintptr_t)b;
    if (!mine || atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
        return;
    arena_free(mine->arena);
    free(mine->entries);
    free(mine);
}

/* A bucket list from outside is believed only as far as it is ascending, in
 * range and not empty; whoever reads a batch need not check again. */
static bool bucket_ok(const struct sd_hist *h, size_t i, int64_t *last)
{
    const struct sd_bucket *k = &h->buckets[i];
    if (k->index >= SD_HIST_BUCKETS || (int64_t)k->index <= *last || !k->count)
        return false;
    *last = k->index;
    return true;
}

static size_t hist_need(const struct sd_hist *h)
{
    size_t n = MIN((size_t)h->n, (size_t)SD_HIST_BUCKETS);
    return sizeof *h + n * sizeof *h->buckets;
}

static const struct sd_hist *hist_copy(const struct sd_hist *h, void *to)
{
    struct sd_hist *copy = to;
    struct sd_bucket *buckets = (struct sd_bucket *)(copy + 1);
    int64_t last = -1;
    copy->n = 0;
    copy->buckets = buckets;
    for (size_t i = 0; i < h->n && copy->n < SD_HIST_BUCKETS; i++)
        if (bucket_ok(h, i, &last))
            buckets[copy->n++] = h->buckets[i];
    return copy;
}

#define FIELD_TEXT(record, f) (*(const char *const *)((const char *)(record) + (f)->offset))
#define FIELD_HIST(record, f) (*(const struct sd_hist *const *)((const char *)(record) + (f)->offset))

static size_t record_need(const struct sd_schema *sc, const void *record)
{
    size_t need = sc->size;
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type == SD_FIELD_TEXT && FIELD_TEXT(record, f))
            need += strlen(FIELD_TEXT(record, f)) + 1;
        else if (f->type == SD_FIELD_HIST && FIELD_HIST(record, f))
            need += hist_need(FIELD_HIST(record, f));
    }
    return need;
}

bool batch_add(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    const struct sd_schema *sc = schema_of(kind);
    if (!sc)
        return false;
    size_t need = record_need(sc, record);
    if (need > BATCH_MAX_BYTES || batch_bytes(b) + need > BATCH_MAX_BYTES)
        return false;

    /* One piece: the record, then histograms (aligned as the record is), then text. */
    char *copy = arena_alloc(b->arena, need), *end = copy + sc->size;
    memcpy(copy, record, sc->size);
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type == SD_FIELD_HIST && FIELD_HIST(record, f)) {
            *(const struct sd_hist **)(copy + f->offset) = hist_copy(FIELD_HIST(record, f), end);
            end += hist_need(FIELD_HIST(record, f));
        }
    }
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type == SD_FIELD_TEXT && FIELD_TEXT(record, f)) {
            size_t n = strlen(FIELD_TEXT(record, f)) + 1;
            *(const char **)(copy + f->offset) = memcpy(end, FIELD_TEXT(record, f), n);
            end += n;
        }
    }
    b->entries = mem_grow(b->entries, b->n, &b->cap, sizeof *b->entries);
    b->entries[b->n++] = (struct entry){.record = copy, .kind = kind};
    return true;
}

const char *batch_origin(const struct sd_batch *b)
{
    return b->origin;
}

sd_time batch_time(const struct sd_batch *b)
{
    return b->at;
}

size_t batch_len(const struct sd_batch *b)
{
    return b->n;
}

size_t batch_bytes(const struct sd_batch *b)
{
    return sizeof *b + arena_bytes(b->arena) + b->cap * sizeof *b->entries;
}

const void *batch_record(const struct sd_batch *b, size_t i, enum sd_kind *kind)
{
    *kind = b->entries[i].kind;
    return b->entries[i].record;
}

const void *batch_each(const struct sd_batch *b, enum sd_kind kind, size_t *i)
{
    while (*i < b->n) {
        const struct entry *e = &b->entries[(*i)++];
        if (e->kind == kind)
            return e->record;
    }
    return NULL;
}
