/* jaeger_json.c - each object is gone through twice: once for where its values are, which come in any order,
 * then for what they are. */
#include "format/traces/jaeger_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "format/traces/span_resource.h"
#include "format/traces/trace_json.h"

enum { PROCESSES_MAX = 4096, NEST_MAX = 6, LINKS_MAX = 16 };

struct process {
    struct span_text id; /* raw, where it stands */
    struct json_pull at;
};

struct reader {
    struct span_draft *d;
    const struct span_sink *sink;
    struct sd_error *err;
    struct process *processes; /* of the trace that is read */
    size_t n_processes, cap_processes;
    const char *now; /* where the process stands that the draft has */
    struct span_resource resource;
    struct strbuf a, b, c, e, text;
    bool found, ended;
};

/* ---- processes ---- */

static void add_tag_list(struct reader *r, struct json_pull tags)
{
    if (!json_enter(&tags, '['))
        return;
    while (json_item(&tags)) {
        struct json_pull key = json_find(tags, "key"), value = json_find(tags, "value");
        if (key.at && value.at) {
            struct span_text k = trace_json_text(&key, &r->a), v = trace_json_value(&value, &r->b);
            span_resource_add(&r->resource, k, v);
        }
        json_skip(&tags);
    }
}

/* Elasticsearch with tags as fields: {"key@name": value}. */
static struct span_text dotted(struct span_text key, struct strbuf *out)
{
    strbuf_clear(out);
    strbuf_add(out, key.at ? key.at : "", key.at ? key.n : 0);
    for (size_t i = 0; i < out->len; i++)
        if (out->text[i] == '@')
            out->text[i] = '.';
    return (struct span_text){.at = strbuf_text(out), .n = out->len};
}

static void add_tag_fields(struct reader *r, struct json_pull fields)
{
    if (!json_enter(&fields, '{'))
        return;
    while (json_key(&fields)) {
        struct span_text k = dotted((struct span_text){.at = fields.key, .n = fields.key_len}, &r->a);
        span_resource_add(&r->resource, k, trace_json_value(&fields, &r->b));
    }
}

static void use_process(struct reader *r, struct json_pull process)
{
    const char *at = process.at ? process.at : "";
    if (r->now == at)
        return;
    struct span_text name = {0};
    struct json_pull j = process;
    r->now = at;
    span_resource_clear(&r->resource);
    if (process.at && json_enter(&j, '{'))
        while (json_key(&j)) {
            if (json_is(&j, "serviceName"))
                name = trace_json_text(&j, &r->text);
            else if (json_is(&j, "tags") && json_peek(&j) == '[')
                add_tag_list(r, j), json_skip(&j);
            else if (json_is(&j, "tag") && json_peek(&j) == '{')
                add_tag_fields(r, j), json_skip(&j);
            else
                json_skip(&j);
        }
    span_draft_service(r->d, name, span_resource_text(&r->resource));
}

static void find_processes(struct reader *r, struct json_pull map)
{
    r->n_processes = 0;
    r->now = NULL;
    if (!map.at || json_peek(&map) != '{' || !json_enter(&map, '{'))
        return;
    while (json_key(&map)) {
        if (r->n_processes < PROCESSES_MAX) {
            r->processes = mem_grow(r->processes, r->n_processes, &r->cap_processes, sizeof *r->processes);
            struct process *p = &r->processes[r->n_processes++];
            *p = (struct process){.id = {.at = map.key, .n = map.key_len}, .at = map};
        }
        json_skip(&map);
    }
}

static int by_id(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    int order = memcmp(x->id.at, y->id.at, MIN(x->id.n, y->id.n));
    return order ? order : (x->id.n > y->id.n) - (x->id.n < y->id.n);
}

static struct json_pull process_of(struct reader *r, struct json_pull id)
{
    struct process wanted = {0};
    wanted.id = id.at ? trace_json_text(&id, &r->a) : wanted.id;
    const struct process *p = wanted.id.at && r->n_processes ? bsearch(&wanted, r->processes, r->n_processes,
                                                                       sizeof *r->processes, by_id)
                                                             : NULL;
    return p ? p->at : (struct json_pull){0};
}

/* ---- ids ---- */

