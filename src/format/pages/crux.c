#include "format/pages/crux.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "core/pages/vital.h"
#include "core/schema.h"

enum { POINTS_MAX = 1000, FORM_FACTOR_MAX = 32 };

struct crux {
    const struct sd_host *host;
    struct sd_batch *batch;
    const char *by, *key;
    char form_factor[FORM_FACTOR_MAX];
    bool fits;
};

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The p75 of CLS is a text; a share that is not known is "NaN". */
static double number_of(const cJSON *c)
{
    double x;
    if (cJSON_IsNumber(c))
        x = c->valuedouble;
    else if (!cJSON_IsString(c) || !num_parse_real(c->valuestring, &x))
        return (double)NAN;
    return x >= 0 && x <= 1e12 ? x : (double)NAN;
}

/* ---- a record ---- */

static double share_of(const cJSON *histogram, int i)
{
    const cJSON *bin = cJSON_GetArrayItem(histogram, i);
    double x = number_of(member(bin, "density"));
    if (cJSON_IsObject(bin) && !member(bin, "density"))
        return 0; /* nobody */
    return x <= 1 ? x : (double)NAN;
}

static void add_field(struct crux *x, enum vital v, const cJSON *metric)
{
    const cJSON *histogram = member(metric, "histogram");
    struct sd_page_field f;
    schema_clear(schema_of(SD_PAGE_FIELD), &f);
    f.data = "crux";
    f.by = x->by;
    f.key = x->key;
    f.form_factor = x->form_factor;
    f.metric = VITALS[v].name;
    f.p75 = number_of(member(member(metric, "percentiles"), "p75"));
    if (cJSON_GetArraySize(histogram) == 3) {
        f.good_share = share_of(histogram, 0);
        f.needs_improvement_share = share_of(histogram, 1);
        f.poor_share = share_of(histogram, 2);
    }
    x->fits = x->fits && x->host->add(x->batch, SD_PAGE_FIELD, &f);
}

/* ---- a history ---- */

static sd_time day_of(const cJSON *date)
{
    double y = number_of(member(date, "year")), m = number_of(member(date, "month")),
           d = number_of(member(date, "day"));
    if (!(y >= 1970 && y <= 2200 && m >= 1 && m <= 12 && d >= 1 && d <= 31))
        return SD_UNKNOWN;
    return clock_days((int64_t)y, (int)m, (int)d) * 86400 * SD_S;
}

static void add_trend(struct crux *x, enum vital v, const cJSON *metric, const cJSON *periods)
{
    static int64_t no_ends[1];
    int64_t *ends = mem_array(POINTS_MAX, sizeof *ends);
    double *p75 = mem_array(POINTS_MAX, sizeof *p75);
    const cJSON *period, *value = member(member(metric, "percentilesTimeseries"), "p75s");
    uint32_t n = 0;
    value = value ? value->child : NULL;
    cJSON_ArrayForEach(period, periods)
    {
        sd_time end = day_of(member(period, "lastDate"));
        if (n < POINTS_MAX && sd_known(end)) {
            ends[n] = end;
            p75[n++] = number_of(value);
        }
        value = value ? value->next : NULL;
    }
    const struct sd_ints all_ends = {.n = n, .items = n ? ends : no_ends};
    const struct sd_reals all_p75 = {.n = n, .items = p75};
    struct sd_page_trend t;
    schema_clear(schema_of(SD_PAGE_TREND), &t);
    t.data = "crux";
    t.by = x->by;
    t.key = x->key;
    t.form_factor = x->form_factor;
    t.metric = VITALS[v].name;
    t.ends = &all_ends;
    t.p75 = &all_p75;
    x->fits = x->fits && x->host->add(x->batch, SD_PAGE_TREND, &t);
    free(ends);
    free(p75);
}

/* ---- all of it ---- */

static bool read_key(struct crux *x, const cJSON *record, struct sd_error *err)
{
    const cJSON *key = member(record, "key"), *url = member(key, "url"), *origin = member(key, "origin"),
                *form = member(key, "formFactor");
    const cJSON *named = cJSON_IsString(url) ? url : origin;
    if (!cJSON_IsString(named))
        return fail(err, "is of no page and no origin: its key names none");
    x->by = named == url ? "page" : "origin";
    x->key = named->valuestring;
    snprintf(x->form_factor, sizeof x->form_factor, "%s",
             cJSON_IsString(form) && *form->valuestring ? form->valuestring : "all");
    for (char *p = x->form_factor; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    if (str_eq(x->form_factor, "all_form_factors"))
        snprintf(x->form_factor, sizeof x->form_factor, "all");
    return true;
}

static bool read_record(struct crux *x, const cJSON *record, struct sd_error *err)
{
    const cJSON *metric, *periods = member(record, "collectionPeriods");
    size_t n = 0;
    if (!read_key(x, record, err))
        return false;
    cJSON_ArrayForEach(metric, member(record, "metrics"))
    {
        enum vital v = vital_of_crux(metric->string);
        if (v == VITAL_N || !cJSON_IsObject(metric))
            continue;
        if (member(metric, "percentilesTimeseries") || cJSON_IsArray(periods))
            add_trend(x, v, metric, periods);
        else
            add_field(x, v, metric);
        n++;
    }
    if (!n)
        return fail(err, "holds none of the metrics LCP, INP, CLS, FCP and TTFB");
    return x->fits || fail(err, "holds more than one batch can");
}

static bool read_answer(struct crux *x, const cJSON *json, struct sd_error *err)
{
    const cJSON *refused = member(json, "error"), *message = member(refused, "message"),
                *record = member(json, "record");
    if (refused)
        return fail(err, "holds no data: the Chrome UX Report answered: %.200s",
                    cJSON_IsString(message) ? message->valuestring : "an error");
    return cJSON_IsObject(record) ? read_record(x, record, err)
                                  : fail(err, "is no answer of the Chrome UX Report: it has no record");
}

bool crux_read(const char *text, size_t len, const struct sd_host *host, struct sd_batch *b,
               struct sd_error *err)
{
    struct crux x = {.host = host, .batch = b, .fits = true};
    cJSON *json = utf8_valid(text, len) ? cJSON_ParseWithLength(text, len) : NULL;
    bool done = json ? read_answer(&x, json, err) : fail(err, "is no JSON, or cut off");
    cJSON_Delete(json);
    return done;
}

bool crux_recognise(const char *head, size_t len)
{
    static const char *const record[] = {"\"record\"", "\"key\"", "\"metrics\""};
    size_t i = 0, found = 0;
    while (i < len && isspace((unsigned char)head[i]))
        i++;
    if (i == len || head[i] != '{')
        return false;
    for (size_t k = 0; k < ARRAY_LEN(record); k++)
        found += memmem(head, len, record[k], strlen(record[k])) != NULL;
    bool vitals = false;
    for (unsigned v = 0; v < VITAL_N; v++)
        vitals = vitals || memmem(head, len, VITALS[v].crux, strlen(VITALS[v].crux));
    static const char error[] = "\"error\"", report[] = "chrome ux report";
    return (found == ARRAY_LEN(record) && vitals) ||
           (memmem(head, len, error, sizeof error - 1) && memmem(head, len, report, sizeof report - 1));
}
