/* tempo.c - traces from Grafana Tempo by its HTTP API: found by TraceQL, then fetched one by one. */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "format/json_check.h"
#include "format/json_pull.h"
#include "source/trace/trace_api.h"

/* Protobuf is smaller, and Tempo has it at hand. */
static const char ACCEPT[] = "application/protobuf, application/json;q=0.5";

/* ---- TraceQL ---- */

static void quoted(struct strbuf *out, const char *text)
{
    strbuf_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_char(out, '\\');
        strbuf_char(out, *text == '\n' ? ' ' : *text);
    }
    strbuf_char(out, '"');
}

static void condition(struct strbuf *out, const char *left, const char *value)
{
    if (!value)
        return;
    strbuf_printf(out, "%s%s", out->len > 2 ? " && " : "", left);
    quoted(out, value);
}

/* A route as a pattern: what stands for ":id" is spelled as the framework does. */
static char *pattern_of(const char *route)
{
    struct strbuf out = {0};
    for (const char *p = route; *p; p++) {
        if (*p == ':' && p > route && p[-1] == '/') {
            strbuf_str(&out, "[^/]+");
            p += strcspn(p, "/") - 1;
        } else {
            if (strchr(".+*?()[]{}|^$\\", *p))
                strbuf_char(&out, '\\');
            strbuf_char(&out, *p);
        }
    }
    return strbuf_detach(&out);
}

static char *trace_ql(const struct trace_query *q)
{
    struct strbuf out = {0};
    strbuf_str(&out, "{ ");
    condition(&out, "resource.service.name = ", q->service);
    condition(&out, "name = ", q->operation);
    condition(&out, "span.http.request.method = ", q->route ? q->method : NULL);
    if (q->route) {
        char *pattern = pattern_of(q->route);
        condition(&out, "span.http.route =~ ", pattern);
        free(pattern);
    }
    if (sd_known(q->longer_than_ns))
        strbuf_printf(&out, "%s%s > %lldns", out.len > 2 ? " && " : "",
                      q->route || q->operation ? "duration" : "traceDuration", (long long)q->longer_than_ns);
    strbuf_str(&out, out.len > 2 ? " }" : "}");
    return strbuf_detach(&out);
}

/* ---- asking ---- */

/* By the older path, which all versions have; where it is gone, by the newer. */
static enum sd_result take(struct sd_source *s, const char *trace, struct sd_error *err)
{
    struct trace_api *x = s->priv;
    static const char *const PATHS[] = {"/api/traces/", "/api/v2/traces/"};
    char *escaped = curl_easy_escape(NULL, trace, 0);
    enum sd_result r = SD_OK;
    bool missing = true;
    for (size_t i = 0; r == SD_OK && missing && i < ARRAY_LEN(PATHS); i++) {
        struct fetch_answer a;
        char *path = mem_printf("%s%s", PATHS[i], escaped ? escaped : "");
        r = trace_api_get(s, path, ACCEPT, &a, &missing, err);
        free(path);
        if (r != SD_OK)
            break;
        if (!missing) {
            r = trace_api_take(s, &a, "Tempo", err);
            x->found += r == SD_OK;
        }
        fetch_free(&a);
    }
    curl_free(escaped);
    return r;
}

static enum sd_result not_tempo(const struct sd_source *s, struct sd_error *err)
{
    const struct trace_api *x = s->priv;
    return sd_fail(err, SD_CONFIG,
                   "the answer of %.200s is not of Tempo, which is usually at http://HOST:3200", x->address);
}

