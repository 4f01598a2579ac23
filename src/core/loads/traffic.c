#include "core/loads/traffic.h"

#include <math.h>
#include <stdlib.h>

#include "core/loads/traffic_sessions.h"

struct row {
    char *name, *method, *route;
    int64_t count, replayable;
    struct hist *hist; /* NULL: no durations yet */
};

struct minute {
    int64_t minute, count;
};

struct traffic {
    struct traffic_options o;
    struct row *rows; /* `name` NULL: not met */
    size_t n_rows;
    struct traffic_paths *paths;
    struct sessions *sessions;
    struct minute minute;   /* that of the last request, */
    struct minute *minutes; /* the others; sorted when there are many */
    size_t n_minutes, cap_minutes;
    struct traffic_row *sorted;
    struct traffic_summary summary;
};

enum { MINUTES_MAX = 1 << 16 };

struct traffic *traffic_new(const struct traffic_options *o)
{
    struct traffic *p = mem_alloc(sizeof *p);
    p->o = *o;
    p->paths = traffic_paths_new(TRAFFIC_PATHS_MAX, TRAFFIC_PATH_BYTES_MAX);
    p->sessions = sessions_new(o->gap_ns, o->sequences, TRAFFIC_OPEN_MAX);
    p->minute.minute = -1;
    p->summary.first = p->summary.last = SD_UNKNOWN;
    return p;
}

void traffic_free(struct traffic *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_rows; i++) {
        free(p->rows[i].name);
        free(p->rows[i].method);
        free(p->rows[i].route);
        free(p->rows[i].hist);
    }
    free(p->rows);
    free(p->minutes);
    free(p->sorted);
    traffic_paths_free(p->paths);
    sessions_free(p->sessions);
    free(p);
}

/* ---- rows ---- */

bool traffic_has_row(const struct traffic *p, uint32_t row)
{
    return row < p->n_rows && p->rows[row].name;
}

void traffic_name_row(struct traffic *p, uint32_t row, const char *method, const char *route)
{
    if (row >= p->n_rows) {
        size_t n = MAX((size_t)row + 1, p->n_rows * 2);
        p->rows = mem_realloc(p->rows, n * sizeof *p->rows);
        memset(p->rows + p->n_rows, 0, (n - p->n_rows) * sizeof *p->rows);
        p->n_rows = n;
    }
    p->rows[row] = (struct row){.name = mem_printf("%s%s%s", method ? method : "", method ? " " : "", route),
                                .method = mem_strdup(method ? method : ""),
                                .route = mem_strdup(route)};
}

/* ---- minutes ---- */

static int by_minute(const void *a, const void *b)
{
    const struct minute *x = a, *y = b;
    return (x->minute > y->minute) - (x->minute < y->minute);
}

/* Counts of the same minute become one. When even so there are too many, the smaller half goes: it is the
 * busiest that is asked for. */
static void join_minutes(struct traffic *p)
{
    size_t n = 0;
    if (p->n_minutes)
        qsort(p->minutes, p->n_minutes, sizeof *p->minutes, by_minute);
    for (size_t i = 0; i < p->n_minutes; i++) {
        if (n && p->minutes[n - 1].minute == p->minutes[i].minute)
            p->minutes[n - 1].count += p->minutes[i].count;
        else
            p->minutes[n++] = p->minutes[i];
    }
    p->n_minutes = n;
    if (n <= MINUTES_MAX / 2)
        return;
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += p->minutes[i].count;
    size_t kept = 0;
    for (size_t i = 0; i < n && kept < MINUTES_MAX / 2; i++)
        if (p->minutes[i].count * (int64_t)n >= sum)
            p->minutes[kept++] = p->minutes[i];
    p->n_minutes = kept;
}

static void keep_minute(struct traffic *p)
{
    if (p->n_minutes == MINUTES_MAX)
        join_minutes(p);
    p->minutes = mem_grow(p->minutes, p->n_minutes, &p->cap_minutes, sizeof *p->minutes);
    p->minutes[p->n_minutes++] = p->minute;
}

static void count_minute(struct traffic *p, sd_time at)
{
    int64_t minute = at / (60 * SD_S);
    if (minute == p->minute.minute) {
        p->minute.count++;
        return;
    }
    if (p->minute.minute >= 0)
        keep_minute(p);
    p->minute = (struct minute){minute, 1};
}

/* ---- requests ---- */

void traffic_add(struct traffic *p, const struct traffic_request *r)
{
    struct traffic_summary *s = &p->summary;
    struct row *row = &p->rows[r->row];
    s->requests++;
    s->first = s->requests == 1 ? r->at : MIN(s->first, r->at);
    s->last = s->requests == 1 ? r->at : MAX(s->last, r->at);
    row->count++;
    if (r->latency && sd_known(r->duration_ns)) {
        if (!row->hist) {
            row->hist = mem_alloc(sizeof *row->hist);
            hist_clear(row->hist);
        }
        hist_record(row->hist, r->duration_ns);
    }
    count_minute(p, r->at);
    if (r->path_len) {
        row->replayable++;
        traffic_paths_count(p->paths, r->row, row->count, r->method, r->method_len, r->path, r->path_len);
    } else {
        s->unreplayable++;
    }
    sessions_add(p->sessions, r);
}

