/* otlp_json.c - OTLP in JSON. Names are lowerCamelCase; those of protobuf are taken, too, and enums by number
 * or by name. */
#include "format/traces/otlp_read.h"
#include "format/traces/otlp_values.h"

enum { DEPTH_MAX = 100 };

static bool is(const struct json_pull *j, const char *camel, const char *snake)
{
    return json_is(j, camel) || json_is(j, snake);
}

struct span_text otlp_json_text(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j)
{
    size_t n = 0;
    strbuf_clear(scratch);
    const char *text = json_bytes(j, scratch, &n);
    if (!text)
        return (struct span_text){.at = "", .n = 0};
    if (text == scratch->text)
        return otlp_hold(a, text, n);
    return (struct span_text){.at = text, .n = n};
}

/* ---- attributes ---- */

static void add_value(struct strbuf *out, struct json_pull *j, unsigned depth);

/* A value as it stands, without blanks around. */
static void add_raw(struct strbuf *out, struct json_pull *j)
{
    json_peek(j);
    const char *from = j->at;
    json_skip(j);
    if (!j->broken)
        strbuf_add(out, from, (size_t)(j->at - from));
}

/* intValue is a number or the text of one. */
static void add_number(struct strbuf *out, struct json_pull *j)
{
    struct json_pull value = *j;
    bool quoted = json_peek(&value) == '"';
    json_skip(j);
    if (!j->broken)
        strbuf_add(out, value.at + quoted, (size_t)(j->at - value.at) - 2 * quoted);
}

static void add_items(struct strbuf *out, struct json_pull *j, unsigned depth)
{
    size_t n = 0;
    strbuf_char(out, '[');
    if (json_enter(j, '['))
        while (json_item(j)) {
            strbuf_str(out, n++ ? "," : "");
            add_value(out, j, depth + 1);
        }
    strbuf_char(out, ']');
}

static void add_pair(struct strbuf *out, struct json_pull *j, unsigned depth)
{
    struct json_pull key = json_find(*j, "key"), value = json_find(*j, "value");
    if (key.at && json_peek(&key) == '"')
        add_raw(out, &key);
    else
        strbuf_str(out, "\"\"");
    strbuf_char(out, ':');
    if (value.at)
        add_value(out, &value, depth + 1);
    else
        strbuf_str(out, "null");
    json_skip(j);
}

static void add_pairs(struct strbuf *out, struct json_pull *j, unsigned depth)
{
    size_t n = 0;
    strbuf_char(out, '{');
    if (json_enter(j, '['))
        while (json_item(j)) {
            strbuf_str(out, n++ ? "," : "");
            add_pair(out, j, depth);
        }
    strbuf_char(out, '}');
}

/* The list below "values". */
static void add_list(struct strbuf *out, struct json_pull *j, unsigned depth,
                     void (*add)(struct strbuf *, struct json_pull *, unsigned))
{
    struct json_pull none = json_pull("[]", 2), list = json_find(*j, "values");
    json_skip(j);
    add(out, list.at ? &list : &none, depth);
}

/* An AnyValue below an attribute, as JSON. */
static void add_value(struct strbuf *out, struct json_pull *j, unsigned depth)
{
    size_t before = out->len;
    if (depth > DEPTH_MAX || out->len > SPAN_DRAFT_VALUE || !json_enter(j, '{')) {
        if (depth > DEPTH_MAX || out->len > SPAN_DRAFT_VALUE)
            json_skip(j);
        strbuf_str(out, "null");
        return;
    }
    while (json_key(j)) {
        out->len = before;
        if (is(j, "stringValue", "string_value") || is(j, "boolValue", "bool_value") ||
            is(j, "bytesValue", "bytes_value") || is(j, "doubleValue", "double_value"))
            add_raw(out, j);
        else if (is(j, "intValue", "int_value"))
            add_number(out, j);
        else if (is(j, "arrayValue", "array_value"))
            add_list(out, j, depth, add_items);
        else if (is(j, "kvlistValue", "kvlist_value"))
            add_list(out, j, depth, add_pairs);
        else
            json_skip(j);
    }
    if (out->len == before)
        strbuf_str(out, "null");
}

/* Of a list or map; or of what is there in a type that is not its own, as it stands. */
static struct span_text held_value(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j,
                                   void (*add)(struct strbuf *, struct json_pull *, unsigned))
{
    strbuf_clear(scratch);
    if (add)
        add_list(scratch, j, 0, add);
    else
        add_number(scratch, j);
    return otlp_hold(a, strbuf_text(scratch), scratch->len);
}

