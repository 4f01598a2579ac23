/* series_table.c - rows of series: two hashes over one text. */
#include "format/metrics/series_table.h"

#include <stdlib.h>

#include "base/hash.h"
#include "format/metrics/cache_metrics.h"
#include "format/metrics/latency_metrics.h"

/* All texts together. Series that caches are known by may pass the limit of rows by so many. */
enum { TEXT_MAX = 256 << 20, KNOWN_MORE = 4096, SLOTS_MIN = 1024 };

struct series_table {
    struct series_row *rows;
    size_t n, cap, most;
    size_t seen; /* in this scrape */
    struct strbuf text;
    uint32_t *by_raw, *by_own; /* number of the row + 1; 0: free */
    size_t slots;
    uint32_t scrape;
    struct strbuf refused; /* the name that was refused last: those of a metric come together */
};

/* ---- names ---- */

enum metric_type metric_type_named(const char *word, size_t n)
{
    static const struct {
        const char *word;
        enum metric_type type;
    } TYPES[] = {
        {"counter", TYPE_COUNTER}, {"gauge", TYPE_GAUGE},        {"histogram", TYPE_HISTOGRAM},
        {"summary", TYPE_SUMMARY}, {"untyped", TYPE_UNKNOWN},    {"unknown", TYPE_UNKNOWN},
        {"info", TYPE_INFO},       {"stateset", TYPE_STATE_SET}, {"gaugehistogram", TYPE_GAUGE_HISTOGRAM}};
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++)
        if (strlen(TYPES[i].word) == n && !memcmp(TYPES[i].word, word, n))
            return TYPES[i].type;
    return TYPE_NONE;
}

/* Units that names end in; values are multiplied by `scale`. */
static const struct {
    const char *suffix, *unit;
    double scale;
} UNITS[] = {
    {"", NULL, 1},
    {"", "count", 1},
    {"", "time", 1e9},
    {"_timestamp_seconds", "time", 1e9},
    {"_start_time_seconds", "time", 1e9},
    {"_boot_time_seconds", "time", 1e9},
    {"_seconds", "ns", 1e9},
    {"_milliseconds", "ns", 1e6},
    {"_microseconds", "ns", 1e3},
    {"_nanoseconds", "ns", 1},
    {"_bytes", "bytes", 1},
    {"_ratio", "share", 1},
};
enum { UNIT_OF_NONE, UNIT_OF_COUNT, UNIT_OF_TIME, UNIT_BY_NAME };

static bool ends(const char *s, size_t n, const char *suffix)
{
    size_t k = strlen(suffix);
    return n > k && !memcmp(s + n - k, suffix, k);
}

static bool cut_one(const char *s, size_t *n, const char *const *suffixes)
{
    for (; *suffixes; suffixes++)
        if (ends(s, *n, *suffixes)) {
            *n -= strlen(*suffixes);
            return true;
        }
    return false;
}

/* What a name says of its values: the parts of histograms and summaries have suffixes of their own. */
static uint8_t unit_of(const char *s, size_t n)
{
    static const char *const COUNTS[] = {"_bucket", "_count", "_gcount", NULL}, *const PARTS[] = {
                                                                                    "_total", "_sum", "_gsum",
                                                                                    "_max",   "_min", NULL};
    if (ends(s, n, "_created"))
        return UNIT_OF_TIME;
    bool count = cut_one(s, &n, COUNTS);
    if (!count)
        cut_one(s, &n, PARTS);
    for (uint8_t i = UNIT_BY_NAME; i < ARRAY_LEN(UNITS); i++)
        if (ends(s, n, UNITS[i].suffix))
            return count ? UNIT_OF_COUNT : i;
    return UNIT_OF_NONE;
}

/* Is a series of the family? What follows its name then. */
static const char *suffix_of(const struct family *f, const char *name, size_t n)
{
    static const char *const SUFFIXES[] = {"",     "_total",  "_created", "_bucket", "_count",
                                           "_sum", "_gcount", "_gsum",    "_info",   NULL};
    if (!f->len || n < f->len || memcmp(name, f->name, f->len) != 0)
        return NULL;
    return str_find(SUFFIXES, name + f->len) >= 0 ? name + f->len : NULL;
}

