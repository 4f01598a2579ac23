/* otlp_metrics_wire.c - metrics of OTLP in protobuf. The numbers of its fields stand beside what is read. */
#include "format/traces/otlp_point.h"

static const struct proto_shape LEAF;
static const struct proto_shape KEY_VALUE = {.of = {[2] = &LEAF}};
static const struct proto_shape NUMBER = {.of = {[7] = &KEY_VALUE}};
static const struct proto_shape HISTOGRAM = {.of = {[9] = &KEY_VALUE}};
static const struct proto_shape EXPONENTIAL = {.of = {[1] = &KEY_VALUE, [8] = &LEAF, [9] = &LEAF}};
static const struct proto_shape SUMMARY = {.of = {[7] = &KEY_VALUE, [6] = &LEAF}};
static const struct proto_shape NUMBERS = {.of = {[1] = &NUMBER}};
static const struct proto_shape HISTOGRAMS = {.of = {[1] = &HISTOGRAM}};
static const struct proto_shape EXPONENTIALS = {.of = {[1] = &EXPONENTIAL}};
static const struct proto_shape SUMMARIES = {.of = {[1] = &SUMMARY}};
static const struct proto_shape METRIC = {
    .of = {[5] = &NUMBERS, [7] = &NUMBERS, [9] = &HISTOGRAMS, [10] = &EXPONENTIALS, [11] = &SUMMARIES}};
static const struct proto_shape RESOURCE = {.of = {[1] = &KEY_VALUE}};
static const struct proto_shape SCOPE_METRICS = {.of = {[2] = &METRIC}};
static const struct proto_shape RESOURCE_METRICS = {.of = {[1] = &RESOURCE, [2] = &SCOPE_METRICS}};
static const struct proto_shape REQUEST = {.of = {[1] = &RESOURCE_METRICS}};

static struct span_text text_of(const struct proto *p)
{
    return (struct span_text){.at = (const char *)p->at, .n = proto_len(p)};
}

/* What all points have, in fields 2 and 3. */
static void read_times(struct otlp_point *p, const struct proto_field *f)
{
    if (f->type == PROTO_64 && f->number == 2)
        p->start = f->value;
    else if (f->type == PROTO_64 && f->number == 3)
        p->time = f->value;
}

static void read_number(struct otlp_metrics_call *c, const struct proto_field *f)
{
    struct otlp_point *p = &c->point;
    if (f->type == PROTO_64 && f->number == 4)
        p->value = proto_double(f->value);
    else if (f->type == PROTO_64 && f->number == 6)
        p->value = (double)(int64_t)f->value;
    else if (proto_is_bytes(f, 7))
        otlp_wire_attribute(&p->attributes, &c->text, f->bytes);
    else if (f->type == PROTO_VARINT && f->number == 8)
        p->absent = f->value & 1;
}

static void read_histogram(struct otlp_metrics_call *c, struct proto_field *f)
{
    struct otlp_point *p = &c->point;
    uint64_t v;
    switch (f->number) {
    case 4:
        p->count = (double)f->value;
        break;
    case 5:
        p->sum = proto_double(f->value);
        break;
    case 6:
        while (proto_packed(f, PROTO_64, &v))
            otlp_number_add(&p->counts, (double)v);
        break;
    case 7:
        while (proto_packed(f, PROTO_64, &v))
            otlp_number_add(&p->bounds, proto_double(v));
        break;
    case 9:
        if (f->type == PROTO_BYTES)
            otlp_wire_attribute(&p->attributes, &c->text, f->bytes);
        break;
    case 10:
        p->absent = f->value & 1;
        break;
    default:
        break;
    }
}

static void read_buckets(struct otlp_point *p, struct proto buckets, bool above)
{
    struct proto_field f;
    uint64_t v;
    while (proto_field(&buckets, &f)) {
        if (above && f.number == 1 && f.type == PROTO_VARINT)
            p->offset = (int)proto_zigzag(f.value);
        while (f.number == 2 && proto_packed(&f, PROTO_VARINT, &v)) {
            if (above)
                otlp_number_add(&p->counts, (double)v);
            else
                p->negative += (double)v;
        }
    }
}

