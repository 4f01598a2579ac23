#include "core/batch_part.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/labels.h"
#include "core/name_index.h"
#include "core/schema.h"

enum { HOST_BYTES = 512 };
#define STATES (SD_KIND_BIT(SD_STATUS) | SD_KIND_BIT(SD_INTAKE) | SD_KIND_BIT(SD_HISTORY))

struct batch_part {
    char *only, *here;
    struct arena *arena;
    struct name_index origins;
    const char **hosts; /* of each origin; NULL: it told none */
    size_t cap_hosts;
};

struct batch_part *batch_part_new(const char *only_host, const char *here)
{
    struct batch_part *p = mem_alloc(sizeof *p);
    p->only = mem_strdup(only_host);
    p->here = mem_strdup(here);
    p->arena = arena_new();
    return p;
}

void batch_part_free(struct batch_part *p)
{
    if (!p)
        return;
    name_index_free(&p->origins);
    free(p->hosts);
    free(p->only);
    free(p->here);
    arena_free(p->arena);
    free(p);
}

/* ---- the machine ---- */

static void take_states(struct batch_part *p, const struct sd_batch *b)
{
    const struct sd_status *r;
    for (size_t i = 0; p->only && (r = batch_each(b, SD_STATUS, &i));) {
        if (!r->host || !batch_origin(b))
            continue;
        size_t known = p->origins.n;
        uint32_t o = name_index_of_bytes(&p->origins, batch_origin(b), strlen(batch_origin(b)), p->arena);
        if (o == known) {
            p->hosts = mem_grow(p->hosts, o, &p->cap_hosts, sizeof *p->hosts);
            p->hosts[o] = NULL;
        }
        if (!str_eq(p->hosts[o], r->host))
            p->hosts[o] = arena_strdup(p->arena, r->host);
    }
}

static const char *host_of_source(const struct batch_part *p, const struct sd_batch *b)
{
    uint32_t o = batch_origin(b) ? name_index_find(&p->origins, batch_origin(b)) : NAME_NONE;
    if (batch_machine(b))
        return batch_machine(b);
    return o != NAME_NONE && p->hosts[o] ? p->hosts[o] : p->here;
}

/* What the record itself says; "" and NULL: nothing. */
static const char *named_host(enum sd_kind kind, const void *r, char label[HOST_BYTES])
{
    switch (kind) {
    case SD_HTTP:
        return ((const struct sd_http *)r)->host;
    case SD_LATENCY:
        return ((const struct sd_latency *)r)->host;
    case SD_EXEMPLAR:
        return ((const struct sd_exemplar *)r)->host;
    case SD_METRIC:
        return label_value(((const struct sd_metric *)r)->labels, "host", label, HOST_BYTES) ? label : NULL;
    default:
        return NULL;
    }
}

static bool is_wanted(const struct batch_part *p, const char *host_of_it, enum sd_kind kind, const void *r)
{
    char label[HOST_BYTES];
    const char *host = named_host(kind, r, label);
    return str_eq(p->only, host && *host ? host : host_of_it);
}

/* ---- spans ---- */

/* SD_UNKNOWN: it is not known when it began. */
static sd_time end_of(const struct sd_spans *s, size_t i)
{
    int64_t start = s->start && i < s->start->n ? s->start->items[i] : SD_UNKNOWN;
    int64_t ns = s->duration && i < s->duration->n ? s->duration->items[i] : SD_UNKNOWN;
    return sd_known(start) ? add_sat(start, MAX(ns, 0)) : SD_UNKNOWN;
}

/* The items of a list that belong to spans that stay; `of`: the span of each, NULL: the list is of spans. */
static const struct sd_ints *kept_ints(struct arena *a, const struct sd_ints *l, const struct sd_ints *of,
                                       const int64_t *place, size_t n, bool renumber)
{
    if (!l)
        return NULL;
    int64_t *items = arena_alloc(a, (l->n + 1) * sizeof *items);
    struct sd_ints *out = arena_alloc(a, sizeof *out);
    out->items = items;
    for (uint32_t i = 0; i < l->n; i++) {
        int64_t span = !of ? (int64_t)i : i < of->n ? of->items[i] : -1;
        if (span >= 0 && span < (int64_t)n && place[span] >= 0)
            items[out->n++] = renumber ? place[span] : l->items[i];
    }
    return out;
}

static const struct sd_texts *kept_texts(struct arena *a, const struct sd_texts *l, const struct sd_ints *of,
                                         const int64_t *place, size_t n)
{
    if (!l)
        return NULL;
    const char **items = arena_alloc(a, (l->n + 1) * sizeof *items);
    struct sd_texts *out = arena_alloc(a, sizeof *out);
    out->items = items;
    for (uint32_t i = 0; i < l->n; i++) {
        int64_t span = !of ? (int64_t)i : i < of->n ? of->items[i] : -1;
        if (span >= 0 && span < (int64_t)n && place[span] >= 0)
            items[out->n++] = l->items[i];
    }
    return out;
}

