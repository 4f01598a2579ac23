/* trace_api.c - asking a server for traces: once, or again and again for what is new. */
#include "source/trace/trace_api.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/redact.h"
#include "format/json_check.h"
#include "format/json_pull.h"
#include "source/shared/examine.h"

#define ANSWER_MAX  ((size_t)512 << 20) /* bytes, unpacked */
#define EVERY       (10 * SD_S)
#define EVERY_WATCH (2 * SD_S)
/* What began so long before the last poll is asked for again: spans arrive late, those seen are left out. */
#define OVERLAP (30 * SD_S)

#define OPTION(name_) .name = #name_, .offset = offsetof(struct trace_api_options, name_)
const struct sd_option TRACE_API_OPTIONS[] = {
    {OPTION(service), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "traces of this service only; empty: of all"},
    {OPTION(trace), .type = SD_OPTION_TEXT, .fallback = "", .help = "the trace with this id only"},
    {OPTION(lookback), .type = SD_OPTION_DURATION, .fallback = "1h", .min = 1e9, .max = 30 * 86400e9,
     .help = "how far back traces are asked for at first"},
    {OPTION(limit), .type = SD_OPTION_INT, .fallback = "200", .min = 1, .max = 10000, .unit = "count",
     .help = "how many traces are asked for at a time at most; that there were more is said"},
    {OPTION(every), .type = SD_OPTION_DURATION, .fallback = "0s", .min = 0, .max = 86400e9,
     .help = "how often new traces are asked for; 0 is 10 s, and 2 s with --for"},
    {OPTION(timeout), .type = SD_OPTION_DURATION, .fallback = "10s", .min = 0.1e9, .max = 3600e9,
     .help = "how long an answer may take"},
    {OPTION(org), .type = SD_OPTION_TEXT, .fallback = "", .help = "tenant, sent in the header X-Scope-OrgID"},
    {OPTION(user), .type = SD_OPTION_TEXT, .fallback = "", .help = "name for basic authentication"},
    {OPTION(password), .type = SD_OPTION_TEXT, .fallback = "", .flags = SD_OPTION_SECRET,
     .help = "password for basic authentication"},
    {OPTION(token), .type = SD_OPTION_TEXT, .fallback = "", .flags = SD_OPTION_SECRET,
     .help = "bearer token, sent in the header Authorization"},
    {OPTION(ca), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "file of certificates (PEM) that are trusted"},
    {OPTION(cert), .type = SD_OPTION_TEXT, .fallback = "", .help = "file of the client's certificate (PEM)"},
    {OPTION(key), .type = SD_OPTION_TEXT, .fallback = "", .help = "file of its key (PEM)"},
    {OPTION(insecure), .type = SD_OPTION_BOOL, .fallback = "no",
     .help = "accept any certificate of the server"},
    {.name = NULL},
};

/* ---- opening ---- */

static bool is_http(const char *at)
{
    return str_starts(at, "http://") || str_starts(at, "https://");
}

int trace_api_recognise(const char *target, const char *prefix)
{
    return str_starts(target, prefix) && is_http(target + strlen(prefix)) ? 100 : 0;
}

enum sd_result trace_api_open(struct sd_source *s, const char *prefix, const char *usual,
                              struct sd_error *err)
{
    struct trace_api *x = s->priv;
    const char *at = s->target;
    *x = (struct trace_api){.asked_to = x->asked_to, .draft = span_draft_new(), .seen = span_seen_new()};
    span_draft_once(x->draft, x->seen);
    span_outlet_open(&x->outlet, s);
    if (str_starts(at, prefix))
        at += strlen(prefix);
    if (is_http(at)) {
        size_t n = strcspn(at, "?#");
        while (n && at[n - 1] == '/')
            n--;
        x->base = mem_strndup(at, n);
        x->address = fetch_address(x->base);
    }
    return x->address ? SD_OK : sd_fail(err, SD_CONFIG, "it needs the URL of the server, as in %s", usual);
}

void trace_api_close(struct sd_source *s)
{
    struct trace_api *x = s->priv;
    if (x->outlet.s)
        span_outlet_close(&x->outlet);
    span_draft_free(x->draft);
    span_seen_free(x->seen);
    strbuf_free(&x->intake.notes);
    free(x->base);
    free(x->address);
    *x = (struct trace_api){.asked_to = x->asked_to};
}

/* ---- asking ---- */

void trace_api_parameter(struct strbuf *url, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0);
    strbuf_printf(url, "%c%s=%s", strchr(strbuf_text(url), '?') ? '&' : '?', name, escaped ? escaped : "");
    curl_free(escaped);
}