/* An id as text; one of the domain's, in base64, as hex digits. */
static struct span_text id_text(struct json_pull at, size_t bytes, bool domain, struct strbuf *out)
{
    uint8_t raw[16];
    struct strbuf scratch = {0};
    struct span_text t = at.at ? trace_json_text(&at, &scratch) : (struct span_text){0};
    strbuf_clear(out);
    if (t.at && domain && t.n == (bytes + 2) / 3 * 4 && trace_base64(t, raw, bytes) == bytes)
        for (size_t i = 0; i < bytes; i++)
            strbuf_printf(out, "%02x", raw[i]);
    else if (t.at)
        strbuf_add(out, t.at, t.n);
    strbuf_free(&scratch);
    return (struct span_text){.at = t.at ? strbuf_text(out) : NULL, .n = out->len};
}

static struct span_text without_zeros(struct span_text t)
{
    while (t.n > 1 && *t.at == '0')
        t.at++, t.n--;
    return t;
}

static bool same_id(struct span_text a, struct span_text b)
{
    if (!a.at || !b.at)
        return true; /* not said: the same */
    a = without_zeros(a);
    b = without_zeros(b);
    return a.n == b.n && strncasecmp(a.at, b.at, a.n) == 0;
}

/* ---- spans ---- */

/* Where the values of a span are; .at NULL: not there. */
struct places {
    struct json_pull trace, id, parent, name, references, start, duration, tags, tag_fields, logs, process_id,
        process, warnings;
    bool domain;
};

/* Goes past the span. */
static void find_places(struct json_pull *j, struct places *p)
{
    const struct {
        const char *key;
        size_t n;
        struct json_pull *place;
    } KEYS[] = {{"traceID", 7, &p->trace},
                {"spanID", 6, &p->id},
                {"operationName", 13, &p->name},
                {"references", 10, &p->references},
                {"startTime", 9, &p->start},
                {"duration", 8, &p->duration},
                {"tags", 4, &p->tags},
                {"logs", 4, &p->logs},
                {"processID", 9, &p->process_id},
                {"process", 7, &p->process},
                {"parentSpanID", 12, &p->parent},
                {"warnings", 8, &p->warnings},
                {"tag", 3, &p->tag_fields},
                {"traceId", 7, &p->trace},
                {"spanId", 6, &p->id},
                {"processId", 9, &p->process_id},
                {"parentSpanId", 12, &p->parent}};
    *p = (struct places){.domain = false};
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
            if (KEYS[i].n == j->key_len && memcmp(j->key, KEYS[i].key, KEYS[i].n) == 0) {
                *KEYS[i].place = *j;
                p->domain |= json_is(j, "traceId");
                break;
            }
        json_skip(j);
    }
}

struct reference {
    struct span_text trace, span;
    bool follows;
};

static struct reference read_reference(struct reader *r, struct json_pull *j, bool domain)
{
    struct reference ref = {0};
    struct json_pull trace = {0}, span = {0};
    if (!json_enter(j, '{'))
        return ref;
    while (json_key(j)) {
        if (json_is(j, "refType")) {
            ref.follows = span_text_is(trace_json_value(j, &r->a), "FOLLOWS_FROM");
            continue;
        }
        if (json_is(j, "traceID") || json_is(j, "traceId"))
            trace = *j;
        if (json_is(j, "spanID") || json_is(j, "spanId"))
            span = *j;
        json_skip(j);
    }
    ref.trace = id_text(trace, 16, domain, &r->a);
    ref.span = id_text(span, 8, domain, &r->b);
    return ref;
}

/* Which reference is the parent: its number, SIZE_MAX: none. Its id is then in r->c. */
static size_t find_parent(struct reader *r, const struct places *p, struct span_text trace, bool *follows)
{
    struct json_pull j = p->references;
    size_t best = SIZE_MAX, i = 0;
    strbuf_clear(&r->c);
    if (!j.at || json_peek(&j) != '[' || !json_enter(&j, '['))
        return best;
    for (; json_item(&j); i++) {
        struct reference ref = read_reference(r, &j, p->domain);
        if (!ref.span.at || !ref.span.n || !same_id(ref.trace, trace) ||
            (best != SIZE_MAX && (ref.follows || !*follows)))
            continue;
        best = i;
        *follows = ref.follows;
        strbuf_clear(&r->c);
        strbuf_add(&r->c, ref.span.at, ref.span.n);
    }
    return best;
}

