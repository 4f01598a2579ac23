/* Requests of an endpoint apart: kinds of durations, parts with something in common, and
 * what other evidence tells of them. */
#include "view/endpoints/endpoint_time.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/endpoints/modes.h"
#include "view/shared/common.h"

/* ---- kinds of durations ---- */

static size_t modes_of(const struct endpoint_stats *s, struct latency_mode out[MODES_MOST])
{
    /* Buckets of others are too wide for this: what is spread in them has no shape of its own. */
    return s->evidence == EVIDENCE_METRICS ? 0 : latency_modes(&s->latency, out);
}

const char *endpoint_modes(struct doc *d, const struct endpoint_stats *s)
{
    struct latency_mode m[MODES_MOST];
    const char *words = NULL;
    size_t n = modes_of(s, m);
    for (size_t i = 0; i < n; i++) {
        char ns[UNIT_TEXT_MAX];
        words = doc_printf(d, "%s%s%.0f %% about %s", words ? words : "", words ? ", " : "", m[i].share * 100,
                           unit_format_int(UNIT_NS, m[i].ns, ns));
    }
    return words;
}

enum { M_SHARE, M_NS, M_COLUMNS };
static const struct column MODES[M_COLUMNS] = {
    [M_SHARE] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR,
                 .help = "of its requests"},
    [M_NS] = {.key = "ns", .title = "About", .unit = UNIT_NS, .help = "the middle one of these"},
};

void endpoint_modes_section(struct doc *d, const struct endpoint_stats *s)
{
    struct latency_mode m[MODES_MOST];
    size_t n = modes_of(s, m);
    if (!n)
        return;
    struct section *x =
        doc_table(d, "modes", n == 2 ? "Two kinds of durations" : "Kinds of durations", MODES, M_COLUMNS);
    x->table.sort_column = -1;
    x->note = "peaks with a valley between them that chance does not make";
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &x->table);
        r->cells[M_SHARE] = cell_real(m[i].share);
        r->cells[M_NS] = cell_int(m[i].ns);
    }
}

/* ---- parts ---- */

enum { PARTS_MOST = 64, PARTS_SHOWN = 12 };
enum { P_BY, P_KEY, P_SHARE, P_COUNT, P_ERRORS, P_P50, P_P99, P_TIME, P_EVIDENCE, P_COLUMNS };
static const struct column PARTS[P_COLUMNS] = {
    [P_BY] = {.key = "by",
              .title = "By",
              .flags = COLUMN_LEFT,
              .help = "what they have in common: status, method, upstream, host or service"},
    [P_KEY] = {.key = "key",
               .title = "Which",
               .flags = COLUMN_LEFT | COLUMN_GROW,
               .width = 12,
               .help = "5xx, POST, 10.0.0.7:8080, ...; (other): those beyond 32"},
    [P_SHARE] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR,
                 .priority = 1,
                 .help = "of the requests that are told apart by it"},
    [P_COUNT] = {.key = "count", .title = "Count", .unit = UNIT_COUNT, .priority = 2, .help = "requests"},
    [P_ERRORS] = {.key = "error_share",
                  .title = "Errors",
                  .unit = UNIT_SHARE,
                  .priority = 1,
                  .help = "share of these that failed"},
    [P_P50] = {.key = "p50_ns", .title = "P50", .unit = UNIT_NS, .help = "median duration of these"},
    [P_P99] = {.key = "p99_ns", .title = "P99", .unit = UNIT_NS, .help = "99th percentile of these"},
    [P_TIME] = {.key = "time_share",
                .title = "Of the time",
                .unit = UNIT_SHARE,
                .priority = 3,
                .help = "their share of the sum of all durations"},
    [P_EVIDENCE] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                    .priority = 4,
                    .help = "access_log, metrics or traces"},
};

static void add_part(struct doc *d, struct table *t, const char *by, const struct endpoint_part *p,
                     int64_t count, int64_t total)
{
    struct row *r = doc_row(d, t);
    r->cells[P_BY] = cell_text(by);
    r->cells[P_KEY] = cell_text(doc_text(d, p->key));
    r->cells[P_SHARE] = cell_real(num_ratio(p->count, count));
    r->cells[P_COUNT] = cell_int(p->count);
    r->cells[P_ERRORS] = cell_real(num_ratio(p->errors, p->count));
    r->cells[P_P50] = cell_int(p->p50);
    r->cells[P_P99] = cell_int(p->p99);
    r->cells[P_TIME] = cell_real(num_ratio(p->total_ns, total));
    r->cells[P_EVIDENCE] = cell_text(evidence_name(p->evidence));
}

static void add_parts(struct doc *d, struct table *t, const char *by, const struct endpoint_part *p, size_t n)
{
    int64_t count = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        count = add_known(count, p[i].count);
        total = add_known(total, p[i].total_ns);
    }
    for (size_t i = 0; i < n && i < PARTS_SHOWN; i++)
        add_part(d, t, by, &p[i], count, total);
}

/* The endpoints of the same route: a method each. */
static size_t methods_of(const struct view_ctx *c, const struct endpoint *e, struct endpoint_part *out)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    size_t n = 0;
    for (size_t i = 0; i < model_endpoints(c->model) && n < PARTS_MOST; i++) {
        const struct endpoint *x = model_endpoint(c->model, i);
        if (!endpoint_method(x) || !str_eq(endpoint_route(x), endpoint_route(e)))
            continue;
        endpoint_stats(x, c->span, s);
        if (!s->count)
            continue;
        out[n++] = (struct endpoint_part){.key = endpoint_method(x),
                                          .evidence = s->evidence,
                                          .count = s->count,
                                          .errors = s->errors,
                                          .timed = s->timed,
                                          .total_ns = s->total_ns,
                                          .p50 = endpoint_quantile(s, 0.5),
                                          .p99 = endpoint_quantile(s, 0.99)};
    }
    free(s);
    return n;
}

