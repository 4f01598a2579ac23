#include "format/traces/span_rates.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/endpoints/route.h"
#include "core/name_index.h"
#include "core/schema.h"
#include "core/sql/digest.h"
#include "core/sql/statement.h"
#include "core/traces/trace.h"

#define STEP_NS (2 * SD_S)
enum { RAW_MAX = 65536, STATUS_CLASSES = 6 };

/* What an attribute tells. */
enum role { ROLE_NONE, ROLE_METHOD, ROLE_ROUTE, ROLE_PATH, ROLE_STATUS, ROLE_SYSTEM, ROLE_DATABASE, ROLES };

/* The newer name first: it is taken where a span has both. */
static const struct {
    const char *key;
    enum role role;
    int rank;
} KEYS[] = {{"http.request.method", ROLE_METHOD, 2},
            {"http.method", ROLE_METHOD, 1},
            {"http.route", ROLE_ROUTE, 1},
            {"url.path", ROLE_PATH, 3},
            {"http.target", ROLE_PATH, 2},
            {"http.path", ROLE_PATH, 1},
            {"http.response.status_code", ROLE_STATUS, 2},
            {"http.status_code", ROLE_STATUS, 1},
            {"db.system.name", ROLE_SYSTEM, 2},
            {"db.system", ROLE_SYSTEM, 1},
            {"db.namespace", ROLE_DATABASE, 3},
            {"db.name", ROLE_DATABASE, 2},
            {"db.instance", ROLE_DATABASE, 1}};

struct endpoint {
    const char *method, *route, *service; /* method, service NULL: none */
};

/* A request. */
struct request {
    int64_t second, end, duration; /* duration SD_UNKNOWN */
    uint32_t endpoint;
    int16_t status; /* 0: unknown */
    bool error;
};

struct call {
    int64_t end, duration;
    uint32_t statement;
};

struct counted {
    struct sd_statement now;
    double square;
    bool changed, fresh;
};

struct span_rates {
    size_t max_routes, max_statements;
    struct arena *arena, *raw_arena;
    struct name_index raw;  /* "service\nMETHOD path": what was seen lately */
    uint32_t *raw_endpoint; /* of each */
    size_t cap_raw_endpoint;
    struct name_index keys; /* "service\nMETHOD route" of each endpoint */
    struct endpoint *endpoints;
    size_t cap_endpoints;
    struct name_index texts; /* "system\ndatabase\ntext" of each statement */
    struct counted *counted;
    size_t cap_counted;
    sd_time first, from, last; /* of the calls; of the step that is open; the newest end. SD_UNKNOWN */
    bool pending;

    struct request *requests; /* of the record at hand */
    size_t n_requests, cap_requests;
    struct call *calls;
    size_t n_calls, cap_calls;
    uint8_t *roles, *ranks; /* of its keys */
    size_t cap_roles, cap_ranks;
    uint32_t *indexes; /* of the durations of one delta */
    size_t cap_indexes;
    struct sd_bucket *buckets;
    size_t cap_buckets;
    struct strbuf key;
};

struct span_rates *span_rates_new(size_t max_routes, size_t max_statements)
{
    struct span_rates *r = mem_alloc(sizeof *r);
    r->max_routes = max_routes ? max_routes : SPAN_RATES_ROUTES;
    r->max_statements = max_statements ? max_statements : SPAN_RATES_STATEMENTS;
    r->arena = arena_new();
    r->raw_arena = arena_new();
    r->first = r->from = r->last = SD_UNKNOWN;
    return r;
}

void span_rates_free(struct span_rates *r)
{
    if (!r)
        return;
    name_index_free(&r->raw);
    name_index_free(&r->keys);
    name_index_free(&r->texts);
    free(r->raw_endpoint);
    free(r->endpoints);
    free(r->counted);
    free(r->requests);
    free(r->calls);
    free(r->roles);
    free(r->ranks);
    free(r->indexes);
    free(r->buckets);
    strbuf_free(&r->key);
    arena_free(r->arena);
    arena_free(r->raw_arena);
    free(r);
}

/* ---- the columns of a record ---- */

static void find_roles(struct span_rates *r, const struct sd_spans *s)
{
    size_t n = s->keys ? s->keys->n : 0;
    while (r->cap_roles < n)
        r->roles = mem_grow(r->roles, r->cap_roles, &r->cap_roles, 1);
    while (r->cap_ranks < n)
        r->ranks = mem_grow(r->ranks, r->cap_ranks, &r->cap_ranks, 1);
    for (size_t i = 0; i < n; i++) {
        r->roles[i] = ROLE_NONE;
        for (size_t k = 0; s->keys->items[i] && k < ARRAY_LEN(KEYS); k++)
            if (str_eq(s->keys->items[i], KEYS[k].key)) {
                r->roles[i] = (uint8_t)KEYS[k].role;
                r->ranks[i] = (uint8_t)KEYS[k].rank;
            }
    }
}

