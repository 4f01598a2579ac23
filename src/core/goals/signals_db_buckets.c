/* signals_db_buckets.c - durations of statements as histograms of metrics: what their buckets grew by from
 * one reading to the next, at the moment of the second. The first reading tells nothing; a bucket that falls
 * began again at 0. */
#include "core/goals/signals_calls.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/goals/bucket_spread.h"
#include "core/labels.h"

enum { SERIES_MAX = 20000, LE_MAX = 200 };
static const char BUCKET[] = "_bucket";

/* Families, without "_bucket"; those that end in "_" and the name, too. */
static const struct {
    const char *name;
    double to_ns;
} FAMILIES[] = {
    {"db_client_operation_duration_seconds", 1e9}, /* OpenTelemetry */
    {"db_client_operation_duration", 1e9},
    {"db_client_operation_duration_milliseconds", 1e6},
    {"db_query_duration_seconds", 1e9}, /* by hand, and django's */
    {"db_query_duration_milliseconds", 1e6},
    {"db_query_duration_ms", 1e6},
    {"database_query_duration_seconds", 1e9},
    {"sql_query_duration_seconds", 1e9},
    {"query_duration_by_statement_seconds", 1e9},
    {"mongodb_driver_commands_seconds", 1e9},               /* Micrometer */
    {"mysql_info_schema_query_response_time_seconds", 1e9}, /* mysqld_exporter */
    {"prisma_client_queries_duration_histogram_ms", 1e6},   /* Prisma */
    {"ecto_repo_query_total_time_milliseconds", 1e6},       /* PromEx */
    {"tidb_server_handle_query_duration_seconds", 1e9},     /* TiDB */
    {"sql_service_latency", 1},                             /* CockroachDB, ns */
};

/* One bucket of one histogram. */
struct bucket_series {
    uint32_t histogram;
    double le; /* ns */
    double value;
    sd_time at; /* of the value */
};
/* The buckets at the moment that is read: by what they grew, and as they are. */
struct db_histogram {
    const char *host;
    struct bucket_le grown[LE_MAX], whole[LE_MAX];
    size_t n;
    bool moved, fell; /* one fell: all began again at 0 */
};
struct told_db_buckets {
    struct told_calls *c;
    struct arena *arena;
    struct name_index series_names, histogram_names;
    struct bucket_series *series;
    size_t cap_series;
    struct db_histogram **histograms;
    size_t cap_histograms;
    struct strbuf key;
    struct sd_bucket *room;
};

struct told_db_buckets *told_db_buckets_new(struct told_calls *c)
{
    struct told_db_buckets *t = mem_alloc(sizeof *t);
    t->c = c;
    t->arena = arena_new();
    return t;
}

void told_db_buckets_clear(struct told_db_buckets *t)
{
    for (size_t i = 0; i < t->histogram_names.n; i++)
        free(t->histograms[i]);
    name_index_clear(&t->series_names);
    name_index_clear(&t->histogram_names);
    arena_free(t->arena);
    t->arena = arena_new();
}

void told_db_buckets_free(struct told_db_buckets *t)
{
    told_db_buckets_clear(t);
    name_index_free(&t->series_names);
    name_index_free(&t->histogram_names);
    free(t->series);
    free(t->histograms);
    free(t->room);
    strbuf_free(&t->key);
    arena_free(t->arena);
    free(t);
}

size_t told_db_buckets_bytes(const struct told_db_buckets *t)
{
    return arena_bytes(t->arena) + t->cap_series * sizeof *t->series +
           t->histogram_names.n * sizeof(struct db_histogram);
}

/* ns of its unit; 0: the metric is no such bucket. */
static double unit_of(const char *name)
{
    size_t len = strlen(name), ends = sizeof BUCKET - 1;
    if (len <= ends || strcmp(name + len - ends, BUCKET) != 0)
        return 0;
    len -= ends;
    for (size_t i = 0; i < ARRAY_LEN(FAMILIES); i++) {
        size_t n = strlen(FAMILIES[i].name);
        if (len >= n && memcmp(name + len - n, FAMILIES[i].name, n) == 0 &&
            (len == n || name[len - n - 1] == '_'))
            return FAMILIES[i].to_ns;
    }
    return 0;
}

/* Labels without "le". */
static void put_without_le(struct strbuf *out, const char *labels)
{
    while (labels && *labels) {
        size_t n = 0;
        while (labels[n] && labels[n] != ',')
            n += labels[n] == '\\' && labels[n + 1] ? 2 : 1;
        if (strncmp(labels, "le=", 3) != 0)
            strbuf_printf(out, "%.*s,", (int)n, labels);
        labels += n + (labels[n] == ',');
    }
}

