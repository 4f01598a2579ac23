#include "core/batch.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/schema.h"
#include "slowdive/source.h"

struct entry {
    const void *record;
    enum sd_kind kind;
};

/* What changes after publishing, and from any thread. */
struct life {
    _Atomic uint32_t refs;
    struct sd_batch *batch;
};

struct sd_batch {
    struct life *life;
    sd_time at;
    const char *origin, *machine; /* machine NULL: that of its source */
    struct arena *arena;
    struct entry *entries;
    size_t n, cap;
    sd_kinds kinds;
    uint64_t answer, during; /* numbers of requests; 0: none */
    struct batch_place *places;
    size_t n_places, places_cap;
    bool part;
    unsigned abi; /* SD_ABI_MINOR of the code that adds records */
};

struct sd_batch *batch_new(const char *origin, sd_time at)
{
    struct sd_batch *b = mem_alloc(sizeof *b);
    b->life = mem_alloc(sizeof *b->life);
    b->life->batch = b;
    atomic_init(&b->life->refs, 1);
    b->at = at;
    b->abi = SD_ABI_MINOR;
    b->arena = arena_new();
    b->origin = arena_strdup(b->arena, origin ? origin : "");
    return b;
}

struct sd_batch *batch_ref(const struct sd_batch *b)
{
    atomic_fetch_add_explicit(&b->life->refs, 1, memory_order_relaxed);
    return b->life->batch;
}

void batch_unref(const struct sd_batch *b)
{
    if (!b || atomic_fetch_sub_explicit(&b->life->refs, 1, memory_order_acq_rel) != 1)
        return;
    arena_free(b->arena);
    free(b->entries);
    free(b->places);
    struct life *life = b->life;
    free(life->batch);
    free(life);
}

void batch_set_abi(struct sd_batch *b, unsigned minor)
{
    b->abi = minor;
}

/* How much of a record code of an older minor version fills. */
static size_t size_then(const struct sd_schema *sc, unsigned minor)
{
    static const struct {
        enum sd_kind kind;
        unsigned since; /* this minor version appended */
        size_t size;    /* what there was before */
    } grown[] = {
        {.kind = SD_KIND_END}, /* 2.0 appended nothing */
    };
    size_t size = sc->size;
    for (size_t i = 0; i < ARRAY_LEN(grown); i++)
        if (grown[i].kind == sc->kind && minor < grown[i].since)
            size = MIN(size, grown[i].size);
    return size;
}

bool batch_add(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    const struct sd_schema *sc = schema_of(kind);
    return sc && batch_add_start(b, kind, record, size_then(sc, b->abi));
}

bool batch_add_start(struct sd_batch *b, enum sd_kind kind, const void *record, size_t filled)
{
    const struct sd_schema *sc = schema_of(kind);
    if (!sc)
        return false;
    union {
#define RECORD_MEMBER(number, UPPER, lower, help) struct sd_##lower lower;
        SD_RECORDS(RECORD_MEMBER)
#undef RECORD_MEMBER
    } whole;
    if (filled < sc->size) {
        schema_clear(sc, &whole);
        memcpy(&whole, record, filled);
        record = &whole;
    }
    size_t need = schema_need(sc, record);
    if (need > BATCH_MAX_BYTES || batch_bytes(b) + need > BATCH_MAX_BYTES)
        return false;

    void *copy = schema_copy(sc, record, arena_alloc(b->arena, need));
    b->entries = mem_grow(b->entries, b->n, &b->cap, sizeof *b->entries);
    b->entries[b->n++] = (struct entry){.record = copy, .kind = kind};
    b->kinds |= SD_KIND_BIT(kind);
    return true;
}

void batch_set_answer(struct sd_batch *b, uint64_t request)
{
    b->answer = request;
}

uint64_t batch_answer(const struct sd_batch *b)
{
    return b->answer;
}

void batch_set_machine(struct sd_batch *b, const char *machine)
{
    b->machine = machine && *machine ? arena_strdup(b->arena, machine) : NULL;
}

const char *batch_machine(const struct sd_batch *b)
{
    return b->machine;
}

void batch_set_during(struct sd_batch *b, uint64_t request)
{
    b->during = request;
}

uint64_t batch_during(const struct sd_batch *b)
{
    return b->during;
}

void batch_set_part(struct sd_batch *b)
{
    b->part = true;
}

bool batch_is_part(const struct sd_batch *b)
{
    return b->part;
}

void batch_add_place(struct sd_batch *b, const char *file, const char *place)
{
    b->places = mem_grow(b->places, b->n_places, &b->places_cap, sizeof *b->places);
    b->places[b->n_places++] =
        (struct batch_place){arena_strdup(b->arena, file), arena_strdup(b->arena, place)};
}

size_t batch_places(const struct sd_batch *b, const struct batch_place **places)
{
    *places = b->places;
    return b->n_places;
}

void batch_copy_places(struct sd_batch *to, const struct sd_batch *from)
{
    to->part = from->part;
    for (size_t i = 0; i < from->n_places; i++)
        batch_add_place(to, from->places[i].file, from->places[i].place);
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

sd_kinds batch_kinds(const struct sd_batch *b)
{
    return b->kinds;
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