static struct span_text plain(struct json_pull *j)
{
    json_peek(j);
    const char *from = j->at;
    json_skip(j);
    size_t n = j->broken ? 0 : (size_t)(j->at - from);
    if (n >= 2 && *from == '"')
        return (struct span_text){.at = from + 1, .n = n - 2};
    return (struct span_text){.at = from, .n = n};
}

static struct span_text value_text(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j)
{
    struct span_text v = {.at = "", .n = 0};
    if (!json_enter(j, '{'))
        return v;
    while (json_key(j)) {
        if (is(j, "stringValue", "string_value"))
            v = otlp_json_text(a, scratch, j);
        else if (is(j, "intValue", "int_value") || is(j, "boolValue", "bool_value") ||
                 is(j, "doubleValue", "double_value") || is(j, "bytesValue", "bytes_value"))
            v = plain(j);
        else if (is(j, "arrayValue", "array_value"))
            v = held_value(a, scratch, j, add_items);
        else if (is(j, "kvlistValue", "kvlist_value"))
            v = held_value(a, scratch, j, add_pairs);
        else
            json_skip(j);
    }
    return v;
}

void otlp_json_attributes(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j)
{
    if (!json_enter(j, '['))
        return;
    while (json_item(j)) {
        struct span_text key = {0}, value = {.at = "", .n = 0};
        if (!json_enter(j, '{'))
            continue;
        while (json_key(j)) {
            if (json_is(j, "key"))
                key = otlp_json_text(a, scratch, j);
            else if (json_is(j, "value"))
                value = value_text(a, scratch, j);
            else
                json_skip(j);
        }
        if (key.n)
            otlp_attribute_add(a, key, value);
    }
}

/* ---- spans ---- */

/* By its number, or its name: "SPAN_KIND_SERVER". */
static int enum_of(struct json_pull *j, const char *const *names)
{
    if (json_peek(j) != '"') {
        int64_t v = json_int(j);
        return v >= 0 && v < 16 ? (int)v : 0;
    }
    struct span_text t = plain(j);
    for (int i = 0; names[i]; i++)
        if (strlen(names[i]) == t.n && memcmp(names[i], t.at, t.n) == 0)
            return i;
    return t.n == 1 && *t.at >= '0' && *t.at <= '9' ? *t.at - '0' : 0;
}

static uint64_t time_of(struct json_pull *j)
{
    int64_t v = json_int(j);
    return v > 0 ? (uint64_t)v : 0;
}

static void read_status(struct otlp_traces *t, struct otlp_span *s, struct json_pull *j)
{
    static const char *const CODES[] = {"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR", NULL};
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "code"))
            s->head.error = enum_of(j, CODES) == 2;
        else if (json_is(j, "message"))
            s->message = otlp_json_text(&t->of_span, &t->text, j);
        else
            json_skip(j);
    }
}

static void read_event(struct otlp_traces *t, struct json_pull *j)
{
    struct otlp_attributes *a = &t->of_event;
    struct span_text name = {.at = "", .n = 0};
    sd_time at = SD_UNKNOWN;
    otlp_attributes_clear(a);
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (is(j, "timeUnixNano", "time_unix_nano"))
            at = otlp_time(time_of(j));
        else if (json_is(j, "name"))
            name = otlp_json_text(a, &t->text, j);
        else if (json_is(j, "attributes"))
            otlp_json_attributes(a, &t->text, j);
        else
            json_skip(j);
    }
    otlp_span_event(t, at, name, a);
}

static int64_t count_items(struct json_pull *j)
{
    int64_t n = 0;
    if (json_enter(j, '['))
        for (; json_item(j); n++)
            json_skip(j);
    return n;
}

