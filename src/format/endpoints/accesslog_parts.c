#include "format/endpoints/accesslog_parts.h"

#include <stdlib.h>

#include "core/schema.h"
#include "format/endpoints/accesslog_buckets.h"
#include "format/endpoints/accesslog_trace.h"

enum { BY_STATUS, BY_UPSTREAM, BY_HOST, BY_COUNT };
enum {
    NAMES_TABLE = PARTS_NAMES * 2,
    OTHER = PARTS_NAMES, /* a name without a place */
    PATH_MAX_KEPT = 400,
    HOST_KEPT = 100,
    NO_KEY = 255,
};
static const char *const BY[] = {"status", "upstream", "host"};
static const char *const CLASSES[] = {NULL, "1xx", "2xx", "3xx", "4xx", "5xx"};

/* A line of the window. */
struct entry {
    int64_t duration_ns;
    uint16_t endpoint, name[2]; /* of BY_UPSTREAM and BY_HOST; 0: none */
    uint16_t bucket : 13, class : 3;
};

/* Names of servers, or of hosts, from 1. */
struct names {
    char **text;
    uint16_t *len;
    uint16_t *table; /* open addressing */
    size_t n;
    uint16_t last;
};

struct exemplar {
    int64_t duration_ns;
    sd_time at;
    int status;
    struct trace_ids ids;
    char path[PATH_MAX_KEPT], host[HOST_KEPT];
};

struct endpoint {
    uint16_t keys[2][PARTS_KEYS];    /* names that have a place of their own */
    uint16_t slowest[PARTS_SLOWEST]; /* in the pool; the first is the slowest of all */
    uint16_t n_slowest;
    int64_t floor; /* what is not longer is of no interest */
};

struct accesslog_parts {
    struct accesslog_parts_to to;
    int64_t window, minute;            /* of the lines, of the slowest */
    sd_time first, last, minute_first; /* lines of these */
    struct entry *entries;
    size_t n, searches, seen, vain; /* searched for ids without finding any */
    struct names names[2];
    struct endpoint *endpoints;
    size_t n_endpoints;
    bool traced; /* a line told of a trace */
    struct exemplar *pool;
    size_t n_pool;

    uint32_t *start, *order; /* scratch of a flush */
    struct sd_bucket *buckets;
    uint8_t *places;
    uint32_t *sorted;
    size_t start_cap;
    struct bucket_counts counts;
};

struct accesslog_parts *accesslog_parts_new(const struct accesslog_parts_to *to)
{
    struct accesslog_parts *p = mem_alloc(sizeof *p);
    p->to = *to;
    p->entries = mem_array(PARTS_LINES, sizeof *p->entries);
    p->order = mem_array(PARTS_LINES, sizeof *p->order);
    p->buckets = mem_array(PARTS_LINES, sizeof *p->buckets);
    p->places = mem_array(PARTS_LINES, sizeof *p->places);
    p->sorted = mem_array(PARTS_LINES, sizeof *p->sorted);
    p->window = p->minute = -1;
    return p;
}

void accesslog_parts_free(struct accesslog_parts *p)
{
    if (!p)
        return;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 1; i <= p->names[k].n; i++)
            free(p->names[k].text[i]);
        free(p->names[k].text);
        free(p->names[k].len);
        free(p->names[k].table);
    }
    free(p->entries);
    free(p->order);
    free(p->start);
    free(p->buckets);
    free(p->places);
    free(p->sorted);
    free(p->endpoints);
    free(p->pool);
    free(p);
}

bool accesslog_parts_pending(const struct accesslog_parts *p)
{
    return p->n > 0 || p->n_pool;
}

/* ---- names ---- */

static uint32_t name_hash(const char *s, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h;
}

static bool is_name(const struct names *x, uint16_t i, const char *s, size_t n)
{
    return x->len[i] == n && !memcmp(x->text[i], s, n);
}

static uint16_t name_of(struct names *x, const char *s, size_t n)
{
    if (!n)
        return 0;
    if (n > 200)
        n = 200;
    if (x->last && is_name(x, x->last, s, n))
        return x->last;
    if (!x->table) {
        x->table = mem_array(NAMES_TABLE, sizeof *x->table);
        x->text = mem_array(PARTS_NAMES, sizeof *x->text);
        x->len = mem_array(PARTS_NAMES, sizeof *x->len);
    }
    for (size_t at = name_hash(s, n) % NAMES_TABLE;; at = (at + 1) % NAMES_TABLE) {
        uint16_t i = x->table[at];
        if (i && is_name(x, i, s, n))
            return x->last = i;
        if (i)
            continue;
        if (x->n + 1 >= PARTS_NAMES)
            return OTHER;
        i = (uint16_t)++x->n;
        x->text[i] = mem_alloc(n + 1); /* a NUL may be among them */
        memcpy(x->text[i], s, n);
        x->len[i] = (uint16_t)n;
        x->table[at] = i;
        return x->last = i;
    }
}

