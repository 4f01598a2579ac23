/* otlp_wire.c - OTLP in protobuf. The numbers of its fields stand beside what is read. */
#include "format/traces/otlp_read.h"
#include "format/traces/otlp_values.h"

/* ---- which fields are messages ---- */

static const struct proto_shape ANY_VALUE;
static const struct proto_shape KEY_VALUE = {.of = {[2] = &ANY_VALUE}};
static const struct proto_shape ARRAY = {.of = {[1] = &ANY_VALUE}};
static const struct proto_shape MAP = {.of = {[1] = &KEY_VALUE}};
static const struct proto_shape ANY_VALUE = {.of = {[5] = &ARRAY, [6] = &MAP}};
static const struct proto_shape EVENT = {.of = {[3] = &KEY_VALUE}};
static const struct proto_shape LINK = {.of = {[4] = &KEY_VALUE}};
static const struct proto_shape STATUS;
static const struct proto_shape SPAN = {
    .of = {[9] = &KEY_VALUE, [11] = &EVENT, [13] = &LINK, [15] = &STATUS}};
static const struct proto_shape RESOURCE = {.of = {[1] = &KEY_VALUE}};
static const struct proto_shape SCOPE_SPANS = {.of = {[2] = &SPAN}};
static const struct proto_shape RESOURCE_SPANS = {.of = {[1] = &RESOURCE, [2] = &SCOPE_SPANS}};
static const struct proto_shape REQUEST = {.of = {[1] = &RESOURCE_SPANS}};

/* ---- attributes ---- */

static struct span_text text_of(const struct proto *p)
{
    return (struct span_text){.at = (const char *)p->at, .n = proto_len(p)};
}

/* Below an attribute, in which lists and maps may stand. PROTO_DEPTH_MAX bounds how deep: it was checked. */
static void add_value(struct strbuf *out, struct proto p);

static void add_items(struct strbuf *out, struct proto p)
{
    struct proto_field f;
    size_t n = 0;
    strbuf_char(out, '[');
    while (proto_field(&p, &f) && out->len < SPAN_DRAFT_VALUE)
        if (proto_is_bytes(&f, 1)) {
            strbuf_str(out, n++ ? "," : "");
            add_value(out, f.bytes);
        }
    strbuf_char(out, ']');
}

static void add_pairs(struct strbuf *out, struct proto p)
{
    struct proto_field f, of;
    size_t n = 0;
    strbuf_char(out, '{');
    while (proto_field(&p, &f) && out->len < SPAN_DRAFT_VALUE) {
        if (!proto_is_bytes(&f, 1))
            continue;
        struct proto key = {0}, value = {0};
        while (proto_field(&f.bytes, &of)) {
            if (proto_is_bytes(&of, 1))
                key = of.bytes;
            else if (proto_is_bytes(&of, 2))
                value = of.bytes;
        }
        strbuf_str(out, n++ ? "," : "");
        otlp_add_json(out, (const char *)key.at, proto_len(&key));
        strbuf_char(out, ':');
        add_value(out, value);
    }
    strbuf_char(out, '}');
}

/* A field of another type has no bytes. */
static const enum proto_type VALUE_TYPES[8] = {
    [1] = PROTO_BYTES, [2] = PROTO_VARINT, [3] = PROTO_VARINT, [4] = PROTO_64,
    [5] = PROTO_BYTES, [6] = PROTO_BYTES,  [7] = PROTO_BYTES};

/* The last field of an AnyValue that is one. */
static struct proto_field value_of(struct proto p)
{
    struct proto_field f, last = {0};
    while (proto_field(&p, &f))
        if (f.number < ARRAY_LEN(VALUE_TYPES) && f.type == VALUE_TYPES[f.number])
            last = f;
    return last;
}

static void add_value(struct strbuf *out, struct proto p)
{
    struct proto_field last = value_of(p);
    switch (last.number) {
    case 1:
        otlp_add_json(out, (const char *)last.bytes.at, proto_len(&last.bytes));
        break;
    case 2:
        strbuf_str(out, last.value ? "true" : "false");
        break;
    case 3:
        strbuf_printf(out, "%lld", (long long)(int64_t)last.value);
        break;
    case 4:
        otlp_add_real(out, proto_double(last.value));
        break;
    case 5:
        add_items(out, last.bytes);
        break;
    case 6:
        add_pairs(out, last.bytes);
        break;
    case 7:
        strbuf_char(out, '"');
        otlp_add_base64(out, last.bytes.at, MIN(proto_len(&last.bytes), (size_t)SPAN_DRAFT_VALUE));
        strbuf_char(out, '"');
        break;
    default:
        strbuf_str(out, "null");
    }
}

/* Of an AnyValue; the last of its fields counts. */
static struct span_text value_text(struct otlp_attributes *a, struct strbuf *scratch, struct proto p)
{
    struct proto_field last = value_of(p);
    strbuf_clear(scratch);
    switch (last.number) {
    case 1:
        return text_of(&last.bytes);
    case 2:
        return span_text(last.value ? "true" : "false");
    case 3:
        return otlp_hold_int(a, (int64_t)last.value);
    case 4:
        return otlp_hold_real(a, proto_double(last.value));
    case 5:
        add_items(scratch, last.bytes);
        break;
    case 6:
        add_pairs(scratch, last.bytes);
        break;
    case 7:
        otlp_add_base64(scratch, last.bytes.at, MIN(proto_len(&last.bytes), (size_t)SPAN_DRAFT_VALUE));
        break;
    default:
        return span_text("");
    }
    return otlp_hold(a, strbuf_text(scratch), scratch->len);
}

