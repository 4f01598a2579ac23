/* blob_columns.c - the columns of a blob: see blob_columns.h. */
#include "format/history/blob_columns.h"

#include <stdlib.h>

#include "format/history/blob_predict.h"

static const int64_t UNITS[] = {1, 10, 100, 1000, 10000, 1000000, 100000000, 1000000000};
enum {
    FIRST_BITS = 4,
    FIRST_NODES = 256,
    PLACE_BITS = 2,         /* of neighbouring buckets: their counts are alike */
    INDEX_BITS = 12,        /* of a bucket */
    DECISIONS_A_BUCKET = 20 /* that a list of buckets takes */
};
/* How a real is written. */
enum { REAL_UNKNOWN, REAL_SAME, REAL_INTEGER, REAL_RAW };

/* Histograms stand as lists of buckets, or, where many buckets between the first and the last are in use, as
 * the count of each bucket: most are 0 or 1, and how often is learned for every four buckets. */
struct hist_model {
    struct number_model total, step, count;
    struct bit_model first[FIRST_NODES];
    bool places;
    uint32_t low, high; /* of the places: the first and the last bucket of all rows */
    struct bit_model some[(SD_HIST_BUCKETS >> PLACE_BITS) + 1], more[(SD_HIST_BUCKETS >> PLACE_BITS) + 1];
};
_Static_assert(SD_HIST_BUCKETS <= 1 << INDEX_BITS, "an index of a bucket has its bits");

static void hist_model_begin(struct hist_model *m)
{
    number_model_begin(&m->total);
    number_model_begin(&m->step);
    number_model_begin(&m->count);
    bit_models_begin(m->first, FIRST_NODES);
    bit_models_begin(m->some, ARRAY_LEN(m->some));
    bit_models_begin(m->more, ARRAY_LEN(m->more));
    m->places = false;
}

static enum sd_field_type column_type(const struct sd_schema *sc, unsigned id)
{
    return id < COLUMN_FIELDS ? SD_FIELD_INT : sc->fields[id - COLUMN_FIELDS].type;
}

/* The value less what was expected, in units. */
static int64_t floor_by(int64_t v, int64_t unit)
{
    return v / unit - (v % unit < 0);
}

static int64_t difference(int64_t value, int64_t expected, int64_t unit)
{
    return (int64_t)((uint64_t)(value / unit) - (uint64_t)floor_by(expected, unit));
}

static int64_t from_difference(int64_t d, int64_t expected, int64_t unit)
{
    return (int64_t)(((uint64_t)d + (uint64_t)floor_by(expected, unit)) * (uint64_t)unit);
}

static bool has_arg(unsigned predictor)
{
    return predictor == BY_FIELD || predictor == BY_RATE;
}

/* ---- out ---- */

static void put_first(struct coder_out *c, struct hist_model *m, uint32_t index)
{
    if (c->fast) {
        varint_put(c->out, index);
        return;
    }
    for (unsigned node = 1, i = 8; i--;) {
        unsigned bit = index >> (i + FIRST_BITS) & 1;
        coder_bit(c, &m->first[node], bit);
        node = node << 1 | bit;
    }
    coder_raw(c, index, FIRST_BITS);
}

static void put_places(struct coder_out *c, struct hist_model *m, const struct sd_hist *h, uint64_t left)
{
    for (uint32_t i = m->low, k = 0; left && i <= m->high; i++) {
        while (k < h->n && (h->buckets[k].index < i || !h->buckets[k].count))
            k++;
        uint32_t count = k < h->n && h->buckets[k].index == i ? h->buckets[k].count : 0;
        coder_bit(c, &m->some[i >> PLACE_BITS], count > 0);
        if (count)
            coder_bit(c, &m->more[i >> PLACE_BITS], count > 1);
        if (count > 1)
            coder_count(c, &m->count, count - 2);
        left -= count;
    }
}