/* What the server says of it: a line of text, or the message in its JSON. */
static char *said_by(const struct fetch_answer *a)
{
    struct strbuf text = {0};
    struct sd_error none;
    const char *bytes = a->bytes ? a->bytes : "";
    bool json = a->len && *bytes == '{' && json_check(bytes, a->len, &none);
    if (json) {
        struct json_pull j = json_pull(bytes, a->len), errors = json_find(j, "errors"), msg = {0};
        if (errors.at && json_peek(&errors) == '[' && json_enter(&errors, '[') && json_item(&errors))
            msg = json_find(errors, "msg");
        if (!msg.at)
            msg = json_find(j, "error");
        if (!msg.at)
            msg = json_find(j, "message");
        if (msg.at)
            json_text(&msg, &text);
    } else if (str_starts(a->type, "text/plain")) {
        strbuf_add(&text, bytes, MIN(strcspn(bytes, "\r\n"), MIN(a->len, (size_t)200)));
    }
    char *shown = redact(strbuf_text(&text));
    strbuf_free(&text);
    return shown;
}

static enum sd_result refused(const struct trace_api *x, const struct fetch_answer *a, const char *path,
                              struct sd_error *err)
{
    char *said = said_by(a);
    bool lasts = a->status == 401 || a->status == 403 || a->status == 404 || a->status == 405;
    enum sd_result r =
        sd_fail(err, lasts ? SD_CONFIG : SD_RETRY, "%.200s answers %.*s with status %ld%s%.200s", x->address,
                (int)MIN(strcspn(path, "?"), (size_t)60), path, a->status, *said ? ": " : "", said);
    free(said);
    return r;
}

enum sd_result trace_api_get(struct sd_source *s, const char *path, const char *accept,
                             struct fetch_answer *out, bool *missing, struct sd_error *err)
{
    struct trace_api *x = s->priv;
    const struct trace_api_options *o = s->opts;
    char *url = mem_printf("%s%s", x->base, path);
    enum sd_result r = fetch(s,
                             &(struct fetch_ask){.url = url,
                                                 .tenant = o->org,
                                                 .max = ANSWER_MAX,
                                                 .wait_ns = o->timeout,
                                                 .accept = accept,
                                                 .user = o->user,
                                                 .password = o->password,
                                                 .bearer = o->token,
                                                 .ca = o->ca,
                                                 .cert = o->cert,
                                                 .key = o->key,
                                                 .insecure = o->insecure},
                             out, err);
    free(url);
    if (r != SD_OK)
        return r;
    x->intake.bytes += (int64_t)out->len;
    if (missing && (*missing = out->status == 404))
        return SD_OK;
    if (out->status == 200)
        return SD_OK;
    r = refused(x, out, path, err);
    fetch_free(out);
    return r;
}

enum sd_result trace_api_take(struct sd_source *s, const struct fetch_answer *a, const char *product,
                              struct sd_error *err)
{
    struct trace_api *x = s->priv;
    struct span_sink sink = {.full = span_outlet_take, .ctx = &x->outlet};
    struct sd_error why = {""};
    enum trace_form form = trace_form_read(a->bytes ? a->bytes : "", a->len, false, x->draft, &sink, &why);
    if (s->host->should_stop(s))
        return SD_NODATA;
    if (form == TRACE_NONE || form == TRACE_OTHER)
        return sd_fail(err, SD_RETRY, "the answer of %.150s is not of %s: %.200s", x->address, product,
                       a->len ? why.text : "it is empty");
    return SD_OK;
}

/* ---- polling ---- */

static void tell(struct sd_source *s)
{
    struct trace_api *x = s->priv;
    const struct trace_api_options *o = s->opts;
    strbuf_clear(&x->intake.notes);
    if (x->more)
        strbuf_printf(
            &x->intake.notes,
            "%.200s had more traces than the %lld that are asked for at a time (limit): these are a part.",
            x->address, (long long)o->limit);
    trace_intake_publish(s, &x->intake, x->draft, x->outlet.newest);
}

