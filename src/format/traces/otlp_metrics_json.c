/* otlp_metrics_json.c - metrics of OTLP in JSON. */
#include "format/traces/otlp_point.h"

static bool is(const struct json_pull *j, const char *camel, const char *snake)
{
    return json_is(j, camel) || json_is(j, snake);
}

static uint64_t time_of(struct json_pull *j)
{
    int64_t v = json_int(j);
    return v > 0 ? (uint64_t)v : 0;
}

static int small_int(struct json_pull *j)
{
    int64_t v = json_int(j);
    return sd_known(v) ? (int)MAX(MIN(v, (int64_t)INT32_MAX), (int64_t)INT32_MIN + 1) : 0;
}

static double count_of(struct json_pull *j)
{
    double v = json_number(j);
    return v >= 0 ? v : 0;
}

static void read_numbers(struct otlp_numbers *to, struct json_pull *j)
{
    if (json_enter(j, '['))
        while (json_item(j))
            otlp_number_add(to, json_number(j));
}

static void read_buckets(struct otlp_point *p, struct json_pull *j, bool above)
{
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        bool counts = is(j, "bucketCounts", "bucket_counts");
        if (above && json_is(j, "offset"))
            p->offset = small_int(j);
        else if (counts && above)
            read_numbers(&p->counts, j);
        else if (counts && json_enter(j, '['))
            while (json_item(j))
                p->negative += count_of(j);
        else if (!counts)
            json_skip(j);
    }
}

static void read_quantiles(struct otlp_point *p, struct json_pull *j)
{
    if (!json_enter(j, '['))
        return;
    while (json_item(j)) {
        double q = 0, v = 0;
        if (!json_enter(j, '{'))
            continue;
        while (json_key(j)) {
            if (json_is(j, "quantile"))
                q = json_number(j);
            else if (json_is(j, "value"))
                v = json_number(j);
            else
                json_skip(j);
        }
        otlp_number_add(&p->bounds, q);
        otlp_number_add(&p->counts, v);
    }
}

/* False: it is another key. */
static bool read_number(struct otlp_point *p, struct json_pull *j)
{
    if (is(j, "asDouble", "as_double") || is(j, "asInt", "as_int"))
        p->value = json_number(j);
    else if (json_is(j, "count"))
        p->count = count_of(j);
    else if (json_is(j, "sum"))
        p->sum = json_number(j);
    else if (is(j, "bucketCounts", "bucket_counts"))
        read_numbers(&p->counts, j);
    else if (is(j, "explicitBounds", "explicit_bounds"))
        read_numbers(&p->bounds, j);
    else if (json_is(j, "scale"))
        p->scale = small_int(j);
    else if (is(j, "zeroCount", "zero_count"))
        p->zero = count_of(j);
    else if (is(j, "zeroThreshold", "zero_threshold"))
        p->zero_below = count_of(j);
    else if (json_is(j, "positive") || json_is(j, "negative"))
        read_buckets(p, j, json_is(j, "positive"));
    else if (is(j, "quantileValues", "quantile_values"))
        read_quantiles(p, j);
    else
        return false;
    return true;
}

static void read_point(struct otlp_metrics_call *c, struct json_pull *j)
{
    struct otlp_point *p = &c->point;
    otlp_point_clear(c);
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (read_number(p, j))
            continue;
        if (is(j, "startTimeUnixNano", "start_time_unix_nano"))
            p->start = time_of(j);
        else if (is(j, "timeUnixNano", "time_unix_nano"))
            p->time = time_of(j);
        else if (json_is(j, "flags"))
            p->absent = json_int(j) & 1;
        else if (json_is(j, "attributes"))
            otlp_json_attributes(&p->attributes, &c->text, j);
        else
            json_skip(j);
    }
    otlp_point_take(c);
}

static bool is_delta(struct json_pull *j)
{
    static const char NAME[] = "AGGREGATION_TEMPORALITY_DELTA";
    struct json_pull number = *j;
    size_t n = 0;
    struct strbuf scratch = {0};
    const char *text = json_bytes(j, &scratch, &n);
    bool named = text && n == strlen(NAME) && !memcmp(text, NAME, n);
    strbuf_free(&scratch);
    return named || json_int(&number) == 1;
}

