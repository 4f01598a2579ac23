/* promql_find.c - which of the known metrics an engine has. */
#include <math.h>
#include <stdlib.h>

#include "format/metrics/runtime_names.h"
#include "source/promql/promql.h"

enum { NAMES_MOST = 5000 };

struct promql_scope promql_scope_of(const struct sd_source *s, int64_t window)
{
    const struct promql_options *o = s->opts;
    return (struct promql_scope){.match = o->match, .by = o->by, .window_ns = window};
}

void promql_forget(struct promql_source *x)
{
    for (size_t i = 0; i < x->n_families; i++)
        free(x->families[i].name);
    for (size_t i = 0; i < x->n_runtime; i++)
        free(x->runtime[i]);
    x->n_families = x->n_runtime = 0;
}

struct names {
    char **items;
    size_t n, cap;
};

static void take_name(void *ctx, const struct promql_point *p)
{
    struct names *all = ctx;
    if (!*p->name || strpbrk(p->name, "\"\\\n"))
        return;
    all->items = mem_grow(all->items, all->n, &all->cap, sizeof *all->items);
    all->items[all->n++] = mem_strdup(p->name);
}

static bool has(const struct names *all, const char *prefix, size_t n, const char *rest)
{
    for (size_t i = 0; i < all->n; i++)
        if (!strncmp(all->items[i], prefix, n) && !strcmp(all->items[i] + n, rest))
            return true;
    return false;
}

static void add_family(struct promql_source *x, const struct latency_metrics *own, const struct names *all,
                       const char *name)
{
    size_t len;
    latency_part_of(name, &len);
    const struct latency_name *row = latency_metrics_row(own, name, len);
    if (!row)
        return;
    for (size_t i = 0; i < x->n_families; i++)
        if (strlen(x->families[i].name) == len && !strncmp(x->families[i].name, name, len))
            return;
    if (x->n_families == PROMQL_FAMILIES) {
        promql_note(x, "More than %d metrics of durations are there; the others are left out.",
                    PROMQL_FAMILIES);
        return;
    }
    size_t prefix = len - MIN(len, strlen(row->name));
    struct promql_family *f = &x->families[x->n_families++];
    *f = (struct promql_family){.name = mem_strndup(name, len),
                                .row = row,
                                .buckets = has(all, name, len, "_bucket"),
                                .bare = has(all, name, len, ""),
                                .counted = has(all, name, len, "_count"),
                                .summed = has(all, name, len, "_sum"),
                                .failed = row->failed && has(all, name, prefix, row->failed)};
}

static void nothing(void *ctx, const struct promql_point *p)
{
    (void)p;
    *(bool *)ctx = true;
}

/* An engine that knows no native histograms complains of the question: then it has none. */
static enum sd_result which_kind(struct sd_source *s, struct promql_family *f, struct sd_error *err)
{
    struct promql_scope scope = promql_scope_of(s, SD_S);
    struct strbuf q = {0};
    bool any = false;
    promql_family_query(&q, &scope, f, ASK_IS_NATIVE);
    enum sd_result r = promql_ask(s, strbuf_text(&q), NULL,
                                  &(struct promql_sink){.point = nothing, .ctx = &any, .most = 1}, err);
    strbuf_free(&q);
    f->native = r == SD_OK && any;
    return r == SD_NODATA ? r : SD_OK;
}

static void take_value(void *ctx, const struct promql_point *p)
{
    *(double *)ctx = p->value;
}

/* How often it reads its targets; 15 s when it does not tell. It is the age that the newest sample of a
 * target comes to: how many there are in a span of time tells nothing of an engine or a target that is
 * younger. */
static enum sd_result how_often(struct sd_source *s, struct sd_error *err)
{
    struct promql_source *x = s->priv;
    double oldest = (double)NAN;
    enum sd_result r = promql_ask(s, "min(max_over_time((time() - timestamp(up))[2m:1s]))", NULL,
                                  &(struct promql_sink){.point = take_value, .ctx = &oldest, .most = 1}, err);
    x->scraped = oldest >= 0 && oldest <= 300 ? (int64_t)fmax(ceil(oldest), 1) * SD_S : 15 * SD_S;
    return r == SD_NODATA ? r : SD_OK;
}

static void sort_out(struct promql_source *x, const struct latency_metrics *own, const struct names *all)
{
    for (size_t i = 0; i < all->n; i++) {
        const char *name = all->items[i];
        if (runtime_name_of(name, strlen(name))) {
            if (x->n_runtime < PROMQL_RUNTIME)
                x->runtime[x->n_runtime++] = mem_strdup(name);
        } else {
            add_family(x, own, all, name);
        }
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum sd_result promql_find(struct sd_source *s, struct sd_error *err)
{
    struct promql_source *x = s->priv;
    struct promql_scope scope = promql_scope_of(s, SD_S);
    struct strbuf q = {0};
    struct names all = {.n = 0};
    promql_names(&q, &scope, x->own);
    enum sd_result r =
        promql_ask(s, strbuf_text(&q), NULL,
                   &(struct promql_sink){.point = take_name, .ctx = &all, .most = NAMES_MOST}, err);
    if (r == SD_OK) {
        promql_forget(x);
        if (all.n)
            qsort(all.items, all.n, sizeof *all.items, by_text);
        sort_out(x, x->own, &all);
        x->looked = s->host->now(s);
        r = how_often(s, err);
    }
    for (size_t i = 0; r == SD_OK && i < x->n_families; i++)
        if (x->families[i].bare)
            r = which_kind(s, &x->families[i], err);
    for (size_t i = 0; i < all.n; i++)
        free(all.items[i]);
    free(all.items);
    strbuf_free(&q);
    return r;
}
