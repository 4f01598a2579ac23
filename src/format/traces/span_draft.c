/* span_draft.c - columns that grow, tables of texts that repeat, and what is hidden. */
#include "format/traces/span_draft.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/redact.h"
#include "core/name_index.h"
#include "core/traces/trace.h"
#include "format/traces/span_seen.h"
#include "format/traces/span_statement.h"
#include "format/traces/trace_json.h"

enum { ID_MAX = 64, NAME_MAX_BYTES = 512, STATEMENT_MAX = 65536, SERVICES_MAX = 4096, HARMLESS = 4096 };

struct ints {
    int64_t *items;
    size_t n, cap;
};
struct texts {
    const char **items;
    size_t n, cap;
};

struct span_draft {
    struct arena *texts_in;
    struct span_statement *shown;
    struct span_seen *seen;
    struct name_index traces, services, names, statements, keys;
    struct texts service_names, resources;
    struct ints trace, service, name, statement, kind, start, duration, error, follows;
    struct texts id, parent, value, event_text;
    struct ints of_span, of_key, event_span, event_at;
    struct ints key_secret; /* of each of `keys`: what it names is never shown */
    int64_t now_service;
    struct strbuf key, system, sql, scratch;
    uint32_t n_attributes, n_events;
    bool open, taken;
    size_t bytes;
    uint64_t harmless[HARMLESS]; /* hashes of values seen lately that hold no secret: looking costs a
                                    microsecond */
    struct sd_ints lists_of_ints[13];
    struct sd_texts lists_of_texts[10];
    struct span_intake intake;
};

struct span_draft *span_draft_new(void)
{
    struct span_draft *d = mem_alloc(sizeof *d);
    d->texts_in = arena_new();
    d->shown = span_statement_new();
    return d;
}

#define INT_COLUMNS(X)                                                                                       \
    X(trace)                                                                                                 \
    X(service)                                                                                               \
    X(name)                                                                                                  \
    X(statement)                                                                                             \
    X(kind)                                                                                                  \
    X(start)                                                                                                 \
    X(duration)                                                                                              \
    X(error)                                                                                                 \
    X(follows)                                                                                               \
    X(of_span)                                                                                               \
    X(of_key)                                                                                                \
    X(event_span)                                                                                            \
    X(event_at)                                                                                              \
    X(key_secret)
#define TEXT_COLUMNS(X)                                                                                      \
    X(id)                                                                                                    \
    X(parent)                                                                                                \
    X(value)                                                                                                 \
    X(event_text)                                                                                            \
    X(service_names)                                                                                         \
    X(resources)
#define TABLES(X)                                                                                            \
    X(traces)                                                                                                \
    X(services)                                                                                              \
    X(names)                                                                                                 \
    X(statements)                                                                                            \
    X(keys)

void span_draft_free(struct span_draft *d)
{
    if (!d)
        return;
#define FREE_COLUMN(column) free(d->column.items);
    INT_COLUMNS(FREE_COLUMN)
    TEXT_COLUMNS(FREE_COLUMN)
#define FREE_TABLE(table) name_index_free(&d->table);
    TABLES(FREE_TABLE)
    strbuf_free(&d->key);
    strbuf_free(&d->system);
    strbuf_free(&d->sql);
    strbuf_free(&d->scratch);
    span_statement_free(d->shown);
    arena_free(d->texts_in);
    free(d);
}

/* What was taken is given up; whose the next spans are is still known. */
static void empty(struct span_draft *d)
{
    bool had = d->service_names.n > 0;
    char *service = had ? mem_strdup(d->service_names.items[d->now_service]) : NULL;
    char *resource = had ? mem_strdup(d->resources.items[d->now_service]) : NULL;
    d->taken = false;
#define EMPTY_COLUMN(column) d->column.n = 0;
    INT_COLUMNS(EMPTY_COLUMN)
    TEXT_COLUMNS(EMPTY_COLUMN)
#define EMPTY_TABLE(table) name_index_clear(&d->table);
    TABLES(EMPTY_TABLE)
    arena_free(d->texts_in);
    d->texts_in = arena_new();
    d->bytes = 0;
    if (had)
        span_draft_service(d, span_text(service), resource);
    free(service);
    free(resource);
}

static void add_int(struct ints *column, int64_t v)
{
    column->items = mem_grow(column->items, column->n, &column->cap, sizeof *column->items);
    column->items[column->n++] = v;
}

static void add_text(struct texts *column, const char *s)
{
    column->items = mem_grow(column->items, column->n, &column->cap, sizeof *column->items);
    column->items[column->n++] = s;
}

