/* calls.c - profiles out of the stacks of a history. */
#include <stdlib.h>
#include <uthash.h>

#include "core/history/forms.h"

enum { NODES_MAX = 1 << 20 };

struct call_function {
    UT_hash_handle hh; /* by its line */
    int64_t number;
    char *name, *module, *kind; /* in `line`; NULL: unknown */
    char line[];
};
struct call_at {
    int64_t parent, function;
};
struct call_node {
    UT_hash_handle hh;
    struct call_at at;
    int64_t number;
};
struct calls {
    char *name, *format, *type, *unit;
    struct call_function *functions; /* in the order of their numbers */
    struct call_node *nodes;         /* the same */
    int64_t *parents, *of, *samples;
    double *self;
    size_t n, cap;
    double sum;
    int64_t count; /* SD_UNKNOWN: of a part it is not known */
};
struct history_calls {
    struct calls *items;
    size_t n, cap;
};

struct history_calls *history_calls_new(void)
{
    return mem_alloc(sizeof(struct history_calls));
}

static void calls_free(struct calls *x)
{
    struct call_function *f, *f_next;
    struct call_node *n, *n_next;
    HASH_ITER(hh, x->functions, f, f_next)
    {
        HASH_DEL(x->functions, f);
        free(f);
    }
    HASH_ITER(hh, x->nodes, n, n_next)
    {
        HASH_DEL(x->nodes, n);
        free(n);
    }
    free(x->name);
    free(x->format);
    free(x->type);
    free(x->unit);
    free(x->parents);
    free(x->of);
    free(x->samples);
    free(x->self);
}

void history_calls_clear(struct history_calls *c)
{
    for (size_t i = 0; i < c->n; i++)
        calls_free(&c->items[i]);
    c->n = 0;
}

void history_calls_free(struct history_calls *c)
{
    if (!c)
        return;
    history_calls_clear(c);
    free(c->items);
    free(c);
}

size_t history_calls_len(const struct history_calls *c)
{
    return c->n;
}

const char *history_calls_name(const struct history_calls *c, size_t i)
{
    return c->items[i].name;
}

/* ---- in ---- */

static struct calls *calls_of(struct history_calls *c, const struct sd_history_stack *r)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_eq(c->items[i].name, r->profile) && str_eq(c->items[i].type, r->type) &&
            str_eq(c->items[i].unit, r->unit))
            return &c->items[i];
    if (c->n == c->cap)
        c->items = mem_grow(c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n] = (struct calls){.name = mem_strdup(r->profile),
                                    .format = mem_strdup(r->format),
                                    .type = mem_strdup(r->type),
                                    .unit = mem_strdup(r->unit)};
    return &c->items[c->n++];
}

/* The next of the parts of a line. NULL: it is empty, or there is none. */
static char *part_of(char **rest)
{
    char *part = *rest, *end = part ? strchr(part, '\t') : NULL;
    if (end)
        *end = 0;
    *rest = end ? end + 1 : NULL;
    return part && *part ? part : NULL;
}

static int64_t function_of(struct calls *x, const char *line, size_t len)
{
    struct call_function *f;
    HASH_FIND(hh, x->functions, line, len, f);
    if (f)
        return f->number;
    f = mem_alloc(sizeof *f + 2 * len + 2); /* the line as the key, and its parts */
    f->number = HASH_COUNT(x->functions);
    memcpy(f->line, line, len);
    char *rest = f->line + len + 1;
    memcpy(rest, line, len);
    f->name = part_of(&rest);
    f->module = part_of(&rest);
    f->kind = part_of(&rest);
    HASH_ADD_KEYPTR(hh, x->functions, f->line, len, f);
    return f->number;
}