void traffic_skip(struct traffic *p, const char *method, size_t len)
{
    struct traffic_summary *s = &p->summary;
    char name[TRAFFIC_METHOD_BYTES];
    size_t i = 0;
    snprintf(name, sizeof name, "%.*s", len ? (int)MIN(len, sizeof name - 1) : 1, len ? method : "-");
    while (i < s->n_skipped && strcmp(s->skipped[i].method, name) != 0)
        i++;
    if (i >= s->n_skipped) { /* a new one; the last place is for all that find none */
        bool full = i >= TRAFFIC_METHODS_MAX;
        i = MIN(i, (size_t)TRAFFIC_METHODS_MAX);
        snprintf(s->skipped[i].method, sizeof name, "%s", full ? "(other)" : name);
        s->n_skipped = i + 1;
    }
    s->skipped[i].count++;
}

/* ---- the summary ---- */

static int by_count(const void *a, const void *b)
{
    const struct traffic_row *x = a, *y = b;
    return x->count != y->count ? (x->count > y->count ? -1 : 1) : strcmp(x->name, y->name);
}

static void sum_rows(struct traffic *p)
{
    size_t n = 0;
    p->sorted = mem_array(p->n_rows + 1, sizeof *p->sorted);
    for (uint32_t i = 0; i < p->n_rows; i++) {
        const struct row *r = &p->rows[i];
        if (r->name && r->count)
            p->sorted[n++] =
                (struct traffic_row){.name = r->name,
                                     .method = r->method,
                                     .route = r->route,
                                     .count = r->count,
                                     .p50_ns = r->hist ? hist_quantile(r->hist, 0.5) : SD_UNKNOWN,
                                     .paths = traffic_paths_of(p->paths, i),
                                     .replayable = r->replayable,
                                     .row = i};
    }
    qsort(p->sorted, n, sizeof *p->sorted, by_count);
    p->summary.rows = p->sorted;
    p->summary.n_rows = n;
}

static double busiest(struct traffic *p)
{
    int64_t most = p->minute.count;
    if (p->minute.minute >= 0)
        keep_minute(p);
    join_minutes(p);
    for (size_t i = 0; i < p->n_minutes; i++)
        most = MAX(most, p->minutes[i].count);
    return (double)most / 60;
}

static int by_skipped(const void *a, const void *b)
{
    const struct traffic_skipped *x = a, *y = b;
    return x->count != y->count ? (x->count > y->count ? -1 : 1) : strcmp(x->method, y->method);
}

const struct traffic_summary *traffic_finish(struct traffic *p, int64_t lines, int64_t unparsed)
{
    struct traffic_summary *s = &p->summary;
    double seconds = s->requests ? (double)(s->last - s->first) / 1e9 : 0;
    s->lines = lines;
    s->unparsed = unparsed;
    s->rate_mean_per_s = seconds > 0 ? (double)s->requests / seconds : (double)NAN;
    s->rate_peak_per_s = s->requests ? busiest(p) : (double)NAN;
    qsort(s->skipped, s->n_skipped, sizeof *s->skipped, by_skipped);
    traffic_paths_settle(p->paths);
    s->paths = p->paths;
    sessions_finish(p->sessions, s);
    s->users = seconds > 0 ? s->users / (seconds * 1e9) : (double)NAN;
    sum_rows(p);
    return s;
}

cJSON *traffic_document(const struct traffic_summary *s)
{
    cJSON *o = result_new("load_profile"), *list;
    result_int(o, "lines", s->lines);
    result_int(o, "unparsed", s->unparsed);
    result_int(o, "requests", s->requests);
    result_int(o, "sessions", s->sessions);
    result_real(o, "rate_mean_per_s", s->rate_mean_per_s);
    result_real(o, "rate_peak_per_s", s->rate_peak_per_s);
    list = result_list(o, "rows");
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct traffic_row *r = &s->rows[i];
        cJSON *row = result_row(list);
        result_text(row, "name", r->name);
        result_text(row, "method", *r->method ? r->method : NULL);
        result_text(row, "route", r->route);
        result_int(row, "count", r->count);
        result_real(row, "share", (double)r->count / (double)s->requests);
        result_int(row, "p50_ns", r->p50_ns);
        result_int(row, "paths", r->paths);
    }
    cJSON *think = result_object(o, "think");
    result_int(think, "samples", s->think.samples);
    result_int(think, "overlapping", s->think.overlapping);
    result_int(think, "median_ns", s->think.median_ns);
    result_int(think, "p95_ns", s->think.p95_ns);
    result_int(think, "mean_ns", s->think.mean_ns);
    cJSON *length = result_object(o, "session_length");
    result_real(length, "mean", s->session_length.mean);
    result_int(length, "p50", s->session_length.p50);
    result_int(length, "p95", s->session_length.p95);
    list = result_list(o, "skipped");
    for (size_t i = 0; i < s->n_skipped; i++) {
        cJSON *row = result_row(list);
        result_text(row, "method", s->skipped[i].method);
        result_int(row, "count", s->skipped[i].count);
    }
    return o;
}