static void read_exponential(struct otlp_metrics_call *c, const struct proto_field *f)
{
    struct otlp_point *p = &c->point;
    bool whole = f->type == PROTO_64, message = f->type == PROTO_BYTES;
    switch (f->number) {
    case 1:
        if (message)
            otlp_wire_attribute(&p->attributes, &c->text, f->bytes);
        break;
    case 4:
        p->count = whole ? (double)f->value : 0;
        break;
    case 5:
        p->sum = whole ? proto_double(f->value) : (double)NAN;
        break;
    case 6:
        p->scale = f->type == PROTO_VARINT ? (int)proto_zigzag(f->value) : 0;
        break;
    case 7:
        p->zero = whole ? (double)f->value : 0;
        break;
    case 8:
    case 9:
        if (message)
            read_buckets(p, f->bytes, f->number == 8);
        break;
    case 10:
        p->absent = f->type == PROTO_VARINT && (f->value & 1);
        break;
    case 14:
        p->zero_below = whole ? proto_double(f->value) : 0;
        break;
    default:
        break;
    }
}

static void read_summary(struct otlp_metrics_call *c, const struct proto_field *f)
{
    struct otlp_point *p = &c->point;
    if (f->type == PROTO_64 && f->number == 4)
        p->count = (double)f->value;
    else if (f->type == PROTO_64 && f->number == 5)
        p->sum = proto_double(f->value);
    else if (proto_is_bytes(f, 7))
        otlp_wire_attribute(&p->attributes, &c->text, f->bytes);
    else if (proto_is_bytes(f, 6)) {
        struct proto quantile = f->bytes;
        struct proto_field of;
        double q = 0, v = 0;
        while (proto_field(&quantile, &of)) {
            if (of.type == PROTO_64 && of.number == 1)
                q = proto_double(of.value);
            else if (of.type == PROTO_64 && of.number == 2)
                v = proto_double(of.value);
        }
        otlp_number_add(&p->bounds, q);
        otlp_number_add(&p->counts, v);
    }
}

static void read_point(struct otlp_metrics_call *c, struct proto p)
{
    struct proto_field f;
    otlp_point_clear(c);
    while (proto_field(&p, &f)) {
        read_times(&c->point, &f);
        switch (c->metric.form) {
        case OTLP_GAUGE:
        case OTLP_SUM:
            read_number(c, &f);
            break;
        case OTLP_EXPLICIT:
            read_histogram(c, &f);
            break;
        case OTLP_EXPONENTIAL:
            read_exponential(c, &f);
            break;
        default:
            read_summary(c, &f);
            break;
        }
    }
    otlp_point_take(c);
}

static void read_metric(struct otlp_metrics_call *c, struct proto p)
{
    static const enum otlp_form FORMS[12] = {
        [5] = OTLP_GAUGE, [7] = OTLP_SUM, [9] = OTLP_EXPLICIT, [10] = OTLP_EXPONENTIAL, [11] = OTLP_SUMMARY};
    struct proto_field f;
    struct proto data = {0}, points;
    c->metric = (struct otlp_metric){.name = {.at = "", .n = 0}, .unit = {.at = "", .n = 0}};
    while (proto_field(&p, &f)) {
        if (proto_is_bytes(&f, 1))
            c->metric.name = text_of(&f.bytes);
        else if (proto_is_bytes(&f, 3))
            c->metric.unit = text_of(&f.bytes);
        else if (f.type == PROTO_BYTES && f.number < ARRAY_LEN(FORMS) && FORMS[f.number]) {
            c->metric.form = FORMS[f.number];
            data = f.bytes;
        }
    }
    points = data;
    while (proto_field(&data, &f)) {
        if (f.number == 2 && f.type == PROTO_VARINT)
            c->metric.delta = f.value == 1;
        else if (f.number == 3 && f.type == PROTO_VARINT)
            c->metric.monotonic = f.value != 0;
    }
    while (proto_field(&points, &f))
        if (proto_is_bytes(&f, 1))
            read_point(c, f.bytes);
}

bool otlp_wire_points(struct otlp_metrics_call *c, const char *bytes, size_t n, struct sd_error *err)
{
    struct proto p = proto(bytes, n);
    struct proto_field resource, scope, metric;
    if (!proto_check(bytes, n, &REQUEST, err))
        return false;
    while (proto_field(&p, &resource)) {
        if (!proto_is_bytes(&resource, 1))
            continue;
        otlp_wire_resource(&c->resource, &c->text, resource.bytes);
        while (proto_field(&resource.bytes, &scope))
            while (proto_is_bytes(&scope, 2) && proto_field(&scope.bytes, &metric))
                if (proto_is_bytes(&metric, 2))
                    read_metric(c, metric.bytes);
    }
    return true;
}