/* What the attributes of span `i` tell; `at`: the next attribute, which are in the order of their spans. */
static void find_values(const struct span_rates *r, const struct sd_spans *s, int64_t i, size_t *at,
                        const char *values[ROLES])
{
    uint8_t best[ROLES] = {0};
    memset(values, 0, ROLES * sizeof *values);
    for (; *at < (s->of_span ? s->of_span->n : 0) && s->of_span->items[*at] <= i; ++*at) {
        int64_t key = list_int(s->of_key, *at);
        if (s->of_span->items[*at] != i || key < 0 || !s->keys || key >= (int64_t)s->keys->n)
            continue;
        uint8_t role = r->roles[key];
        if (role == ROLE_NONE || r->ranks[key] <= best[role])
            continue;
        best[role] = r->ranks[key];
        values[role] = list_text(s->of_value, (int64_t)*at);
    }
}

/* At most in the year 2116, so that there is room for what is reckoned from it. */
static int64_t end_of(const struct sd_spans *s, size_t i)
{
    int64_t start = list_int(s->start, i), duration = list_int(s->duration, i);
    if (!sd_known(start))
        return SD_UNKNOWN;
    return MIN(add_sat(start, sd_known(duration) ? MAX(duration, 0) : 0), INT64_MAX / 2);
}

/* ---- endpoints ---- */

static uint32_t add_endpoint(struct span_rates *r, const char *key, struct endpoint e)
{
    uint32_t n = name_index_of_bytes(&r->keys, key, strlen(key), r->arena);
    r->endpoints = mem_grow(r->endpoints, n, &r->cap_endpoints, sizeof *r->endpoints);
    r->endpoints[n] = (struct endpoint){.method = arena_strdup(r->arena, e.method),
                                        .route = arena_strdup(r->arena, e.route),
                                        .service = arena_strdup(r->arena, e.service)};
    return n;
}

/* Not printed: there is a key to be made for each span of a server and each call. */
static void put(struct strbuf *key, const char *s, size_t most, char then)
{
    strbuf_add(key, s ? s : "", s ? strnlen(s, most) : 0);
    if (then)
        strbuf_char(key, then);
}

static uint32_t folded(struct span_rates *r, const char *service, const char *method, const char *tag,
                       const char *path)
{
    char route[ROUTE_MAX];
    if (tag)
        route_fold_tag(tag, route);
    else
        route_fold(NULL, path, strlen(path), route);
    strbuf_clear(&r->key);
    strbuf_printf(&r->key, "%s\n%s %s", service ? service : "", method, route);
    uint32_t n = name_index_find(&r->keys, strbuf_text(&r->key));
    if (n != NAME_NONE)
        return n;
    if (r->keys.n >= r->max_routes) {
        n = name_index_find(&r->keys, "(other)");
        return n != NAME_NONE ? n : add_endpoint(r, "(other)", (struct endpoint){.route = "(other)"});
    }
    return add_endpoint(r, strbuf_text(&r->key),
                        (struct endpoint){.method = method, .route = route, .service = service});
}

static uint32_t endpoint_of(struct span_rates *r, const char *service, const char *const values[ROLES])
{
    char method[24];
    const char *tag = values[ROLE_ROUTE], *path = values[ROLE_PATH];
    size_t n_method = strnlen(values[ROLE_METHOD], 20);
    memcpy(method, values[ROLE_METHOD], n_method);
    method[n_method] = 0;
    strbuf_clear(&r->key);
    put(&r->key, service, SIZE_MAX, '\n');
    put(&r->key, method, sizeof method, tag ? ' ' : '?');
    put(&r->key, tag ? tag : path, 500, 0);
    if (r->raw.n >= RAW_MAX) {
        name_index_clear(&r->raw);
        arena_free(r->raw_arena);
        r->raw_arena = arena_new();
    }
    size_t had = r->raw.n;
    uint32_t n = name_index_of_bytes(&r->raw, r->key.text, r->key.len, r->raw_arena);
    if (r->raw.n > had) {
        r->raw_endpoint = mem_grow(r->raw_endpoint, n, &r->cap_raw_endpoint, sizeof *r->raw_endpoint);
        r->raw_endpoint[n] = folded(r, service, method, tag, path);
    }
    return r->raw_endpoint[n];
}

