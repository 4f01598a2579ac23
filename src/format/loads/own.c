/* own.c - slowdive's own samples, and its documents of a run and of a report. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

/* ---- samples: times in ns from the start of the schedule ---- */

enum { S_SEQ, S_NAME, S_USER, S_INTENDED, S_SENT, S_DONE, S_STATUS, S_ERROR, S_BYTES, S_FIELDS };
#define SAMPLES_HEADER "seq,name,user,intended_ns,sent_ns,done_ns,status,error,bytes"

struct samples {
    int64_t last_ns; /* the latest end */
    int64_t no_end;  /* requests whose end is not told */
};

static int samples_sure(struct load_span head, bool named)
{
    (void)named;
    return span_starts(head, SAMPLES_HEADER) ? 100 : 0;
}

static bool samples_take(struct load_draft *d, struct load_span line)
{
    struct samples *s = d->state;
    struct load_span f[S_FIELDS];
    if (span_starts(line, "seq,name,"))
        return true;
    if (csv_fields(line, ',', f, S_FIELDS) != S_FIELDS)
        return load_broken(d, "has not %d fields", S_FIELDS);
    int64_t intended = span_int(f[S_INTENDED]), done = span_int(f[S_DONE]), status = span_int(f[S_STATUS]);
    bool has_end = f[S_DONE].n > 0;
    if (!sd_known(intended) || (has_end && done < intended) ||
        (f[S_STATUS].n && (status < 0 || status > 999)) || (f[S_SENT].n && !sd_known(span_int(f[S_SENT]))))
        return load_broken(d, "is no sample of slowdive");
    bool failed = f[S_ERROR].n || status < 100;
    s->last_ns = MAX(s->last_ns, has_end ? done : intended);
    s->no_end += !has_end;
    load_samples_add(&d->result->samples,
                     &(struct load_sample){.name = f[S_NAME].at,
                                           .name_len = f[S_NAME].n,
                                           .start_ns = intended,
                                           .latency_ns = has_end ? done - intended : SD_UNKNOWN,
                                           .status = status >= 100 ? (int)status : LOAD_NO_ANSWER,
                                           .failed = failed,
                                           .bytes = span_int(f[S_BYTES])});
    return true;
}

/* A request that was never sent was given up at the end of the run, at the earliest. */
static bool samples_end(struct load_draft *d, struct sd_error *err)
{
    struct samples *s = d->state;
    struct load_sample_set *set = &d->result->samples;
    (void)err;
    for (size_t i = 0; i < set->n && s->no_end; i++)
        if (!sd_known(set->latency_ns[i]))
            set->latency_ns[i] = s->last_ns - set->start_ns[i];
    if (s->no_end)
        load_result_note(d->result,
                         "Requests that were never sent, taken as given up at the last answer: %lld.",
                         (long long)s->no_end);
    return true;
}

const struct load_form LOAD_SAMPLES_CSV = {
    .tool = "slowdive",
    .what = "samples of slowdive",
    .shape = LOAD_RECORDS,
    .values = LOAD_VALUES_ALL,
    .start = LOAD_FROM_INTENDED,
    .resolution_ns = 1,
    .state = sizeof(struct samples),
    .sure = samples_sure,
    .take = samples_take,
    .end = samples_end,
};

/* ---- documents ---- */

/* The name of the view, behind its key: "load" or "load_report". */
static bool names_view(struct load_span head, const char *view)
{
    struct load_span rest = span_after(head, "\"view\"");
    rest = span_trim(rest.at ? rest : load_span(head.at, 0));
    if (!span_starts(rest, ":"))
        return false;
    rest = span_trim(load_span(rest.at + 1, rest.n - 1));
    struct load_span value = rest.n ? load_span(rest.at + 1, rest.n - 1) : rest;
    return rest.n && *rest.at == '"' && span_is(span_until(&value, '"'), view);
}

static int document_sure(struct load_span head, bool named)
{
    (void)named;
    if (!span_starts(span_trim(head), "{"))
        return 0;
    return names_view(head, "load") || names_view(head, "load_report") ? 100 : 0;
}

