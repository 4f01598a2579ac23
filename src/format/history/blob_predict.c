/* blob_predict.c - see blob_predict.h. */
#include "format/history/blob_predict.h"

static const struct {
    const char *field;
    enum predictor by;
    const char *arg;
} RULES[] = {
    {"latency", BY_ZERO, NULL},       {"min_ns", BY_HIST_LOW, NULL},  {"max_ns", BY_HIST_HIGH, NULL},
    {"total_ns", BY_HIST_SUM, NULL},  {"timed", BY_HIST_COUNT, NULL}, {"count", BY_FIELD, "timed"},
    {"status_1xx", BY_ZERO, NULL},    {"status_3xx", BY_ZERO, NULL},  {"status_4xx", BY_ZERO, NULL},
    {"status_5xx", BY_ZERO, NULL},    {"status_2xx", BY_REST, NULL},  {"errors", BY_FIELD, "status_5xx"},
    {"interval_ns", BY_LENGTH, NULL}, {"first_at", BY_AT, NULL},      {"last_at", BY_END, NULL},
    {"value", BY_BEFORE, NULL},       {"sum", BY_FIELD, "value"},     {"min", BY_FIELD, "value"},
    {"max", BY_FIELD, "value"},       {"bytes", BY_RATE, "count"},
};

int field_named(const struct sd_schema *sc, const char *name)
{
    for (size_t i = 0; i < sc->n_fields; i++)
        if (!strcmp(sc->fields[i].name, name))
            return (int)i;
    return -1;
}

static int number_named(const struct sd_schema *sc, const char *name)
{
    int i = field_named(sc, name);
    return i >= 0 && sc->fields[i].type == SD_FIELD_INT ? i : -1;
}

void predict_begin(struct predict *p, const struct sd_schema *sc, const struct blob_row *rows)
{
    static const char *const STATUS[] = {"status_1xx", "status_2xx", "status_3xx", "status_4xx",
                                         "status_5xx"};
    *p = (struct predict){.sc = sc,
                          .rows = rows,
                          .min = number_named(sc, "min_ns"),
                          .max = number_named(sc, "max_ns"),
                          .count = number_named(sc, "count")};
    for (size_t i = 0; i < ARRAY_LEN(STATUS); i++)
        p->status[i] = number_named(sc, STATUS[i]);
}

enum predictor predict_rule(const struct sd_schema *sc, unsigned id, unsigned *arg)
{
    *arg = 0;
    if (id < COLUMN_FIELDS)
        return id == COLUMN_AT ? BY_NEXT : BY_BEFORE;
    const struct sd_field *f = &sc->fields[id - COLUMN_FIELDS];
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        int of = RULES[i].arg ? field_named(sc, RULES[i].arg) : 0;
        if (strcmp(RULES[i].field, f->name) || of < 0 || (RULES[i].arg && sc->fields[of].type != f->type))
            continue;
        *arg = (unsigned)of;
        return RULES[i].by;
    }
    return BY_END_OF_LIST;
}

void predict_order(const struct sd_schema *sc, int *order)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++)
        if (field_named(sc, RULES[i].field) >= 0)
            order[n++] = field_named(sc, RULES[i].field);
    size_t first = n;
    for (size_t i = 0; i < sc->n_fields; i++) {
        bool there = false;
        for (size_t k = 0; k < first && !there; k++)
            there = order[k] == (int)i;
        if (!there)
            order[n++] = (int)i;
    }
    order[n] = -1;
}

static int64_t bucket_middle(uint32_t index)
{
    return sd_hist_lower(index) + (sd_hist_lower(index + 1) - sd_hist_lower(index)) / 2;
}

struct hist_facts hist_facts_of(const struct sd_hist *h, bool sums)
{
    struct hist_facts f = {0};
    uint32_t first = UINT32_MAX, last = 0;
    for (uint32_t i = 0; h && i < h->n; i++) {
        struct sd_bucket b = h->buckets[i];
        if (!b.count)
            continue;
        first = MIN(first, b.index);
        last = b.index;
        f.count += b.count;
        if (sums)
            f.mids += (uint64_t)bucket_middle(b.index) * b.count;
    }
    if (f.count) {
        f.low = sd_hist_lower(first);
        f.high = sd_hist_lower(last);
        f.first_mid = bucket_middle(first);
        f.last_mid = bucket_middle(last);
    }
    return f;
}