/* The traces that an answer names, one after the other. */
static enum sd_result take_found(struct sd_source *s, const struct fetch_answer *a, int64_t limit,
                                 struct sd_error *err)
{
    struct trace_api *x = s->priv;
    struct sd_error why;
    enum sd_result r = SD_OK;
    struct strbuf id = {0};
    const char *bytes = a->bytes ? a->bytes : "";
    if (!json_check(bytes, a->len, &why) || *bytes != '{')
        return not_tempo(s, err);
    struct json_pull traces = json_find(json_pull(bytes, a->len), "traces");
    int64_t n = 0;
    if (traces.at && json_peek(&traces) == '[' && json_enter(&traces, '['))
        for (; r == SD_OK && n < limit && json_item(&traces); json_skip(&traces), n++) {
            struct json_pull at = json_peek(&traces) == '{' ? json_find(traces, "traceID") : traces;
            if (at.at)
                json_text(&at, &id);
            if (at.at && id.len)
                r = take(s, strbuf_text(&id), err);
        }
    x->more |= n >= limit;
    strbuf_free(&id);
    return r;
}

static enum sd_result search(struct sd_source *s, const struct trace_query *q, struct sd_error *err)
{
    if (q->trace)
        return take(s, q->trace, err);
    struct strbuf url = {0};
    struct fetch_answer a;
    char number[32], *ql = trace_ql(q);
    strbuf_str(&url, "/api/search");
    trace_api_parameter(&url, "q", ql);
    snprintf(number, sizeof number, "%lld", (long long)(q->from / SD_S));
    trace_api_parameter(&url, "start", number);
    snprintf(number, sizeof number, "%lld", (long long)(q->to / SD_S) + 1);
    trace_api_parameter(&url, "end", number);
    snprintf(number, sizeof number, "%lld", (long long)q->limit);
    trace_api_parameter(&url, "limit", number);
    enum sd_result r = trace_api_get(s, strbuf_text(&url), "application/json", &a, NULL, err);
    if (r == SD_OK) {
        r = take_found(s, &a, q->limit, err);
        fetch_free(&a);
    }
    strbuf_free(&url);
    free(ql);
    return r;
}

static int tempo_recognise(const char *target, const void *head, size_t len)
{
    (void)head, (void)len;
    return trace_api_recognise(target, "tempo+");
}

static enum sd_result tempo_open(struct sd_source *s, struct sd_error *err)
{
    return trace_api_open(s, "tempo+", "tempo+http://HOST:3200", err);
}

static enum sd_result tempo_run(struct sd_source *s, struct sd_error *err)
{
    return trace_api_run(s, search, err);
}

static enum sd_result tempo_request(struct sd_source *s, const struct sd_request *req, struct sd_batch *reply,
                                    struct sd_error *err)
{
    return trace_api_request(s, search, req, reply, "Tempo", err);
}

/* One trace of the last minute. */
static enum sd_result ask_shortly(struct sd_source *s, struct sd_error *err)
{
    sd_time now = s->host->now(s);
    struct fetch_answer a;
    struct sd_error why;
    char *path = mem_printf("/api/search?limit=1&start=%lld&end=%lld", (long long)(now / SD_S) - 60,
                            (long long)(now / SD_S));
    enum sd_result r = trace_api_get(s, path, "application/json", &a, NULL, err);
    free(path);
    if (r != SD_OK)
        return r;
    const char *bytes = a.bytes ? a.bytes : "";
    if (!json_check(bytes, a.len, &why) || *bytes != '{')
        r = not_tempo(s, err);
    fetch_free(&a);
    return r;
}

static void tempo_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    trace_api_examine(s, tell, ctx, "tempo+", "tempo+http://HOST:3200", ask_shortly);
}

extern const struct sd_source_ops tempo_source_ops;
const struct sd_source_ops tempo_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "tempo",
    .summary = "traces of Grafana Tempo, by its HTTP API: those of the last hour, then new ones",
    .targets = "tempo+http://HOST:3200, tempo+https://HOST/PREFIX, tempo:http://HOST:3200",
    .provides = TRACE_API_PROVIDES,
    .opts_size = sizeof(struct trace_api_options),
    .options = TRACE_API_OPTIONS,
    .priv_size = sizeof(struct trace_api),
    .recognise = tempo_recognise,
    .open = tempo_open,
    .run = tempo_run,
    .request = tempo_request,
    .close = trace_api_close,
    .examine = tempo_examine,
};