static uint32_t histogram_of(struct told_db_buckets *t, const struct sd_batch *b, const struct sd_metric *r)
{
    char host[256];
    strbuf_clear(&t->key);
    strbuf_printf(&t->key, "%s\x1f%s\x1f", batch_origin(b) ? batch_origin(b) : "", r->name);
    put_without_le(&t->key, r->labels);
    uint32_t i = name_index_find(&t->histogram_names, t->key.text);
    if (i != NAME_NONE)
        return i;
    i = name_index_of_bytes(&t->histogram_names, t->key.text, t->key.len, t->arena);
    if (i >= t->cap_histograms)
        t->histograms = mem_grow(t->histograms, i, &t->cap_histograms, sizeof(struct db_histogram *));
    bool named = label_value(r->labels, "host", host, sizeof host);
    t->histograms[i] = mem_alloc(sizeof **t->histograms);
    t->histograms[i]->host = arena_strdup(t->arena, signals_host_of(t->c->s, b, named ? host : NULL));
    return i;
}

static struct bucket_series *series_of(struct told_db_buckets *t, const struct sd_batch *b,
                                       const struct sd_metric *r, double to_ns)
{
    char text[64], *rest;
    strbuf_clear(&t->key);
    strbuf_printf(&t->key, "%s\x1f%s\x1f%s", batch_origin(b) ? batch_origin(b) : "", r->name, r->labels);
    uint32_t i = name_index_find(&t->series_names, t->key.text);
    if (i != NAME_NONE)
        return &t->series[i];
    if (t->series_names.n >= SERIES_MAX || !label_value(r->labels, "le", text, sizeof text))
        return NULL;
    double le = strtod(text, &rest);
    if (rest == text || *rest || isnan(le))
        return NULL;
    i = name_index_of_bytes(&t->series_names, t->key.text, t->key.len, t->arena);
    if (i >= t->cap_series)
        t->series = mem_grow(t->series, i, &t->cap_series, sizeof *t->series);
    t->series[i] = (struct bucket_series){.le = le * to_ns, .value = (double)NAN, .at = SD_UNKNOWN};
    t->series[i].histogram = histogram_of(t, b, r);
    return &t->series[i];
}

static void take(struct told_db_buckets *t, const struct sd_batch *b, const struct sd_metric *r)
{
    double to_ns = r->name && r->labels && isfinite(r->value) && r->value >= 0 ? unit_of(r->name) : 0;
    struct bucket_series *x = to_ns > 0 ? series_of(t, b, r, to_ns) : NULL;
    if (!x || (sd_known(x->at) && batch_time(b) <= x->at))
        return;
    struct db_histogram *h = t->histograms[x->histogram];
    double was = x->value;
    x->value = r->value;
    x->at = batch_time(b);
    if (isnan(was) || h->n >= LE_MAX)
        return;
    h->grown[h->n] = (struct bucket_le){.le = x->le, .count = r->value - was};
    h->whole[h->n++] = (struct bucket_le){.le = x->le, .count = r->value};
    h->fell |= r->value < was;
    h->moved |= r->value < was || r->value > was;
}

static void give(struct told_db_buckets *t, struct db_histogram *h, sd_time at)
{
    struct buckets k = {0};
    buckets_from_le(&k, h->fell ? h->whole : h->grown, h->n);
    if (!t->room)
        t->room = mem_array(SPREAD_ROOM, sizeof *t->room);
    struct sd_hist spread = bucket_spread(&k, t->room);
    double count = buckets_total(&k);
    struct request_figures x = {.latency = &spread, .min_ns = SD_UNKNOWN, .max_ns = SD_UNKNOWN};
    x.slot.end = at;
    x.slot.count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
    for (size_t i = 0; x.slot.count && i < t->c->n; i++) {
        struct call_group *g = &t->c->groups[i];
        if (!g->of_requests && call_group_has_host(g, h->host))
            told_calls_add(t->c, g, CALLS_BY_METRICS, &x);
    }
    buckets_free(&k);
}

void told_db_buckets_take(struct told_db_buckets *t, const struct sd_batch *b)
{
    const struct sd_metric *r;
    bool any = false;
    for (size_t i = 0; (r = batch_each(b, SD_METRIC, &i));) {
        size_t had = t->series_names.n;
        take(t, b, r);
        any |= t->series_names.n > had || (r->name && unit_of(r->name) > 0);
    }
    for (size_t i = 0; any && i < t->histogram_names.n; i++) {
        struct db_histogram *h = t->histograms[i];
        if (h->moved)
            give(t, h, batch_time(b));
        h->n = 0;
        h->moved = h->fell = false;
    }
}
