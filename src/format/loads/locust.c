/* locust.c - the _stats.csv of Locust: a row per name and one of all, percentiles of rounded times. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/name_index.h"
#include "format/loads/readers.h"

enum { FIELDS_MAX = 64 };

/* X(UPPER, column, its name before version 1) */
#define COLUMNS(X)                                                                                           \
    X(TYPE, "Type", "Method")                                                                                \
    X(NAME, "Name", "Name")                                                                                  \
    X(REQUESTS, "Request Count", "# requests")                                                               \
    X(FAILED, "Failure Count", "# failures")                                                                 \
    X(MEDIAN, "Median Response Time", "Median response time")                                                \
    X(MEAN, "Average Response Time", "Average response time")                                                \
    X(MIN, "Min Response Time", "Min response time")                                                         \
    X(MAX, "Max Response Time", "Max response time")                                                         \
    X(SIZE, "Average Content Size", "Average Content Size")                                                  \
    X(RATE, "Requests/s", "Requests/s")
enum {
#define COLUMN_ENUM(UPPER, name, old) COLUMN_##UPPER,
    COLUMNS(COLUMN_ENUM)
#undef COLUMN_ENUM
        COLUMN_N
};

struct locust {
    int place[COLUMN_N];
    size_t n_fields;
    char percent[FIELDS_MAX][8]; /* the column's percentile, "99.9%"; "": it is another */
    bool total;                  /* the row of all was there */
};

static int locust_sure(struct load_span head, bool named)
{
    struct load_span line = span_until(&head, '\n');
    (void)named;
    if (span_has(line, "Timestamp"))
        return 0;
    bool counts = span_has(line, "Request Count") || span_has(line, "# requests");
    return counts && span_has(line, "Name") && span_has(line, "Requests/s") ? 95 : 0;
}

static bool header(struct locust *l, struct load_span line)
{
    static const char *const NAMES[][2] = {
#define NAME(UPPER, name, old) {name, old},
        COLUMNS(NAME)
#undef NAME
    };
    struct load_span f[FIELDS_MAX];
    l->n_fields = csv_fields(line, ',', f, FIELDS_MAX);
    for (size_t i = 0; i < COLUMN_N; i++) {
        l->place[i] = -1;
        for (size_t k = 0; k < MIN(l->n_fields, (size_t)FIELDS_MAX); k++)
            if (span_is(f[k], NAMES[i][0]) || span_is(f[k], NAMES[i][1]))
                l->place[i] = (int)k;
    }
    for (size_t k = 0; k < MIN(l->n_fields, (size_t)FIELDS_MAX); k++)
        if (f[k].n > 1 && f[k].n < sizeof l->percent[k] && f[k].at[f[k].n - 1] == '%')
            memcpy(l->percent[k], f[k].at, f[k].n);
    return l->place[COLUMN_NAME] >= 0 && l->place[COLUMN_REQUESTS] >= 0 && l->place[COLUMN_FAILED] >= 0;
}

static void block(const struct locust *l, const struct load_span *f, int64_t requests, struct load_block *b)
{
    static const int COLUMNS_OF_TIMES[] = {COLUMN_MIN, COLUMN_MEAN, COLUMN_MAX, COLUMN_MEDIAN};
    int64_t *const put[] = {&b->min_ns, &b->mean_ns, &b->max_ns, &b->p50_ns};
    b->count = requests;
    for (size_t i = 0; requests && i < ARRAY_LEN(put); i++)
        if (l->place[COLUMNS_OF_TIMES[i]] >= 0)
            *put[i] = span_scaled(f[l->place[COLUMNS_OF_TIMES[i]]], 6);
    for (size_t k = 0; requests && k < l->n_fields; k++)
        if (l->percent[k][0] && sd_known(span_scaled(f[k], 6)))
            load_block_set(b, load_span((char *)(uintptr_t)l->percent[k], strlen(l->percent[k])),
                           span_scaled(f[k], 6));
}

static void total(struct load_draft *d, const struct load_span *f, int64_t requests, int64_t failed)
{
    struct locust *l = d->state;
    struct load_result *r = d->result;
    l->total = true;
    r->requests = requests;
    r->failed = failed;
    block(l, f, requests, &r->latency);
    r->rate_per_s = l->place[COLUMN_RATE] >= 0 ? span_real(f[l->place[COLUMN_RATE]]) : (double)NAN;
    double ns = (double)requests / r->rate_per_s * 1e9; /* it prints no duration */
    r->duration_ns = real_is_int(ns) ? real_to_int(ns) : SD_UNKNOWN;
    double bytes =
        l->place[COLUMN_SIZE] >= 0 ? span_real(f[l->place[COLUMN_SIZE]]) * (double)requests : (double)NAN;
    r->bytes_received = bytes >= 0 && real_is_int(bytes) ? real_to_int(bytes) : SD_UNKNOWN;
}

