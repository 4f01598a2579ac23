/* model_series.c - series of the model in equal steps. */
#include "view/capacity/model_series.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "view/shared/common.h"

enum {
    ENOUGH = 12,    /* samples */
    WANTED = 500,   /* steps, but for hours, which days and weeks are seen in */
    TABLES = 20000, /* at most so many are looked at */
};

static const int64_t STEPS[] = {
    SD_S,        2 * SD_S,        5 * SD_S,     10 * SD_S,        15 * SD_S,  30 * SD_S,
    60 * SD_S,   120 * SD_S,      300 * SD_S,   600 * SD_S,       900 * SD_S, 1800 * SD_S,
    3600 * SD_S, 6 * 3600 * SD_S, 86400 * SD_S, 7 * 86400 * SD_S,
};

static struct model_series *add(struct model_series_list *l, size_t *cap)
{
    l->items = mem_grow(l->items, l->n, cap, sizeof *l->items);
    struct model_series *s = &l->items[l->n++];
    *s = (struct model_series){.value = (double)NAN};
    return s;
}

/* ---- what there is ---- */

/* Times of a hostile record may lie as far apart as they can. */
static int64_t between(sd_time first, sd_time last)
{
    return span_length((struct span){first, last});
}

static void add_requests(const struct view_ctx *c, struct model_series_list *l, size_t *cap)
{
    struct endpoint_stats *x = mem_alloc(sizeof *x);
    struct span upto = {INT64_MIN + 1, add_sat(c->now, 1)};
    size_t all = model_endpoints(c->model), whole = SIZE_MAX;
    for (size_t i = 0; i < all && l->n < MODEL_SERIES_MOST; i++) {
        const struct endpoint *e = model_endpoint(c->model, i);
        endpoint_stats(e, span_is_all(c->span) ? SPAN_ALL : upto, x);
        if (!sd_known(x->first) || between(x->first, x->last) < ENOUGH * SD_S)
            continue;
        if (whole == SIZE_MAX) {
            whole = l->n;
            *add(l, cap) = (struct model_series){.name = "requests",
                                                 .what = "requests a second",
                                                 .unit = UNIT_PER_S,
                                                 .value = (double)NAN,
                                                 .first = x->first,
                                                 .last = x->last};
        }
        struct model_series *s = add(l, cap);
        s->name = arena_printf(l->arena, "requests %s", endpoint_name(e));
        s->what = "requests a second";
        s->unit = UNIT_PER_S;
        s->endpoint = e;
        s->first = x->first;
        s->last = x->last;
        s->points = (size_t)(between(x->first, x->last) / SD_S + 1);
        l->items[whole].first = MIN(l->items[whole].first, x->first);
        l->items[whole].last = MAX(l->items[whole].last, x->last);
        l->items[whole].points = (size_t)(between(l->items[whole].first, l->items[whole].last) / SD_S + 1);
    }
    free(x);
}

static void add_tables(const struct view_ctx *c, struct model_series_list *l, size_t *cap)
{
    struct table_entry *t = mem_array(TABLES, sizeof *t);
    struct table_point *p = mem_array(MODEL_SERIES_POINTS, sizeof *p);
    size_t n = model_tables(c->model, SPAN_ALL, c->now, t, TABLES);
    for (size_t i = 0; i < n && l->n < MODEL_SERIES_MOST; i++) {
        size_t points = model_table_points(c->model, &t[i], c->now, p, MODEL_SERIES_POINTS);
        if (points < ENOUGH)
            continue;
        for (int rows = 0; rows < 2; rows++) {
            const struct table_point *last = &p[points - 1];
            if (rows ? isnan(last->rows) : !sd_known(last->total_bytes))
                continue;
            struct model_series *s = add(l, cap);
            s->name = arena_printf(l->arena, "%s.%s.%s %s", t[i].t->database ? t[i].t->database : "",
                                   t[i].t->schema ? t[i].t->schema : "", t[i].t->name ? t[i].t->name : "",
                                   rows ? "rows" : "bytes");
            s->what = rows ? "rows" : "bytes";
            s->unit = rows ? UNIT_COUNT : UNIT_BYTES;
            s->kind = rows ? SERIES_ROWS : SERIES_BYTES;
            s->table = t[i];
            s->points = points;
            s->first = p[0].at;
            s->last = last->at;
            s->value = rows ? last->rows : (double)last->total_bytes;
        }
    }
    free(t);
    free(p);
}

static int by_name(const void *a, const void *b)
{
    const struct metric_info *x = a, *y = b;
    int order = memcmp(x->name, y->name, MIN(x->name_len, y->name_len));
    if (!order)
        order = (x->name_len > y->name_len) - (x->name_len < y->name_len);
    order = order ? order : strcmp(x->labels, y->labels);
    return order ? order : memcmp(x->origin, y->origin, MIN(x->origin_len, y->origin_len));
}

