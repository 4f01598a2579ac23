/* workloads.c - index advice for whole workloads: of each database the newest answer. */
#include "core/model/parts.h"

#include "core/job.h"

struct answer {
    struct advice_entry entry;
    const char *database;                  /* as it was told; NULL: the source's own */
    const struct sd_batch *batch, *failed; /* what the entry is of; NULL */
    struct arena *arena;
    size_t bytes;
};

struct advices {
    struct answer *items; /* by time */
    size_t n, cap;
};

/* The records of a kind that bear the database, in the arena. */
static const void **collect(const struct sd_batch *b, enum sd_kind kind, size_t database_at,
                            const char *database, struct arena *a, size_t *n)
{
    const void *r;
    size_t all = 0;
    for (size_t i = 0; batch_each(b, kind, &i);)
        all++;
    const void **out = arena_alloc(a, (all + 1) * sizeof *out);
    for (size_t i = *n = 0; (r = batch_each(b, kind, &i));)
        if (str_eq(*(const char *const *)(const void *)((const char *)r + database_at), database))
            out[(*n)++] = r;
    return out;
}

#define COLLECT(KIND, lower, n)                                                                              \
    (const struct sd_##lower *const *)collect(b, SD_##KIND, offsetof(struct sd_##lower, database),           \
                                              whole->database, a, n)

void model_advice_of(const struct sd_batch *b, const struct sd_workload *whole, struct arena *a,
                     struct advice_entry *out)
{
    *out = (struct advice_entry){.at = batch_time(b), .origin = batch_origin(b), .whole = whole};
    out->statements = COLLECT(WORKLOAD_STATEMENT, workload_statement, &out->n_statements);
    out->indexes = COLLECT(WORKLOAD_INDEX, workload_index, &out->n_indexes);
    out->rewrites = COLLECT(WORKLOAD_REWRITE, workload_rewrite, &out->n_rewrites);
    out->waste = COLLECT(WORKLOAD_WASTE, workload_waste, &out->n_waste);
}

/* ---- keeping ---- */

static void answer_free(struct part *p, struct answer *x)
{
    model_uncount(p, x->bytes);
    batch_unref(x->batch);
    batch_unref(x->failed);
    arena_free(x->arena);
}

static void answer_remove(struct part *p, size_t i)
{
    struct advices *a = p->state;
    answer_free(p, &a->items[i]);
    memmove(a->items + i, a->items + i + 1, (a->n - i - 1) * sizeof *a->items);
    a->n--;
}

static bool workloads_less(struct part *p, size_t want)
{
    struct advices *a = p->state;
    size_t held = p->bytes;
    while (p->bytes > want && (a->n > 1 || (a->n && p->bytes > p->share)))
        answer_remove(p, 0);
    return p->bytes < held;
}

/* Where the answer for a database of a source is; n: there is none. */
static size_t place_of(const struct advices *a, const char *origin, const char *database)
{
    size_t i = 0;
    while (i < a->n && !(str_eq(a->items[i].entry.origin, origin) && str_eq(a->items[i].database, database)))
        i++;
    return i;
}

static void answer_add(struct part *p, struct answer x)
{
    struct advices *a = p->state;
    x.entry.name =
        arena_printf(x.arena, "%s%s%s", x.database ? x.database : "", x.database ? "@" : "", x.entry.origin);
    x.bytes =
        arena_bytes(x.arena) + (x.batch ? batch_bytes(x.batch) : 0) + (x.failed ? batch_bytes(x.failed) : 0);
    model_count(p, x.bytes);
    a->items = model_grow(p, a->items, a->n, &a->cap, sizeof *a->items);
    a->items[a->n++] = x;
    if (a->n > p->most)
        answer_remove(p, 0);
}

/* Answers are not copied: a batch does not change. */
static void take_answer(struct part *p, const struct sd_batch *b, const struct sd_workload *w)
{
    struct advices *a = p->state;
    size_t known = place_of(a, batch_origin(b), w->database);
    if (known < a->n)
        answer_remove(p, known);
    struct answer x = {.database = w->database, .arena = arena_new(), .batch = batch_ref(b)};
    model_advice_of(b, w, x.arena, &x.entry);
    answer_add(p, x);
}

/* A search that gave nothing leaves what an earlier one gave. */
static void take_failure(struct part *p, const struct sd_batch *b, const struct sd_failure *f)
{
    struct advices *a = p->state;
    const struct job *j = job_named(f->job);
    if (!j || j->reply != SD_WORKLOAD)
        return;
    size_t known = place_of(a, batch_origin(b), f->about);
    struct answer x = {.database = f->about, .arena = arena_new(), .failed = batch_ref(b)};
    x.entry = (struct advice_entry){.at = batch_time(b), .origin = batch_origin(b)};
    if (known < a->n && a->items[known].batch) {
        x.batch = batch_ref(a->items[known].batch);
        x.database = a->items[known].entry.whole->database;
        model_advice_of(x.batch, a->items[known].entry.whole, x.arena, &x.entry);
    }
    x.entry.failed = f;
    if (known < a->n)
        answer_remove(p, known);
    answer_add(p, x);
}

static void workloads_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    const struct sd_workload *w;
    const struct sd_failure *f;
    (void)o;
    if (batch_bytes(b) > p->model->limits.max_bytes / 4)
        return;
    for (size_t i = 0; (w = batch_each(b, SD_WORKLOAD, &i));)
        take_answer(p, b, w);
    for (size_t i = 0; (f = batch_each(b, SD_FAILURE, &i));)
        take_failure(p, b, f);
    struct advices *a = p->state;
    while (p->bytes > p->share && a->n > 1) /* nothing else ends them: they do not age */
        answer_remove(p, 0);
}

static void workloads_clear(struct part *p)
{
    struct advices *a = p->state;
    for (size_t i = 0; i < a->n; i++)
        answer_free(p, &a->items[i]);
    model_resize(p, a->items, a->cap, 0, sizeof *a->items);
}

const struct domain workloads_domain = {
    .name = "workloads",
    .kinds = SD_KIND_BIT(SD_WORKLOAD) | SD_KIND_BIT(SD_FAILURE),
    .is_data = true,
    .state_size = sizeof(struct advices),
    .apply = workloads_apply,
    .less = workloads_less,
    .clear = workloads_clear,
};

/* ---- asking ---- */

const struct advice_entry *model_advice_nth(const struct model *m, size_t i)
{
    const struct advices *a = m->parts[DOMAIN_workloads].state;
    return i < a->n ? &a->items[a->n - 1 - i].entry : NULL;
}

const struct advice_entry *model_advice(const struct model *m, const char *name, sd_time at)
{
    const struct advices *a = m->parts[DOMAIN_workloads].state;
    for (size_t i = a->n; i-- > 0;)
        if (a->items[i].entry.at <= at &&
            (!name || str_eq(a->items[i].entry.name, name) || str_eq(a->items[i].database, name)))
            return &a->items[i].entry;
    return NULL;
}