static int16_t status_of(const char *text)
{
    char *rest;
    long v = text ? strtol(text, &rest, 10) : 0;
    return text && rest > text && v >= 100 && v <= 599 ? (int16_t)v : 0;
}

static void take_request(struct span_rates *r, const struct sd_spans *s, size_t i, const char *const values[])
{
    int64_t end = end_of(s, i), duration = list_int(s->duration, i);
    if (!values[ROLE_METHOD] || (!values[ROLE_ROUTE] && !values[ROLE_PATH]) || !sd_known(end) || end < 0)
        return;
    const char *service = list_text(s->services, list_int(s->service, i));
    r->requests = mem_grow(r->requests, r->n_requests, &r->cap_requests, sizeof *r->requests);
    struct request *q = &r->requests[r->n_requests++];
    *q = (struct request){.second = end / SD_S,
                          .end = end,
                          .duration = sd_known(duration) && duration >= 0 ? duration : SD_UNKNOWN,
                          .endpoint = endpoint_of(r, service && *service ? service : NULL, values),
                          .status = status_of(values[ROLE_STATUS])};
    q->error = list_int(s->error, i) == 1 || q->status >= 500;
}

/* ---- deltas ---- */

static int by_place(const void *a, const void *b)
{
    const struct request *x = a, *y = b;
    if (x->second != y->second)
        return x->second < y->second ? -1 : 1;
    if (x->endpoint != y->endpoint)
        return x->endpoint < y->endpoint ? -1 : 1;
    return x->status / 100 - y->status / 100;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The known durations of `n` requests as a histogram in r->buckets; .n 0: none is known. */
static struct sd_hist latency_of(struct span_rates *r, const struct request *q, size_t n)
{
    size_t known = 0, k = 0;
    while (r->cap_indexes < n)
        r->indexes = mem_grow(r->indexes, r->cap_indexes, &r->cap_indexes, sizeof *r->indexes);
    while (r->cap_buckets < n)
        r->buckets = mem_grow(r->buckets, r->cap_buckets, &r->cap_buckets, sizeof *r->buckets);
    for (size_t i = 0; i < n; i++)
        if (sd_known(q[i].duration))
            r->indexes[known++] = sd_hist_index(q[i].duration);
    qsort(r->indexes, known, sizeof *r->indexes, by_number);
    for (size_t i = 0; i < known; i++) {
        if (k && r->buckets[k - 1].index == r->indexes[i])
            r->buckets[k - 1].count++;
        else
            r->buckets[k++] = (struct sd_bucket){.index = r->indexes[i], .count = 1};
    }
    return (struct sd_hist){.n = (uint32_t)k, .buckets = r->buckets};
}

/* Sums over requests. */
struct sums {
    int64_t count, errors, timed, total, min, max, first, last, status[STATUS_CLASSES], with_status;
};

static struct sums sums_of(const struct request *q, size_t n)
{
    struct sums s = {.min = INT64_MAX, .first = INT64_MAX};
    for (size_t i = 0; i < n; i++) {
        s.count++;
        s.errors += q[i].error;
        s.with_status += q[i].status > 0;
        s.status[q[i].status / 100]++;
        s.first = MIN(s.first, q[i].end);
        s.last = MAX(s.last, q[i].end);
        if (!sd_known(q[i].duration))
            continue;
        s.timed++;
        s.total = add_sat(s.total, q[i].duration);
        s.min = MIN(s.min, q[i].duration);
        s.max = MAX(s.max, q[i].duration);
    }
    return s;
}

static void emit_http(struct span_rates *r, const struct request *q, size_t n, span_rates_emit *emit,
                      void *ctx)
{
    const struct endpoint *e = &r->endpoints[q->endpoint];
    struct sums s = sums_of(q, n);
    struct sd_hist latency = latency_of(r, q, n);
    struct sd_http h;
    schema_clear(schema_of(SD_HTTP), &h);
    h.method = e->method;
    h.route = e->route;
    h.service = e->service;
    h.evidence = "traces";
    h.interval_ns = SD_S;
    h.count = s.count;
    h.errors = s.errors;
    if (s.with_status) {
        h.status_1xx = s.status[1];
        h.status_2xx = s.status[2];
        h.status_3xx = s.status[3];
        h.status_4xx = s.status[4];
        h.status_5xx = s.status[5];
    }
    h.timed = s.timed;
    if (s.timed) {
        h.total_ns = s.total;
        h.min_ns = s.min;
        h.max_ns = s.max;
        h.latency = &latency;
    }
    h.first_at = s.first;
    h.last_at = s.last;
    emit(ctx, q->second * SD_S, SD_HTTP, &h);
}

static void emit_part(struct span_rates *r, const struct request *q, size_t n, const char *by,
                      const char *key, span_rates_emit *emit, void *ctx)
{
    const struct endpoint *e = &r->endpoints[q->endpoint];
    struct sums s = sums_of(q, n);
    struct sd_hist latency = latency_of(r, q, n);
    struct sd_http_part p;
    schema_clear(schema_of(SD_HTTP_PART), &p);
    p.method = e->method;
    p.route = e->route;
    p.by = by;
    p.key = key;
    p.evidence = "traces";
    p.interval_ns = SD_S;
    p.count = s.count;
    p.errors = s.errors;
    p.timed = s.timed;
    if (s.timed) {
        p.total_ns = s.total;
        p.latency = &latency;
    }
    emit(ctx, q->second * SD_S, SD_HTTP_PART, &p);
}

static void emit_status_parts(struct span_rates *r, const struct request *q, size_t n, span_rates_emit *emit,
                              void *ctx)
{
    static const char *const NAMES[STATUS_CLASSES] = {NULL, "1xx", "2xx", "3xx", "4xx", "5xx"};
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && q[end].status / 100 == q[i].status / 100; end++)
            ;
        if (q[i].status)
            emit_part(r, q + i, end - i, "status", NAMES[q[i].status / 100], emit, ctx);
    }
}