static bool locust_take(struct load_draft *d, struct load_span line)
{
    struct locust *l = d->state;
    struct load_span f[FIELDS_MAX];
    if (!l->n_fields && header(l, line))
        return true;
    if (l->place[COLUMN_NAME] < 0 || l->place[COLUMN_REQUESTS] < 0 || l->place[COLUMN_FAILED] < 0)
        return load_broken(d, "names no columns of Locust");
    if (csv_fields(line, ',', f, FIELDS_MAX) != l->n_fields || l->n_fields > FIELDS_MAX)
        return load_broken(d, "has not %zu fields", l->n_fields);
    int64_t requests = span_int(f[l->place[COLUMN_REQUESTS]]), failed = span_int(f[l->place[COLUMN_FAILED]]);
    struct load_span name = f[l->place[COLUMN_NAME]];
    bool no_type =
        l->place[COLUMN_TYPE] < 0 || !f[l->place[COLUMN_TYPE]].n || span_is(f[l->place[COLUMN_TYPE]], "None");
    if (!sd_known(requests) || !sd_known(failed) || failed > requests)
        return load_broken(d, "counts no requests");
    if (no_type && (span_is(name, "Aggregated") || span_is(name, "Total"))) {
        total(d, f, requests, failed);
        return true;
    }
    strbuf_clear(&d->text);
    if (!no_type)
        strbuf_printf(&d->text, "%.*s\x01", (int)MIN(f[l->place[COLUMN_TYPE]].n, 20),
                      f[l->place[COLUMN_TYPE]].at);
    strbuf_add(&d->text, name.at, name.n);
    struct tool_row *row = load_result_row(d->result, strbuf_text(&d->text), d->text.len);
    if (row) {
        row->requests = requests;
        row->failed = failed;
        block(l, f, requests, &row->latency);
    }
    return true;
}

/* A row is known by its name; where several types (methods) have one, by both. */
static void name_rows(struct load_result *r)
{
    struct name_index names = {0};
    uint32_t *first = mem_array(r->n_rows, sizeof *first);
    bool *twice = mem_array(r->n_rows, sizeof *twice);
    size_t known = 0; /* different names so far */
    for (size_t i = 0; i < r->n_rows; i++) {
        const char *type_end = strchr(r->rows[i].name, 1);
        uint32_t k = name_index_of(&names, type_end ? type_end + 1 : r->rows[i].name);
        if (k < known)
            twice[i] = twice[first[k]] = true;
        else
            first[known++] = (uint32_t)i;
    }
    for (size_t i = 0; i < r->n_rows; i++) {
        const char *type_end = strchr(r->rows[i].name, 1);
        if (!type_end)
            continue;
        r->rows[i].name = twice[i] ? arena_printf(r->arena, "%.*s %s", (int)(type_end - r->rows[i].name),
                                                  r->rows[i].name, type_end + 1)
                                   : type_end + 1;
    }
    name_index_free(&names);
    free(first);
    free(twice);
}

static bool locust_end(struct load_draft *d, struct sd_error *err)
{
    struct locust *l = d->state;
    struct load_result *r = d->result;
    if (!l->total && !r->n_rows)
        return fail(err, "is a CSV of Locust without a row");
    name_rows(r);
    if (!l->total) {
        r->requests = r->failed = 0;
        for (size_t i = 0; i < r->n_rows; i++) {
            r->requests = add_sat(r->requests, r->rows[i].requests);
            r->failed = add_sat(r->failed, r->rows[i].failed);
        }
        load_result_note(r, "The row of all requests is missing: percentiles of all are not known.");
    }
    if (r->failed == 0)
        r->ok = r->latency;
    return true;
}

const struct load_form LOAD_LOCUST = {
    .tool = "locust",
    .what = "a CSV of Locust",
    .shape = LOAD_RECORDS,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_UNKNOWN, /* two digits */
    .state = sizeof(struct locust),
    .sure = locust_sure,
    .take = locust_take,
    .end = locust_end,
    .note = "Locust rounds times to two digits: a percentile may be above the maximum.",
};

static int history_sure(struct load_span head, bool named)
{
    struct load_span line = span_until(&head, '\n');
    (void)named;
    return span_has(line, "Timestamp") && span_has(line, "User Count") && span_has(line, "Requests/s") ? 95
                                                                                                       : 0;
}

const struct load_form LOAD_LOCUST_HISTORY = {
    .tool = "locust",
    .what = "a history of Locust",
    .shape = LOAD_REFUSED,
    .sure = history_sure,
    .refusal = "is a history of Locust, whose percentiles are of 10 s each: give its _stats.csv",
};