/* 0: none; else 1 + how many values; then buckets until these are reached. */
static void put_hist(struct coder_out *c, struct hist_model *m, const struct sd_hist *h)
{
    uint64_t left = h ? hist_facts_of(h, false).count : 0;
    coder_count(c, &m->total, h ? left + 1 : 0);
    if (m->places) {
        put_places(c, m, h, left);
        return;
    }
    uint32_t last = 0;
    bool first = true;
    for (uint32_t i = 0; left && i < h->n; i++) {
        struct sd_bucket b = h->buckets[i];
        if (!b.count)
            continue;
        if (first)
            put_first(c, m, b.index);
        else
            coder_count(c, &m->step, b.index - last - 1);
        first = false;
        if (left > 1)
            coder_count(c, &m->count, b.count - 1);
        left -= b.count;
        last = b.index;
    }
}

static const struct sd_hist *hist_in(const struct columns_out *to, size_t i, unsigned id)
{
    const struct sd_hist *h;
    memcpy(&h, (const char *)to->rows[i].record + to->sc->fields[id - COLUMN_FIELDS].offset, sizeof h);
    return h;
}

static double real_in(const struct sd_schema *sc, const struct blob_row *r, unsigned field)
{
    double v;
    memcpy(&v, (const char *)r->record + sc->fields[field].offset, sizeof v);
    return v;
}

static bool same_real(double a, double b)
{
    return !memcmp(&a, &b, sizeof a);
}

/* What a real is likely to be: the field that predicts it, or the row before. */
static double real_expected(const struct sd_schema *sc, const struct blob_row *rows,
                            const struct blob_column *c, size_t i)
{
    if (c->predictor == BY_FIELD && sc->fields[c->arg].type == SD_FIELD_REAL)
        return real_in(sc, &rows[i], c->arg);
    return i ? real_in(sc, &rows[i - 1], c->id - COLUMN_FIELDS) : 0;
}

static void put_reals(const struct columns_out *to, const struct blob_column *col)
{
    struct number_model how, number;
    number_model_begin(&how);
    number_model_begin(&number);
    int64_t last = 0;
    for (size_t i = 0; i < to->n; i++) {
        double v = real_in(to->sc, &to->rows[i], col->id - COLUMN_FIELDS);
        bool whole = v > -0x1p53 && v < 0x1p53 && same_real((double)(int64_t)v, v);
        unsigned form = isnan(v)                                                ? REAL_UNKNOWN
                        : same_real(v, real_expected(to->sc, to->rows, col, i)) ? REAL_SAME
                        : whole                                                 ? REAL_INTEGER
                                                                                : REAL_RAW;
        coder_count(to->coder, &how, form);
        if (form == REAL_INTEGER) {
            coder_number(to->coder, &number, (int64_t)v - last);
            last = (int64_t)v;
        } else if (form == REAL_RAW && to->coder->fast) {
            strbuf_add(to->coder->out, &v, sizeof v);
        } else if (form == REAL_RAW) {
            uint64_t bits;
            memcpy(&bits, &v, sizeof bits);
            coder_raw(to->coder, bits, 64);
        }
    }
}

/* Bits that a column takes when it is predicted so, roughly; UINT64_MAX: it cannot be. */
static uint64_t cost_of(const struct predict *p, size_t n, struct blob_column *c)
{
    uint64_t bits = 0;
    bool constant = true;
    for (size_t i = 0; i < n; i++) {
        int64_t v = column_value(p, c->id, i), d = SD_UNKNOWN;
        if (sd_known(v)) {
            d = difference(v, column_expected(p, c->id, c->predictor, c->arg, i), UNITS[c->unit]);
            if (!sd_known(d))
                return UINT64_MAX;
            bits += 64 - (unsigned)__builtin_clzll(zigzag_of(d) | 1);
        }
        c->value = i ? c->value : d;
        constant &= d == c->value && sd_known(d);
    }
    c->constant = constant;
    return constant ? 0 : bits;
}

/* False: all are unknown. Sets the unit. */
static bool find_unit(const struct predict *p, size_t n, struct blob_column *c)
{
    bool any = false;
    c->unit = ARRAY_LEN(UNITS) - 1;
    for (size_t i = 0; i < n; i++) {
        int64_t v = column_value(p, c->id, i);
        any |= sd_known(v);
        while (sd_known(v) && v % UNITS[c->unit])
            c->unit--;
    }
    return any;
}