static void add_links(struct reader *r, const struct places *p, struct span_text trace, size_t parent)
{
    struct json_pull j = p->references;
    size_t i = 0, links = 0;
    if (!j.at || json_peek(&j) != '[' || !json_enter(&j, '['))
        return;
    for (; json_item(&j) && links < LINKS_MAX; i++) {
        if (i == parent) {
            json_skip(&j);
            continue;
        }
        struct reference ref = read_reference(r, &j, p->domain);
        struct span_text of = ref.trace.at ? ref.trace : trace;
        if (!ref.span.at || !ref.span.n)
            continue;
        strbuf_clear(&r->text);
        strbuf_printf(&r->text, "%.*s %.*s", (int)MIN(of.n, (size_t)64), of.at ? of.at : "",
                      (int)MIN(ref.span.n, (size_t)64), ref.span.at);
        span_draft_attribute(r->d, span_text(ref.follows ? "link.follows_from" : "link"),
                             span_text(strbuf_text(&r->text)));
        links++;
    }
}

/* ---- tags ---- */

/* The value of a tag or field: "value", or in the domain's form "vStr", "vInt64", ... */
static struct span_text tag_value(struct json_pull *j, struct span_text *key, struct strbuf *a,
                                  struct strbuf *b)
{
    struct span_text value = {0};
    *key = (struct span_text){0};
    if (!json_enter(j, '{'))
        return value;
    while (json_key(j)) {
        if (json_is(j, "key"))
            *key = trace_json_text(j, a);
        else if (json_is(j, "value") || (j->key_len > 1 && j->key[0] == 'v' && j->key[1] >= 'A' &&
                                         j->key[1] <= 'Z' && !json_is(j, "vType")))
            value = trace_json_value(j, b);
        else
            json_skip(j);
    }
    return value;
}

static int kind_of(struct span_text t)
{
    static const char *const KINDS[] = {"internal", "server", "client", "producer", "consumer"};
    for (int i = 0; i < 5; i++)
        if (t.at && t.n == strlen(KINDS[i]) && strncasecmp(t.at, KINDS[i], t.n) == 0)
            return i + 1;
    return 0;
}

static bool is_true(struct span_text t)
{
    return t.at && t.n == 4 && strncasecmp(t.at, "true", 4) == 0;
}

/* What is known of the span otherwise is no attribute. */
static void add_tag(struct reader *r, struct span_text key, struct span_text value)
{
    if (!key.at || !value.at)
        return;
    if (span_text_is(key, "span.kind")) {
        span_draft_kind(r->d, kind_of(value));
        return;
    }
    if (span_text_is(key, "error") && (is_true(value) || span_text_is(value, "false"))) {
        if (is_true(value))
            span_draft_failed(r->d);
        return;
    }
    if (span_text_is(key, "otel.status_code") && span_text_is(value, "ERROR"))
        span_draft_failed(r->d);
    span_draft_attribute(r->d, key, value);
}

static void add_tags(struct reader *r, const struct places *p)
{
    struct json_pull j = p->tags;
    struct span_text key;
    if (j.at && json_peek(&j) == '[' && json_enter(&j, '['))
        while (json_item(&j)) {
            struct span_text value = tag_value(&j, &key, &r->a, &r->b);
            add_tag(r, key, value);
        }
    j = p->tag_fields;
    if (j.at && json_peek(&j) == '{' && json_enter(&j, '{'))
        while (json_key(&j)) {
            key = dotted((struct span_text){.at = j.key, .n = j.key_len}, &r->a);
            add_tag(r, key, trace_json_value(&j, &r->b));
        }
}

/* ---- times ---- */

static sd_time time_of(struct reader *r, struct json_pull at)
{
    int64_t us;
    sd_time t;
    struct json_pull text = at;
    if (!at.at)
        return SD_UNKNOWN;
    if (trace_json_int(&at, &us))
        return trace_us(us);
    return trace_stamp(trace_json_text(&text, &r->a), &t) ? t : SD_UNKNOWN;
}

