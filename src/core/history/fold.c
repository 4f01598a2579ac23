/* fold.c - rows added up by step, host, source and key.
 *
 * A slot is one thing in one step. Of an interval it has one record, whose histogram grows; of totals it has
 * the readings that are still needed: the last, and each that a fall follows. */
#include <stdlib.h>
#include <uthash.h>

#include "core/history/shape.h"

enum { BUCKET_FIELDS = 2 }; /* histograms in a record, at most */

struct buckets {
    struct sd_hist hist; /* what the record points to */
    struct sd_bucket *items;
    size_t cap;
};

struct reading {
    sd_time at;
    void *record; /* one block, with its texts */
};

struct slot {
    UT_hash_handle hh;
    const struct history_shape *shape;
    sd_time from, to; /* the step, earlier when an interval is longer */
    char *host, *source;
    size_t bytes;
    void *sum; /* of a SUM */
    struct buckets buckets[BUCKET_FIELDS];
    struct reading *readings; /* of all others, in order of time */
    size_t n, cap;
    uint64_t held; /* values in its histograms: no bucket has more */
    size_t key_len, thing_at;
    char key[]; /* step, host, source; from thing_at on what it is of */
};

/* Where the rows of a series went in a step: most rows come one behind the other. */
enum { SEEN_SLOTS = 4096 };
struct seen {
    uint32_t series;
    sd_time from;
    struct slot *slot;
};
struct ordered {
    struct history_row row;
    const struct slot *slot;
};

struct history_fold {
    struct history_steps steps;
    sd_time *edges;
    unsigned apart;
    struct history_shape shapes[SD_KIND_END];
    bool kept[SD_KIND_END];
    struct slot *slots; /* by key */
    size_t bytes;
    struct strbuf key;
    struct seen *seen;    /* NULL: no row had a series */
    struct ordered *rows; /* in order, as long as `sorted` */
    size_t n_rows, cap_rows;
    bool sorted;
};

struct history_fold *history_fold_new(const struct history_steps *steps, unsigned apart)
{
    struct history_fold *f = mem_alloc(sizeof *f);
    f->steps = *steps;
    f->apart = apart;
    if (steps->step_ns <= 0) {
        f->edges = mem_array(steps->n_edges + 1, sizeof *f->edges);
        if (steps->n_edges)
            memcpy(f->edges, steps->edges, steps->n_edges * sizeof *f->edges);
    }
    f->steps.edges = f->edges;
    for (int kind = 1; kind < SD_KIND_END; kind++)
        f->kept[kind] = schema_of((enum sd_kind)kind) && history_shape((enum sd_kind)kind, &f->shapes[kind]);
    return f;
}

static void slot_free(struct slot *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->readings[i].record);
    for (size_t i = 0; i < BUCKET_FIELDS; i++)
        free(s->buckets[i].items);
    free(s->readings);
    free(s->sum);
    free(s->host);
    free(s->source);
    free(s);
}

void history_fold_clear(struct history_fold *f)
{
    struct slot *s, *next;
    HASH_ITER(hh, f->slots, s, next)
    {
        HASH_DEL(f->slots, s);
        slot_free(s);
    }
    if (f->seen)
        memset(f->seen, 0, SEEN_SLOTS * sizeof *f->seen);
    f->bytes = 0;
    f->sorted = false;
}

void history_fold_free(struct history_fold *f)
{
    if (!f)
        return;
    history_fold_clear(f);
    strbuf_free(&f->key);
    free(f->edges);
    free(f->seen);
    free(f->rows);
    free(f);
}

/* ---- steps ---- */

static bool step_of(const struct history_fold *f, sd_time end, sd_time *from, sd_time *to)
{
    if (f->steps.step_ns > 0) {
        *from = history_step_start(end, f->steps.step_ns);
        *to = add_sat(*from, f->steps.step_ns);
        return true;
    }
    size_t low = 0, high = f->steps.n_edges; /* the first edge at or after the end */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->edges[middle] < end)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || low == f->steps.n_edges)
        return false;
    *from = f->edges[low - 1];
    *to = f->edges[low];
    return true;
}