static void choose(const struct columns_out *to, const struct predict *p, struct blob_column *c)
{
    size_t n = to->n;
    unsigned arg;
    enum predictor rule = predict_rule(p->sc, c->id, &arg);
    const enum predictor options[] = {rule, BY_ZERO, BY_BEFORE};
    struct blob_column best = *c;
    uint64_t cost = UINT64_MAX;
    for (size_t i = 0; i < ARRAY_LEN(options) && cost; i++) {
        struct blob_column one = *c;
        if (options[i] == BY_END_OF_LIST || (to->coder->fast && options[i] == BY_HIST_SUM))
            continue; /* what is to be read fast does without sums over its buckets */
        one.predictor = options[i];
        one.arg = has_arg(options[i]) ? arg : 0;
        uint64_t bits = cost_of(p, n, &one);
        if (bits < cost) {
            best = one;
            cost = bits;
        }
    }
    if (cost == UINT64_MAX) /* as it stands, which always can be written */
        best.predictor = BY_ZERO, best.unit = 0, best.constant = false;
    *c = best;
}

static void put_head(const struct columns_out *to, const struct blob_column *c)
{
    varint_put(to->header, c->id + 1);
    strbuf_char(to->header, (char)(c->predictor << 4 | c->unit << 1 | c->constant));
    if (has_arg(c->predictor))
        varint_put(to->header, c->arg);
    if (c->constant)
        varint_put(to->header, zigzag_of(c->value));
}

static void put_integers(const struct columns_out *to, const struct predict *p, const struct blob_column *c)
{
    struct number_model m;
    number_model_begin(&m);
    for (size_t i = 0; i < to->n; i++) {
        int64_t v = column_value(p, c->id, i);
        if (sd_known(v))
            v = difference(v, column_expected(p, c->id, c->predictor, c->arg, i), UNITS[c->unit]);
        coder_number(to->coder, &m, v);
    }
}

/* The form of the histograms: that which takes fewer decisions, to write and to read. */
static void put_form(const struct columns_out *to, unsigned id, struct hist_model *m)
{
    uint64_t buckets = 0, rows = 0;
    m->low = UINT32_MAX;
    m->high = 0;
    for (size_t i = 0; i < to->n; i++) {
        const struct sd_hist *h = hist_in(to, i, id);
        uint64_t before = buckets;
        for (uint32_t k = 0; h && k < h->n; k++) {
            if (!h->buckets[k].count)
                continue;
            m->low = MIN(m->low, h->buckets[k].index);
            m->high = MAX(m->high, h->buckets[k].index);
            buckets++;
        }
        rows += buckets > before;
    }
    m->places = buckets && buckets * DECISIONS_A_BUCKET >= rows * (m->high - m->low + 1);
    coder_raw(to->coder, m->places, 1);
    if (m->places) {
        coder_raw(to->coder, m->low, INDEX_BITS);
        coder_raw(to->coder, m->high, INDEX_BITS);
    }
}

static void put_hists(const struct columns_out *to, unsigned id, struct hist_facts *facts)
{
    struct hist_model m;
    hist_model_begin(&m);
    if (!to->coder->fast)
        put_form(to, id, &m);
    for (size_t i = 0; i < to->n; i++) {
        put_hist(to->coder, &m, hist_in(to, i, id));
        facts[i] = hist_facts_of(hist_in(to, i, id), !to->coder->fast);
    }
}

static bool any_known(const struct columns_out *to, unsigned id)
{
    bool any = false;
    for (size_t i = 0; i < to->n && !any; i++)
        any = column_type(to->sc, id) == SD_FIELD_HIST
                  ? hist_in(to, i, id) != NULL
                  : !isnan(real_in(to->sc, &to->rows[i], id - COLUMN_FIELDS));
    return any;
}

static void put_column(const struct columns_out *to, struct predict *p, unsigned id, struct hist_facts *facts)
{
    struct blob_column c = {.id = id};
    enum sd_field_type type = column_type(to->sc, id);
    if (type == SD_FIELD_INT) {
        if (!find_unit(p, to->n, &c))
            return;
        choose(to, p, &c);
        put_head(to, &c);
        if (!c.constant)
            put_integers(to, p, &c);
        return;
    }
    if (!any_known(to, id))
        return;
    if (type == SD_FIELD_HIST) {
        put_head(to, &c);
        put_hists(to, id, facts);
        p->facts = facts;
        return;
    }
    c.predictor = predict_rule(to->sc, id, &c.arg) == BY_FIELD ? BY_FIELD : BY_BEFORE;
    put_head(to, &c);
    put_reals(to, &c);
}

