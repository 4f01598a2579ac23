#include "source/estimate/estimate_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conf/capacity_file.h"
#include "core/capacity/documents.h"
#include "core/capacity/forecast.h"
#include "format/capacity/series_csv.h"
#include "format/capacity/usl_csv.h"

enum { RESULT_BYTES = 64 << 20 };

/* ---- points of a curve ---- */

static cJSON *usl_of(const char *text, size_t len, const char *path, struct sd_error *err)
{
    struct usl_point *points = NULL;
    struct usl_fit fit;
    struct sd_error why;
    size_t n = 0;
    cJSON *o = NULL;
    if (usl_csv_read(text, len, path, &points, &n, err)) {
        if (usl_fit(&fit, points, n, &why))
            o = usl_document(&fit, points);
        else
            fail(err, "%s: %.300s", path, why.text);
    }
    free(points);
    return o;
}

cJSON *estimate_usl(const char *path, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (!file_read(path, USL_BYTES, &text, &len, err))
        return NULL;
    cJSON *o = usl_of(text, len, path, err);
    free(text);
    return o;
}

/* ---- plans ---- */

/* The rate that a search held; its document's path is relative to the plan. */
static bool add_search(struct capacity_ask *ask, const char *plan, const char *search, struct sd_error *err)
{
    const char *slash = *search == '/' ? NULL : strrchr(plan, '/');
    char *path = mem_printf("%.*s%s", slash ? (int)(slash - plan + 1) : 0, plan, search), *text = NULL;
    size_t len = 0;
    bool ok = file_read(path, RESULT_BYTES, &text, &len, err);
    if (ok) {
        ask->max_rate = search_held_rate(text, len);
        ok = !isnan(ask->max_rate) ||
             fail(err,
                  "%s says no rate that held: it has to be the document of a `load run` "
                  "of kind search that found one",
                  path);
    }
    free(text);
    free(path);
    return ok;
}

static cJSON *plan_of(const char *text, size_t len, const char *path, struct sd_error *err)
{
    struct arena *a = arena_new();
    struct capacity_ask ask;
    struct capacity_plan plan;
    struct sd_error why;
    const char *search = NULL;
    cJSON *o = NULL;
    if (capacity_plan_file(&ask, &search, a, path, text, len, err) &&
        (!search || add_search(&ask, path, search, err))) {
        if (plan_capacity(&plan, &ask, &why))
            o = capacity_plan_document(&plan);
        else
            fail(err, "%s: %.300s", path, why.text);
        capacity_plan_free(&plan);
    }
    arena_free(a);
    return o;
}

cJSON *estimate_plan(const char *path, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (!file_read(path, CAPACITY_FILE_BYTES, &text, &len, err))
        return NULL;
    cJSON *o = plan_of(text, len, path, err);
    free(text);
    return o;
}

/* ---- hops ---- */

static cJSON *hops_of(const char *text, size_t len, const char *path, struct sd_error *err)
{
    struct arena *a = arena_new();
    struct hop_file file;
    struct hop_times times;
    cJSON *o = NULL;
    if (capacity_hops_file(&file, a, path, text, len, err)) {
        hop_times(&times, file.hops, file.n, file.budget_ns);
        o = hop_times_document(&times);
        hop_times_free(&times);
    }
    arena_free(a);
    return o;
}

cJSON *estimate_hops(const char *path, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (!file_read(path, CAPACITY_FILE_BYTES, &text, &len, err))
        return NULL;
    cJSON *o = hops_of(text, len, path, err);
    free(text);
    return o;
}

/* ---- policies ---- */

static bool check_trace(const struct series_csv *s, const char *path, struct sd_error *err)
{
    if (s->n < 2)
        return fail(err, "%s has one step only; a policy needs a step of history and one to be replayed",
                    path);
    if (s->n > SCALE_STEPS_MAX)
        return fail(err, "%s has more than %d steps", path, (int)SCALE_STEPS_MAX);
    for (size_t i = 0; i < s->n; i++)
        if (s->values[i] < 0)
            return fail(err, "%s: the rate of its step %zu is negative", path, i + 1);
        else if (s->values[i] > SCALE_RATE_MAX)
            return fail(err, "%s: the rate of its step %zu is more than 1e15", path, i + 1);
    return true;
}

static cJSON *scale_of(const char *trace, const char *text, size_t len, const char *policy,
                       struct sd_error *err)
{
    struct arena *a = arena_new();
    struct scale_policy p;
    struct scale s = {.n_rows = 0};
    struct series_csv csv = {.values = NULL};
    struct sd_error why;
    char *policy_text = NULL;
    size_t policy_len = 0;
    cJSON *o = NULL;
    if (file_read(policy, CAPACITY_FILE_BYTES, &policy_text, &policy_len, err) &&
        capacity_policy_file(&p, a, policy, policy_text, policy_len, err) &&
        series_csv_read(text, len, trace, &csv, err) && check_trace(&csv, trace, err)) {
        struct scale_trace t = {csv.from_ns, csv.step_ns, csv.values, csv.n};
        if (scale_replay(&s, &t, &p, &why))
            o = scale_document(&s, &t, &p);
        else
            fail(err, "%s: %.300s", trace, why.text);
        scale_free(&s);
    }
    free(csv.values);
    free(policy_text);
    arena_free(a);
    return o;
}

