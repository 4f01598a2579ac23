#include "core/indexes/size.h"

#include <math.h>
#include <stdlib.h>

#define PAGE             8192.0
#define LEAF_ROOM        (PAGE - 24 - 16 - PAGE / 10) /* header, special space, fillfactor 90 */
#define INNER_ROOM       ((PAGE - 24 - 16) * 0.7)
#define POSTING_MAX      808 /* the largest posting tuple of a build, aligned down */
#define TID              6
#define LINE_POINTER     4
#define EXPRESSION_WIDTH 16 /* of a text whose width no one knows */

static double align8(double bytes)
{
    return ceil(bytes / 8) * 8;
}

/* The column whose values an expression only changes, such as lower(email); -1. */
static int source_of(const struct index_def *d, const struct index_key *k)
{
    static const char *const kept[] = {"lower(", "upper(", "btrim(", "ltrim(", "rtrim(", "reverse("};
    for (size_t i = 0; k->column < 0 && i < ARRAY_LEN(kept); i++)
        if (str_starts(k->expr, kept[i])) {
            size_t len = strcspn(k->expr + strlen(kept[i]), ",)");
            for (size_t c = 0; c < d->rel->n_columns; c++)
                if (strlen(d->rel->columns[c].name) == len &&
                    !strncmp(d->rel->columns[c].name, k->expr + strlen(kept[i]), len))
                    return (int)c;
        }
    return k->column;
}

/* A sampled expression takes the place of a column: -2 and below. */
static int place_of(const struct index_def *d, const struct index_key *k)
{
    const struct catalog_sample *s = d->rel->sample;
    for (size_t i = 0; k->column < 0 && s && i < s->n_expressions; i++)
        if (str_eq(s->expressions[i].sql, k->expr))
            return -2 - (int)i;
    return source_of(d, k);
}

static const uint64_t *hashes_of(const struct index_def *d, size_t key)
{
    const struct catalog_sample *s = d->rel->sample;
    int place = d->keys[key].column >= 0 ? d->keys[key].column : place_of(d, &d->keys[key]);
    if (d->keys[key].column < 0 && place > -2)
        return NULL; /* its source has other values */
    return place >= 0 ? s->hash[place] : s->expressions[-2 - place].hash;
}

static const int32_t *widths_of(const struct catalog_sample *s, int place)
{
    return place >= 0 ? s->width[place] : place <= -2 ? s->expressions[-2 - place].width : NULL;
}

static size_t columns_of(const struct index_def *d, int *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_keys; i++)
        out[n++] = place_of(d, &d->keys[i]);
    for (size_t i = 0; i < d->n_include; i++)
        out[n++] = d->include[i];
    return n;
}

static double column_width(const struct index_def *d, int column)
{
    if (column <= -2)
        return d->rel->sample->expressions[-2 - column].avg_width;
    if (column < 0)
        return EXPRESSION_WIDTH;
    const struct catalog_column *c = &d->rel->columns[column];
    return c->length > 0 ? c->length : isnan(c->avg_width) || c->avg_width <= 0 ? 32 : c->avg_width;
}

/* Short values of variable length have one byte of length and no alignment. */
static int column_align(const struct index_def *d, int column, double width)
{
    if (column < 0 || d->rel->columns[column].length <= 0)
        return width > 126 ? 4 : 1;
    return d->rel->columns[column].align;
}

/* Bytes of a tuple without its line pointer. `row` < 0: the average of pg_stats. */
static double tuple_bytes(const struct index_def *d, const int *columns, size_t n, long row)
{
    const struct catalog_sample *s = d->rel->sample;
    double at = 8, varying = 0;
    bool null = false;
    for (size_t i = 0; i < n; i++) {
        double width = column_width(d, columns[i]);
        const int32_t *sampled = row >= 0 ? widths_of(s, columns[i]) : NULL;
        if (sampled) {
            width = sampled[row];
            if (width < 0) {
                null = true;
                continue;
            }
        } else if (columns[i] < 0 || d->rel->columns[columns[i]].length <= 0) {
            varying = 1;
        }
        double align = column_align(d, columns[i], width);
        at = ceil(at / align) * align + width;
    }
    if (null)
        at += 8;
    /* Lengths that vary end anywhere within the 8 bytes. */
    return varying > 0 && row < 0 ? MAX(align8(at - 3.5), 16) : MAX(align8(at), n ? 16 : 8);
}