/* The head of each column and its numbers go to different places: the head ends with a 0. */
void columns_write(struct columns_out *to)
{
    struct predict p;
    struct hist_facts *facts = mem_array(to->n, sizeof *facts);
    int *order = mem_array(to->sc->n_fields + 1, sizeof *order);
    predict_begin(&p, to->sc, to->rows);
    predict_order(to->sc, order);
    for (unsigned id = 0; id < COLUMN_FIELDS; id++)
        put_column(to, &p, id, facts);
    for (size_t i = 0; order[i] >= 0; i++)
        if (blob_holds(to->sc, (size_t)order[i]))
            put_column(to, &p, (unsigned)order[i] + COLUMN_FIELDS, facts);
    varint_put(to->header, 0);
    free(order);
    free(facts);
}

/* ---- in ---- */

static bool head_is_sound(const struct columns_in *from, const struct blob_column *c)
{
    if (c->id >= COLUMN_FIELDS + from->sc->n_fields || c->predictor >= BY_END_OF_LIST ||
        (has_arg(c->predictor) && c->arg >= from->sc->n_fields))
        return false;
    enum sd_field_type type = column_type(from->sc, c->id);
    if (has_arg(c->predictor) && from->sc->fields[c->arg].type != type)
        return false;
    if (c->id < COLUMN_FIELDS && c->predictor > BY_LENGTH) /* by numbers that come later */
        return false;
    /* What a row is of comes before its numbers. */
    bool late = c->id < COLUMN_FIELDS && from->n_columns && c->id <= from->columns[from->n_columns - 1].id;
    return !late && (type == SD_FIELD_INT || type == SD_FIELD_REAL || type == SD_FIELD_HIST) &&
           !(from->whole && c->id >= COLUMN_FIELDS) && (!c->constant || type == SD_FIELD_INT);
}

bool columns_head(struct columns_in *from, const unsigned char **p, const unsigned char *end)
{
    bool bad = false;
    for (;;) {
        uint64_t id = varint_get(p, end, &bad);
        if (bad || !id)
            return !bad;
        if (*p >= end || from->n_columns == BLOB_COLUMNS_MAX || id > UINT32_MAX)
            return false;
        unsigned code = *(*p)++;
        struct blob_column c = {
            .id = (unsigned)id - 1, .predictor = code >> 4, .unit = code >> 1 & 7, .constant = code & 1};
        uint64_t arg = has_arg(c.predictor) ? varint_get(p, end, &bad) : 0;
        c.arg = (unsigned)MIN(arg, UINT32_MAX);
        c.value = c.constant ? zigzag_back(varint_get(p, end, &bad)) : 0;
        if (bad || !head_is_sound(from, &c))
            return false;
        from->columns[from->n_columns++] = c;
    }
}

static uint32_t get_first(struct coder_in *c, struct hist_model *m)
{
    unsigned node = 1;
    for (int i = 0; i < 8; i++)
        node = node << 1 | decoder_bit(c, &m->first[node]);
    return (node - FIRST_NODES) << FIRST_BITS | (uint32_t)decoder_raw(c, FIRST_BITS);
}

/* A number of a fast blob. */
static inline uint64_t plain(const unsigned char **p, const unsigned char *end, bool *bad)
{
    if (*p < end && **p < 0x80)
        return *(*p)++;
    return varint_get(p, end, bad);
}

/* Into `buckets`, of which there are SD_HIST_BUCKETS: how many. */
static uint32_t get_plain_buckets(struct coder_in *c, uint64_t left, struct sd_bucket *buckets)
{
    const unsigned char *p = c->p;
    uint64_t index = 0;
    uint32_t n = 0;
    for (bool bad = false; left; n++) {
        uint64_t step = plain(&p, c->end, &bad), count = left > 1 ? plain(&p, c->end, &bad) + 1 : 1;
        index += step + (n > 0);
        if (bad || step >= SD_HIST_BUCKETS || index >= SD_HIST_BUCKETS || count > left ||
            count > UINT32_MAX || !count) {
            c->bad = true;
            break;
        }
        buckets[n] = (struct sd_bucket){(uint32_t)index, (uint32_t)count};
        left -= count;
    }
    c->p = p;
    return n;
}