/* ---- intervals ---- */

static bool overflows(const struct buckets *b, const struct sd_hist *h)
{
    for (uint32_t i = 0, k = 0; i < h->n; i++) {
        while (k < b->hist.n && b->items[k].index < h->buckets[i].index)
            k++;
        if (k < b->hist.n && b->items[k].index == h->buckets[i].index &&
            b->items[k].count > UINT32_MAX - h->buckets[i].count)
            return true;
    }
    return false;
}

/* From the end, so that nothing is moved twice. Both are ascending. */
static void add_buckets(struct buckets *b, const struct sd_hist *h)
{
    uint32_t more = 0;
    for (uint32_t i = 0, k = 0; i < h->n; i++) {
        while (k < b->hist.n && b->items[k].index < h->buckets[i].index)
            k++;
        if (k < b->hist.n && b->items[k].index == h->buckets[i].index)
            b->items[k].count += h->buckets[i].count;
        else
            more++;
    }
    if (!more)
        return;
    if (b->cap < (size_t)b->hist.n + more) {
        b->cap = b->hist.n + more + (b->hist.n ? (b->hist.n + more) / 4 : 0);
        b->items = mem_realloc(b->items, b->cap * sizeof *b->items);
    }
    size_t out = (size_t)b->hist.n + more, k = b->hist.n;
    for (uint32_t i = h->n; i-- > 0;) {
        while (k > 0 && b->items[k - 1].index > h->buckets[i].index)
            b->items[--out] = b->items[--k];
        if (!k || b->items[k - 1].index != h->buckets[i].index)
            b->items[--out] = h->buckets[i];
    }
    b->hist.n += more;
    b->hist.buckets = b->items;
}

static const struct sd_hist **hist_in(void *record, const struct sd_field *f)
{
    return (const struct sd_hist **)(void *)((char *)record + f->offset);
}

/* The key's texts are copied with the record; what does not add up is unknown. */
static void start_sum(struct slot *s, const struct history_row *row)
{
    const struct sd_schema *sc = s->shape->schema;
    void *bare = mem_alloc(sc->size);
    schema_clear(sc, bare);
    for (size_t i = 0; i < sc->n_fields; i++)
        if (s->shape->roles[i] == ROLE_KEY) /* INT and TEXT are of the size of a pointer */
            *history_field(bare, &sc->fields[i]) = history_int(row->record, &sc->fields[i]);
    size_t need = schema_need(sc, bare);
    s->sum = schema_copy(sc, bare, mem_alloc(need));
    s->bytes += need;
    free(bare);
}

static int64_t added(enum history_role role, int64_t a, int64_t b)
{
    if (!sd_known(a) || !sd_known(b))
        return sd_known(a) ? a : b;
    return role == ROLE_ADD ? add_sat(a, b) : role == ROLE_MIN ? MIN(a, b) : MAX(a, b);
}

static void add_sum(struct slot *s, const struct history_row *row)
{
    const struct sd_schema *sc = s->shape->schema;
    size_t n = 0;
    if (!s->sum)
        start_sum(s, row);
    if (row->length_ns > sub_sat(s->to, s->from))
        s->from = MIN(s->from, row->at);
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        enum history_role role = s->shape->roles[i];
        if (role == ROLE_ADD || role == ROLE_MIN || role == ROLE_MAX)
            *history_field(s->sum, f) = added(role, *history_field(s->sum, f), history_int(row->record, f));
        if (role != ROLE_BUCKETS || n == BUCKET_FIELDS)
            continue;
        const struct sd_hist *h =
            *(const struct sd_hist *const *)(const void *)((const char *)row->record + f->offset);
        struct buckets *b = &s->buckets[n++];
        size_t held = b->cap;
        if (!h)
            continue;
        add_buckets(b, h);
        s->bytes += (b->cap - held) * sizeof *b->items;
        *hist_in(s->sum, f) = &b->hist;
    }
    if (s->shape->length)
        *history_field(s->sum, s->shape->length) = sub_sat(s->to, s->from);
}