static double average_tuple(const struct index_def *d, const int *columns, size_t n)
{
    const struct catalog_sample *s = d->rel->sample;
    if (!s || !s->n)
        return tuple_bytes(d, columns, n, -1);
    double sum = 0;
    for (size_t row = 0; row < s->n; row++)
        sum += tuple_bytes(d, columns, n, (long)row);
    return sum / (double)s->n;
}

static bool deduplicates(const struct index_def *d)
{
    if (d->n_include)
        return false;
    for (size_t i = 0; i < d->n_keys; i++)
        if (d->keys[i].column >= 0 && !d->rel->columns[d->keys[i].column].equal_image)
            return false;
    return true;
}

/* Bytes of all tuples of one key that `g` rows have. */
static double group_bytes(double tuple, double g)
{
    if (g < 1.5)
        return tuple + LINE_POINTER;
    double most = floor((POSTING_MAX - tuple) / TID);
    if (most < 2)
        return g * (tuple + LINE_POINTER);
    double full = floor(g / most), rest = g - full * most;
    double bytes = full * (POSTING_MAX + LINE_POINTER);
    if (rest >= 1.5)
        bytes += align8(tuple + rest * TID) + LINE_POINTER;
    else if (rest >= 0.5)
        bytes += tuple + LINE_POINTER;
    return bytes;
}

/* Groups whose sizes vary as chance has it: a Poisson distribution without the zero. */
static double spread_bytes(double tuple, double groups, double rows)
{
    double mean = rows / groups;
    if (groups <= 0 || rows <= 0)
        return 0;
    if (mean < 1.0005)
        return rows * (tuple + LINE_POINTER);
    if (mean > 300)
        return groups * group_bytes(tuple, mean);
    double lambda = mean; /* lambda / (1 - e^-lambda) = mean */
    for (int i = 0; i < 60; i++)
        lambda = mean * (1 - exp(-lambda));
    double p = exp(-lambda) / (1 - exp(-lambda)), sum = 0, all = 0;
    int last = (int)(lambda + 8 * sqrt(lambda) + 12);
    for (int k = 1; k <= last; k++) {
        p *= lambda / k;
        sum += p * group_bytes(tuple, k);
        all += p;
    }
    return groups * sum / all;
}

/* ---- how many different keys ---- */

struct sampled_key {
    uint64_t hash;
    size_t row;
};

static int by_value(const void *a, const void *b)
{
    const struct sampled_key *x = a, *y = b;
    return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash)
                              : (x->row > y->row) - (x->row < y->row);
}

struct groups {         /* of the sample, by all key columns together */
    double distinct;    /* of the whole table, by the Duj1 estimator of Haas and Stokes, as ANALYZE has it */
    double common[200]; /* shares of the largest */
    size_t n_common;
    double error;     /* relative, of `distinct`, by the number of repetitions it was told from */
    bool together;    /* equal keys are stored next to each other: `distinct` is as good as counted */
    double sizes[64]; /* then: of keys that begin in a page's first half, how many have so many rows */
};

static bool sampled(const struct index_def *d)
{
    const struct catalog_sample *s = d->rel->sample;
    for (size_t i = 0; s && i < d->n_keys; i++)
        if (!hashes_of(d, i))
            return false;
    return s && s->n >= 100;
}

static int largest_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Different values in `times` as many rows as the n of a sample, of which it has d, `once`
 * of them a single time. Each value's frequency is taken as drawn from a gamma
 * distribution, so that counts are negative binomial (Fisher, Corbet, Williams 1943):
 * unlike the estimators that take all values for equally frequent, ANALYZE's Duj1 among
 * them, it does not lose the rare values of a skewed column. */