static struct endpoint *endpoint_at(struct accesslog_parts *p, uint32_t i)
{
    if (i >= p->n_endpoints) {
        size_t want = MAX((size_t)i + 16, p->n_endpoints * 2);
        p->endpoints = mem_realloc(p->endpoints, want * sizeof *p->endpoints);
        memset(p->endpoints + p->n_endpoints, 0, (want - p->n_endpoints) * sizeof *p->endpoints);
        for (size_t k = p->n_endpoints; k < want; k++)
            p->endpoints[k].floor = -1;
        p->n_endpoints = want;
    }
    return &p->endpoints[i];
}

/* ---- the slowest ---- */

static void copy(char *out, size_t size, const char *s, size_t n)
{
    n = MIN(n, size - 1);
    memcpy(out, s, n);
    out[n] = 0;
}

static void ids_of(const struct accesslog_line *l, const char *line, size_t len, struct trace_ids *ids)
{
    trace_ids_find(line, len, ids);
    if (l->trace_len && !*ids->trace)
        trace_id_parse(l->trace, l->trace_len, false, ids);
    if (l->request_id_len && l->request_id_len <= REQUEST_ID_MAX &&
        !(l->request_id_len == 1 && *l->request_id == '-'))
        copy(ids->request, sizeof ids->request, l->request_id, l->request_id_len);
}

/* A request with a trace is worth more than a slower one without. */
static bool is_better(const struct exemplar *a, const struct exemplar *b)
{
    bool ta = *a->ids.trace, tb = *b->ids.trace;
    return ta != tb ? ta : a->duration_ns > b->duration_ns;
}

static int64_t floor_of(const struct accesslog_parts *p, const struct endpoint *e)
{
    int64_t floor = INT64_MAX;
    if (e->n_slowest < PARTS_SLOWEST)
        return -1;
    for (size_t i = 0; i < e->n_slowest; i++) {
        const struct exemplar *x = &p->pool[e->slowest[i]];
        if (p->traced && i && !*x->ids.trace)
            return p->searches < PARTS_SEARCHES ? -1 : floor;
        floor = MIN(floor, x->duration_ns);
    }
    return floor;
}

static void keep(struct accesslog_parts *p, struct endpoint *e, const struct exemplar *x)
{
    if (!p->pool)
        p->pool = mem_array(PARTS_EXEMPLARS, sizeof *p->pool);
    if (e->n_slowest < PARTS_SLOWEST) {
        if (p->n_pool == PARTS_EXEMPLARS)
            return;
        p->pool[p->n_pool] = *x;
        e->slowest[e->n_slowest++] = (uint16_t)p->n_pool++;
    } else {
        size_t worst = 1;
        for (size_t i = 2; i < PARTS_SLOWEST; i++)
            if (is_better(&p->pool[e->slowest[worst]], &p->pool[e->slowest[i]]))
                worst = i;
        struct exemplar *slowest = &p->pool[e->slowest[0]], *last = &p->pool[e->slowest[worst]];
        if (x->duration_ns > slowest->duration_ns) { /* the one that was slowest is one of the others now */
            if (is_better(slowest, last))
                *last = *slowest;
            *slowest = *x;
        } else if (is_better(x, last)) {
            *last = *x;
        }
    }
    for (size_t i = 1; i < e->n_slowest; i++)
        if (p->pool[e->slowest[i]].duration_ns > p->pool[e->slowest[0]].duration_ns) {
            uint16_t first = e->slowest[0];
            e->slowest[0] = e->slowest[i];
            e->slowest[i] = first;
        }
}

static void consider(struct accesslog_parts *p, struct endpoint *e, sd_time at,
                     const struct accesslog_line *l, const char *line, size_t len)
{
    struct exemplar x = {.duration_ns = l->duration_ns, .at = at, .status = l->status};
    /* A log whose lines have no ids is searched now and then: one may come with a new format. */
    if (p->searches < PARTS_SEARCHES &&
        (p->traced || p->vain < 64 || p->vain % 16 == 0 || l->trace_len || l->request_id_len)) {
        ids_of(l, line, len, &x.ids);
        p->searches++;
        if (*x.ids.trace || *x.ids.request)
            p->vain = 0;
    }
    p->vain++;
    p->traced |= *x.ids.trace != 0;
    copy(x.path, sizeof x.path, l->target, l->target_len);
    copy(x.host, sizeof x.host, l->host_len ? l->host : "", l->host_len);
    keep(p, e, &x);
    e->floor = floor_of(p, e);
}

/* ---- handing out ---- */