static uint64_t values_in(const struct sd_hist *h)
{
    uint64_t n = 0;
    for (uint32_t i = 0; h && i < h->n; i++)
        n += h->buckets[i].count;
    return n;
}

static bool fits(struct slot *s, const struct history_row *row)
{
    const struct sd_schema *sc = s->shape->schema;
    size_t n = 0;
    uint64_t more = 0;
    for (size_t i = 0; i < sc->n_fields; i++)
        if (s->shape->roles[i] == ROLE_BUCKETS)
            more += values_in(*hist_in((void *)(uintptr_t)row->record, &sc->fields[i]));
    s->held += more;
    if (s->held <= UINT32_MAX)
        return true;
    for (size_t i = 0; i < sc->n_fields && n < BUCKET_FIELDS; i++) {
        if (s->shape->roles[i] != ROLE_BUCKETS)
            continue;
        const struct sd_hist *h =
            *(const struct sd_hist *const *)(const void *)((const char *)row->record + sc->fields[i].offset);
        if (h && overflows(&s->buckets[n], h))
            return false;
        n++;
    }
    return true;
}

/* ---- moments ---- */

static double total_of(const struct slot *s, const void *record)
{
    if (s->shape->kind->kind == SD_METRIC)
        return ((const struct sd_metric *)record)->value;
    return s->shape->total ? (double)history_int(record, s->shape->total) : 0;
}

static bool is_total(const struct slot *s, const void *record)
{
    return s->shape->kind->kind == SD_METRIC ? ((const struct sd_metric *)record)->counter == 1
                                             : s->shape->total != NULL;
}

static void insert(struct slot *s, size_t i, const struct history_row *row)
{
    size_t need = schema_need(s->shape->schema, row->record);
    if (s->n == s->cap)
        s->readings = mem_grow(s->readings, s->n, &s->cap, sizeof *s->readings);
    memmove(s->readings + i + 1, s->readings + i, (s->n - i) * sizeof *s->readings);
    s->readings[i] = (struct reading){row->at, schema_copy(s->shape->schema, row->record, mem_alloc(need))};
    s->n++;
    s->bytes += need + sizeof *s->readings;
}

static void replace(struct slot *s, size_t i, const struct history_row *row)
{
    s->bytes -= schema_need(s->shape->schema, s->readings[i].record) + sizeof *s->readings;
    free(s->readings[i].record);
    memmove(s->readings + i, s->readings + i + 1, (s->n - i - 1) * sizeof *s->readings);
    s->n--;
    insert(s, i, row);
}

/* Where it belongs in time; of equal times behind the others. */
static size_t place_of(const struct slot *s, sd_time at)
{
    size_t i = s->n;
    while (i > 0 && s->readings[i - 1].at > at)
        i--;
    return i;
}

static bool falls(const struct slot *s, size_t i)
{
    return i > 0 && total_of(s, s->readings[i - 1].record) > total_of(s, s->readings[i].record);
}

/* A reading behind all others takes the place of the last, unless counting began anew between them, or with
 * the last: without it the one before it would not look like one before a fall. */
static void add_last(struct slot *s, const struct history_row *row)
{
    size_t i = place_of(s, row->at);
    bool newest = i == s->n, total = is_total(s, row->record);
    if (s->n && newest &&
        (!total ||
         (total_of(s, s->readings[s->n - 1].record) <= total_of(s, row->record) && !falls(s, s->n - 1))))
        replace(s, s->n - 1, row);
    else if (newest || total)
        insert(s, i, row);
}

