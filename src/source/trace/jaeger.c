/* jaeger.c - traces from Jaeger's query service by its HTTP API. */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "core/endpoints/route.h"
#include "format/json_check.h"
#include "format/json_pull.h"
#include "source/trace/trace_api.h"

enum { SERVICES_MAX = 500, OPERATIONS_MAX = 20 };

struct names {
    char **items;
    size_t n, cap;
};

static void names_free(struct names *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct names){.n = 0};
}

static void add_name(struct names *list, const char *name)
{
    list->items = mem_grow(list->items, list->n, &list->cap, sizeof *list->items);
    list->items[list->n++] = mem_strdup(name);
}

/* {"data":["a","b"]} or {"data":[{"name":"a"}]} */
static enum sd_result ask_names(struct sd_source *s, const char *path, size_t max, struct names *out,
                                struct sd_error *err)
{
    struct trace_api *x = s->priv;
    struct fetch_answer a;
    struct sd_error why;
    enum sd_result r = trace_api_get(s, path, "application/json", &a, NULL, err);
    if (r != SD_OK)
        return r;
    const char *bytes = a.bytes ? a.bytes : "";
    struct json_pull data = {0};
    if (json_check(bytes, a.len, &why) && *bytes == '{')
        data = json_find(json_pull(bytes, a.len), "data");
    if (!data.at)
        r = sd_fail(err, SD_CONFIG,
                    "the answer of %.200s is not of Jaeger's query service, which is usually at "
                    "http://HOST:16686",
                    x->address);
    struct strbuf text = {0};
    if (data.at && json_peek(&data) == '[' && json_enter(&data, '['))
        for (; json_item(&data) && out->n < max; json_skip(&data)) {
            struct json_pull name = json_peek(&data) == '{' ? json_find(data, "name") : data;
            if (name.at)
                json_text(&name, &text);
            if (name.at && text.len)
                add_name(out, strbuf_text(&text));
        }
    strbuf_free(&text);
    fetch_free(&a);
    return r;
}

static int64_t count_traces(const struct fetch_answer *a)
{
    struct json_pull data = json_find(json_pull(a->bytes, a->len), "data");
    int64_t n = 0;
    if (data.at && json_peek(&data) == '[' && json_enter(&data, '['))
        for (; json_item(&data); json_skip(&data))
            n++;
    return n;
}

static enum sd_result take(struct sd_source *s, const char *path, int64_t limit, bool *missing,
                           struct sd_error *err)
{
    struct trace_api *x = s->priv;
    struct fetch_answer a;
    enum sd_result r = trace_api_get(s, path, "application/json", &a, missing, err);
    if (r != SD_OK)
        return r;
    if (!missing || !*missing) {
        r = trace_api_take(s, &a, "Jaeger", err);
        int64_t n = r == SD_OK ? count_traces(&a) : 0;
        x->found += n;
        x->more |= limit && n >= limit;
    }
    fetch_free(&a);
    return r;
}

static enum sd_result take_of(struct sd_source *s, const struct trace_query *q, const char *service,
                              const char *operation, struct sd_error *err)
{
    struct trace_api *x = s->priv;
    struct strbuf url = {0};
    char number[64];
    int64_t limit = q->limit - x->found;
    strbuf_str(&url, "/api/traces");
    trace_api_parameter(&url, "service", service);
    if (operation)
        trace_api_parameter(&url, "operation", operation);
    snprintf(number, sizeof number, "%lld", (long long)(q->from / 1000));
    trace_api_parameter(&url, "start", number);
    snprintf(number, sizeof number, "%lld", (long long)(q->to / 1000));
    trace_api_parameter(&url, "end", number);
    if (sd_known(q->longer_than_ns)) {
        snprintf(number, sizeof number, "%lldus", (long long)(q->longer_than_ns / 1000));
        trace_api_parameter(&url, "minDuration", number);
    }
    snprintf(number, sizeof number, "%lld", (long long)limit);
    trace_api_parameter(&url, "limit", number);
    enum sd_result r = take(s, strbuf_text(&url), limit, NULL, err);
    strbuf_free(&url);
    return r;
}

