#include "format/traces/trace_form.h"

#include <ctype.h>
#include <string.h>

#include "format/json_check.h"
#include "format/json_pull.h"
#include "format/traces/jaeger_json.h"
#include "format/traces/otlp_read.h"
#include "format/traces/zipkin_json.h"

/* ---- protobuf ---- */

/* Of one message behind its length; a longer one would be other bytes, read as a length. */
#define MESSAGE_MAX ((uint64_t)1 << 30)

struct message {
    const uint8_t *at, *end;
};

static bool varint(struct message *m, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; m->at < m->end && shift < 64; shift += 7) {
        uint8_t b = *m->at++;
        *v |= (uint64_t)(b & 127) << shift;
        if (!(b & 128))
            return true;
    }
    return false;
}

/* The first field of this number that is bytes; what stands before it is passed over. A cut one ends where
 * the bytes do. False: there is none, or something that is no message. */
static bool field_of(struct message m, uint64_t number, struct message *out)
{
    uint64_t tag, n;
    while (m.at < m.end && varint(&m, &tag)) {
        if (tag >> 3 == 0 || tag >> 3 > 1000)
            return false;
        switch (tag & 7) {
        case 0:
            if (!varint(&m, &n))
                return false;
            continue;
        case 1:
            n = 8;
            break;
        case 5:
            n = 4;
            break;
        case 2:
            if (!varint(&m, &n))
                return false;
            break;
        default:
            return false;
        }
        size_t left = (size_t)(m.end - m.at);
        if ((tag & 7) == 2 && tag >> 3 == number) {
            *out = (struct message){.at = m.at, .end = m.at + MIN(n, left)};
            return true;
        }
        if (n > left)
            return false;
        m.at += n;
    }
    return false;
}

static bool printable(struct message m)
{
    const uint8_t *p = m.at;
    while (p < m.end && (isalnum(*p) || strchr("._-/ ", *p)))
        p++;
    return p == m.end && m.end > m.at;
}

/* Does this ResourceSpans have a span, or as far as it is there, a resource as it should be? */
static bool is_resource_spans(struct message m)
{
    struct message scope, span, id, resource, pair, key;
    if (field_of(m, 2, &scope))
        return !field_of(scope, 2, &span) || !field_of(span, 1, &id)
                   ? scope.end == m.end && scope.at < scope.end /* cut */
                   : id.end - id.at == 16 && (!field_of(span, 2, &id) || id.end - id.at == 8);
    return field_of(m, 1, &resource) && field_of(resource, 1, &pair) && field_of(pair, 1, &key) &&
           printable(key);
}

static bool begins_message(const uint8_t *bytes, size_t len)
{
    return len > 4 && bytes[0] == 0x0a;
}

/* A message behind its length; it may be cut. */
static bool is_delimited(struct message m)
{
    struct message first;
    uint64_t n;
    if (!varint(&m, &n) || n < 4 || n > MESSAGE_MAX)
        return false;
    m.end = m.at + MIN(n, (uint64_t)(m.end - m.at));
    return begins_message(m.at, (size_t)(m.end - m.at)) && field_of(m, 1, &first) && is_resource_spans(first);
}

enum trace_form trace_form_proto(const uint8_t *bytes, size_t len)
{
    struct message m = {.at = bytes, .end = bytes + len}, first, inner;
    if (len > 8 && bytes[0] < 0x0a && begins_message(bytes + 4, len - 4)) {
        struct message framed = {.at = bytes + 4, .end = bytes + len};
        size_t size = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
        if (size && field_of(framed, 1, &first) && is_resource_spans(first))
            return TRACE_FRAMED;
    }
    bool begins = begins_message(bytes, len) && field_of(m, 1, &first);
    if (begins && is_resource_spans(first))
        return TRACE_PROTO;
    if (is_delimited(m))
        return TRACE_DELIMITED;
    return begins && field_of(first, 1, &inner) && is_resource_spans(inner) ? TRACE_WRAPPED : TRACE_NONE;
}

/* ---- JSON ---- */

/* Is "key" in the head, as a name? */
static bool names(const char *head, size_t len, const char *a, const char *b)
{
    const char *const KEYS[] = {a, b, NULL};
    return json_names(head, len, KEYS);
}

int trace_form_sure(const char *head, size_t len)
{
    if (trace_form_proto((const uint8_t *)head, len) != TRACE_NONE)
        return 97; /* its first bytes fit no other form */
    if (names(head, len, "resourceSpans", NULL))
        return 95;
    if (names(head, len, "batches", "scopeSpans") ||
        names(head, len, "batches", "instrumentationLibrarySpans"))
        return 95;
    if (names(head, len, "traceID", "spanID") || names(head, len, "traceID", "spans"))
        return 95;
    if (names(head, len, "spanId", "operationName") || names(head, len, "data", "traceID"))
        return 90;
    if (names(head, len, "traceId", "id") &&
        (names(head, len, "localEndpoint", NULL) || names(head, len, "timestamp", "name") ||
         names(head, len, "binaryAnnotations", NULL)))
        return 90;
    return 0;
}