static void samples_of(const struct sd_metric *m, struct sd_metric *out)
{
    *out = *m;
    bool several = m->samples > 0; /* sources that know nothing of histories leave 0 in all of them */
    out->samples = several ? m->samples : 1;
    out->sum = several && !isnan(m->sum) ? m->sum : m->value * (double)out->samples;
    out->min = several && !isnan(m->min) ? m->min : m->value;
    out->max = several && !isnan(m->max) ? m->max : m->value;
}

/* One reading: the last value, with what the others were. */
static void add_gauge(struct slot *s, const struct history_row *row)
{
    struct sd_metric more;
    samples_of(row->record, &more);
    struct history_row one = *row;
    one.record = &more;
    if (!s->n) {
        insert(s, 0, &one);
        return;
    }
    struct sd_metric *held = s->readings[0].record;
    held->samples = add_sat(held->samples, more.samples);
    held->sum += more.sum;
    held->min = fmin(held->min, more.min);
    held->max = fmax(held->max, more.max);
    if (row->at > s->readings[0].at || (row->at == s->readings[0].at && more.value > held->value)) {
        s->readings[0].at = row->at;
        held->value = more.value;
    }
}

/* ---- slots ---- */

/* Bytes as they are in memory: such a key is only compared. */
static void put_text(struct strbuf *key, const char *text)
{
    size_t n = text ? strlen(text) : SIZE_MAX;
    strbuf_add(key, &n, sizeof n);
    if (text)
        strbuf_add(key, text, n);
}

static struct slot *slot_for(struct history_fold *f, const struct history_row *row, sd_time from, sd_time to,
                             unsigned serial)
{
    const struct history_shape *shape = &f->shapes[row->kind];
    bool sum = shape->kind->how == HISTORY_SUM;
    bool by_host = !sum || (f->apart & HISTORY_BY_HOST), by_source = !sum || (f->apart & HISTORY_BY_SOURCE);
    struct slot *s;
    strbuf_clear(&f->key);
    int64_t head[3] = {row->kind, from, serial};
    strbuf_add(&f->key, head, sizeof head);
    put_text(&f->key, by_host ? row->host : NULL);
    put_text(&f->key, by_source ? row->source : NULL);
    if (shape->kind->how == HISTORY_EACH)
        strbuf_add(&f->key, &row->at, sizeof row->at);
    size_t thing_at = f->key.len;
    history_shape_key(shape, row->record, &f->key);
    HASH_FIND(hh, f->slots, f->key.text, f->key.len, s);
    if (s)
        return s;
    s = mem_alloc(sizeof *s + f->key.len);
    s->shape = shape;
    s->from = from;
    s->to = to;
    s->host = by_host ? mem_strdup(row->host) : NULL;
    s->source = by_source ? mem_strdup(row->source) : NULL;
    s->key_len = f->key.len;
    s->thing_at = thing_at;
    memcpy(s->key, f->key.text, f->key.len);
    s->bytes = sizeof *s + f->key.len + 64;
    f->bytes += s->bytes;
    HASH_ADD_KEYPTR(hh, f->slots, s->key, s->key_len, s);
    return s;
}

static struct slot *slot_of(struct history_fold *f, const struct history_row *row, sd_time from, sd_time to)
{
    if (!row->series || f->shapes[row->kind].kind->how == HISTORY_EACH)
        return slot_for(f, row, from, to, 0);
    if (!f->seen)
        f->seen = mem_array(SEEN_SLOTS, sizeof *f->seen);
    uint64_t place = ((uint64_t)from / 1000003 + row->series) * 0x9e3779b97f4a7c15u >> 52;
    struct seen *seen = &f->seen[place];
    if (!seen->slot || seen->series != row->series || seen->from != from)
        *seen = (struct seen){row->series, from, slot_for(f, row, from, to, 0)};
    return seen->slot;
}