static enum sd_result poll_once(struct sd_source *s, trace_search *search, struct sd_error *err)
{
    struct trace_api *x = s->priv;
    const struct trace_api_options *o = s->opts;
    sd_time now = s->host->now(s);
    struct trace_query q = {.trace = *o->trace ? o->trace : NULL,
                            .service = *o->service ? o->service : NULL,
                            .from = now - o->lookback,
                            .to = now,
                            .longer_than_ns = SD_UNKNOWN,
                            .limit = o->limit};
    if (x->asked_to)
        q.from = MIN(x->asked_to, now) - OVERLAP;
    else if (s->watch_ns)
        q.from = now - OVERLAP;
    x->found = 0;
    x->more = false;
    enum sd_result r = search(s, &q, err);
    span_outlet_take(&x->outlet, x->draft);
    span_outlet_flush(&x->outlet);
    if (r != SD_OK)
        return r;
    x->asked_to = now;
    tell(s);
    /* Whoever waits for the first answer need not wait for the next count of batches. */
    s->host->note(s, SD_STATE_LIVE, "%lld spans so far", (long long)x->outlet.spans);
    return SD_OK;
}

static int64_t every(const struct sd_source *s)
{
    const struct trace_api_options *o = s->opts;
    if (o->every > 0)
        return o->every;
    return s->watch_ns ? MAX(MIN(EVERY_WATCH, s->watch_ns / 3), SD_S / 4) : EVERY;
}

enum sd_result trace_api_run(struct sd_source *s, trace_search *search, struct sd_error *err)
{
    struct trace_api *x = s->priv;
    while (!s->host->should_stop(s)) {
        sd_time now = s->host->now(s);
        if (now >= x->next || x->next > now + every(s)) {
            enum sd_result r = poll_once(s, search, err);
            if (r != SD_OK)
                return r == SD_NODATA ? SD_OK : r;
            if (!s->follow)
                return SD_GONE;
            x->next = MAX(now + every(s), s->host->now(s)); /* a slow server is asked less often */
        }
        if (s->host->wait(s, -1, 0, x->next) < 0)
            return SD_OK; /* to stop, or to serve a request */
    }
    return SD_OK;
}

/* ---- the job ---- */

enum sd_result trace_api_request(struct sd_source *s, trace_search *search, const struct sd_request *req,
                                 struct sd_batch *reply, const char *product, struct sd_error *err)
{
    struct trace_api *x = s->priv;
    const struct sd_job_find_traces *a = req->args;
    char text[300];
    sd_time now = s->host->now(s);
    if (req->job != SD_JOB_FIND_TRACES)
        return sd_fail(err, SD_UNSUPPORTED, "%s can be asked for traces only", product);
    struct trace_query q = {.trace = a->trace_id && *a->trace_id ? a->trace_id : NULL,
                            .service = a->service,
                            .operation = a->operation,
                            .method = a->method,
                            .route = a->route,
                            .from = sd_known(a->from) ? a->from : now - 3600 * SD_S,
                            .to = sd_known(a->to) ? a->to : now,
                            .longer_than_ns = a->longer_than_ns,
                            .limit = sd_known(a->limit) ? MAX(MIN(a->limit, 10000), 1) : 20};
    x->found = 0;
    x->more = false;
    enum sd_result r = search(s, &q, err);
    span_outlet_take(&x->outlet, x->draft);
    span_outlet_flush(&x->outlet);
    if (r == SD_NODATA)
        return sd_fail(err, SD_RETRY, "it was ended before %s had answered", product);
    if (r != SD_OK)
        return r;
    if (!x->found)
        snprintf(text, sizeof text, "%s at %.150s has no such trace%s", product, x->address,
                 q.trace ? "" : " of that time");
    else
        snprintf(text, sizeof text, "%lld %s found by %s at %.150s%s", (long long)x->found,
                 x->found == 1 ? "trace was" : "traces were", product, x->address,
                 x->more ? "; there are more" : "");
    s->host->add(reply, SD_EVENT,
                 &(struct sd_event){.severity = "info", .title = "looking for traces", .text = text});
    return SD_OK;
}

/* ---- what is missing ---- */

void trace_api_examine(struct sd_source *s, sd_check_tell *check, void *ctx, const char *prefix,
                       const char *usual, enum sd_result (*ask)(struct sd_source *s, struct sd_error *err))
{
    const struct examine e = {check, ctx};
    struct sd_error err = {""};
    if (!s->target)
        return;
    char *correct = mem_printf("start it, or correct the URL, which is usually %s", usual);
    char *login = mem_printf("say who you are, by the options token, or user and password, or org: slowdive "
                             "sources %.*s",
                             (int)strcspn(prefix, "+"), prefix);
    enum sd_result r = trace_api_open(s, prefix, usual, &err);
    if (r == SD_OK)
        r = ask(s, &err);
    examine_answer(&e, "server", r, "it answers questions for traces", &err,
                   strstr(err.text, "status 401") || strstr(err.text, "status 403") ? login : correct);
    trace_api_close(s);
    free(correct);
    free(login);
}