static double unseen(double n, double d, double once, double times)
{
    if (once < 1 || d < 1 || n < 2)
        return d;
    if (once > 0.995 * n)
        return n * times;
    double best = INFINITY, result = d;
    for (double shape = 0.02; shape < 1e4; shape *= 1.1) {
        double mean = shape * (pow(n / once, 1 / (shape + 1)) - 1); /* of a value's count */
        double all = n / mean;
        double error = fabs(all * -expm1(-shape * log1p(mean / shape)) - d);
        if (error < best) {
            best = error;
            result = all * -expm1(-shape * log1p(mean * times / shape));
        }
    }
    return MAX(d, MIN(result, n * times));
}

/* [row] twice the number of its page within the sample, one more in the page's second half. */
static size_t *halves_of(const struct catalog_sample *s)
{
    size_t *half = mem_array(s->n, sizeof *half), pages = 0;
    for (size_t row = 0; row < s->n; pages++) {
        size_t end = row;
        while (end < s->n && s->page[end] == s->page[row])
            end++;
        for (size_t k = row; k < end; k++)
            half[k] = 2 * pages + (2 * (k - row) >= end - row);
        row = end;
    }
    return half;
}

/* Values stored in their order, or close to it, have all of their rows within a few pages:
 * single rows say little, but how many values half a page adds to the other half says how
 * many begin there, wherever the page's border cuts them. These heaps of equal values are
 * then what was sampled. Nothing changes when they are not, `together` stays false. */
static void heaps(const struct catalog_sample *s, const struct sampled_key *keys, double rows, double share,
                  struct groups *g)
{
    enum { SPREAD = 10 }; /* pages of a value that is everywhere */
    size_t *half = halves_of(s), large = 0, distinct = 0, once = 0, runs = 0, pages = 0, halves = 0, left = 0;
    double *sizes = mem_array(s->n, sizeof *sizes), times = rows / (double)s->n;
    double begins[ARRAY_LEN(g->sizes)] = {0};
    for (size_t at = 0, k; at < s->n; at = k) {
        size_t of_runs = 1, of_pages = 1, of_halves = 1;
        for (k = at + 1; k < s->n && keys[k].hash == keys[at].hash; k++) {
            size_t a = keys[k - 1].row, b = keys[k].row;
            of_halves += half[a] != half[b];
            of_pages += half[a] / 2 != half[b] / 2;
            of_runs += s->page[b] - s->page[a] > 1;
        }
        if (of_pages >= SPREAD) {
            sizes[large++] = (double)(k - at) / (double)s->n;
            continue;
        }
        /* Such a key ends before its page does, unless it is longer than half of it. */
        if (of_pages == 1 && half[keys[at].row] % 2 == 0 && keys[at].row > 0 &&
            s->page[keys[at].row - 1] == s->page[keys[at].row])
            begins[MIN(k - at, ARRAY_LEN(begins) - 1)]++;
        distinct++;
        once += of_runs == 1;
        runs += of_runs;
        pages += of_pages;
        halves += of_halves;
        left += k - at;
    }
    double begun = 2 * (double)pages - (double)halves;
    if (times > 1.1 && begun >= 1 && begun < 0.95 * (double)left && (double)once > 0.97 * (double)runs) {
        double whole = begun / (double)runs;
        qsort(sizes, large, sizeof *sizes, largest_first);
        g->n_common = MIN(large, ARRAY_LEN(g->common));
        memcpy(g->common, sizes, g->n_common * sizeof *sizes);
        g->distinct = (double)large + MAX((double)distinct, unseen(begun, (double)distinct * whole,
                                                                   (double)once * whole, times));
        g->together = true;
        memcpy(g->sizes, begins, sizeof begins);
        if (share < 0.999) { /* the condition leaves some rows of some keys */
            g->distinct *= -expm1(log1p(-MAX(share, 0)) * rows / g->distinct);
            memset(g->sizes, 0, sizeof g->sizes);
        }
    }
    free(half);
    free(sizes);
}