static uint32_t get_dense_buckets(struct coder_in *c, struct hist_model *m, uint64_t left,
                                  struct sd_bucket *buckets)
{
    uint64_t index = 0;
    uint32_t n = 0;
    for (; left && !c->bad; n++) {
        uint64_t step = n ? decoder_count(c, &m->step) : get_first(c, m);
        uint64_t count = left > 1 ? decoder_count(c, &m->count) + 1 : 1;
        index = n ? index + 1 + MIN(step, SD_HIST_BUCKETS) : step;
        if (index >= SD_HIST_BUCKETS || count > left || count > UINT32_MAX || !count) {
            c->bad = true;
            break;
        }
        buckets[n] = (struct sd_bucket){(uint32_t)index, (uint32_t)count};
        left -= count;
    }
    return n;
}

static uint32_t get_places(struct coder_in *c, struct hist_model *m, uint64_t left, struct sd_bucket *buckets)
{
    uint32_t n = 0;
    for (uint32_t i = m->low; left && i <= m->high && !c->bad; i++) {
        if (!decoder_bit(c, &m->some[i >> PLACE_BITS]))
            continue;
        uint64_t count = 1;
        if (decoder_bit(c, &m->more[i >> PLACE_BITS])) {
            uint64_t rest = decoder_count(c, &m->count);
            count = rest < left ? rest + 2 : 0;
        }
        if (!count || count > left || count > UINT32_MAX)
            break;
        buckets[n++] = (struct sd_bucket){i, (uint32_t)count};
        left -= count;
    }
    c->bad |= left > 0;
    return n;
}

static void get_form(struct coder_in *c, struct hist_model *m)
{
    m->places = decoder_raw(c, 1);
    if (!m->places)
        return;
    m->low = (uint32_t)decoder_raw(c, INDEX_BITS);
    m->high = (uint32_t)decoder_raw(c, INDEX_BITS);
    c->bad |= m->high >= SD_HIST_BUCKETS;
}

static const struct sd_hist *get_hist(struct coder_in *c, struct hist_model *m, struct arena *a)
{
    struct sd_bucket buckets[SD_HIST_BUCKETS];
    uint64_t left = decoder_count(c, &m->total);
    if (!left || c->bad)
        return NULL;
    uint32_t n = c->fast     ? get_plain_buckets(c, left - 1, buckets)
                 : m->places ? get_places(c, m, left - 1, buckets)
                             : get_dense_buckets(c, m, left - 1, buckets);
    if (c->bad)
        return NULL;
    struct sd_hist *h = arena_alloc(a, sizeof *h + n * sizeof *buckets);
    struct sd_bucket *own = (struct sd_bucket *)(void *)(h + 1);
    memcpy(own, buckets, n * sizeof *buckets);
    *h = (struct sd_hist){.n = n, .buckets = own};
    return h;
}

static bool get_hists(struct columns_in *from, char *records, unsigned id, struct hist_facts *facts,
                      bool sums)
{
    struct hist_model m;
    hist_model_begin(&m);
    if (!from->coder->fast)
        get_form(from->coder, &m);
    size_t before = arena_bytes(from->arena);
    for (size_t i = 0; i < from->n && !from->coder->bad; i++) {
        const struct sd_hist *h = get_hist(from->coder, &m, from->arena);
        memcpy(records + i * from->sc->size + from->sc->fields[id - COLUMN_FIELDS].offset, &h, sizeof h);
        facts[i] = hist_facts_of(h, sums);
        if (arena_bytes(from->arena) - before > 2 * (size_t)BLOB_BYTES_MAX)
            return false;
    }
    return !from->coder->bad;
}