static bool is_counter(const struct family *f, const char *name, size_t n)
{
    const char *suffix = suffix_of(f, name, n);
    if (!suffix || f->type == TYPE_UNKNOWN)
        return ends(name, n, "_total");
    if (f->type == TYPE_COUNTER)
        return strcmp(suffix, "_created") != 0;
    bool part = str_eq(suffix, "_count") || str_eq(suffix, "_sum") || str_eq(suffix, "_bucket");
    return part && (f->type == TYPE_HISTOGRAM || f->type == TYPE_SUMMARY);
}

/* ---- rows ---- */

struct series_table *series_table_new(size_t most)
{
    struct series_table *t = mem_alloc(sizeof *t);
    t->most = most;
    t->scrape = 1;
    return t;
}

void series_table_free(struct series_table *t)
{
    free(t->rows);
    free(t->by_raw);
    free(t->by_own);
    strbuf_free(&t->text);
    strbuf_free(&t->refused);
    free(t);
}

static void put(uint32_t *slots, size_t n, uint64_t hash, uint32_t number)
{
    size_t i = hash & (n - 1);
    while (slots[i])
        i = (i + 1) & (n - 1);
    slots[i] = number + 1;
}

static void widen(struct series_table *t)
{
    if (t->slots && t->n * 2 < t->slots)
        return;
    while (t->slots <= t->n * 2)
        t->slots = t->slots ? t->slots * 2 : SLOTS_MIN;
    free(t->by_raw);
    free(t->by_own);
    t->by_raw = mem_array(t->slots, sizeof *t->by_raw);
    t->by_own = mem_array(t->slots, sizeof *t->by_own);
    for (size_t i = 0; i < t->n; i++) {
        put(t->by_raw, t->slots, t->rows[i].raw_hash, (uint32_t)i);
        put(t->by_own, t->slots, t->rows[i].own_hash, (uint32_t)i);
    }
}

static bool starts_so(const struct series_table *t, const struct series_row *r, const char *s)
{
    return !memcmp(t->text.text + r->raw, s, r->raw_len);
}

struct series_row *series_table_guess(const struct series_table *t, uint32_t number, const char *s, size_t n)
{
    struct series_row *r = number < t->n ? &t->rows[number] : NULL;
    bool is = r && r->raw_len < n && (s[r->raw_len] == ' ' || s[r->raw_len] == '\t') && starts_so(t, r, s);
    return is ? r : NULL;
}

struct series_row *series_table_find(const struct series_table *t, const char *raw, size_t n)
{
    uint64_t h = hash_words(raw, n);
    for (size_t i = h & (t->slots - 1); t->slots && t->by_raw[i]; i = (i + 1) & (t->slots - 1)) {
        struct series_row *r = &t->rows[t->by_raw[i] - 1];
        if (r->raw_hash == h && r->raw_len == n && starts_so(t, r, raw))
            return r;
    }
    return NULL;
}

static uint64_t own_hash(const struct strbuf *name, const struct strbuf *labels)
{
    return hash_words_from(hash_words(strbuf_text(name), name->len), strbuf_text(labels), labels->len);
}

/* Written in another way: with other spaces, or labels in another order. */
static struct series_row *find_own(const struct series_table *t, uint64_t h, const struct strbuf *name,
                                   const struct strbuf *labels)
{
    for (size_t i = h & (t->slots - 1); t->slots && t->by_own[i]; i = (i + 1) & (t->slots - 1)) {
        struct series_row *r = &t->rows[t->by_own[i] - 1];
        const char *own = t->text.text + r->name;
        if (r->own_hash == h && r->name_len == name->len && !memcmp(own, name->text, name->len) &&
            !strcmp(own + name->len + 1, strbuf_text(labels)))
            return r;
    }
    return NULL;
}

static size_t keep(struct strbuf *text, const char *s, size_t n)
{
    size_t at = text->len;
    strbuf_add(text, s, n);
    strbuf_char(text, 0);
    return at;
}

static bool is_full(const struct series_table *t, const char *name)
{
    if (t->text.len > TEXT_MAX)
        return true;
    if (t->n >= 2 * t->most + KNOWN_MORE) /* those of the scrape before are there, too */
        return true;
    return t->seen >= t->most &&
           (t->seen >= t->most + KNOWN_MORE || !(cache_metric_known(name) || latency_metric_known(name)));
}

