/* k6.c - results of k6 one by one: the NDJSON of `--out json`. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

struct k6 {
    double dropped; /* iterations */
    double received;
    bool received_known;
};

static int ndjson_sure(struct load_span head, bool named)
{
    static const char *const KEYS[] = {"type", "data", "metric", NULL};
    (void)named;
    struct load_span line = span_until(&head, '\n');
    bool typed = span_has(line, "\"Metric\"") || span_has(line, "\"Point\"");
    return typed && span_json_names(line, KEYS) ? 95 : 0;
}

/* The metrics that count: most lines are of others, and are not read further. */
static const char *const METRICS[] = {"http_req_duration", "http_req_failed", "data_received",
                                      "dropped_iterations"};
enum { DURATION, FAILED, RECEIVED, DROPPED, OTHER };

/* One Point. Its time is the end of the request. */
struct point {
    bool is_point; /* else it describes a metric */
    size_t metric;
    double value;
    int64_t time;
    int64_t status; /* LOAD_NO_STATUS: the script switched that tag off */
    int expected;   /* did the script expect this answer? -1: not told */
    struct load_span name;
};

static struct load_span bytes_of(struct json_pull *j, struct strbuf *scratch)
{
    size_t n = 0;
    const char *bytes = json_bytes(j, scratch, &n);
    return load_span((char *)(uintptr_t)bytes, bytes ? n : 0);
}

static void read_tags(struct load_draft *d, struct json_pull *j, struct point *p)
{
    struct strbuf scratch = {0};
    if (json_enter(j, '{'))
        while (json_key(j)) {
            if (json_is(j, "status")) {
                int64_t status = json_int(j);
                p->status = sd_known(status) ? status : LOAD_NO_STATUS;
            } else if (json_is(j, "expected_response")) {
                p->expected = span_is(bytes_of(j, &scratch), "true");
            } else if (json_is(j, "name")) {
                p->name = bytes_of(j, &d->text);
            } else {
                json_skip(j);
            }
        }
    strbuf_free(&scratch);
}

static size_t metric_of(struct load_span name)
{
    size_t i = 0;
    while (i < OTHER && !span_is(name, METRICS[i]))
        i++;
    return i;
}

static void read_data(struct load_draft *d, struct json_pull *j, struct point *p)
{
    struct strbuf scratch = {0};
    if (json_enter(j, '{'))
        while (json_key(j)) {
            if (json_is(j, "value"))
                p->value = json_number(j);
            else if (json_is(j, "time"))
                p->time = span_time(bytes_of(j, &scratch));
            else if (json_is(j, "tags"))
                read_tags(d, j, p);
            else
                json_skip(j);
        }
    strbuf_free(&scratch);
}

/* False: it is broken. */
static bool read_line(struct load_draft *d, struct load_span line, struct point *p)
{
    struct json_pull j = json_pull(line.at, line.n);
    struct strbuf scratch = {0};
    *p = (struct point){
        .metric = OTHER, .value = (double)NAN, .time = SD_UNKNOWN, .status = LOAD_NO_STATUS, .expected = -1};
    if (json_enter(&j, '{'))
        while (json_key(&j)) {
            if (json_is(&j, "type"))
                p->is_point = span_is(bytes_of(&j, &scratch), "Point");
            else if (json_is(&j, "metric"))
                p->metric = metric_of(bytes_of(&j, &scratch));
            else if (json_is(&j, "data"))
                read_data(d, &j, p);
            else
                json_skip(&j);
        }
    strbuf_free(&scratch);
    return !j.broken && (!p->is_point || p->metric == OTHER || p->value >= 0);
}

static void add_request(struct load_draft *d, const struct point *p)
{
    d->result->samples.absolute = true;
    double ns = p->value * 1e6;
    int64_t latency = real_is_int(ns) ? real_to_int(ns) : SD_UNKNOWN;
    bool by_status = p->status >= 0;
    load_samples_add(&d->result->samples,
                     &(struct load_sample){
                         .name = p->name.at,
                         .name_len = p->name.n,
                         .start_ns = sd_known(p->time) && sd_known(latency) ? p->time - latency : SD_UNKNOWN,
                         .latency_ns = latency,
                         .status = by_status ? (int)MIN(p->status, 1000) : LOAD_NO_STATUS,
                         .failed = by_status ? !p->status || p->status >= 400 : p->expected == 0,
                         .bytes = SD_UNKNOWN});
}

/* A script without the tags of status and expectation: whether it failed is the point behind. */
static void mark_failed(struct load_draft *d, const struct point *p)
{
    struct load_sample_set *s = &d->result->samples;
    if (p->status < 0 && p->expected < 0 && s->n && s->status[s->n - 1] == LOAD_NO_STATUS && p->value > 0)
        s->failed[s->n - 1] = true;
}

static bool may_count(struct load_span line)
{
    for (size_t i = 0; i < OTHER; i++)
        if (span_has(line, METRICS[i]))
            return true;
    return false;
}

static bool ndjson_take(struct load_draft *d, struct load_span line)
{
    struct k6 *k = d->state;
    struct point p;
    if (line.at[line.n - 1] != '}')
        return load_broken(d, "is no whole JSON object");
    if (!may_count(line))
        return true;
    if (!read_line(d, line, &p))
        return load_broken(d, "is no whole point of k6");
    if (!p.is_point || p.metric == OTHER)
        return true;
    if (p.metric == DURATION) {
        add_request(d, &p);
    } else if (p.metric == FAILED) {
        mark_failed(d, &p);
    } else if (p.metric == DROPPED) {
        k->dropped += p.value;
    } else {
        k->received += p.value;
        k->received_known = true;
    }
    return true;
}

static bool ndjson_end(struct load_draft *d, struct sd_error *err)
{
    struct k6 *k = d->state;
    (void)err;
    if (k->received_known && real_is_int(k->received))
        d->result->bytes_received = real_to_int(k->received);
    if (k->dropped >= 1)
        load_result_note(d->result, K6_DROPPED, k->dropped);
    return true;
}

const struct load_form LOAD_K6_NDJSON = {
    .tool = "k6",
    .what = "results of k6",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_ALL,
    .start = LOAD_FROM_SENT,
    .resolution_ns = 1,
    .state = sizeof(struct k6),
    .sure = ndjson_sure,
    .take = ndjson_take,
    .end = ndjson_end,
    .note = "k6 counts latency without DNS, connecting and TLS.",
};