static void get_reals(struct columns_in *from, const struct blob_row *rows, char *records,
                      const struct blob_column *col)
{
    struct number_model how, number;
    struct coder_in *c = from->coder;
    number_model_begin(&how);
    number_model_begin(&number);
    int64_t last = 0;
    for (size_t i = 0; i < from->n && !c->bad; i++) {
        uint64_t form = decoder_count(c, &how), bits = 0;
        double v = (double)NAN;
        if (form == REAL_SAME) {
            v = real_expected(from->sc, rows, col, i);
        } else if (form == REAL_INTEGER) {
            last = (int64_t)((uint64_t)last + (uint64_t)decoder_number(c, &number));
            v = (double)last;
        } else if (form == REAL_RAW && c->fast) {
            c->bad |= c->end - c->p < (ptrdiff_t)sizeof v;
            if (!c->bad)
                memcpy(&v, c->p, sizeof v), c->p += sizeof v;
        } else if (form == REAL_RAW) {
            bits = decoder_raw(c, 64);
            memcpy(&v, &bits, sizeof v);
        }
        c->bad |= form > REAL_RAW;
        memcpy(records + i * from->sc->size + from->sc->fields[col->id - COLUMN_FIELDS].offset, &v, sizeof v);
    }
}

static void get_integers(struct columns_in *from, const struct predict *p, struct blob_row *rows,
                         char *records, const struct blob_column *col)
{
    struct number_model m;
    number_model_begin(&m);
    for (size_t i = 0; i < from->n && !from->coder->bad; i++) {
        int64_t v = col->constant ? col->value : decoder_number(from->coder, &m);
        if (sd_known(v))
            v = from_difference(v, column_expected(p, col->id, (enum predictor)col->predictor, col->arg, i),
                                UNITS[col->unit]);
        from->coder->bad |= col->id == COLUMN_AT && !sd_known(v); /* every row has a time */
        if (col->id == COLUMN_SERIES)
            rows[i].series = (uint32_t)v;
        else if (col->id == COLUMN_AT)
            rows[i].at = v;
        else if (col->id == COLUMN_LENGTH)
            rows[i].length_ns = MAX(v, 0);
        else
            memcpy(records + i * from->sc->size + from->sc->fields[col->id - COLUMN_FIELDS].offset, &v,
                   sizeof v);
    }
}

/* Now that it is known what each row is of. */
static void begin_records(struct columns_in *from, struct blob_row *rows, char *records)
{
    const void *base = NULL;
    for (size_t i = 0; i < from->n; i++) {
        char *to = records + i * from->sc->size;
        if (!i || rows[i].series != rows[i - 1].series)
            base = from->base ? from->base(from->ctx, rows[i].series) : NULL;
        if (base)
            memcpy(to, base, from->sc->size);
        else
            schema_clear(from->sc, to);
    }
}

struct blob_row *columns_read(struct columns_in *from)
{
    struct blob_row *rows = arena_alloc(from->arena, MAX(from->n, 1) * sizeof *rows);
    bool none = from->whole || from->keys;
    char *records = arena_alloc(from->arena, none ? 1 : from->n * from->sc->size);
    struct hist_facts *facts = mem_array(from->n, sizeof *facts);
    struct predict p;
    bool begun = none, ok = true, sums = false;
    for (size_t i = 0; i < from->n_columns; i++)
        sums |= from->columns[i].predictor == BY_HIST_SUM;
    predict_begin(&p, from->sc, rows);
    for (size_t i = 0; i < from->n; i++)
        rows[i].record = none ? NULL : records + i * from->sc->size;
    for (size_t i = 0; i < from->n_columns && ok; i++) {
        const struct blob_column *c = &from->columns[i];
        if (c->id >= COLUMN_FIELDS && from->keys)
            break; /* what a row is of stands before its numbers */
        if (c->id >= COLUMN_FIELDS && !begun) {
            begin_records(from, rows, records);
            begun = true;
        }
        enum sd_field_type type = column_type(from->sc, c->id);
        if (type == SD_FIELD_HIST) {
            ok = get_hists(from, records, c->id, facts, sums);
            p.facts = facts;
        } else if (type == SD_FIELD_REAL) {
            get_reals(from, rows, records, c);
        } else {
            get_integers(from, &p, rows, records, c);
        }
        ok &= !from->coder->bad;
    }
    if (!begun)
        begin_records(from, rows, records);
    free(facts);
    return ok ? rows : NULL;
}