cJSON *estimate_scale(const char *trace, const char *policy, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (str_eq(trace, "-") && str_eq(policy, "-")) {
        fail(err, "standard input cannot be both the trace and the policy");
        return NULL;
    }
    if (!file_read(trace, SERIES_CSV_BYTES, &text, &len, err))
        return NULL;
    cJSON *o = scale_of(trace, text, len, policy, err);
    free(text);
    return o;
}

/* ---- forecasts, as the command makes them without options ---- */

static cJSON *forecast_of(const char *text, size_t len, const char *path, const struct estimate_wish *asked,
                          struct sd_error *err)
{
    const struct forecast_wish wish = {
        .horizon = (size_t)asked->horizon, .alpha = (double)NAN, .ceiling = asked->ceiling};
    struct series_csv csv = {.values = NULL};
    struct sd_error why;
    cJSON *o = NULL;
    if (!series_csv_read(text, len, path, &csv, err))
        return NULL;
    struct forecast_series series = {csv.values, csv.n, csv.from_ns, csv.step_ns ? csv.step_ns : SD_S};
    struct forecast *f = forecast_make(&series, &wish, &why);
    if (f)
        o = forecast_document(f);
    else
        fail(err, "%s: %.300s", path, why.text);
    forecast_free(f);
    free(csv.values);
    return o;
}

/* ---- by content ---- */

/* The first line that says something. */
static size_t first_line(const char *text, size_t len, const char **line)
{
    size_t from = len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0, to;
    for (;; from = to + 1) {
        for (to = from; to < len && text[to] != '\n'; to++)
            ;
        if (to >= len || (to > from && text[from] != '#' && text[from] != '\r'))
            break;
    }
    *line = text + from;
    return to - from;
}

/* CSV whose first column is a time: a series. */
static bool begins_with_time(const char *text, size_t len)
{
    const char *line;
    size_t n = first_line(text, len, &line);
    while (n && (*line == '"' || *line == ' '))
        line++, n--;
    return (n > 5 && !strncasecmp(line, "time", 4) && strchr("\",; \t", line[4])) ||
           (n > 10 && strspn(line, "0123456789") == 4 && line[4] == '-' && line[7] == '-');
}

static bool is_csv(const char *text, size_t len)
{
    const char *line;
    size_t n = first_line(text, len, &line);
    return memchr(line, ',', n) && !memchr(line, ':', n) && !memchr(line, '{', n) && !memchr(line, '<', n);
}

/* Documents that a command of this program printed with --format json; all name their kind first. */
static const char *const VIEWS[] = {"capacity_queue", "capacity_usl", "capacity_plan",
                                    "capacity_hops",  "forecast",     "scale",
                                    "load",           "load_compare", NULL};

static bool is_document(const char *text, size_t len)
{
    static const char *const before[] = {"{", "\"view\"", ":", "\""};
    size_t at = 0;
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        while (at < len && strchr(" \t\r\n", text[at]) && text[at])
            at++;
        size_t n = strlen(before[i]);
        if (len - at < n || memcmp(text + at, before[i], n) != 0)
            return false;
        at += n;
    }
    for (size_t i = 0; VIEWS[i]; i++) {
        size_t n = strlen(VIEWS[i]);
        if (len - at > n && !memcmp(text + at, VIEWS[i], n) && text[at + n] == '"')
            return true;
    }
    return false;
}

static cJSON *document_of(const char *text, size_t len, const char *path, struct sd_error *err)
{
    cJSON *o = len <= RESULT_BYTES ? cJSON_ParseWithLength(text, len) : NULL;
    if (!o)
        fail(err, "%s is a document of slowdive that is cut off, or no JSON", path);
    return o;
}

cJSON *estimate_any(const char *path, const struct estimate_wish *wish, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    cJSON *o = NULL;
    if (!file_read(path, SERIES_CSV_BYTES, &text, &len, err))
        return NULL;
    bool ready = is_document(text, len);
    enum capacity_kind kind =
        !ready && len < CAPACITY_FILE_BYTES ? capacity_file_kind(text, len) : CAPACITY_OTHER;
    if (ready)
        o = document_of(text, len, path, err);
    else if (kind == CAPACITY_PLAN)
        o = plan_of(text, len, path, err);
    else if (kind == CAPACITY_HOPS)
        o = hops_of(text, len, path, err);
    else if (kind == CAPACITY_POLICY)
        fail(err, "%s is a policy; open the trace with it: estimate:TRACE?policy=%s", path, path);
    else if (*wish->policy)
        o = scale_of(path, text, len, wish->policy, err);
    else if (begins_with_time(text, len))
        o = forecast_of(text, len, path, wish, err);
    else
        o = usl_of(text, len, path, err);
    free(text);
    return o;
}

int estimate_sure(const char *head, size_t len)
{
    if (is_document(head, len))
        return 97; /* more than load-result, which makes a report of a load test */
    enum capacity_kind kind = is_csv(head, len) ? CAPACITY_OTHER : capacity_file_kind(head, len);
    return kind == CAPACITY_PLAN || kind == CAPACITY_HOPS ? 80 : 0;
}