static void block(struct json_pull object, struct load_block *b)
{
    if (!object.at)
        return;
    b->count = json_count_at(object, "count");
    b->min_ns = json_ns_at(object, "min_ns", 1);
    b->mean_ns = json_ns_at(object, "mean_ns", 1);
    b->max_ns = json_ns_at(object, "max_ns", 1);
#define QUANTILE(name, q) b->name##_ns = json_ns_at(object, #name "_ns", 1);
    LOAD_QUANTILES(QUANTILE)
#undef QUANTILE
}

/* Rows of a run have `planned`, those of a report `requests`. */
static void rows(struct load_draft *d, struct json_pull list)
{
    struct strbuf name = {0};
    if (!list.at || !json_enter(&list, '['))
        return;
    while (json_item(&list)) {
        struct json_pull row = list, text = json_at(list, "name");
        json_skip(&list);
        if (json_peek(&row) != '{' || !text.at)
            continue;
        json_text(&text, &name);
        struct tool_row *r = load_result_row(d->result, strbuf_text(&name), name.len);
        if (!r)
            break;
        block(row, &r->latency);
        r->requests = json_count_at(row, json_at(row, "planned").at ? "planned" : "requests");
        r->failed = json_count_at(row, "failed");
        r->latency.count = r->requests;
    }
    strbuf_free(&name);
}

static void notes(struct load_draft *d, struct json_pull list)
{
    struct strbuf text = {0};
    if (!list.at || !json_enter(&list, '['))
        return;
    while (json_item(&list) && d->result->n_notes < 100) {
        json_text(&list, &text);
        if (text.len)
            load_result_note(d->result, "%s", strbuf_text(&text));
    }
    strbuf_free(&text);
}

static void of_report(struct load_draft *d, struct json_pull root)
{
    struct load_result *r = d->result;
    struct strbuf text = {0};
    struct json_pull from = json_at(root, "latency_from");
    r->requests = json_count_at(root, "requests");
    r->duration_ns = json_ns_at(root, "duration_ns", 1);
    r->rate_per_s = json_real_at(root, "rate_per_s");
    r->resolution_ns = json_ns_at(root, "resolution_ns", 1);
    if (from.at)
        json_text(&from, &text);
    r->start = str_eq(strbuf_text(&text), "intended") ? LOAD_FROM_INTENDED
               : str_eq(strbuf_text(&text), "sent")   ? LOAD_FROM_SENT
                                                      : LOAD_FROM_UNKNOWN;
    strbuf_free(&text);
    notes(d, json_at(root, "notes"));
}

static void of_run(struct load_draft *d, struct json_pull root)
{
    struct load_result *r = d->result;
    struct strbuf text = {0};
    struct json_pull verdict = json_at(root, "verdict");
    r->requests = json_count_at(root, "planned");
    r->duration_ns = json_ns_at(root, "measured_ns", 1);
    r->rate_per_s = (double)r->requests / ((double)r->duration_ns / 1e9);
    if (!sd_known(r->requests) || !sd_known(r->duration_ns) || !r->duration_ns)
        r->rate_per_s = (double)NAN;
    if (verdict.at)
        json_text(&verdict, &text);
    if (str_eq(strbuf_text(&text), "unreliable"))
        load_result_note(r,
                         "The run itself says that it cannot be trusted: its requests were late through the "
                         "generator.");
    else if (str_eq(strbuf_text(&text), "stopped"))
        load_result_note(r, "The run was stopped before its end.");
    strbuf_free(&text);
}

static bool document_take(struct load_draft *d, struct load_span text)
{
    struct json_pull root = json_pull(text.at, text.n);
    struct load_result *r = d->result;
    int64_t answers = 0, bad = 0;
    if (names_view(text, "load"))
        of_run(d, root);
    else
        of_report(d, root);
    if (!sd_known(r->requests))
        return load_broken(d, "it does not say how many requests there were");
    r->failed = json_count_at(root, "failed");
    r->bytes_received = json_count_at(root, "bytes_received");
    json_statuses(d, json_at(root, "statuses"), &answers, &bad);
    block(json_at(root, "latency"), &r->latency);
    block(json_at(root, "ok_latency"), &r->ok);
    rows(d, json_at(root, "rows"));
    return true;
}

const struct load_form LOAD_OWN_DOCUMENT = {
    .tool = "slowdive",
    .what = "a document of slowdive",
    .shape = LOAD_DOCUMENT,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_INTENDED,
    .resolution_ns = SD_UNKNOWN,
    .sure = document_sure,
    .take = document_take,
};