/* -1: there is no room. */
static int64_t node_of(struct calls *x, int64_t parent, int64_t function)
{
    const struct call_at at = {parent, function};
    struct call_node *n;
    HASH_FIND(hh, x->nodes, &at, sizeof at, n);
    if (n)
        return n->number;
    if (x->n == NODES_MAX)
        return -1;
    if (x->n == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 64;
        x->parents = mem_realloc(x->parents, x->cap * sizeof *x->parents);
        x->of = mem_realloc(x->of, x->cap * sizeof *x->of);
        x->samples = mem_realloc(x->samples, x->cap * sizeof *x->samples);
        x->self = mem_realloc(x->self, x->cap * sizeof *x->self);
    }
    n = mem_alloc(sizeof *n);
    n->at = at;
    n->number = (int64_t)x->n;
    HASH_ADD(hh, x->nodes, at, sizeof n->at, n);
    x->parents[x->n] = parent;
    x->of[x->n] = function;
    x->samples[x->n] = 0;
    x->self[x->n] = 0;
    return (int64_t)x->n++;
}

void history_calls_add(struct history_calls *c, const struct history_row *row)
{
    const struct sd_history_stack *r = row->record;
    if (!r->profile || !r->type || !r->stack || !*r->stack || !sd_known(r->value))
        return;
    struct calls *x = calls_of(c, r);
    int64_t node = -1;
    for (const char *p = r->stack, *end; p; p = *end ? end + 1 : NULL) {
        end = p + strcspn(p, "\n");
        int64_t below = node_of(x, node, function_of(x, p, (size_t)(end - p)));
        if (below < 0)
            break;
        node = below;
    }
    if (node < 0)
        return;
    x->self[node] += (double)r->value;
    x->sum += (double)r->value;
    if (sd_known(r->samples) && sd_known(x->count)) {
        x->samples[node] = add_sat(x->samples[node], r->samples);
        x->count = add_sat(x->count, r->samples);
    } else
        x->count = SD_UNKNOWN;
}

/* ---- out ---- */

/* Figures of functions are those of the tree, which whoever adds intervals up works out. */
static void give_functions(const struct calls *x,
                           void (*record)(void *ctx, enum sd_kind kind, const void *record), void *ctx)
{
    for (const struct call_function *f = x->functions; f; f = f->hh.next) {
        struct sd_profile_function r;
        schema_clear(schema_of(SD_PROFILE_FUNCTION), &r);
        r.name = f->name;
        r.module = f->module;
        r.kind = f->kind;
        record(ctx, SD_PROFILE_FUNCTION, &r);
    }
}

void history_calls_records(const struct history_calls *c, size_t i, sd_time began, int64_t length_ns,
                           void (*record)(void *ctx, enum sd_kind kind, const void *record), void *ctx)
{
    const struct calls *x = &c->items[i];
    struct sd_profile whole;
    struct sd_profile_tree tree;
    uint32_t n = (uint32_t)x->n;
    schema_clear(schema_of(SD_PROFILE), &whole);
    whole.name = x->name;
    whole.format = x->format;
    whole.types = &(struct sd_texts){1, (const char *const *)&x->type};
    whole.units = x->unit ? &(struct sd_texts){1, (const char *const *)&x->unit} : NULL;
    whole.values = &(struct sd_reals){1, &x->sum};
    whole.type = x->type;
    whole.samples = x->count;
    whole.began = began;
    whole.duration_ns = length_ns;
    whole.functions = HASH_COUNT(x->functions);
    whole.left_out = 0;
    whole.series = 1;
    record(ctx, SD_PROFILE, &whole);
    give_functions(x, record, ctx);
    schema_clear(schema_of(SD_PROFILE_TREE), &tree);
    tree.parents = &(struct sd_ints){n, x->parents};
    tree.functions = &(struct sd_ints){n, x->of};
    tree.samples = sd_known(x->count) ? &(struct sd_ints){n, x->samples} : NULL;
    tree.self = &(struct sd_reals){n, x->self};
    record(ctx, SD_PROFILE_TREE, &tree);
}