/* What stands below "sum", "histogram", ...; its points come last, whatever their place. */
static void read_data(struct otlp_metrics_call *c, struct json_pull j)
{
    struct json_pull points = {0};
    if (!json_enter(&j, '{'))
        return;
    while (json_key(&j)) {
        if (is(&j, "aggregationTemporality", "aggregation_temporality"))
            c->metric.delta = is_delta(&j);
        else if (is(&j, "isMonotonic", "is_monotonic")) {
            c->metric.monotonic = json_peek(&j) == 't';
            json_skip(&j);
        } else {
            if (is(&j, "dataPoints", "data_points"))
                points = j;
            json_skip(&j);
        }
    }
    if (points.at && json_enter(&points, '['))
        while (json_item(&points))
            read_point(c, &points);
}

static enum otlp_form form_of(const struct json_pull *j)
{
    return json_is(j, "gauge")                                      ? OTLP_GAUGE
           : json_is(j, "sum")                                      ? OTLP_SUM
           : json_is(j, "histogram")                                ? OTLP_EXPLICIT
           : is(j, "exponentialHistogram", "exponential_histogram") ? OTLP_EXPONENTIAL
           : json_is(j, "summary")                                  ? OTLP_SUMMARY
                                                                    : OTLP_NONE;
}

static void read_metric(struct otlp_metrics_call *c, struct json_pull *j)
{
    struct otlp_attributes held = {.n = 0};
    struct json_pull data = {0};
    c->metric = (struct otlp_metric){.name = {.at = "", .n = 0}, .unit = {.at = "", .n = 0}};
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        enum otlp_form form = form_of(j);
        if (json_is(j, "name"))
            c->metric.name = otlp_json_text(&held, &c->text, j);
        else if (json_is(j, "unit"))
            c->metric.unit = otlp_json_text(&held, &c->text, j);
        else {
            if (form) {
                c->metric.form = form;
                data = *j;
            }
            json_skip(j);
        }
    }
    if (data.at)
        read_data(c, data);
    otlp_attributes_clear(&held);
}

static void read_scopes(struct otlp_metrics_call *c, struct json_pull *j)
{
    if (!json_enter(j, '['))
        return;
    while (json_item(j)) {
        if (!json_enter(j, '{'))
            continue;
        while (json_key(j)) {
            if (json_is(j, "metrics") && json_enter(j, '['))
                while (json_item(j))
                    read_metric(c, j);
            else if (!json_is(j, "metrics"))
                json_skip(j);
        }
    }
}

static void read_resource_metrics(struct otlp_metrics_call *c, struct json_pull *j)
{
    struct json_pull resource = {0}, scopes = {0}, at = *j;
    json_skip(j);
    if (!json_enter(&at, '{'))
        return;
    while (json_key(&at)) {
        if (json_is(&at, "resource"))
            resource = at;
        else if (is(&at, "scopeMetrics", "scope_metrics") ||
                 is(&at, "instrumentationLibraryMetrics", "instrumentation_library_metrics"))
            scopes = at;
        json_skip(&at);
    }
    otlp_attributes_clear(&c->resource);
    if (resource.at)
        otlp_json_resource(&c->resource, &c->text, &resource);
    if (scopes.at)
        read_scopes(c, &scopes);
}

bool otlp_json_points(struct otlp_metrics_call *c, const char *bytes, size_t n, struct sd_error *err)
{
    struct json_pull j = json_pull(bytes, n), list = json_find(j, "resourceMetrics");
    if (!list.at)
        list = json_find(j, "resource_metrics");
    char first = list.at ? json_peek(&list) : '[';
    if (json_peek(&j) != '{' || (first != '[' && first != 'n'))
        return fail(err, "The JSON is no object with a list of \"resourceMetrics\".");
    if (list.at && json_enter(&list, '['))
        while (json_item(&list))
            read_resource_metrics(c, &list);
    return true;
}