static void emit_requests(struct span_rates *r, span_rates_emit *emit, void *ctx)
{
    if (r->n_requests)
        qsort(r->requests, r->n_requests, sizeof *r->requests, by_place);
    for (size_t i = 0, end; i < r->n_requests; i = end) {
        const struct request *q = &r->requests[i];
        for (end = i + 1; end < r->n_requests && r->requests[end].second == q->second &&
                          r->requests[end].endpoint == q->endpoint;
             end++)
            ;
        emit_http(r, q, end - i, emit, ctx);
        const char *service = r->endpoints[q->endpoint].service;
        if (service)
            emit_part(r, q, end - i, "service", service, emit, ctx);
        emit_status_parts(r, q, end - i, emit, ctx);
    }
    r->n_requests = 0;
}

/* ---- statements ---- */

static void fingerprint_of(const char *text, const char *system, char out[17])
{
    static const char *const OTHERS[] = {"mysql", "mariadb", "mongodb", "elasticsearch", "opensearch", NULL};
    bool other = db_system_is_store(system) || (system && str_find(OTHERS, system) >= 0);
    if (other || !sql_fingerprint(text, out))
        sql_digest_fingerprint(text, out);
}

static uint32_t new_statement(struct span_rates *r, const char *key, const char *text, const char *system,
                              const char *database)
{
    char fingerprint[17] = "other";
    bool other = !system && str_eq(key, text);
    uint32_t n = name_index_of_bytes(&r->texts, key, strlen(key), r->arena);
    r->counted = mem_grow(r->counted, n, &r->cap_counted, sizeof *r->counted);
    struct counted *c = &r->counted[n];
    *c = (struct counted){.fresh = true};
    if (!other)
        fingerprint_of(text, system, fingerprint);
    schema_clear(schema_of(SD_STATEMENT), &c->now);
    c->now.database = arena_strdup(r->arena, database);
    c->now.system = arena_strdup(r->arena, system);
    c->now.text = arena_strdup(r->arena, text);
    c->now.fingerprint = arena_strdup(r->arena, fingerprint);
    c->now.evidence = "traces";
    c->now.calls = c->now.total_ns = 0;
    return n;
}

static uint32_t statement_of(struct span_rates *r, const char *text, const char *system, const char *database)
{
    static const char OTHERS[] = "(other statements)";
    char name[256];
    size_t n_name = database ? MIN(strcspn(database, "|"), sizeof name - 1) : 0;
    memcpy(name, database ? database : "", n_name);
    name[n_name] = 0;
    strbuf_clear(&r->key);
    put(&r->key, system, 64, '\n');
    put(&r->key, name, sizeof name, '\n');
    put(&r->key, text, SIZE_MAX, 0);
    uint32_t n = name_index_find(&r->texts, strbuf_text(&r->key));
    if (n != NAME_NONE)
        return n;
    if (r->texts.n >= r->max_statements) {
        n = name_index_find(&r->texts, OTHERS);
        return n != NAME_NONE ? n : new_statement(r, OTHERS, OTHERS, NULL, NULL);
    }
    return new_statement(r, strbuf_text(&r->key), text, system, database && *name ? name : NULL);
}