static bool add_row_to(struct history_fold *f, const struct history_row *row)
{
    sd_time from, to;
    if (row->kind <= 0 || row->kind >= SD_KIND_END || !f->kept[row->kind] ||
        !step_of(f, history_row_end(row), &from, &to))
        return false;
    enum history_how how = f->shapes[row->kind].kind->how;
    struct slot *s = slot_of(f, row, from, to);
    for (unsigned serial = 1; how == HISTORY_SUM && !fits(s, row); serial++)
        s = slot_for(f, row, from, to, serial); /* counts beyond 32 bits go into one more row */
    size_t held = s->bytes;
    if (how == HISTORY_SUM)
        add_sum(s, row);
    else if (how == HISTORY_EACH)
        insert(s, s->n, row);
    else if (how == HISTORY_GAUGE && !is_total(s, row->record))
        add_gauge(s, row);
    else
        add_last(s, row);
    f->bytes += s->bytes - held;
    f->sorted = false;
    return true;
}

bool history_fold_add(struct history_fold *f, const struct history_row *row)
{
    if (row->kind != SD_HTTP || !(f->apart & HISTORY_TOGETHER))
        return add_row_to(f, row);
    struct sd_http all = *(const struct sd_http *)row->record;
    struct history_row one = *row;
    all.method = NULL;
    all.route = HISTORY_ALL_ROUTES;
    one.record = &all;
    return add_row_to(f, &one);
}

size_t history_fold_bytes(const struct history_fold *f)
{
    return f->bytes;
}

/* ---- out ---- */

/* Of readings that came out of order only those stay that are the last, or on either side of a fall. */
static bool is_needed(const struct slot *s, size_t i)
{
    if (i + 1 == s->n || s->shape->kind->how == HISTORY_EACH || !is_total(s, s->readings[i].record))
        return true;
    return falls(s, i) || falls(s, i + 1);
}

static void add_row(struct history_fold *f, const struct slot *s, sd_time at, int64_t length,
                    const void *record)
{
    if (f->n_rows == f->cap_rows)
        f->rows = mem_grow(f->rows, f->n_rows, &f->cap_rows, sizeof *f->rows);
    struct history_row row = {.kind = s->shape->kind->kind,
                              .host = s->host,
                              .source = s->source,
                              .at = at,
                              .length_ns = length,
                              .record = record};
    f->rows[f->n_rows++] = (struct ordered){row, s};
}

static int by_text(const char *a, const char *b)
{
    return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int by_time(const void *a, const void *b)
{
    const struct ordered *p = a, *q = b;
    const struct history_row *x = &p->row, *y = &q->row;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->length_ns != y->length_ns)
        return x->length_ns < y->length_ns ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int c = by_text(x->host, y->host);
    if (!c)
        c = by_text(x->source, y->source);
    size_t n = p->slot->key_len - p->slot->thing_at, m = q->slot->key_len - q->slot->thing_at;
    if (!c)
        c = memcmp(p->slot->key + p->slot->thing_at, q->slot->key + q->slot->thing_at, MIN(n, m));
    return c ? c : (n > m) - (n < m);
}

static void sort_rows(struct history_fold *f)
{
    struct slot *s, *next;
    f->n_rows = 0;
    HASH_ITER(hh, f->slots, s, next)
    {
        if (s->sum)
            add_row(f, s, s->from, sub_sat(s->to, s->from), s->sum);
        for (size_t i = 0; i < s->n; i++)
            if (is_needed(s, i))
                add_row(f, s, s->readings[i].at, 0, s->readings[i].record);
    }
    if (f->n_rows)
        qsort(f->rows, f->n_rows, sizeof *f->rows, by_time);
    f->sorted = true;
}

size_t history_fold_len(struct history_fold *f)
{
    if (!f->sorted)
        sort_rows(f);
    return f->n_rows;
}

struct history_row history_fold_row(struct history_fold *f, size_t i)
{
    if (!f->sorted)
        sort_rows(f);
    return f->rows[i].row;
}
