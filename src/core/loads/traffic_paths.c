#include "core/loads/traffic_paths.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"

enum { HALVED_MAX = 60 };

/* What is known of a row's paths. */
struct paths_row {
    uint32_t held;
    uint8_t halved;   /* so many low bits of the hash of a path are 0, */
    uint32_t often;   /* but for so many */
    int64_t requests; /* as counted */
    size_t first;     /* of its paths, once they are settled */
};

/* Of the table: open addressing. What most requests need is here: a path itself is seldom looked at. */
struct slot {
    uint64_t hash;
    uint32_t index; /* of the path, from 1; 0: the slot is free */
    uint32_t count; /* since it was gathered */
};

struct traffic_paths {
    size_t paths_max, bytes_max;
    struct traffic_path *paths;
    size_t n, cap, bytes;
    struct slot *table;
    size_t mask;
    struct arena *texts;
    struct paths_row *rows;
    size_t n_rows;
};

struct traffic_paths *traffic_paths_new(size_t paths_max, size_t bytes_max)
{
    struct traffic_paths *p = mem_alloc(sizeof *p);
    p->paths_max = paths_max;
    p->bytes_max = bytes_max;
    p->mask = 1023;
    p->table = mem_array(p->mask + 1, sizeof *p->table);
    p->texts = arena_new();
    return p;
}

void traffic_paths_free(struct traffic_paths *p)
{
    if (!p)
        return;
    free(p->paths);
    free(p->table);
    free(p->rows);
    arena_free(p->texts);
    free(p);
}

static struct paths_row *row_of(struct traffic_paths *p, uint32_t row)
{
    if (row >= p->n_rows) {
        size_t n = MAX((size_t)row + 1, p->n_rows * 2);
        p->rows = mem_realloc(p->rows, n * sizeof *p->rows);
        memset(p->rows + p->n_rows, 0, (n - p->n_rows) * sizeof *p->rows);
        p->n_rows = n;
    }
    return &p->rows[row];
}

static struct slot *slot_of(const struct traffic_paths *p, uint64_t hash)
{
    size_t at = (hash >> 32) & p->mask;
    while (p->table[at].index && p->table[at].hash != hash)
        at = (at + 1) & p->mask;
    return &p->table[at];
}

/* The counts go to the paths. */
static void gather(struct traffic_paths *p)
{
    for (size_t i = 0; i <= p->mask; i++)
        if (p->table[i].index) {
            p->paths[p->table[i].index - 1].count += p->table[i].count;
            p->table[i].count = 0;
        }
}

/* After gathering. */
static void fill_table(struct traffic_paths *p)
{
    while (p->n * 2 > p->mask)
        p->mask = p->mask * 2 + 1;
    free(p->table);
    p->table = mem_array(p->mask + 1, sizeof *p->table);
    for (size_t i = 0; i < p->n; i++) {
        struct slot *s = slot_of(p, p->paths[i].hash);
        s->hash = p->paths[i].hash;
        s->index = (uint32_t)i + 1;
    }
}

/* Are the low bits of a hash that its row asks for 0? */
static bool in_sample(const struct paths_row *r, uint64_t hash)
{
    return !(hash & ((UINT64_C(1) << r->halved) - 1));
}

/* The rows with the most paths halve theirs. */
static void halve(struct traffic_paths *p)
{
    uint32_t most = 0;
    size_t n = 0;
    gather(p);
    for (size_t i = 0; i < p->n_rows; i++)
        most = MAX(most, p->rows[i].held);
    for (size_t i = 0; i < p->n_rows; i++) {
        struct paths_row *r = &p->rows[i];
        r->halved += r->held >= most / 2 && r->halved < HALVED_MAX;
        r->held = r->often = 0;
    }
    struct arena *texts = arena_new();
    p->bytes = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct traffic_path *x = &p->paths[i];
        struct paths_row *r = &p->rows[x->row];
        bool often = (double)x->count >= TRAFFIC_OFTEN * (double)r->requests;
        if (!in_sample(r, x->hash) && !often)
            continue;
        r->held++;
        r->often += !in_sample(r, x->hash);
        x->text = arena_strndup(texts, x->text, x->len);
        p->bytes += x->len + 1;
        p->paths[n++] = *x;
    }
    p->n = n;
    arena_free(p->texts);
    p->texts = texts;
    fill_table(p);
}