/* One KeyValue. */
void otlp_wire_attribute(struct otlp_attributes *a, struct strbuf *scratch, struct proto p)
{
    struct proto_field f;
    struct span_text key = {0}, value = {.at = "", .n = 0};
    while (proto_field(&p, &f)) {
        if (proto_is_bytes(&f, 1))
            key = text_of(&f.bytes);
        else if (proto_is_bytes(&f, 2))
            value = value_text(a, scratch, f.bytes);
    }
    if (key.n)
        otlp_attribute_add(a, key, value);
}

/* ---- spans ---- */

static const uint8_t *id_of(const struct proto_field *f, size_t n)
{
    return proto_len(&f->bytes) == n ? f->bytes.at : NULL;
}

static void read_status(struct otlp_span *s, struct proto p)
{
    struct proto_field f;
    while (proto_field(&p, &f)) {
        if (proto_is_bytes(&f, 2))
            s->message = text_of(&f.bytes);
        else if (f.number == 3 && f.type == PROTO_VARINT)
            s->head.error = f.value == 2;
    }
}

static void read_event(struct otlp_traces *t, struct proto p)
{
    struct otlp_attributes *a = &t->of_event;
    struct proto_field f;
    struct span_text name = {.at = "", .n = 0};
    sd_time at = SD_UNKNOWN;
    otlp_attributes_clear(a);
    while (proto_field(&p, &f)) {
        if (f.number == 1 && f.type == PROTO_64)
            at = otlp_time(f.value);
        else if (proto_is_bytes(&f, 2))
            name = text_of(&f.bytes);
        else if (proto_is_bytes(&f, 3))
            otlp_wire_attribute(a, &t->text, f.bytes);
    }
    otlp_span_event(t, at, name, a);
}

static void read_span_field(struct otlp_traces *t, struct otlp_span *s, const struct proto_field *f)
{
    switch (f->number) {
    case 1:
        s->head.trace_bytes = id_of(f, 16);
        break;
    case 2:
        s->head.id_bytes = id_of(f, 8);
        break;
    case 4:
        s->head.parent_bytes = id_of(f, 8);
        break;
    case 5:
        s->head.name = text_of(&f->bytes);
        break;
    case 9:
        otlp_wire_attribute(&t->of_span, &t->text, f->bytes);
        break;
    case 13:
        span_draft_links(t->draft, 1);
        break;
    case 15:
        read_status(s, f->bytes);
        break;
    default:
        break;
    }
}

static void read_span(struct otlp_traces *t, struct proto p)
{
    struct otlp_span s = {.head = {.name = {.at = "", .n = 0}}};
    struct proto again = p;
    struct proto_field f;
    size_t events = 0;
    otlp_attributes_clear(&t->of_span);
    while (proto_field(&p, &f)) {
        if (f.type == PROTO_BYTES)
            read_span_field(t, &s, &f);
        else if (f.number == 6 && f.type == PROTO_VARINT)
            s.head.kind = f.value <= 5 ? (int)f.value : 0;
        else if (f.number == 7 && f.type == PROTO_64)
            s.start = f.value;
        else if (f.number == 8 && f.type == PROTO_64)
            s.end = f.value;
        events += proto_is_bytes(&f, 11);
    }
    otlp_span_begin(t, &s, &t->of_span);
    while (events && proto_field(&again, &f))
        if (proto_is_bytes(&f, 11))
            read_event(t, f.bytes);
    otlp_span_end(t);
}

/* ---- requests ---- */

void otlp_wire_resource(struct otlp_attributes *a, struct strbuf *scratch, struct proto p)
{
    struct proto_field f, of;
    otlp_attributes_clear(a);
    while (proto_field(&p, &f))
        while (proto_is_bytes(&f, 1) && proto_field(&f.bytes, &of))
            if (proto_is_bytes(&of, 1))
                otlp_wire_attribute(a, scratch, of.bytes);
}

static void read_resource_spans(struct otlp_traces *t, struct proto p)
{
    struct proto_field f, of;
    otlp_wire_resource(&t->resource, &t->text, p);
    otlp_traces_service(t);
    while (proto_field(&p, &f))
        while (proto_is_bytes(&f, 2) && !t->ended && proto_field(&f.bytes, &of))
            if (proto_is_bytes(&of, 2))
                read_span(t, of.bytes);
}

/* One ResourceSpans alone has a second field, a request has not. */
static bool is_alone(struct proto p)
{
    struct proto_field f;
    while (proto_field(&p, &f))
        if (f.number == 2)
            return true;
    return false;
}

bool otlp_proto_spans(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                      struct sd_error *err)
{
    struct proto p = proto(bytes, len);
    struct proto_field f;
    bool alone = is_alone(p);
    if (!proto_check(bytes, len, alone ? &RESOURCE_SPANS : &REQUEST, err))
        return false;
    struct otlp_traces *t = otlp_traces_new(d, sink);
    if (alone)
        read_resource_spans(t, p);
    while (!alone && !t->ended && proto_field(&p, &f))
        if (proto_is_bytes(&f, 1))
            read_resource_spans(t, f.bytes);
    otlp_traces_free(t);
    return true;
}