/* False: none had ended. */
static bool spans_until(struct arena *a, struct sd_spans *s, sd_time until, sd_time *newest)
{
    size_t n = s->trace ? s->trace->n : 0, kept = 0;
    int64_t *place = arena_alloc(a, (n + 1) * sizeof *place);
    *newest = SD_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        sd_time end = end_of(s, i);
        place[i] = sd_known(end) && end <= until ? (int64_t)kept++ : -1;
        if (place[i] >= 0)
            *newest = MAX(*newest, end);
    }
    const struct sd_ints *of = s->of_span, *in = s->event_span;
    const struct sd_ints **columns[] = {&s->trace, &s->service,  &s->name,  &s->statement, &s->span_kind,
                                        &s->start, &s->duration, &s->error, &s->follows};
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        *columns[i] = kept_ints(a, *columns[i], NULL, place, n, false);
    s->id = kept_texts(a, s->id, NULL, place, n);
    s->parent = kept_texts(a, s->parent, NULL, place, n);
    s->of_key = kept_ints(a, s->of_key, of, place, n, false);
    s->of_value = kept_texts(a, s->of_value, of, place, n);
    s->of_span = kept_ints(a, of, of, place, n, true);
    s->event_at = kept_ints(a, s->event_at, in, place, n, false);
    s->event_text = kept_texts(a, s->event_text, in, place, n);
    s->event_span = kept_ints(a, in, in, place, n, true);
    return kept > 0;
}

static struct sd_batch *spans_of(const struct sd_batch *b, sd_time until)
{
    const struct sd_spans *r;
    struct sd_batch *out = NULL;
    struct arena *a = arena_new();
    sd_time newest = SD_UNKNOWN, at;
    for (int pass = 0; pass < 2; pass++) /* first the time, then the records */
        for (size_t i = 0; (r = batch_each(b, SD_SPANS, &i));) {
            struct sd_spans s = *r;
            bool any = spans_until(a, &s, until, &at);
            newest = MAX(newest, at);
            if (any && pass && !out)
                out = batch_new(batch_origin(b), newest);
            if (any && pass)
                batch_add(out, SD_SPANS, &s);
        }
    arena_free(a);
    return out;
}

/* ---- both ---- */

/* Parts of requests have no machine of their own: they count where nothing beside them was left out. */
static bool leaves_requests(const struct batch_part *p, const struct sd_batch *b, const char *host)
{
    enum sd_kind kind;
    for (size_t i = 0; i < batch_len(b); i++) {
        const void *r = batch_record(b, i, &kind);
        if ((kind == SD_HTTP || kind == SD_LATENCY) && !is_wanted(p, host, kind, r))
            return true;
    }
    return false;
}

/* False: of http_part those of the machine itself. */
static bool part_counts(const struct batch_part *p, const struct sd_http_part *r, bool all)
{
    return str_eq(r->by, "host") ? str_eq(r->key, p->only) : all;
}

static const struct sd_batch *of_host(const struct batch_part *p, const struct sd_batch *b)
{
    const char *host = host_of_source(p, b);
    enum sd_kind kind;
    const sd_kinds named = SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_LATENCY) | SD_KIND_BIT(SD_EXEMPLAR) |
                           SD_KIND_BIT(SD_METRIC) | STATES;
    bool here = str_eq(p->only, host), leaves = leaves_requests(p, b, host);
    bool has_requests = batch_kinds(b) & (SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_LATENCY));
    struct sd_batch *out = NULL;
    for (size_t i = 0; i < batch_len(b); i++) {
        const void *r = batch_record(b, i, &kind);
        bool counts = (SD_KIND_BIT(kind) & STATES) || is_wanted(p, host, kind, r);
        if (kind == SD_HTTP_PART)
            counts = part_counts(p, r, has_requests ? !leaves : here);
        else if (!(SD_KIND_BIT(kind) & named))
            counts = here;
        if (!counts)
            continue;
        if (!out) {
            out = batch_new(batch_origin(b), batch_time(b));
            batch_set_answer(out, batch_answer(b));
        }
        batch_add(out, kind, r);
    }
    return out;
}

const struct sd_batch *batch_part_of(struct batch_part *p, const struct sd_batch *b, sd_time until)
{
    bool late = sd_known(until) && batch_time(b) > until && (batch_kinds(b) & ~STATES);
    take_states(p, b);
    const struct sd_batch *in_time = !late                                    ? batch_ref(b)
                                     : batch_kinds(b) & SD_KIND_BIT(SD_SPANS) ? spans_of(b, until)
                                                                              : NULL;
    if (!in_time || !p->only)
        return in_time;
    const struct sd_batch *out = of_host(p, in_time);
    batch_unref(in_time);
    return out;
}
