#include "core/history/thin.h"

#include <stdlib.h>

#include <uthash.h>

enum { THINGS_MAX = 200000 }; /* beyond, all is forgotten: one row more of each */

struct thing {
    sd_time at; /* of the last row taken */
    UT_hash_handle hh;
    size_t len;
    char key[];
};

struct history_thin {
    struct thing *things;
    struct strbuf key;
};

struct history_thin *history_thin_new(void)
{
    return mem_alloc(sizeof(struct history_thin));
}

static void forget(struct history_thin *t)
{
    struct thing *x, *next;
    HASH_ITER(hh, t->things, x, next)
    {
        HASH_DEL(t->things, x);
        free(x);
    }
}

void history_thin_free(struct history_thin *t)
{
    if (!t)
        return;
    forget(t);
    strbuf_free(&t->key);
    free(t);
}

static int64_t every(enum sd_kind kind)
{
    switch ((int)kind) {
#define SELDOM_ROW(KIND, seconds)                                                                            \
    case SD_##KIND:                                                                                          \
        return (seconds)*SD_S;
        HISTORY_SELDOM(SELDOM_ROW)
#undef SELDOM_ROW
    default:
        return 0;
    }
}

int64_t history_coarse_ns(enum sd_kind kind)
{
    switch ((int)kind) {
#define COARSE_ROW(KIND, seconds)                                                                            \
    case SD_##KIND:                                                                                          \
        return (seconds)*SD_S;
        HISTORY_COARSE(COARSE_ROW)
#undef COARSE_ROW
    default:
        return 0;
    }
}

bool history_thin_takes(struct history_thin *t, const struct history_row *row)
{
    int64_t ns = every(row->kind);
    struct thing *x;
    if (!ns)
        return true;
    strbuf_clear(&t->key);
    strbuf_printf(&t->key, "%d %s %s ", row->kind, row->host ? row->host : "",
                  row->source ? row->source : "");
    history_key(row, &t->key);
    HASH_FIND(hh, t->things, t->key.text, t->key.len, x);
    if (x && row->at < add_sat(x->at, ns) && row->at > sub_sat(x->at, ns))
        return row->at == x->at;
    if (x) {
        x->at = row->at;
        return true;
    }
    if (HASH_COUNT(t->things) >= THINGS_MAX)
        forget(t);
    x = mem_alloc(sizeof *x + t->key.len);
    x->at = row->at;
    x->len = t->key.len;
    memcpy(x->key, t->key.text, t->key.len);
    HASH_ADD_KEYPTR(hh, t->things, x->key, x->len, x);
    return true;
}

/* ---- the worst ---- */

struct candidate {
    const struct history_row *row;
    const struct sd_exemplar *r;
    sd_time step;
    size_t place;
};

static int by_text(const char *a, const char *b)
{
    return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int by_set(const struct candidate *x, const struct candidate *y)
{
    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    int c = by_text(x->row->host, y->row->host);
    return c ? c : by_text(x->row->source, y->row->source);
}

static int by_endpoint(const struct candidate *x, const struct candidate *y)
{
    int c = by_text(x->r->method, y->r->method);
    return c ? c : by_text(x->r->route, y->r->route);
}

/* The longest first; equal ones as they stood. */
static int by_duration(const struct candidate *x, const struct candidate *y)
{
    if (x->r->duration_ns != y->r->duration_ns)
        return x->r->duration_ns > y->r->duration_ns ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static int endpoints_apart(const void *a, const void *b)
{
    int c = by_set(a, b);
    c = c ? c : by_endpoint(a, b);
    return c ? c : by_duration(a, b);
}

static int longest_first(const void *a, const void *b)
{
    int c = by_set(a, b);
    return c ? c : by_duration(a, b);
}

/* The first of each endpoint; count. */
static size_t one_of_each(struct candidate *c, size_t n)
{
    size_t kept = 0;
    qsort(c, n, sizeof *c, endpoints_apart);
    for (size_t i = 0; i < n; i++)
        if (!kept || by_set(&c[kept - 1], &c[i]) != 0 || by_endpoint(&c[kept - 1], &c[i]) != 0)
            c[kept++] = c[i];
    return kept;
}

size_t history_thin_rows(struct history_row *rows, size_t n, int64_t step_ns)
{
    struct candidate *c = mem_array(n + 1, sizeof *c);
    bool *stays = mem_array(n + 1, sizeof *stays);
    size_t candidates = 0, out = 0, of_set = 0;
    for (size_t i = 0; i < n; i++) {
        stays[i] = rows[i].kind != SD_EXEMPLAR;
        if (!stays[i])
            c[candidates++] = (struct candidate){.row = &rows[i],
                                                 .r = rows[i].record,
                                                 .step = history_step_start(rows[i].at, step_ns),
                                                 .place = i};
    }
    candidates = candidates ? one_of_each(c, candidates) : 0;
    if (candidates)
        qsort(c, candidates, sizeof *c, longest_first);
    for (size_t i = 0; i < candidates; i++) {
        of_set = i && by_set(&c[i - 1], &c[i]) == 0 ? of_set + 1 : 0;
        stays[c[i].place] = of_set < HISTORY_EXEMPLARS;
    }
    for (size_t i = 0; i < n; i++)
        if (stays[i])
            rows[out++] = rows[i];
    free(c);
    free(stays);
    return out;
}