static void take_call(struct span_rates *r, const struct sd_spans *s, size_t i, const char *const values[])
{
    const char *text = list_text(s->statements, list_int(s->statement, i));
    int64_t end = end_of(s, i), duration = list_int(s->duration, i);
    if (!text || !*text || !sd_known(end) || end < 0 || !sd_known(duration) || duration < 0)
        return;
    r->calls = mem_grow(r->calls, r->n_calls, &r->cap_calls, sizeof *r->calls);
    r->calls[r->n_calls++] =
        (struct call){.end = end,
                      .duration = duration,
                      .statement = statement_of(r, text, values[ROLE_SYSTEM], values[ROLE_DATABASE])};
}

static int by_end(const void *a, const void *b)
{
    const struct call *x = a, *y = b;
    return (x->end > y->end) - (x->end < y->end);
}

static void emit_statements(struct span_rates *r, sd_time at, bool one_only, span_rates_emit *emit, void *ctx)
{
    for (size_t i = 0; i < r->texts.n; i++) {
        struct counted *c = &r->counted[i];
        if (!c->changed && !one_only)
            continue;
        struct sd_statement record = c->now;
        record.absent_at = c->fresh ? r->from : SD_UNKNOWN;
        c->changed = c->fresh = false;
        emit(ctx, at, SD_STATEMENT, &record);
        if (one_only)
            break;
    }
}

void span_rates_flush(struct span_rates *r, span_rates_emit *emit, void *ctx)
{
    if (!r->pending)
        return;
    emit_statements(r, r->last, false, emit, ctx);
    r->from = r->last;
    r->pending = false;
}

/* The step that a call belongs to; as of statements in a server's log (format/queries/statement_log.c). */
static void step_to(struct span_rates *r, const struct call *c, span_rates_emit *emit, void *ctx)
{
    sd_time began = c->end - MIN(c->duration, STEP_NS / 2) - 1;
    if (!sd_known(r->first))
        r->first = r->from = began;
    if (c->end > r->from && c->end - r->from > STEP_NS) {
        span_rates_flush(r, emit, ctx);
        if (began > r->from && began - r->from > STEP_NS && r->texts.n) {
            emit_statements(r, began, true, emit, ctx); /* nothing happened meanwhile */
            r->from = began;
        }
    }
    r->last = MAX(MAX(r->last, c->end), r->from + 1);
}

static void count_call(struct span_rates *r, const struct call *c)
{
    struct counted *k = &r->counted[c->statement];
    struct sd_statement *s = &k->now;
    if (!sd_known(s->since))
        s->since = r->first;
    s->calls++;
    s->total_ns = add_sat(s->total_ns, c->duration);
    s->min_ns = sd_known(s->min_ns) ? MIN(s->min_ns, c->duration) : c->duration;
    s->max_ns = MAX(s->max_ns, c->duration);
    k->square += (double)c->duration * (double)c->duration;
    double n = (double)s->calls, mean = (double)s->total_ns / n, v = k->square / n - mean * mean;
    s->stddev_ns = v > 0 && v < 1e36 ? (int64_t)sqrt(v) : 0;
    k->changed = r->pending = true;
}

static void emit_calls(struct span_rates *r, span_rates_emit *emit, void *ctx)
{
    if (r->n_calls)
        qsort(r->calls, r->n_calls, sizeof *r->calls, by_end);
    for (size_t i = 0; i < r->n_calls; i++) {
        step_to(r, &r->calls[i], emit, ctx);
        count_call(r, &r->calls[i]);
    }
    r->n_calls = 0;
}

void span_rates_take(struct span_rates *r, const struct sd_spans *s, span_rates_emit *emit, void *ctx)
{
    const char *values[ROLES];
    size_t at = 0, n = s->trace ? s->trace->n : 0;
    find_roles(r, s);
    for (size_t i = 0; i < n; i++) {
        bool request = list_int(s->span_kind, i) == SPAN_SERVER;
        bool call = sd_known(list_int(s->statement, i));
        find_values(r, s, (int64_t)i, &at, values);
        if (request)
            take_request(r, s, i, values);
        if (call)
            take_call(r, s, i, values);
    }
    emit_requests(r, emit, ctx);
    emit_calls(r, emit, ctx);
}