/* With `shift` the columns are taken from different rows: as if they were independent. */
static void sample_groups(const struct index_def *d, double rows, size_t shift, struct groups *g)
{
    const struct catalog_sample *s = d->rel->sample;
    struct sampled_key *keys = mem_array(s->n, sizeof *keys);
    double *sizes = mem_array(s->n, sizeof *sizes), once = 0, n = (double)s->n;
    size_t distinct = 0, large = 0;
    for (size_t row = 0; row < s->n; row++)
        keys[row].row = row;
    for (size_t i = 0; i < d->n_keys; i++) {
        const uint64_t *hash = hashes_of(d, i);
        for (size_t row = 0; row < s->n; row++)
            keys[row].hash = (keys[row].hash ^ hash[(row + i * shift) % s->n]) * 0x9e3779b97f4a7c15u +
                             (keys[row].hash >> 29);
    }
    qsort(keys, s->n, sizeof *keys, by_value);
    for (size_t row = 0; row < s->n;) {
        size_t k = row;
        while (k < s->n && keys[k].hash == keys[row].hash)
            k++;
        distinct++;
        once += k - row == 1;
        if (k - row >= 10)
            sizes[large++] = (double)(k - row) / n;
        row = k;
    }
    qsort(sizes, large, sizeof *sizes, largest_first);
    g->n_common = MIN(large, ARRAY_LEN(g->common));
    memcpy(g->common, sizes, g->n_common * sizeof *sizes);
    double of_common = 0;
    for (size_t i = 0; i < large; i++)
        of_common += sizes[i];
    g->distinct = (double)large + unseen(n * (1 - of_common), (double)(distinct - large), once, rows / n);
    g->error = 1 / sqrt(MAX(n * (1 - of_common) - (double)(distinct - large), 1));
    g->together = false;
    if (s->page && !shift)
        heaps(s, keys, d->rel->rows, d->predicate_share, g);
    free(keys);
    free(sizes);
}

/* Bytes of a row whose key is one of those stored together; NAN: too few of them were seen whole. */
static double together_bytes(double tuple, const struct groups *g)
{
    double bytes = 0, rows = 0, keys = 0;
    for (size_t k = 1; k < ARRAY_LEN(g->sizes); k++) {
        bytes += g->sizes[k] * group_bytes(tuple, (double)k);
        rows += g->sizes[k] * (double)k;
        keys += g->sizes[k];
    }
    return g->together && keys >= 100 && g->sizes[ARRAY_LEN(g->sizes) - 1] < 0.01 * keys ? bytes / rows : NAN;
}

/* So many values of the same probability. */
struct values {
    double n, each;
};
enum { VALUES = 130 };

static size_t values_of(const struct index_def *d, size_t key, double rows, struct values *v)
{
    int column = d->keys[key].column;
    if (column < 0 && hashes_of(d, key) && d->rel->sample->n >= 100) {
        struct index_def one = {.rel = d->rel, .keys = {d->keys[key]}, .n_keys = 1};
        struct groups g;
        double rest = 1;
        size_t k = 0;
        sample_groups(&one, rows, 0, &g);
        for (; k < g.n_common && k < VALUES - 1; k++) {
            v[k] = (struct values){1, g.common[k]};
            rest -= g.common[k];
        }
        double others = MAX(g.distinct - (double)k, 1);
        v[k] = (struct values){others, MAX(rest, 0) / others};
        return k + 1;
    }
    const struct catalog_column *c = column >= 0 ? &d->rel->columns[column] : NULL;
    double distinct = c ? db_catalog_distinct(d->rel, column) : rows, left = 1;
    size_t n = 0;
    if (isnan(distinct))
        distinct = rows;
    for (size_t i = 0; c && i < c->n_common && n < VALUES - 1 && distinct > 1; i++) {
        v[n++] = (struct values){1, c->common[i]};
        left -= c->common[i];
        distinct--;
    }
    v[n++] = (struct values){MAX(distinct, 1), MAX(left, 0) / MAX(distinct, 1)};
    return n;
}