static sd_time second_of(sd_time at)
{
    return at / SD_S * SD_S;
}

/* Which of the keys of an endpoint a name is: its place, PARTS_KEYS for the others. */
static size_t place_of(struct endpoint *e, int kind, uint16_t name)
{
    uint16_t *keys = e->keys[kind - BY_UPSTREAM];
    for (size_t i = 0; i < PARTS_KEYS && name != OTHER; i++) {
        if (!keys[i])
            keys[i] = name;
        if (keys[i] == name)
            return i;
    }
    return PARTS_KEYS;
}

struct sums {
    int64_t count, errors, timed, total;
    size_t end; /* of its buckets in p->sorted */
};

/* Sums of the entries by their key, and their durations' buckets sorted by it. */
static void sum_up(struct accesslog_parts *p, struct endpoint *e, int kind, const uint32_t *order, size_t n,
                   struct sums sums[PARTS_KEYS + 1])
{
    for (size_t i = 0; i < n; i++) {
        const struct entry *x = &p->entries[order[i]];
        uint16_t name = kind == BY_STATUS ? x->class : x->name[kind - BY_UPSTREAM];
        uint8_t place = (uint8_t)(kind == BY_STATUS ? name : place_of(e, kind, name));
        p->places[i] = name ? place : NO_KEY;
        if (!name)
            continue;
        struct sums *s = &sums[place];
        s->count++;
        s->errors += x->class == 5;
        if (x->bucket < SD_HIST_BUCKETS) {
            s->timed++;
            s->total = add_sat(s->total, x->duration_ns);
        }
    }
    size_t at = 0;
    for (size_t k = 0; k <= PARTS_KEYS; k++) {
        sums[k].end = at;
        at += (size_t)sums[k].timed;
    }
    for (size_t i = 0; i < n; i++) {
        uint16_t bucket = p->entries[order[i]].bucket;
        if (p->places[i] != NO_KEY && bucket < SD_HIST_BUCKETS)
            p->sorted[sums[p->places[i]].end++] = bucket;
    }
}

/* The entries of one endpoint by one kind of key. */
static void hand_out_kind(struct accesslog_parts *p, struct endpoint *e, int kind, struct parts_name name,
                          const uint32_t *order, size_t n)
{
    struct sums sums[PARTS_KEYS + 1] = {{.count = 0}};
    struct sd_http_part records[PARTS_KEYS + 1];
    struct sd_hist hists[PARTS_KEYS + 1];
    size_t k = 0, at = 0;
    sd_time start_at = second_of(p->first);
    int64_t interval = second_of(p->last) + SD_S - start_at;
    sum_up(p, e, kind, order, n, sums);
    for (size_t key = 0; key <= PARTS_KEYS; key++) {
        const struct sums *s = &sums[key];
        if (!s->count)
            continue;
        struct sd_http_part *r = &records[k];
        size_t timed = (size_t)s->timed;
        size_t b = accesslog_buckets(&p->counts, p->sorted + s->end - timed, timed, p->buckets + at);
        hists[k] = (struct sd_hist){.n = (uint32_t)b, .buckets = p->buckets + at};
        at += b;
        schema_clear(schema_of(SD_HTTP_PART), r);
        r->method = name.method;
        r->route = name.route;
        r->by = BY[kind];
        r->key = kind == BY_STATUS   ? CLASSES[key]
                 : key == PARTS_KEYS ? "(other)"
                                     : p->names[kind - BY_UPSTREAM].text[e->keys[kind - BY_UPSTREAM][key]];
        r->interval_ns = interval;
        r->count = s->count;
        r->errors = s->errors;
        r->timed = s->timed;
        r->total_ns = timed ? s->total : SD_UNKNOWN;
        r->latency = timed ? &hists[k] : NULL;
        k++;
    }
    if (k)
        p->to.parts(p->to.ctx, start_at, records, k);
}

static void hand_out_slowest(struct accesslog_parts *p, struct endpoint *e, struct parts_name name)
{
    struct sd_exemplar records[PARTS_SLOWEST];
    for (size_t i = 0; i < e->n_slowest; i++) {
        const struct exemplar *x = &p->pool[e->slowest[i]];
        schema_clear(schema_of(SD_EXEMPLAR), &records[i]);
        records[i].method = name.method;
        records[i].route = name.route;
        records[i].at = x->at;
        records[i].duration_ns = x->duration_ns;
        records[i].status = x->status ? x->status : SD_UNKNOWN;
        records[i].trace_id = *x->ids.trace ? x->ids.trace : NULL;
        records[i].span_id = *x->ids.span && *x->ids.trace ? x->ids.span : NULL;
        records[i].request_id = *x->ids.request ? x->ids.request : NULL;
        records[i].path = x->path;
        records[i].host = *x->host ? x->host : NULL;
        records[i].evidence = "access log";
    }
    if (e->n_slowest)
        p->to.exemplars(p->to.ctx, second_of(p->minute_first), records, e->n_slowest);
    e->n_slowest = 0;
    e->floor = -1;
}