/* "GET /orders/{id}" as an endpoint is written. */
static bool is_endpoint(const char *operation, const char *method, const char *route)
{
    char folded[ROUTE_MAX];
    size_t n = method ? strlen(method) : 0;
    if (method && strncasecmp(operation, method, n) == 0 && operation[n] == ' ')
        operation += n + 1;
    return *operation == '/' && route_fold_tag(operation, folded) && str_eq(folded, route);
}

/* Of one service: all, those of an operation, or of the operations that are the endpoint. */
static enum sd_result search_service(struct sd_source *s, const struct trace_query *q, const char *service,
                                     struct sd_error *err)
{
    struct trace_api *x = s->priv;
    if (q->operation || !q->route)
        return take_of(s, q, service, q->operation, err);
    struct names operations = {0};
    char *escaped = curl_easy_escape(NULL, service, 0);
    char *path = mem_printf("/api/services/%s/operations", escaped ? escaped : "");
    enum sd_result r = ask_names(s, path, 10000, &operations, err);
    size_t asked = 0;
    for (size_t i = 0; r == SD_OK && i < operations.n && asked < OPERATIONS_MAX && x->found < q->limit; i++)
        if (is_endpoint(operations.items[i], q->method, q->route)) {
            r = take_of(s, q, service, operations.items[i], err);
            asked++;
        }
    names_free(&operations);
    free(path);
    curl_free(escaped);
    return r;
}

static enum sd_result search(struct sd_source *s, const struct trace_query *q, struct sd_error *err)
{
    struct trace_api *x = s->priv;
    struct names services = {0};
    enum sd_result r = SD_OK;
    if (q->trace) {
        bool missing;
        char *escaped = curl_easy_escape(NULL, q->trace, 0), *path = mem_printf("/api/traces/%s", escaped);
        r = take(s, path, 0, &missing, err);
        free(path);
        curl_free(escaped);
        return r;
    }
    if (q->service)
        add_name(&services, q->service);
    else
        r = ask_names(s, "/api/services", SERVICES_MAX, &services, err);
    for (size_t i = 0; r == SD_OK && i < services.n; i++) {
        x->more |= x->found >= q->limit;
        if (x->found >= q->limit)
            break;
        r = search_service(s, q, services.items[i], err);
    }
    names_free(&services);
    return r;
}

static int jaeger_recognise(const char *target, const void *head, size_t len)
{
    (void)head, (void)len;
    return trace_api_recognise(target, "jaeger+");
}

static enum sd_result jaeger_open(struct sd_source *s, struct sd_error *err)
{
    return trace_api_open(s, "jaeger+", "jaeger+http://HOST:16686", err);
}

static enum sd_result jaeger_run(struct sd_source *s, struct sd_error *err)
{
    return trace_api_run(s, search, err);
}

static enum sd_result jaeger_request(struct sd_source *s, const struct sd_request *req,
                                     struct sd_batch *reply, struct sd_error *err)
{
    return trace_api_request(s, search, req, reply, "Jaeger", err);
}

static enum sd_result ask_services(struct sd_source *s, struct sd_error *err)
{
    struct names services = {0};
    enum sd_result r = ask_names(s, "/api/services", SERVICES_MAX, &services, err);
    names_free(&services);
    return r;
}

static void jaeger_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    trace_api_examine(s, tell, ctx, "jaeger+", "jaeger+http://HOST:16686", ask_services);
}

extern const struct sd_source_ops jaeger_source_ops;
const struct sd_source_ops jaeger_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "jaeger",
    .summary =
        "traces of Jaeger, by the HTTP API of its query service: those of the last hour, then new ones",
    .targets = "jaeger+http://HOST:16686, jaeger+https://HOST/PREFIX, jaeger:http://HOST:16686",
    .provides = TRACE_API_PROVIDES,
    .opts_size = sizeof(struct trace_api_options),
    .options = TRACE_API_OPTIONS,
    .priv_size = sizeof(struct trace_api),
    .recognise = jaeger_recognise,
    .open = jaeger_open,
    .run = jaeger_run,
    .request = jaeger_request,
    .close = trace_api_close,
    .examine = jaeger_examine,
};