/* Combinations met in so many rows, were the columns independent of each other. */
static double independent(const struct index_def *d, double rows)
{
    struct values a[VALUES], b[VALUES];
    size_t n_a = values_of(d, 0, rows, a);
    double met = 0;
    for (size_t k = 1; k < d->n_keys; k++) {
        size_t n_b = values_of(d, k, rows, b);
        met = 0;
        for (size_t i = 0; i < n_a; i++)
            for (size_t j = 0; j < n_b; j++)
                met += a[i].n * b[j].n * -expm1(-rows * a[i].each * b[j].each);
        met = MAX(met, 1);
        a[0] = (struct values){met, 1 / met};
        n_a = 1;
    }
    return met;
}

/* From extended statistics, when they are of exactly these columns. NAN. */
static double combined(const struct index_def *d, double rows)
{
    for (size_t i = 0; i < d->rel->n_combined; i++) {
        const struct catalog_ndistinct *c = &d->rel->combined[i];
        size_t same = 0;
        for (size_t k = 0; k < d->n_keys; k++)
            for (size_t j = 0; j < c->n; j++)
                same += c->columns[j] == d->keys[k].column;
        if (c->n == d->n_keys && same == c->n)
            return c->value < 0 ? -c->value * rows : c->value;
    }
    return NAN;
}

static double distinct_of(const struct index_def *d, double rows, struct groups *g)
{
    double most = 1, largest = 1;
    g->n_common = 0;
    g->together = false;
    for (size_t i = 0; i < d->n_keys; i++) {
        int c = source_of(d, &d->keys[i]);
        double one = c < 0 ? rows : db_catalog_distinct(d->rel, c);
        if (c < 0 && d->n_keys > 1 && hashes_of(d, i) && d->rel->sample->n >= 100) {
            struct values v[VALUES];
            size_t n = values_of(d, i, rows, v);
            for (one = 0; n-- > 0;)
                one += v[n].n;
        }
        if (isnan(one))
            one = rows;
        most = MIN(most * one, 1e18);
        largest = MAX(largest, one);
    }
    if (d->n_keys == 1 && sampled(d)) {
        struct groups s;
        sample_groups(d, rows, 0, &s);
        if (d->keys[0].column < 0) { /* of an expression the sample is all there is */
            *g = s;
            return MIN(MAX(1, s.distinct), rows);
        }
        /* ANALYZE loses rare values, it invents none, and it has more rows: chance alone is
         * no reason to believe the sample. Values that are stored together, but in several
         * places, only ANALYZE's single rows show. */
        if (!s.together)
            most = MAX(most, s.distinct / (1 + 4 * s.error));
        else if (s.distinct < 2 * most)
            most = s.distinct;
        most = MIN(most, rows);
        if (s.together) {
            g->together = s.distinct < 2 * most;
            memcpy(g->sizes, s.sizes, sizeof g->sizes);
        }
    }
    if (d->n_keys == 1) {
        const struct catalog_column *c = d->keys[0].column >= 0 ? &d->rel->columns[d->keys[0].column] : NULL;
        if (c) {
            double nulls = c->null_frac > 0 ? c->null_frac : 0;
            if (nulls > 0)
                g->common[g->n_common++] = nulls;
            for (size_t i = 0; i < c->n_common && g->n_common < ARRAY_LEN(g->common); i++)
                g->common[g->n_common++] = c->common[i];
        }
        return MIN(most, rows);
    }
    double exact = combined(d, rows), chance = independent(d, rows);
    if (sampled(d)) {
        /* A sample tells the number itself badly, but well how far it is from that of
         * independent columns with the same values. */
        struct groups apart;
        sample_groups(d, rows, 0, g);
        if (!g->together)
            sample_groups(d, rows, 997, &apart);
        if (isnan(exact) && g->together)
            exact = g->distinct;
        else if (isnan(exact))
            exact = chance * MIN(1, g->distinct / MAX(apart.distinct, 1));
    }
    return MIN(MAX(isnan(exact) ? chance : exact, largest), MIN(most, rows));
}

static double rows_of(const struct index_def *d)
{
    return d->rel->rows * d->predicate_share;
}