/* Counting sort by endpoint: start[] is where each one's entries end. */
static void sort_entries(struct accesslog_parts *p)
{
    if (p->start_cap < p->n_endpoints + 1) {
        free(p->start);
        p->start_cap = p->n_endpoints + 1;
        p->start = mem_array(p->start_cap, sizeof *p->start);
    }
    memset(p->start, 0, p->start_cap * sizeof *p->start);
    for (size_t i = 0; i < p->n; i++)
        p->start[p->entries[i].endpoint]++;
    uint32_t at = 0;
    for (size_t i = 0; i < p->n_endpoints; i++) {
        uint32_t n = p->start[i];
        p->start[i] = at;
        at += n;
    }
    for (size_t i = 0; i < p->n; i++)
        p->order[p->start[p->entries[i].endpoint]++] = (uint32_t)i;
}

/* Of the lines of the window. */
static void hand_out_parts(struct accesslog_parts *p)
{
    if (!p->n)
        return;
    p->to.before(p->to.ctx);
    if (!p->to.parts) {
        p->n = 0;
        return;
    }
    sort_entries(p);
    uint32_t from = 0;
    for (uint32_t i = 0; i < p->n_endpoints; from = p->start[i++]) {
        size_t n = p->start[i] - from;
        if (!n)
            continue;
        struct parts_name name = p->to.name(p->to.ctx, i);
        for (int kind = BY_STATUS; kind < BY_COUNT; kind++)
            if (kind == BY_STATUS || p->names[kind - BY_UPSTREAM].n)
                hand_out_kind(p, &p->endpoints[i], kind, name, p->order + from, n);
    }
    p->to.parts(p->to.ctx, second_of(p->first), NULL, 0);
    p->n = 0;
}

/* The slowest requests of the minute. */
static void hand_out_minute(struct accesslog_parts *p)
{
    for (uint32_t i = 0; i < p->n_endpoints && p->n_pool; i++)
        if (p->endpoints[i].n_slowest)
            hand_out_slowest(p, &p->endpoints[i], p->to.name(p->to.ctx, i));
    if (p->n_pool)
        p->to.parts(p->to.ctx, second_of(p->minute_first), NULL, 0);
    p->n_pool = p->searches = 0;
}

void accesslog_parts_flush(struct accesslog_parts *p)
{
    hand_out_parts(p);
    hand_out_minute(p);
}

/* Does the log tell of traces at all? Its first lines are looked at, and then one now and then. */
static void look(struct accesslog_parts *p, const struct accesslog_line *l, const char *line, size_t len)
{
    struct trace_ids ids;
    ids_of(l, line, len, &ids);
    if (!*ids.trace)
        return;
    p->traced = true;
    for (size_t i = 0; i < p->n_endpoints; i++)
        p->endpoints[i].floor = -1;
}

void accesslog_parts_count(struct accesslog_parts *p, uint32_t endpoint, sd_time at, uint32_t bucket,
                           const struct accesslog_line *l, const char *line, size_t len)
{
    int64_t window = at / SD_S / PARTS_WINDOW;
    if (window != p->window || p->n == PARTS_LINES) {
        bool late = window < p->window && window + 6 > p->window; /* written out of order */
        if (!late || p->n == PARTS_LINES)
            hand_out_parts(p);
        p->window = late ? p->window : window;
        if (!late && window / PARTS_MINUTE != p->minute)
            hand_out_minute(p);
        p->minute = p->window / PARTS_MINUTE;
    }
    if (!p->to.parts) {
        p->n++;
        return;
    }
    p->first = p->n ? MIN(p->first, at) : at;
    p->last = p->n ? MAX(p->last, at) : at;
    p->minute_first = p->n_pool ? MIN(p->minute_first, at) : at;
    struct endpoint *e = endpoint_at(p, endpoint);
    int class = l->status / 100;
    p->entries[p->n++] = (struct entry){
        .duration_ns = l->duration_ns,
        .endpoint = (uint16_t)endpoint,
        .name = {name_of(&p->names[0], l->upstream, l->upstream_len),
                 name_of(&p->names[1], l->host, l->host_len)},
        .bucket = bucket & 0x1fff,
        .class = (class > 5 ? 5 : class) & 7,
    };
    if (!p->traced && (p->seen++ < 1000 || p->seen % 64 == 0))
        look(p, l, line, len);
    if (bucket < SD_HIST_BUCKETS && l->duration_ns > e->floor)
        consider(p, e, at, l, line, len);
}