bool series_table_full(struct series_table *t, const char *raw, size_t n)
{
    if (t->seen < t->most || *raw == '{')
        return false;
    size_t len = 0;
    while (len < n && raw[len] != '{' && raw[len] != ' ' && raw[len] != '\t')
        len++;
    if (t->refused.len == len && !memcmp(t->refused.text, raw, len))
        return true;
    strbuf_clear(&t->refused);
    strbuf_add(&t->refused, raw, len);
    bool full = is_full(t, strbuf_text(&t->refused));
    if (!full)
        strbuf_clear(&t->refused);
    return full;
}

struct series_row *series_table_add(struct series_table *t, const char *raw, size_t n,
                                    const struct strbuf *name, const struct strbuf *labels,
                                    const struct family *f)
{
    uint64_t h = own_hash(name, labels);
    struct series_row *r = find_own(t, h, name, labels);
    if (r || is_full(t, name->text))
        return r;
    widen(t);
    t->rows = mem_grow(t->rows, t->n, &t->cap, sizeof *t->rows);
    r = &t->rows[t->n];
    *r = (struct series_row){.raw_hash = hash_words(raw, n),
                             .own_hash = h,
                             .raw = keep(&t->text, raw, n),
                             .raw_len = (uint32_t)n,
                             .name = keep(&t->text, name->text, name->len),
                             .name_len = (uint32_t)name->len,
                             .unit = unit_of(name->text, name->len),
                             .counter = is_counter(f, name->text, name->len)};
    keep(&t->text, strbuf_text(labels), labels->len);
    put(t->by_raw, t->slots, r->raw_hash, (uint32_t)t->n);
    put(t->by_own, t->slots, h, (uint32_t)t->n);
    t->n++;
    return r;
}

/* ---- scrapes ---- */

/* Room for what comes, when most rows are of series that are gone. */
static void compact(struct series_table *t)
{
    struct strbuf old = t->text;
    size_t kept = 0;
    t->text = (struct strbuf){0};
    for (size_t i = 0; i < t->n; i++) {
        struct series_row r = t->rows[i];
        if (r.seen != t->scrape)
            continue;
        const char *name = old.text + r.name, *labels = name + r.name_len + 1;
        r.raw = keep(&t->text, old.text + r.raw, r.raw_len);
        r.name = keep(&t->text, name, r.name_len);
        keep(&t->text, labels, strlen(labels));
        t->rows[kept++] = r;
    }
    strbuf_free(&old);
    t->n = kept;
    t->slots = 0;
    widen(t);
}

void series_table_begin(struct series_table *t)
{
    size_t live = 0;
    for (size_t i = 0; i < t->n; i++)
        live += t->rows[i].seen == t->scrape;
    if (t->n && (t->n - live > live + SLOTS_MIN || (t->n > live && t->n >= t->most)))
        compact(t);
    t->scrape++;
    t->seen = 0;
    strbuf_clear(&t->refused);
}

int64_t series_table_end(struct series_table *t)
{
    int64_t gone = 0;
    for (size_t i = 0; i < t->n; i++)
        gone += series_row_gone(t, &t->rows[i]);
    return gone;
}

const struct series_row *series_table_row(const struct series_table *t, size_t i)
{
    return i < t->n ? &t->rows[i] : NULL;
}

uint32_t series_row_number(const struct series_table *t, const struct series_row *r)
{
    return (uint32_t)(r - t->rows);
}

bool series_row_seen(const struct series_table *t, const struct series_row *r)
{
    return r->seen == t->scrape;
}

bool series_row_gone(const struct series_table *t, const struct series_row *r)
{
    return r->seen + 1 == t->scrape && r->seen > 0;
}

void series_row_see(struct series_table *t, struct series_row *r)
{
    r->seen = t->scrape;
    t->seen++;
}

void series_row_show(const struct series_table *t, const struct series_row *r, struct exposition_series *out)
{
    const char *name = t->text.text + r->name;
    bool gone = r->seen != t->scrape;
    *out = (struct exposition_series){.name = name,
                                      .labels = name + r->name_len + 1,
                                      .unit = UNITS[r->unit].unit,
                                      .value =
                                          gone || r->conflict ? (double)NAN : r->value * UNITS[r->unit].scale,
                                      .at = gone ? SD_UNKNOWN : r->at,
                                      .counter = r->counter,
                                      .gone = gone};
}