double index_size_distinct(const struct index_def *d)
{
    struct groups g;
    return isnan(d->rel->rows) ? NAN : distinct_of(d, MAX(1, rows_of(d)), &g);
}

static double btree_size(const struct index_def *d)
{
    int columns[INDEX_KEYS + INDEX_INCLUDES];
    double rows = rows_of(d);
    size_t n = columns_of(d, columns);
    double tuple = average_tuple(d, columns, n), bytes;
    if (deduplicates(d) && rows > 1) {
        struct groups g;
        double distinct = distinct_of(d, rows, &g), rest = rows;
        bytes = 0;
        for (size_t i = 0; i < g.n_common && distinct > 1; i++) {
            double of = g.common[i] * rows;
            bytes += group_bytes(tuple, of);
            rest -= of;
            distinct--;
        }
        rest = MAX(rest, 0);
        double of_row = together_bytes(tuple, &g);
        bytes +=
            isnan(of_row) ? spread_bytes(tuple, MIN(MAX(distinct, 1), MAX(rest, 1)), rest) : rest * of_row;
    } else {
        bytes = rows * (tuple + LINE_POINTER);
    }
    double leaf_item = tuple + LINE_POINTER;
    double room = floor(LEAF_ROOM / leaf_item) * leaf_item; /* what does not fit stays empty */
    if (deduplicates(d) && bytes < 0.9 * rows * leaf_item)
        room = LEAF_ROOM;
    double leaves = MAX(1, ceil(bytes / MAX(room, leaf_item))), pages = leaves + 1; /* and the metapage */
    double pivot = align8(tuple_bytes(d, columns, d->n_keys, -1)) + LINE_POINTER;
    for (double level = leaves; level > 1;) {
        level = ceil(level * pivot / INNER_ROOM);
        pages += level;
    }
    return pages * PAGE;
}

/* ---- partial indexes ---- */

#define PARTIAL_ROWS 40 /* of a sample that fulfil the condition, for it to say anything */

static const bool *holds_of(const struct index_def *d)
{
    const struct catalog_sample *s = d->rel->sample;
    for (size_t i = 0; d->predicate && s && i < s->n_conditions; i++)
        if (!strcmp(s->conditions[i].sql, d->predicate))
            return s->conditions[i].holds;
    return NULL;
}

/* The sample's rows that fulfil a condition, in an arena. */
static struct catalog_sample *part_of(struct arena *a, const struct catalog_relation *r, const bool *holds)
{
    const struct catalog_sample *s = r->sample;
    struct catalog_sample *part = arena_alloc(a, sizeof *part);
    int64_t *page = arena_alloc(a, (s->n + 1) * sizeof *page);
    part->hash = arena_alloc(a, (r->n_columns + 1) * sizeof *part->hash);
    part->width = arena_alloc(a, (r->n_columns + 1) * sizeof *part->width);
    for (size_t row = 0; row < s->n; row++)
        if (holds[row]) {
            if (s->page)
                page[part->n] = s->page[row];
            part->n++;
        }
    part->page = s->page ? page : NULL;
    for (size_t c = 0; c < r->n_columns; c++) {
        uint64_t *hash = arena_alloc(a, (part->n + 1) * sizeof *hash);
        int32_t *width = arena_alloc(a, (part->n + 1) * sizeof *width);
        for (size_t row = 0, to = 0; row < s->n; row++)
            if (holds[row]) {
                hash[to] = s->hash[c] ? s->hash[c][row] : 0;
                width[to++] = s->width[c] ? s->width[c][row] : 0;
            }
        part->hash[c] = s->hash[c] ? hash : NULL;
        part->width[c] = s->width[c] ? width : NULL;
    }
    return part;
}