/* Microseconds, or of the domain a text with its unit: "5000ns", "1.5s". */
static int64_t duration_of(struct reader *r, struct json_pull at)
{
    static const struct {
        const char *name;
        double ns;
    } UNITS[] = {{"ns", 1},  {"us", 1e3}, {"\302\265s", 1e3}, {"ms", 1e6},
                 {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
    int64_t us;
    struct json_pull text = at;
    if (!at.at)
        return SD_UNKNOWN;
    if (trace_json_int(&at, &us))
        return trace_us(us);
    struct span_text t = trace_json_text(&text, &r->a);
    char copy[64], *rest;
    if (!t.at || t.n >= sizeof copy)
        return SD_UNKNOWN;
    memcpy(copy, t.at, t.n);
    copy[t.n] = 0;
    double ns = 0;
    for (char *p = copy; *p; p = rest) {
        size_t i = 0;
        double v = strtod(p, &rest);
        while (i < ARRAY_LEN(UNITS) && !str_starts(rest, UNITS[i].name))
            i++;
        if (rest == p || i == ARRAY_LEN(UNITS))
            return SD_UNKNOWN;
        ns += v * UNITS[i].ns;
        rest += strlen(UNITS[i].name);
    }
    return real_is_int(ns) ? real_to_int(ns) : SD_UNKNOWN;
}

/* ---- logs ---- */

static bool is_one(struct span_text t, const char *const *names)
{
    for (; *names; names++)
        if (span_text_is(t, *names))
            return true;
    return false;
}

/* The fields of a log: its name into r->c, what an exception said or the others into r->text. */
static void log_fields(struct reader *r, struct json_pull j)
{
    static const char *const NAMES[] = {"event", "message", "log.message", NULL};
    static const char *const LONG[] = {"exception.stacktrace", "stack", "exception.escaped", NULL};
    struct span_text key;
    strbuf_clear(&r->c);
    strbuf_clear(&r->text);
    if (json_peek(&j) != '[' || !json_enter(&j, '['))
        return;
    while (json_item(&j)) {
        struct span_text value = tag_value(&j, &key, &r->a, &r->b);
        if (!key.at || !value.at || is_one(key, LONG))
            continue;
        if (!r->c.len && is_one(key, NAMES)) {
            strbuf_add(&r->c, value.at, value.n);
            continue;
        }
        if (r->text.len > SPAN_DRAFT_VALUE)
            continue;
        if (r->text.len)
            strbuf_str(&r->text, ", ");
        if (!span_text_is(key, "exception.message") && !span_text_is(key, "exception.type")) {
            strbuf_add(&r->text, key.at, key.n);
            strbuf_char(&r->text, '=');
        }
        strbuf_add(&r->text, value.at, value.n);
    }
}

static void add_logs(struct reader *r, struct json_pull j)
{
    if (!j.at || json_peek(&j) != '[' || !json_enter(&j, '['))
        return;
    for (; json_item(&j); json_skip(&j)) {
        struct json_pull at = json_find(j, "timestamp"), fields = json_find(j, "fields");
        sd_time t = time_of(r, at);
        if (fields.at)
            log_fields(r, fields);
        struct span_text name = {.at = r->c.len ? strbuf_text(&r->c) : "log", .n = r->c.len ? r->c.len : 3};
        if (fields.at)
            span_draft_event(r->d, t, name,
                             (struct span_text){.at = strbuf_text(&r->text), .n = r->text.len});
    }
}

static void add_warnings(struct reader *r, struct json_pull j, sd_time at)
{
    if (!j.at || json_peek(&j) != '[' || !json_enter(&j, '['))
        return;
    while (json_item(&j)) {
        struct span_text t = trace_json_text(&j, &r->a);
        if (t.at)
            span_draft_event(r->d, at, span_text("warning"), t);
    }
}

/* ---- a span, a trace ---- */

/* `trace`, `warnings`: of the trace around it, for a span that has none. */
static void read_span(struct reader *r, struct json_pull *j, struct json_pull trace,
                      struct json_pull warnings)
{
    struct places p;
    bool follows = false;
    find_places(j, &p);
    struct strbuf trace_text = {0}, id = {0}, parent = {0};
    struct span_head h = {.trace = id_text(p.trace.at ? p.trace : trace, 16, p.domain, &trace_text),
                          .id = id_text(p.id, 8, p.domain, &id)};
    size_t reference = find_parent(r, &p, h.trace, &follows);
    if (reference != SIZE_MAX)
        h.parent = (struct span_text){.at = strbuf_text(&r->c), .n = r->c.len};
    else
        h.parent = id_text(p.parent, 8, p.domain, &parent);
    h.start = time_of(r, p.start);
    h.duration = duration_of(r, p.duration);
    h.follows = follows;
    use_process(r, p.process.at ? p.process : process_of(r, p.process_id));
    h.name = p.name.at ? trace_json_text(&p.name, &r->text) : h.name;
    r->found = true;
    span_draft_begin(r->d, &h);
    add_tags(r, &p);
    add_links(r, &p, h.trace, reference);
    add_logs(r, p.logs);
    add_warnings(r, p.warnings, h.start);
    add_warnings(r, warnings, h.start);
    span_draft_end(r->d);
    strbuf_free(&trace_text);
    strbuf_free(&id);
    strbuf_free(&parent);
    r->ended = !span_draft_room(r->d, r->sink);
}

static void read_spans(struct reader *r, struct json_pull spans, const struct json_pull *trace,
                       struct json_pull warnings)
{
    if (json_peek(&spans) != '[' || !json_enter(&spans, '['))
        return;
    r->found = true;
    while (!r->ended && json_item(&spans)) {
        if (json_peek(&spans) == '{')
            read_span(r, &spans, *trace, warnings);
        else
            json_skip(&spans);
        warnings = (struct json_pull){0}; /* of the trace: at its first span */
    }
}

/* ---- the forms ---- */

/* Where the values are that tell which form an object has. */
struct outline {
    struct json_pull data, hits, source, spans, processes, trace, span, warnings, errors;
};

/* Goes past the object. */
static void outline_of(struct json_pull *j, struct outline *o)
{
    *o = (struct outline){.data = {0}};
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "data"))
            o->data = *j;
        else if (json_is(j, "hits"))
            o->hits = *j;
        else if (json_is(j, "_source"))
            o->source = *j;
        else if (json_is(j, "spans"))
            o->spans = *j;
        else if (json_is(j, "processes"))
            o->processes = *j;
        else if (json_is(j, "traceID"))
            o->trace = *j;
        else if (json_is(j, "spanID") || json_is(j, "spanId"))
            o->span = *j;
        else if (json_is(j, "warnings"))
            o->warnings = *j;
        else if (json_is(j, "errors"))
            o->errors = *j;
        json_skip(j);
    }
}