/* False: it is another key. */
static bool read_head(struct otlp_traces *t, struct otlp_span *s, struct json_pull *j)
{
    static const char *const KINDS[] = {"SPAN_KIND_UNSPECIFIED",
                                        "SPAN_KIND_INTERNAL",
                                        "SPAN_KIND_SERVER",
                                        "SPAN_KIND_CLIENT",
                                        "SPAN_KIND_PRODUCER",
                                        "SPAN_KIND_CONSUMER",
                                        NULL};
    if (is(j, "traceId", "trace_id"))
        s->head.trace = plain(j);
    else if (is(j, "spanId", "span_id"))
        s->head.id = plain(j);
    else if (is(j, "parentSpanId", "parent_span_id"))
        s->head.parent = plain(j);
    else if (json_is(j, "name"))
        s->head.name = otlp_json_text(&t->of_span, &t->text, j);
    else if (json_is(j, "kind"))
        s->head.kind = enum_of(j, KINDS);
    else if (is(j, "startTimeUnixNano", "start_time_unix_nano"))
        s->start = time_of(j);
    else if (is(j, "endTimeUnixNano", "end_time_unix_nano"))
        s->end = time_of(j);
    else
        return false;
    return true;
}

static void read_span(struct otlp_traces *t, struct json_pull *j)
{
    struct otlp_span s = {.head = {.name = {.at = "", .n = 0}}};
    struct otlp_attributes *a = &t->of_span;
    struct json_pull events = {0};
    otlp_attributes_clear(a);
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (read_head(t, &s, j))
            continue;
        if (json_is(j, "attributes"))
            otlp_json_attributes(a, &t->text, j);
        else if (json_is(j, "status"))
            read_status(t, &s, j);
        else if (json_is(j, "links"))
            span_draft_links(t->draft, count_items(j));
        else {
            if (json_is(j, "events"))
                events = *j;
            json_skip(j);
        }
    }
    otlp_span_begin(t, &s, a);
    if (events.at && json_enter(&events, '['))
        while (json_item(&events))
            read_event(t, &events);
    otlp_span_end(t);
}

/* ---- requests ---- */

void otlp_json_resource(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j)
{
    otlp_attributes_clear(a);
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "attributes"))
            otlp_json_attributes(a, scratch, j);
        else
            json_skip(j);
    }
}

/* The spans of a list of ScopeSpans. */
static void read_scopes(struct otlp_traces *t, struct json_pull *j)
{
    if (!json_enter(j, '['))
        return;
    while (json_item(j)) {
        if (!json_enter(j, '{'))
            continue;
        while (json_key(j)) {
            if (json_is(j, "spans") && json_enter(j, '['))
                while (json_item(j)) {
                    if (t->ended)
                        j->at = j->end; /* all loops end */
                    else
                        read_span(t, j);
                }
            else if (!json_is(j, "spans"))
                json_skip(j);
        }
    }
}

static bool holds_scopes(const struct json_pull *j)
{
    return is(j, "scopeSpans", "scope_spans") ||
           is(j, "instrumentationLibrarySpans", "instrumentation_library_spans");
}

/* One ResourceSpans. Its resource may stand behind its spans; mostly it is in front, and all is gone through
 * once. */
static void read_resource_spans(struct otlp_traces *t, struct json_pull *j)
{
    struct json_pull scopes = {0};
    bool known = false;
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "resource")) {
            otlp_json_resource(&t->resource, &t->text, j);
            otlp_traces_service(t);
            known = true;
        } else if (holds_scopes(j) && known) {
            read_scopes(t, j);
        } else {
            if (holds_scopes(j))
                scopes = *j;
            json_skip(j);
        }
    }
    if (!scopes.at)
        return;
    if (!known) {
        otlp_attributes_clear(&t->resource);
        otlp_traces_service(t);
    }
    read_scopes(t, &scopes);
}

/* {"resourceSpans":[...]}, or one of these alone. False: there is something else in its place. */
static bool read_request(struct otlp_traces *t, struct json_pull j)
{
    struct json_pull whole = j;
    bool alone = false;
    if (!json_enter(&j, '{'))
        return false;
    while (json_key(&j)) {
        if (!is(&j, "resourceSpans", "resource_spans")) {
            alone |= holds_scopes(&j);
            json_skip(&j);
            continue;
        }
        char c = json_peek(&j);
        if (c != '[' && c != 'n') /* null: none */
            return false;
        if (json_enter(&j, '['))
            while (json_item(&j))
                read_resource_spans(t, &j);
    }
    if (alone)
        read_resource_spans(t, &whole);
    return true;
}

bool otlp_json_spans(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                     struct sd_error *err)
{
    struct otlp_traces *t = otlp_traces_new(d, sink);
    bool read = read_request(t, json_pull(bytes, len));
    otlp_traces_free(t);
    return read || fail(err, "The JSON is no object with a list of \"resourceSpans\".");
}