/* What ANALYZE would say of the column within the condition. */
static void restate(struct arena *a, struct catalog_relation *r, int column)
{
    struct catalog_column *c = &r->columns[column];
    const struct catalog_sample *s = r->sample;
    double there = 0, sum = 0;
    for (size_t row = 0; s->width[column] && row < s->n; row++) {
        there += s->width[column][row] >= 0;
        sum += MAX(0, s->width[column][row]);
    }
    if (s->width[column]) {
        c->null_frac = 1 - there / (double)s->n;
        c->avg_width = there > 0 ? sum / there : c->avg_width;
    }
    if (!s->hash[column])
        return;
    struct index_def one = {.rel = r, .keys = {{.column = column}}, .n_keys = 1, .predicate_share = 1};
    struct groups g;
    sample_groups(&one, r->rows, 0, &g);
    c->n_distinct = MAX(1, MIN(g.distinct, r->rows) - (c->null_frac > 0));
    double *common = arena_alloc(a, (g.n_common + 1) * sizeof *common);
    memcpy(common, g.common, g.n_common * sizeof *common);
    c->common = common;
    c->n_common = c->null_frac > 0 ? 0 : g.n_common;
}

/* The rows of a condition as a table of their own. NAN: the sample has too few of them. */
static double partial_size(const struct index_def *d)
{
    const bool *holds = holds_of(d);
    size_t n = 0;
    for (size_t row = 0; holds && row < d->rel->sample->n; row++)
        n += holds[row];
    for (size_t i = 0; i < d->n_keys; i++)
        if (d->keys[i].column < 0)
            return NAN;
    if (n < PARTIAL_ROWS)
        return NAN;
    struct arena *a = arena_new();
    struct catalog_relation part = *d->rel;
    part.columns = arena_alloc(a, (part.n_columns + 1) * sizeof *part.columns);
    memcpy(part.columns, d->rel->columns, part.n_columns * sizeof *part.columns);
    part.rows = rows_of(d);
    part.n_combined = 0;
    part.sample = part_of(a, d->rel, holds);
    struct index_def whole = *d;
    whole.rel = &part;
    whole.predicate = NULL;
    whole.predicate_share = 1;
    for (size_t i = 0; i < d->n_keys; i++)
        restate(a, &part, d->keys[i].column);
    for (size_t i = 0; i < d->n_include; i++)
        restate(a, &part, d->include[i]);
    double size = btree_size(&whole);
    arena_free(a);
    return size;
}

double index_size(const struct index_def *d)
{
    if (isnan(d->rel->rows))
        return NAN;
    double partial = d->method == INDEX_BTREE ? partial_size(d) : NAN;
    if (!isnan(partial))
        return partial;
    if (d->method == INDEX_BRIN) {
        double pages = isnan(d->rel->pages) ? 0 : d->rel->pages;
        return PAGE * (3 + ceil(pages / 128 * (16 + 2 * column_width(d, d->keys[0].column)) / PAGE));
    }
    if (d->method == INDEX_HASH) /* items of 20 bytes, buckets filled to 75 % and rounded up by a tenth */
        return PAGE * (3 + ceil(1.1 * rows_of(d) * 20 / (0.75 * (PAGE - 40))));
    if (index_method_unsized(d->method)) { /* a rough one: a few words or trigrams a value */
        double width = 0;
        for (size_t i = 0; i < d->n_keys; i++)
            width += column_width(d, d->keys[i].column);
        return PAGE * (2 + ceil(rows_of(d) * width * 1.5 / PAGE));
    }
    return btree_size(d);
}

double index_size_write_overhead(const struct index_def *d)
{
    double keys = 0, row = 0;
    int columns[INDEX_KEYS + INDEX_INCLUDES];
    size_t n = columns_of(d, columns);
    for (size_t i = 0; i < n; i++)
        keys += d->method == INDEX_HASH ? 4 : column_width(d, columns[i]);
    for (size_t i = 0; i < d->rel->n_columns; i++)
        if (!d->rel->columns[i].dropped)
            row += column_width(d, (int)i);
    return (8 + keys) / (27 + row) * d->predicate_share;
}

bool index_size_sure(const struct index_def *d)
{
    if (d->method != INDEX_BTREE || isnan(d->rel->rows))
        return false;
    for (size_t i = 0; i < d->n_keys; i++)
        if (d->keys[i].column < 0 && !sampled(d))
            return false;
    return !deduplicates(d) || d->n_keys == 1 || sampled(d) || !isnan(combined(d, d->rel->rows));
}