/* {"data":null,"errors":[{"code":404,"msg":"trace not found"}]} */
static void say_errors(struct reader *r, struct json_pull errors)
{
    if (json_peek(&errors) != '[' || !json_enter(&errors, '[') || !json_item(&errors))
        return;
    struct json_pull msg = json_find(errors, "msg");
    struct span_text t = msg.at ? trace_json_text(&msg, &r->a) : (struct span_text){0};
    if (t.at)
        fail(r->err, "it is an answer of Jaeger that something failed: %.*s", (int)MIN(t.n, (size_t)200),
             t.at);
}

static void read_object(struct reader *r, struct json_pull *j, int nest);

/* What an object or list holds, and past it; lists of lists end at `nest`. */
static void read_value(struct reader *r, struct json_pull *j, int nest)
{
    char c = json_peek(j);
    if (nest == NEST_MAX || r->ended || (c != '[' && c != '{')) {
        json_skip(j);
    } else if (c == '{') {
        read_object(r, j, nest);
    } else {
        json_enter(j, '[');
        r->found |= nest == 1 && json_peek(j) == ']'; /* "data":[] */
        while (!r->ended && json_item(j))
            read_value(r, j, nest + 1);
    }
}

static void read_object(struct reader *r, struct json_pull *j, int nest)
{
    struct json_pull start = *j;
    struct outline o;
    outline_of(j, &o);
    if (o.spans.at) {
        find_processes(r, o.processes);
        if (r->n_processes)
            qsort(r->processes, r->n_processes, sizeof *r->processes, by_id);
        read_spans(r, o.spans, &o.trace, o.warnings);
    } else if (o.span.at) {
        r->n_processes = 0;
        read_span(r, &start, (struct json_pull){0}, (struct json_pull){0});
    } else if (o.data.at || o.hits.at || o.source.at) {
        struct json_pull inner = o.data.at ? o.data : o.hits.at ? o.hits : o.source;
        read_value(r, &inner, nest + 1);
    }
    if (o.errors.at && !r->found)
        say_errors(r, o.errors);
}

bool jaeger_json_spans(const char *text, size_t len, struct span_draft *d, const struct span_sink *sink,
                       struct sd_error *err)
{
    struct reader r = {.d = d, .sink = sink, .err = err};
    *err->text = 0;
    struct json_pull j = json_pull(text, len);
    read_value(&r, &j, 0);
    free(r.processes);
    span_resource_free(&r.resource);
    strbuf_free(&r.a);
    strbuf_free(&r.b);
    strbuf_free(&r.c);
    strbuf_free(&r.e);
    strbuf_free(&r.text);
    if (!r.found && !*err->text)
        fail(err, "no traces of Jaeger are in it");
    return r.found;
}
