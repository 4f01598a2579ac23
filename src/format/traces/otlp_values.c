#include "format/traces/otlp_values.h"

#include <stdlib.h>

enum { EVENT_TEXT_MAX = 512 };

struct otlp_traces *otlp_traces_new(struct span_draft *d, const struct span_sink *sink)
{
    struct otlp_traces *t = mem_alloc(sizeof *t);
    t->draft = d;
    t->sink = sink;
    return t;
}

void otlp_traces_free(struct otlp_traces *t)
{
    otlp_attributes_clear(&t->resource);
    otlp_attributes_clear(&t->of_span);
    otlp_attributes_clear(&t->of_event);
    span_resource_free(&t->labels);
    strbuf_free(&t->text);
    free(t);
}

void otlp_traces_service(struct otlp_traces *t)
{
    span_resource_clear(&t->labels);
    for (size_t i = 0; i < t->resource.n; i++)
        span_resource_add(&t->labels, t->resource.items[i].key, t->resource.items[i].value);
    span_draft_service(t->draft, otlp_value_of(&t->resource, "service.name"), span_resource_text(&t->labels));
}

/* ---- values as text ---- */

void otlp_attributes_clear(struct otlp_attributes *a)
{
    a->n = a->more = a->used = 0;
    arena_free(a->large);
    a->large = NULL;
}

void otlp_attribute_add(struct otlp_attributes *a, struct span_text key, struct span_text value)
{
    if (a->n < OTLP_ATTRIBUTES || (a->n < OTLP_ATTRIBUTES + SPAN_DRAFT_TELLING && span_attribute_tells(key)))
        a->items[a->n++] = (struct otlp_attribute){.key = key, .value = value};
    else
        a->more++;
}

struct span_text otlp_hold(struct otlp_attributes *a, const char *bytes, size_t n)
{
    char *to;
    if (n <= sizeof a->small - a->used) {
        to = a->small + a->used;
        a->used += n;
    } else {
        a->large = a->large ? a->large : arena_new();
        to = arena_alloc(a->large, n);
    }
    memcpy(to, bytes, n);
    return (struct span_text){.at = to, .n = n};
}

struct span_text otlp_hold_int(struct otlp_attributes *a, int64_t v)
{
    char digits[24], *end = digits + sizeof digits, *p = end;
    uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do
        *--p = (char)('0' + left % 10);
    while (left /= 10);
    if (v < 0)
        *--p = '-';
    return otlp_hold(a, p, (size_t)(end - p));
}

/* As short as reads back the same. */
static size_t real_text(double v, char text[40])
{
    int n = snprintf(text, 40, "%.15g", v);
    if (strtod(text, NULL) != v)
        n = snprintf(text, 40, "%.17g", v);
    return (size_t)n;
}

struct span_text otlp_hold_real(struct otlp_attributes *a, double v)
{
    char text[40];
    return otlp_hold(a, text, real_text(v, text));
}

void otlp_add_real(struct strbuf *out, double v)
{
    char text[40];
    strbuf_add(out, text, real_text(v, text));
}

void otlp_add_base64(struct strbuf *out, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)bytes[i] << 16 | (i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0) |
                     (i + 2 < n ? bytes[i + 2] : 0);
        strbuf_char(out, digits[v >> 18]);
        strbuf_char(out, digits[v >> 12 & 63]);
        strbuf_char(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
        strbuf_char(out, i + 2 < n ? digits[v & 63] : '=');
    }
}

void otlp_add_json(struct strbuf *out, const char *text, size_t n)
{
    strbuf_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            strbuf_char(out, '\\');
            strbuf_char(out, (char)c);
        } else if (c < 0x20) {
            strbuf_printf(out, "\\u%04x", c);
        } else {
            strbuf_char(out, (char)c);
        }
    }
    strbuf_char(out, '"');
}

static bool is(struct span_text t, const char *name)
{
    return t.n == strlen(name) && memcmp(t.at, name, t.n) == 0;
}

struct span_text otlp_value_of(const struct otlp_attributes *a, const char *key)
{
    for (size_t i = 0; i < a->n; i++)
        if (is(a->items[i].key, key))
            return a->items[i].value;
    return (struct span_text){0};
}

/* ---- spans ---- */

void otlp_span_begin(struct otlp_traces *t, struct otlp_span *s, const struct otlp_attributes *a)
{
    s->head.start = otlp_time(s->start);
    s->head.duration = sd_known(s->head.start) && sd_known(otlp_time(s->end)) && s->end >= s->start
                           ? (int64_t)(s->end - s->start)
                           : SD_UNKNOWN;
    if (!span_draft_begin(t->draft, &s->head))
        return;
    for (size_t i = 0; i < a->n; i++)
        span_draft_attribute(t->draft, a->items[i].key, a->items[i].value);
    span_draft_left_out(t->draft, a->more);
    if (s->message.n)
        span_draft_attribute(t->draft, span_text("otel.status_description"), s->message);
}

/* "exception: ValueError: no such item", or the attributes of another event. */
void otlp_span_event(struct otlp_traces *t, sd_time at, struct span_text name,
                     const struct otlp_attributes *a)
{
    struct strbuf *text = &t->text;
    struct span_text type = otlp_value_of(a, "exception.type");
    struct span_text message = otlp_value_of(a, "exception.message");
    strbuf_clear(text);
    if (type.n || message.n) {
        strbuf_add(text, type.n ? type.at : "", type.n);
        if (type.n && message.n)
            strbuf_str(text, ": ");
        strbuf_add(text, message.n ? message.at : "", message.n);
    }
    for (size_t i = 0; i < a->n && !type.n && !message.n && text->len < EVENT_TEXT_MAX; i++) {
        const struct otlp_attribute *one = &a->items[i];
        strbuf_str(text, i ? ", " : "");
        strbuf_add(text, one->key.at, one->key.n);
        strbuf_char(text, '=');
        strbuf_add(text, one->value.n ? one->value.at : "", MIN(one->value.n, (size_t)EVENT_TEXT_MAX));
    }
    span_draft_event(t->draft, at, name, (struct span_text){.at = strbuf_text(text), .n = text->len});
}

void otlp_span_end(struct otlp_traces *t)
{
    span_draft_end(t->draft);
    t->ended |= !span_draft_room(t->draft, t->sink);
}