/* Cut inside no character. */
static size_t cut_at(struct span_text t, size_t most)
{
    size_t n = MIN(t.n, most);
    while (n < t.n && n && ((unsigned char)t.at[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static const char *keep(struct span_draft *d, const char *s, size_t n)
{
    d->bytes += n + sizeof(char *);
    return arena_strndup(d->texts_in, s, n);
}

static int64_t place(struct span_draft *d, struct name_index *table, struct span_text t, size_t most)
{
    size_t had = table->n;
    uint32_t number = name_index_of_bytes(table, t.at ? t.at : "", t.at ? cut_at(t, most) : 0, d->texts_in);
    if (table->n > had)
        d->bytes += MIN(t.n, most) + 32;
    return number;
}

void span_draft_service(struct span_draft *d, struct span_text name, const char *resource)
{
    if (d->taken)
        empty(d);
    strbuf_clear(&d->scratch);
    strbuf_add(&d->scratch, name.at ? name.at : "", name.at ? cut_at(name, NAME_MAX_BYTES) : 0);
    size_t n = d->scratch.len;
    if (resource) {
        strbuf_char(&d->scratch, '\n');
        strbuf_str(&d->scratch, resource);
    }
    struct span_text both = span_text(strbuf_text(&d->scratch));
    size_t had = d->services.n;
    d->now_service = place(d, &d->services, both, SIZE_MAX);
    if (d->services.n > had) {
        add_text(&d->service_names, keep(d, both.at, n));
        add_text(&d->resources, resource ? keep(d, resource, strlen(resource)) : NULL);
    }
}

/* ---- ids ---- */

static const char HEX[] = "0123456789abcdef";

static bool hex_of_bytes(const uint8_t *bytes, size_t n, char *out)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++) {
        any |= bytes[i];
        out[2 * i] = HEX[bytes[i] >> 4];
        out[2 * i + 1] = HEX[bytes[i] & 15];
    }
    out[2 * n] = 0;
    return any;
}

/* In lower case, zeros in front up to its width; what is no such number stays as it is. False: empty or zero.
 */
static bool id_of_text(struct span_text t, size_t width, char out[ID_MAX + 1])
{
    bool hex = t.n <= width, any = false;
    for (size_t i = 0; hex && i < t.n; i++) {
        hex = isxdigit((unsigned char)t.at[i]);
        any |= t.at[i] != '0';
    }
    size_t n = MIN(t.n, (size_t)ID_MAX);
    if (!t.n || (hex && !any))
        return false;
    if (!hex) {
        memcpy(out, t.at, n);
        out[n] = 0;
        return *out;
    }
    memset(out, '0', width);
    for (size_t i = 0; i < t.n; i++)
        out[width - t.n + i] = (char)tolower((unsigned char)t.at[i]);
    out[width] = 0;
    return true;
}

/* Bytes of JSON written by protobuf's own rules: Tempo does that. */
static bool is_base64(struct span_text t, size_t width, uint8_t bytes[16])
{
    return t.n == (width / 2 + 2) / 3 * 4 && t.at[t.n - 1] == '=' &&
           trace_base64(t, bytes, width / 2) == width / 2;
}

static bool id_of(struct span_text t, const uint8_t *bytes, size_t width, char out[ID_MAX + 1])
{
    uint8_t decoded[16];
    if (!bytes && t.at && is_base64(t, width, decoded))
        return hex_of_bytes(decoded, width / 2, out);
    return bytes ? hex_of_bytes(bytes, width / 2, out) : t.at && id_of_text(t, width, out);
}

/* ---- spans ---- */

void span_draft_once(struct span_draft *d, struct span_seen *seen)
{
    d->seen = seen;
}

static bool refuse(struct span_draft *d, const char *why)
{
    d->intake.refused++;
    d->intake.reason = why;
    d->open = false;
    return false;
}

bool span_draft_begin(struct span_draft *d, const struct span_head *h)
{
    char trace[ID_MAX + 1], id[ID_MAX + 1], parent[ID_MAX + 1];
    if (d->taken)
        empty(d);
    strbuf_clear(&d->system);
    strbuf_clear(&d->sql);
    if (!id_of(h->trace, h->trace_bytes, 32, trace))
        return refuse(d, "a span has no id of its trace, or one that is zero");
    if (!id_of(h->id, h->id_bytes, 16, id))
        return refuse(d, "a span has no id, or one that is zero");
    if (d->seen && !span_seen_first(d->seen, trace, id))
        return d->open = false;
    if (!d->service_names.n)
        span_draft_service(d, (struct span_text){0}, NULL);
    bool child = id_of(h->parent, h->parent_bytes, 16, parent);
    d->open = true;
    d->n_attributes = d->n_events = 0;
    d->intake.spans++;
    d->intake.nameless += !*d->service_names.items[d->now_service];
    add_int(&d->trace, place(d, &d->traces, span_text(trace), ID_MAX));
    add_text(&d->id, keep(d, id, strlen(id)));
    add_text(&d->parent, child ? keep(d, parent, strlen(parent)) : NULL);
    add_int(&d->service, d->now_service);
    add_int(&d->name, place(d, &d->names, h->name, NAME_MAX_BYTES));
    add_int(&d->kind, h->kind >= SPAN_INTERNAL && h->kind <= SPAN_CONSUMER ? h->kind : SD_UNKNOWN);
    add_int(&d->start, h->start);
    add_int(&d->duration, h->duration);
    add_int(&d->error, h->error);
    add_int(&d->follows, h->follows);
    d->bytes += 9 * sizeof(int64_t);
    return true;
}

static bool is_one(struct span_text key, const char *const *names)
{
    for (; *names; names++)
        if (strlen(*names) == key.n && memcmp(*names, key.at, key.n) == 0)
            return true;
    return false;
}

static bool begins(struct span_text key, const char *prefix)
{
    size_t n = strlen(prefix);
    return key.n >= n && memcmp(key.at, prefix, n) == 0;
}

/* Does the name of the attribute tell that its value is secret? Found out once for each. */
static bool is_secret(struct span_draft *d, int64_t key)
{
    while ((int64_t)d->key_secret.n <= key) {
        const char *name = d->keys.names[d->key_secret.n];
        const char *last = strrchr(name, '.') ? strrchr(name, '.') + 1 : name;
        char *plain = mem_printf("%s=value", last), *shown = redact(plain);
        add_int(&d->key_secret, strcmp(plain, shown) != 0 || strstr(name, "cookie") ||
                                    strstr(name, "authorization") || strstr(name, ".parameter."));
        free(plain);
        free(shown);
    }
    return d->key_secret.items[key];
}

static const char *kept_value(struct span_draft *d, struct span_text key, struct span_text value)
{
    static const char *const URLS[] = {"url.full", "http.url", "http.target", "url.query", NULL};
    const char *query = is_one(key, URLS) ? memchr(value.at, '?', value.n) : NULL;
    size_t n = query ? (size_t)(query - value.at) : cut_at(value, SPAN_DRAFT_VALUE);
    if (key.n == strlen("url.query") && begins(key, "url.query"))
        return "***";
    d->intake.cut += !query && n < value.n;
    const char *kept = keep(d, value.at, MIN(n, (size_t)SPAN_DRAFT_VALUE));
    if (!strpbrk(kept, "=@\" "))
        return kept;
    uint64_t hash = hash_words(kept, strlen(kept)) | 1;
    if (d->harmless[hash % HARMLESS] == hash)
        return kept;
    char *shown = redact(kept);
    if (strcmp(shown, kept) != 0)
        kept = keep(d, shown, strlen(shown));
    else
        d->harmless[hash % HARMLESS] = hash;
    free(shown);
    return kept;
}

bool span_attribute_tells(struct span_text key)
{
    static const char *const PREFIXES[] = {"db.", "http.", "url.", "service.", "server.", "peer."};
    for (size_t i = 0; key.at && i < ARRAY_LEN(PREFIXES); i++)
        if (begins(key, PREFIXES[i]))
            return true;
    return false;
}

void span_draft_left_out(struct span_draft *d, size_t n)
{
    if (d->open)
        d->intake.cut += (int64_t)n;
}

void span_draft_attribute(struct span_draft *d, struct span_text key, struct span_text value)
{
    static const char *const STATEMENTS[] = {"db.query.text", "db.statement", NULL};
    static const char *const SYSTEMS[] = {"db.system.name", "db.system", NULL};
    if (!d->open || !key.at || !key.n || !value.at)
        return;
    if (is_one(key, STATEMENTS)) {
        strbuf_clear(&d->sql);
        strbuf_add(&d->sql, value.at, cut_at(value, STATEMENT_MAX));
        d->intake.cut += value.n > STATEMENT_MAX;
        return;
    }
    if (d->n_attributes >= SPAN_DRAFT_ATTRIBUTES &&
        (d->n_attributes >= SPAN_DRAFT_ATTRIBUTES + SPAN_DRAFT_TELLING || !span_attribute_tells(key))) {
        d->intake.cut++;
        return;
    }
    if (is_one(key, SYSTEMS)) {
        strbuf_clear(&d->system);
        strbuf_add(&d->system, value.at, MIN(value.n, (size_t)64));
    }
    d->n_attributes++;
    int64_t number = place(d, &d->keys, key, NAME_MAX_BYTES);
    add_int(&d->of_span, (int64_t)d->trace.n - 1);
    add_int(&d->of_key, number);
    add_text(&d->value, is_secret(d, number) ? "***" : kept_value(d, key, value));
    d->bytes += 3 * sizeof(int64_t);
}

void span_draft_event(struct span_draft *d, sd_time at, struct span_text name, struct span_text more)
{
    if (!d->open)
        return;
    if (d->n_events >= SPAN_DRAFT_EVENTS) {
        d->intake.cut++;
        return;
    }
    d->n_events++;
    strbuf_clear(&d->scratch);
    strbuf_add(&d->scratch, name.at ? name.at : "", name.at ? cut_at(name, NAME_MAX_BYTES) : 0);
    if (more.at && more.n) {
        strbuf_str(&d->scratch, ": ");
        strbuf_add(&d->scratch, more.at, cut_at(more, SPAN_DRAFT_VALUE));
    }
    char *shown = redact(strbuf_text(&d->scratch));
    add_int(&d->event_span, (int64_t)d->trace.n - 1);
    add_int(&d->event_at, at);
    add_text(&d->event_text, keep(d, shown, strlen(shown)));
    free(shown);
}

void span_draft_failed(struct span_draft *d)
{
    if (d->open)
        d->error.items[d->error.n - 1] = 1;
}

void span_draft_kind(struct span_draft *d, int kind)
{
    if (d->open && kind >= SPAN_INTERNAL && kind <= SPAN_CONSUMER)
        d->kind.items[d->kind.n - 1] = kind;
}

/* ---- statements ---- */

void span_draft_links(struct span_draft *d, int64_t n)
{
    d->intake.links += n;
}

void span_draft_end(struct span_draft *d)
{
    if (!d->open)
        return;
    d->open = false;
    int64_t statement = SD_UNKNOWN;
    if (d->sql.len) {
        const char *shown = span_statement_shown(d->shown, strbuf_text(&d->sql), strbuf_text(&d->system));
        statement = place(d, &d->statements, span_text(shown), STATEMENT_MAX);
    }
    add_int(&d->statement, statement);
}

/* ---- handing out ---- */

size_t span_draft_count(const struct span_draft *d)
{
    return d->taken ? 0 : d->trace.n;
}

bool span_draft_full(const struct span_draft *d)
{
    return !d->taken &&
           (d->trace.n >= SPAN_DRAFT_SPANS || d->bytes >= SPAN_DRAFT_BYTES || d->services.n >= SERVICES_MAX);
}

bool span_draft_room(struct span_draft *d, const struct span_sink *sink)
{
    return !sink || !span_draft_full(d) || sink->full(sink->ctx, d);
}

const struct span_intake *span_draft_intake(const struct span_draft *d)
{
    return &d->intake;
}

static const struct sd_ints *ints_of(struct sd_ints *list, const struct ints *column)
{
    *list = (struct sd_ints){.n = (uint32_t)column->n, .items = column->items};
    return list;
}

static const struct sd_texts *texts_of(struct sd_texts *list, const char *const *items, size_t n)
{
    *list = (struct sd_texts){.n = (uint32_t)n, .items = items};
    return list;
}

bool span_draft_take(struct span_draft *d, struct sd_spans *out)
{
    struct sd_ints *i = d->lists_of_ints;
    struct sd_texts *t = d->lists_of_texts;
    if (!span_draft_count(d))
        return false;
    /* One after the other: each takes the next list. */
    out->traces = texts_of(t++, d->traces.names, d->traces.n);
    out->services = texts_of(t++, d->service_names.items, d->service_names.n);
    out->resources = texts_of(t++, d->resources.items, d->resources.n);
    out->names = texts_of(t++, d->names.names, d->names.n);
    out->statements = texts_of(t++, d->statements.names, d->statements.n);
    out->keys = texts_of(t++, d->keys.names, d->keys.n);
    out->trace = ints_of(i++, &d->trace);
    out->id = texts_of(t++, d->id.items, d->id.n);
    out->parent = texts_of(t++, d->parent.items, d->parent.n);
    out->service = ints_of(i++, &d->service);
    out->name = ints_of(i++, &d->name);
    out->statement = ints_of(i++, &d->statement);
    out->span_kind = ints_of(i++, &d->kind);
    out->start = ints_of(i++, &d->start);
    out->duration = ints_of(i++, &d->duration);
    out->error = ints_of(i++, &d->error);
    out->follows = ints_of(i++, &d->follows);
    out->of_span = ints_of(i++, &d->of_span);
    out->of_key = ints_of(i++, &d->of_key);
    out->of_value = texts_of(t++, d->value.items, d->value.n);
    out->event_span = ints_of(i++, &d->event_span);
    out->event_at = ints_of(i++, &d->event_at);
    out->event_text = texts_of(t++, d->event_text.items, d->event_text.n);
    d->taken = true;
    return true;
}