/* Of an object by its keys; of a list by its first object. */
enum trace_form trace_form_json(const char *text, size_t len)
{
    static const struct {
        const char *key;
        enum trace_form form;
    } KEYS[] = {{"resourceSpans", TRACE_OTLP},    {"resource_spans", TRACE_OTLP},
                {"batches", TRACE_TEMPO},         {"trace", TRACE_TEMPO},
                {"data", TRACE_JAEGER},           {"traceID", TRACE_JAEGER},
                {"spanID", TRACE_JAEGER},         {"spanId", TRACE_JAEGER},
                {"spans", TRACE_JAEGER},          {"hits", TRACE_JAEGER},
                {"_source", TRACE_JAEGER},        {"localEndpoint", TRACE_ZIPKIN},
                {"traceId", TRACE_ZIPKIN},        {"binaryAnnotations", TRACE_ZIPKIN},
                {"resourceMetrics", TRACE_OTHER}, {"resourceLogs", TRACE_OTHER},
                {"resourceProfiles", TRACE_OTHER}};
    struct json_pull j = json_pull(text, len);
    enum trace_form form = TRACE_NONE;
    for (int nest = 0; nest < 3 && json_peek(&j) == '[' && json_enter(&j, '['); nest++)
        ;
    if (json_peek(&j) == ']')
        return TRACE_ZIPKIN; /* an empty list, which is an answer of Zipkin */
    if (json_peek(&j) != '{' || !json_enter(&j, '{'))
        return TRACE_NONE;
    while (json_key(&j)) {
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
            if (json_is(&j, KEYS[i].key) && (form == TRACE_NONE || form == TRACE_ZIPKIN))
                form = KEYS[i].form;
        if (form != TRACE_NONE && form != TRACE_ZIPKIN)
            return form;
        json_skip(&j);
    }
    return form;
}

const char *trace_form_name(enum trace_form form)
{
    static const char *const NAMES[] = {"",      "OTLP", "Tempo", "Jaeger", "Zipkin",
                                        "Tempo", "OTLP", "OTLP",  "OTLP"};
    return NAMES[form];
}

/* ---- reading ---- */

/* {"batches":[...]} and {"trace":{...}} are OTLP with other words around. */
static bool tempo_json(const char *text, size_t len, struct span_draft *d, const struct span_sink *sink,
                       struct sd_error *err)
{
    struct json_pull j = json_pull(text, len), inner = json_find(j, "trace");
    if (inner.at)
        j = inner;
    struct json_pull spans = json_find(j, "resourceSpans"), end;
    if (!spans.at)
        spans = json_find(j, "batches");
    if (!spans.at || json_peek(&spans) != '[')
        return inner.at ? true : fail(err, "the answer of Tempo has no trace");
    end = spans;
    json_skip(&end);
    struct strbuf whole = {0};
    strbuf_str(&whole, "{\"resourceSpans\":");
    strbuf_add(&whole, spans.at, (size_t)(end.at - spans.at));
    strbuf_char(&whole, '}');
    bool good = otlp_json_spans(strbuf_text(&whole), whole.len, d, sink, err);
    strbuf_free(&whole);
    return good;
}

/* Each message stands behind its length. */
static bool framed(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                   struct sd_error *err)
{
    const uint8_t *p = (const uint8_t *)bytes, *end = p + len;
    while (end - p >= 4) {
        size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        p += 4;
        if (n > (size_t)(end - p))
            return fail(err, "its last message is cut");
        if (!otlp_proto_spans((const char *)p, n, d, sink, err))
            return false;
        p += n;
    }
    return p == end || fail(err, "its last message is cut");
}

static bool delimited(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                      struct sd_error *err)
{
    struct message m = {.at = (const uint8_t *)bytes, .end = (const uint8_t *)bytes + len};
    uint64_t n;
    while (m.at < m.end) {
        if (!varint(&m, &n) || n > (uint64_t)(m.end - m.at))
            return fail(err, "its last message is cut");
        if (!otlp_proto_spans((const char *)m.at, (size_t)n, d, sink, err))
            return false;
        m.at += n;
    }
    return true;
}

static bool wrapped(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                    struct sd_error *err)
{
    struct message m = {.at = (const uint8_t *)bytes, .end = (const uint8_t *)bytes + len}, trace;
    return field_of(m, 1, &trace)
               ? otlp_proto_spans((const char *)trace.at, (size_t)(trace.end - trace.at), d, sink, err)
               : fail(err, "the answer of Tempo has no trace");
}

static bool read_as(enum trace_form form, const char *bytes, size_t len, struct span_draft *d,
                    const struct span_sink *sink, struct sd_error *err)
{
    switch (form) {
    case TRACE_OTLP:
        return otlp_json_spans(bytes, len, d, sink, err);
    case TRACE_TEMPO:
        return tempo_json(bytes, len, d, sink, err);
    case TRACE_JAEGER:
        return jaeger_json_spans(bytes, len, d, sink, err);
    case TRACE_ZIPKIN:
        return zipkin_json_spans(bytes, len, d, sink, err);
    case TRACE_PROTO:
        return otlp_proto_spans(bytes, len, d, sink, err);
    case TRACE_WRAPPED:
        return wrapped(bytes, len, d, sink, err);
    case TRACE_FRAMED:
        return framed(bytes, len, d, sink, err);
    case TRACE_DELIMITED:
        return delimited(bytes, len, d, sink, err);
    case TRACE_OTHER:
    case TRACE_NONE:
        break;
    }
    return fail(err, "it has no spans of OTLP, Tempo, Jaeger or Zipkin");
}

enum trace_form trace_form_read(const char *bytes, size_t len, bool checked, struct span_draft *d,
                                const struct span_sink *sink, struct sd_error *err)
{
    struct json_pull j = json_pull(bytes, len);
    char c = json_peek(&j);
    enum trace_form form = trace_form_proto((const uint8_t *)bytes, len);
    if (form == TRACE_NONE && (c == '{' || c == '[')) {
        if (!checked && !json_check(bytes, len, err))
            return TRACE_NONE;
        form = trace_form_json(bytes, len);
    }
    if (form == TRACE_OTHER)
        return form;
    return read_as(form, bytes, len, d, sink, err) ? form : TRACE_NONE;
}