static void add_metrics(const struct view_ctx *c, struct model_series_list *l, size_t *cap)
{
    int64_t left_out;
    size_t all = model_metric_count(c->model, &left_out);
    struct metric_info *e = mem_array(all + 1, sizeof *e);
    size_t n = model_metric_all(c->model, e, all);
    if (n)
        qsort(e, n, sizeof *e, by_name);
    for (size_t i = 0; i < n && l->n < MODEL_SERIES_MOST; i++) {
        struct span upto = {INT64_MIN + 1, c->now};
        struct span seen = metric_seen(&e[i], c->now);
        size_t points = metric_points(&e[i], upto);
        if (points < ENOUGH || between(seen.from, seen.to) < ENOUGH * SD_S)
            continue;
        struct model_series *s = add(l, cap);
        bool twice = i && !strcmp(e[i].labels, e[i - 1].labels) && e[i].name_len == e[i - 1].name_len &&
                     !memcmp(e[i].name, e[i - 1].name, e[i].name_len);
        s->name = arena_printf(l->arena, "%.*s%s%s%s%s%.*s", (int)e[i].name_len, e[i].name,
                               *e[i].labels ? "{" : "", e[i].labels, *e[i].labels ? "}" : "",
                               twice ? " of " : "", twice ? (int)e[i].origin_len : 0, e[i].origin);
        s->kind = SERIES_METRIC;
        s->metric = e[i];
        s->unit = str_eq(e[i].unit, "bytes") ? UNIT_BYTES : str_eq(e[i].unit, "ns") ? UNIT_NS : UNIT_NONE;
        s->what = e[i].counter ? "growth a second" : e[i].unit ? e[i].unit : "as reported";
        s->points = points;
        s->first = seen.from;
        s->last = seen.to;
        sd_time at;
        if (!e[i].counter)
            metric_now(&e[i], c->now, &s->value, &at);
    }
    free(e);
}

struct model_series_list model_series_list(const struct view_ctx *c)
{
    struct model_series_list l = {.arena = arena_new()};
    size_t cap = 0;
    add_requests(c, &l, &cap);
    add_tables(c, &l, &cap);
    add_metrics(c, &l, &cap);
    return l;
}

void model_series_free(struct model_series_list *l)
{
    free(l->items);
    arena_free(l->arena);
}

const struct model_series *model_series_named(const struct model_series_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (!name || !strcmp(l->items[i].name, name))
            return &l->items[i];
    return NULL;
}

/* ---- its values ---- */

static int64_t step_of(const struct model_series *s)
{
    int64_t length = between(s->first, s->last);
    double usual =
        s->kind == SERIES_REQUESTS ? (double)SD_S : (double)length / (double)MAX(s->points - 1, (size_t)1);
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        int64_t most =
            STEPS[i] == 3600 * SD_S && length >= 48 * 3600 * SD_S ? MODEL_SERIES_POINTS - 2 : WANTED;
        if ((double)STEPS[i] * 1.2 >= usual && length / STEPS[i] <= most)
            return STEPS[i];
    }
    return length / WANTED;
}

/* The last value of each step. */
static void place_table(const struct view_ctx *c, const struct model_series *s, struct forecast_series *out,
                        double *values)
{
    struct table_point *p = mem_array(MODEL_SERIES_POINTS, sizeof *p);
    size_t n = model_table_points(c->model, &s->table, c->now, p, MODEL_SERIES_POINTS);
    for (size_t i = 0; i < n; i++) {
        int64_t at = between(out->from_ns, p[i].at);
        double v = s->kind == SERIES_ROWS       ? p[i].rows
                   : sd_known(p[i].total_bytes) ? (double)p[i].total_bytes
                                                : (double)NAN;
        if (at >= 0 && (size_t)(at / out->step_ns) < out->n)
            values[at / out->step_ns] = v;
    }
    free(p);
}

void model_series_values(const struct view_ctx *c, const struct model_series *s, struct forecast_series *out)
{
    int64_t step = step_of(s);
    bool rate = s->kind == SERIES_REQUESTS || (s->kind == SERIES_METRIC && s->metric.counter);
    sd_time from = s->first / step * step, to = add_sat(s->last, rate ? 0 : step) / step * step;
    size_t n = MIN((size_t)MAX(between(from, to) / step, 1), (size_t)MODEL_SERIES_POINTS);
    double *values = mem_array(n, sizeof *values);
    *out = (struct forecast_series){
        .values = values, .n = n, .from_ns = add_sat(to, -((int64_t)n * step)), .step_ns = step};
    struct span span = {out->from_ns, to};
    for (size_t i = 0; i < n; i++)
        values[i] = (double)NAN;
    if (s->kind == SERIES_METRIC) {
        metric_series(c->model, &s->metric, span, n, values);
    } else if (s->kind == SERIES_REQUESTS) {
        struct endpoint_point *p = mem_array(n, sizeof *p);
        if (s->endpoint)
            endpoint_series(s->endpoint, span, n, p);
        else
            model_request_series(c->model, span, n, p);
        for (size_t i = 0; i < n; i++)
            values[i] = p[i].rate_per_s;
        free(p);
    } else {
        place_table(c, s, out, values);
    }
}