static void add(struct traffic_paths *p, uint32_t row, uint64_t hash, const char *method, size_t method_len,
                const char *path, size_t len)
{
    size_t whole = method_len + 1 + len;
    char *text = arena_alloc(p->texts, whole + 1);
    memcpy(text, method, method_len);
    text[method_len] = ' ';
    memcpy(text + method_len + 1, path, len);
    p->paths = mem_grow(p->paths, p->n, &p->cap, sizeof *p->paths);
    p->paths[p->n++] = (struct traffic_path){.hash = hash, .text = text, .row = row, .len = (uint32_t)whole};
    p->bytes += whole + 1;
    p->rows[row].held++;
}

void traffic_paths_count(struct traffic_paths *p, uint32_t row, int64_t row_count, const char *method,
                         size_t method_len, const char *path, size_t len)
{
    uint64_t hash = hash_words(path, len) ^ hash_words(method, method_len) * 31 ^ row;
    struct paths_row *r = row_of(p, row);
    hash = (hash ^ hash >> 31) *
           UINT64_C(0x94d049bb133111eb); /* low bits are the sample's, high ones the table's */
    hash ^= hash >> 29;
    r->requests = row_count;
    struct slot *s = slot_of(p, hash);
    if (s->index) {
        if (++s->count == UINT32_MAX)
            gather(p);
        return;
    }
    if (!in_sample(r, hash))
        return;
    if (p->n >= p->paths_max || p->bytes + len >= p->bytes_max) {
        halve(p);
        if (!in_sample(row_of(p, row), hash) || p->n >= p->paths_max)
            return;
        s = slot_of(p, hash);
    }
    add(p, row, hash, method, method_len, path, len);
    *s = (struct slot){.hash = hash, .index = (uint32_t)p->n, .count = 1};
    if (p->n * 2 > p->mask) {
        gather(p);
        fill_table(p);
    }
}

int64_t traffic_paths_of(const struct traffic_paths *p, uint32_t row)
{
    if (row >= p->n_rows)
        return 0;
    const struct paths_row *r = &p->rows[row];
    return r->often + (((int64_t)r->held - r->often) << MIN(r->halved, 40));
}

bool traffic_paths_sampled(const struct traffic_paths *p, uint32_t row)
{
    return row < p->n_rows && p->rows[row].halved > 0;
}

/* ---- those that stand for a row ---- */

static int by_row_and_count(const void *a, const void *b)
{
    const struct traffic_path *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

void traffic_paths_settle(struct traffic_paths *p)
{
    gather(p);
    if (p->n)
        qsort(p->paths, p->n, sizeof *p->paths, by_row_and_count);
    memset(p->table, 0, (p->mask + 1) * sizeof *p->table);
    for (size_t i = p->n; i-- > 0;)
        p->rows[p->paths[i].row].first = i;
}

/* Paths with requests of their own: as long as one has at least an equal share of what is left. */
static size_t sure_ones(const struct traffic_path *all, size_t n, int64_t *left, size_t most)
{
    size_t sure = 0;
    while (sure < n && sure < most && (n <= most || all[sure].count >= *left / (int64_t)(most - sure)))
        *left -= all[sure++].count;
    return sure;
}

static int by_weight(const void *a, const void *b)
{
    const struct traffic_pick *x = a, *y = b;
    return x->weight != y->weight ? (x->weight > y->weight ? -1 : 1) : strcmp(x->path->text, y->path->text);
}

struct traffic_pick *traffic_paths_pick(const struct traffic_paths *p, uint32_t row, int64_t total,
                                        size_t most, size_t *n)
{
    const struct paths_row none = {0}, *r = row < p->n_rows ? &p->rows[row] : &none;
    const struct traffic_path *all = p->n ? p->paths + r->first : NULL;
    int64_t held = 0, tail, at = 0;
    for (size_t i = 0; i < r->held; i++)
        held += all[i].count;
    tail = held;
    size_t sure = sure_ones(all, r->held, &tail, most), k = 0, drawn = MIN(r->held, most) - sure;
    struct traffic_pick *picks = mem_array(MIN(r->held, most) + 1, sizeof *picks);
    for (; k < sure; k++)
        picks[k] = (struct traffic_pick){&all[k], all[k].count};
    for (size_t i = sure; i < r->held && k < sure + drawn; i++) { /* every (tail / drawn)-th request */
        at += all[i].count;
        if ((double)at * (double)drawn >= ((double)(k - sure) + 0.5) * (double)tail)
            picks[k++] = (struct traffic_pick){&all[i], 0};
    }
    /* Requests of paths that were not drawn, or are not held, are shared out: the first get those left over.
     */
    size_t from = drawn ? sure : 0, among = k - from;
    int64_t left = total - (held - tail);
    for (size_t i = from; i < k; i++)
        picks[i].weight += left / (int64_t)among + ((int64_t)(i - from) < left % (int64_t)among);
    qsort(picks, k, sizeof *picks, by_weight);
    *n = k;
    return picks;
}