/* Without durations of each, the counts of status codes are known all the same. */
static size_t statuses_of(const struct endpoint_stats *s, struct endpoint_part *out)
{
    static const char *const names[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (s->status[i] > 0)
            out[n++] = (struct endpoint_part){.key = names[i],
                                              .evidence = s->evidence,
                                              .count = s->status[i],
                                              .errors = i == 4 ? s->status[i] : 0,
                                              .total_ns = SD_UNKNOWN,
                                              .p50 = SD_UNKNOWN,
                                              .p99 = SD_UNKNOWN};
    return n;
}

static int64_t counted(const struct endpoint_part *p, size_t n)
{
    int64_t count = 0;
    for (size_t i = 0; i < n; i++)
        count = add_known(count, p[i].count);
    return count;
}

/* Durations of each status come in longer steps than the requests: after some seconds of a log, of whole
 * minutes in a history. Where these do not tell of all of the span, the counts are those of the requests;
 * durations of less than half of them say nothing. */
static size_t statuses_in_span(const struct endpoint_stats *s, struct endpoint_part *p, size_t n)
{
    struct endpoint_part of[5];
    size_t n_of = statuses_of(s, of);
    int64_t told = counted(p, n);
    if (n && (told == s->count || counted(of, n_of) != s->count))
        return n;
    for (size_t i = 0; i < n_of; i++)
        for (size_t k = 0; k < n && told > s->count / 2; k++)
            if (str_eq(of[i].key, p[k].key)) {
                of[i].total_ns = p[k].total_ns;
                of[i].p50 = p[k].p50;
                of[i].p99 = p[k].p99;
            }
    memcpy(p, of, n_of * sizeof *of);
    return n_of;
}

void endpoint_parts_section(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                            const struct endpoint_stats *s)
{
    static const char *const by[] = {"status", "upstream", "host", "service"};
    struct endpoint_part *p = mem_array(PARTS_MOST, sizeof *p);
    struct section *x = NULL;
    for (size_t i = 0; i <= ARRAY_LEN(by); i++) {
        bool method = i == ARRAY_LEN(by);
        size_t n = method ? methods_of(c, e, p) : endpoint_parts(e, by[i], c->span, p, PARTS_MOST);
        if (i == 0)
            n = statuses_in_span(s, p, n);
        if (n < 2) /* one upstream tells nothing apart */
            continue;
        if (!x)
            x = doc_table(d, "parts", "Its requests by what they have in common", PARTS, P_COLUMNS);
        add_parts(d, &x->table, method ? "method" : by[i], p, n);
    }
    if (x) {
        x->table.sort_column = -1;
        x->min_height = 3;
    }
    free(p);
}

/* ---- other evidence ---- */

enum { E_EVIDENCE, E_SHOWN, E_COUNT, E_ERRORS, E_P50, E_P95, E_P99, E_BOUND, E_COLUMNS };
static const struct column EVIDENCE[E_COLUMNS] = {
    [E_EVIDENCE] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_LEFT | COLUMN_GROW,
                    .width = 10,
                    .help = "access_log, metrics or traces"},
    [E_SHOWN] = {.key = "shown",
                 .title = "Shown",
                 .flags = COLUMN_HIDDEN,
                 .help = "true: the figures of the view are of this"},
    [E_COUNT] = {.key = "count", .title = "Count", .unit = UNIT_COUNT, .help = "requests it tells of"},
    [E_ERRORS] = {.key = "error_share",
                  .title = "Errors",
                  .unit = UNIT_SHARE,
                  .priority = 1,
                  .help = "share of these that failed"},
    [E_P50] = {.key = "p50_ns", .title = "P50", .unit = UNIT_NS, .help = "median duration"},
    [E_P95] = {.key = "p95_ns", .title = "P95", .unit = UNIT_NS, .priority = 1, .help = "95th percentile"},
    [E_P99] = {.key = "p99_ns", .title = "P99", .unit = UNIT_NS, .help = "99th percentile"},
    [E_BOUND] = {.key = "error_bound",
                 .title = "Error",
                 .unit = UNIT_SHARE,
                 .help = "by how much of itself a percentile may be wrong; null when that is not known"},
};

void endpoint_evidence_section(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                               const struct endpoint_stats *s)
{
    if (!s->others)
        return;
    struct section *x = doc_table(d, "evidence_rows", "What tells of it", EVIDENCE, E_COLUMNS);
    struct endpoint_stats *o = mem_alloc(sizeof *o);
    x->table.sort_column = -1;
    x->note = "the same requests, told of more than once; the first row is shown, and none are added up";
    for (size_t i = 0; i < EVIDENCES; i++) {
        if (i != s->evidence && !(s->others & 1u << i))
            continue;
        endpoint_stats_of(e, (enum evidence)i, c->span, o);
        struct row *r = doc_row(d, &x->table);
        r->cells[E_EVIDENCE] = cell_text(evidence_name(o->evidence));
        r->cells[E_SHOWN] = cell_bool(i == s->evidence);
        r->cells[E_COUNT] = cell_int(o->count);
        r->cells[E_ERRORS] = cell_real(num_ratio(o->errors, o->count));
        r->cells[E_P50] = cell_int(endpoint_quantile(o, 0.5));
        r->cells[E_P95] = cell_int(endpoint_quantile(o, 0.95));
        r->cells[E_P99] = cell_int(endpoint_quantile(o, 0.99));
        r->cells[E_BOUND] = cell_real(endpoint_error_bound(o));
    }
    free(o);
}
