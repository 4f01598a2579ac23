#include "format/traces/otlp_answer.h"

#include "format/json_check.h"
#include "format/traces/otlp_values.h"

static void put_varint(struct strbuf *out, uint64_t v)
{
    for (; v > 127; v >>= 7)
        strbuf_char(out, (char)(v | 128));
    strbuf_char(out, (char)v);
}

static void put_int(struct strbuf *out, unsigned number, uint64_t v)
{
    if (!v)
        return;
    put_varint(out, number << 3 | PROTO_VARINT);
    put_varint(out, v);
}

static void put_bytes(struct strbuf *out, unsigned number, const char *bytes, size_t n)
{
    put_varint(out, number << 3 | PROTO_BYTES);
    put_varint(out, n);
    strbuf_add(out, bytes, n);
}

void otlp_answer_taken(struct strbuf *out, bool json, enum otlp_signal signal, int64_t refused,
                       const char *message)
{
    static const char *const NAMES[] = {[OTLP_TRACES] = "rejectedSpans",
                                        [OTLP_METRICS] = "rejectedDataPoints",
                                        [OTLP_LOGS] = "rejectedLogRecords"};
    struct strbuf partial = {0};
    strbuf_clear(out);
    if (json && !message) {
        strbuf_str(out, "{}");
    } else if (json) {
        /* 64 bits are text in protobuf's JSON */
        strbuf_printf(out, "{\"partialSuccess\":{\"%s\":\"%lld\",\"errorMessage\":", NAMES[signal],
                      (long long)refused);
        otlp_add_json(out, message, strlen(message));
        strbuf_str(out, "}}");
    } else if (message) {
        put_int(&partial, 1, (uint64_t)refused);
        put_bytes(&partial, 2, message, strlen(message));
        put_bytes(out, 1, strbuf_text(&partial), partial.len);
    }
    strbuf_free(&partial);
}

/* https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
static unsigned code_of(int status)
{
    switch (status) {
    case 401:
        return 16; /* UNAUTHENTICATED */
    case 404:
        return 5; /* NOT_FOUND */
    case 405:
    case 501:
        return 12; /* UNIMPLEMENTED */
    case 413:
        return 8; /* RESOURCE_EXHAUSTED */
    case 429:
        return 14; /* UNAVAILABLE */
    default:
        return 3; /* INVALID_ARGUMENT */
    }
}

void otlp_answer_failed(struct strbuf *out, bool json, int status, const char *message)
{
    strbuf_clear(out);
    if (json) {
        strbuf_printf(out, "{\"code\":%u,\"message\":", code_of(status));
        otlp_add_json(out, message, strlen(message));
        strbuf_char(out, '}');
        return;
    }
    put_int(out, 1, code_of(status));
    put_bytes(out, 2, message, strlen(message));
}

/* ---- logs ---- */

static const struct proto_shape RECORD;
static const struct proto_shape SCOPE_LOGS = {.of = {[2] = &RECORD}};
static const struct proto_shape RESOURCE_LOGS = {.of = {[2] = &SCOPE_LOGS}};
static const struct proto_shape REQUEST = {.of = {[1] = &RESOURCE_LOGS}};

static int64_t count_wire(struct proto p)
{
    struct proto_field resource, scope, record;
    int64_t n = 0;
    while (proto_field(&p, &resource))
        while (proto_is_bytes(&resource, 1) && proto_field(&resource.bytes, &scope))
            while (proto_is_bytes(&scope, 2) && proto_field(&scope.bytes, &record))
                n += proto_is_bytes(&record, 2);
    return n;
}

/* Of the lists below these keys, one in the other. */
static int64_t count_json(struct json_pull *list, unsigned depth)
{
    static const char *const KEYS[][2] = {{"scopeLogs", "scope_logs"}, {"logRecords", "log_records"}};
    int64_t n = 0;
    if (!json_enter(list, '['))
        return 0;
    while (json_item(list)) {
        if (depth == ARRAY_LEN(KEYS)) {
            json_skip(list);
            n++;
            continue;
        }
        if (!json_enter(list, '{'))
            continue;
        while (json_key(list)) {
            if (json_is(list, KEYS[depth][0]) || json_is(list, KEYS[depth][1]))
                n += count_json(list, depth + 1);
            else
                json_skip(list);
        }
    }
    return n;
}

bool otlp_count_logs(const char *bytes, size_t n, bool json, int64_t *records, struct sd_error *err)
{
    if (!json) {
        *records = count_wire(proto(bytes, n));
        return proto_check(bytes, n, &REQUEST, err);
    }
    struct json_pull j = json_pull(bytes, n), list = json_find(j, "resourceLogs");
    *records = 0;
    if (!json_check(bytes, n, err))
        return false;
    if (json_peek(&j) != '{')
        return fail(err, "The JSON is no object.");
    *records = list.at ? count_json(&list, 0) : 0;
    return true;
}