static int64_t field_value(const struct predict *p, int field, size_t i)
{
    if (field < 0)
        return SD_UNKNOWN;
    int64_t v;
    memcpy(&v, (const char *)p->rows[i].record + p->sc->fields[field].offset, sizeof v);
    return v;
}

int64_t column_value(const struct predict *p, unsigned id, size_t i)
{
    const struct blob_row *r = &p->rows[i];
    return id == COLUMN_SERIES   ? (int64_t)r->series
           : id == COLUMN_AT     ? r->at
           : id == COLUMN_LENGTH ? r->length_ns
                                 : field_value(p, (int)id - COLUMN_FIELDS, i);
}

static int64_t known_or_0(int64_t v)
{
    return sd_known(v) ? v : 0;
}

static int64_t hist_sum(const struct predict *p, const struct hist_facts *f, size_t i)
{
    int64_t min = field_value(p, p->min, i), max = field_value(p, p->max, i);
    if (f->count == 1 && sd_known(min))
        return min;
    if (f->count < 2 || !sd_known(min) || !sd_known(max))
        return (int64_t)f->mids;
    return (int64_t)(f->mids - (uint64_t)f->first_mid - (uint64_t)f->last_mid + (uint64_t)min +
                     (uint64_t)max);
}

static int64_t rest_of_count(const struct predict *p, size_t i)
{
    uint64_t rest = (uint64_t)known_or_0(field_value(p, p->count, i));
    for (size_t k = 0; k < ARRAY_LEN(p->status); k++)
        rest -= k == 1 ? 0 : (uint64_t)known_or_0(field_value(p, p->status[k], i));
    return (int64_t)rest;
}

static int64_t hist_expected(const struct predict *p, enum predictor by, size_t i)
{
    if (!p->facts)
        return 0;
    const struct hist_facts *f = &p->facts[i];
    switch (by) {
    case BY_HIST_COUNT:
        return (int64_t)f->count;
    case BY_HIST_LOW:
        return f->low;
    case BY_HIST_HIGH:
        return f->count == 1 && sd_known(field_value(p, p->min, i)) ? field_value(p, p->min, i) : f->high;
    default:
        return hist_sum(p, f, i);
    }
}

/* By the mean of the few rows before; numbers that nothing real has are left out, so that nothing overflows.
 */
static int64_t by_rate(const struct predict *p, unsigned id, unsigned of, size_t i)
{
    enum { ROWS = 16 };
    const int64_t most = (int64_t)1 << 50;
    int64_t count = field_value(p, (int)of, i), sum = 0, counted = 0;
    if (count <= 0 || count > most)
        return 0;
    for (size_t k = i > ROWS ? i - ROWS : 0; k < i; k++) {
        int64_t v = column_value(p, id, k), n = field_value(p, (int)of, k);
        if (v < 0 || v > most || n <= 0 || n > most)
            continue;
        sum += v;
        counted += n;
    }
    __int128 expected = counted ? (__int128)sum * count / counted : 0;
    return expected > INT64_MAX ? INT64_MAX : (int64_t)expected;
}

int64_t column_expected(const struct predict *p, unsigned id, enum predictor by, unsigned arg, size_t i)
{
    const struct blob_row *r = &p->rows[i];
    switch (by) {
    case BY_ZERO:
    case BY_END_OF_LIST:
        return 0;
    case BY_BEFORE:
        return i ? known_or_0(column_value(p, id, i - 1)) : 0;
    case BY_NEXT:
        if (!i)
            return 0;
        return r->series == r[-1].series ? add_sat(r[-1].at, r[-1].length_ns) : r[-1].at;
    case BY_AT:
        return r->at;
    case BY_END:
        return add_sat(r->at, r->length_ns);
    case BY_LENGTH:
        return r->length_ns;
    case BY_FIELD:
        return known_or_0(field_value(p, (int)arg, i));
    case BY_RATE:
        return by_rate(p, id, arg, i);
    case BY_REST:
        return rest_of_count(p, i);
    case BY_HIST_COUNT:
    case BY_HIST_LOW:
    case BY_HIST_HIGH:
    case BY_HIST_SUM:
        return hist_expected(p, by, i);
    }
    return 0;
}
