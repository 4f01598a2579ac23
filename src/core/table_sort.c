/* Sorting rows by number: each known cell becomes 64 bits that sort as it does, and the numbers
 * are sorted by those, from the lowest bits up (LSD radix: stable, no comparisons). Texts go on
 * in runs of equal eight bytes. Trees, whose blocks move as a whole, are merged. Beyond the rows
 * it takes 20 bytes a row. A source with sort_key is no tree. */
#include "core/table.h"

#include <stdlib.h>

static double number(struct cell c)
{
    return c.type == CELL_REAL ? c.f : (double)c.i;
}

int cell_compare(struct cell a, struct cell b)
{
    if (a.type == CELL_TEXT && b.type == CELL_TEXT) {
        int order = strcmp(a.s, b.s);
        return (order > 0) - (order < 0);
    }
    if (a.type == CELL_LIST && b.type == CELL_LIST)
        return (a.list->n_rows > b.list->n_rows) - (a.list->n_rows < b.list->n_rows);
    if (a.type == CELL_INT && b.type == CELL_INT)
        return (a.i > b.i) - (a.i < b.i);
    bool an = a.type != CELL_TEXT && a.type != CELL_LIST, bn = b.type != CELL_TEXT && b.type != CELL_LIST;
    if (an && bn)
        return (number(a) > number(b)) - (number(a) < number(b));
    return (a.type > b.type) - (a.type < b.type);
}

struct sorting {
    const struct table *t;
    int column;
    bool reverse;
    uint32_t *numbers, *spare;
    uint64_t *keys, *spare_keys; /* of the numbers, with which they move */
};

/* The row's cell and its depth. */
static struct cell read_cell(const struct sorting *s, uint32_t row, int *depth)
{
    const struct table *t = s->t;
    if (!t->source) {
        *depth = t->rows[row].depth;
        return t->rows[row].cells[s->column];
    }
    *depth = 0;
    if (t->source->sort_key)
        return t->source->sort_key(t->ctx, row, (size_t)s->column);
    struct cell *cells = t->scratch->cells;
    for (size_t c = 0; c < t->n_columns; c++)
        cells[c] = cell_unknown();
    *t->scratch = (struct row){.cells = cells};
    t->source->row(t->ctx, row, t->scratch);
    *depth = t->scratch->depth;
    return cells[s->column];
}

static struct cell cell_of(const struct sorting *s, uint32_t row)
{
    int depth;
    return read_cell(s, row, &depth);
}

/* ---- by comparing: trees, and columns of mixed types ---- */

static bool before(const struct sorting *s, uint32_t a, uint32_t b)
{
    struct cell x = cell_of(s, a), y = cell_of(s, b);
    if (x.type == CELL_UNKNOWN || y.type == CELL_UNKNOWN)
        return x.type != CELL_UNKNOWN || y.type == CELL_UNKNOWN;
    int c = cell_compare(x, y);
    return s->reverse ? c >= 0 : c <= 0;
}

/* A block: a row with the rows below it in the tree. */
static size_t block_end(const int *depth, size_t n, size_t i)
{
    size_t end = i + 1;
    while (end < n && depth[end] > depth[i])
        end++;
    return end;
}

struct merging {
    const struct sorting *s;
    int *depths;
    uint32_t *numbers, *spare;
    int *spare_depths;
};

static void merge(struct merging *m, size_t from, size_t middle, size_t n)
{
    size_t a = from, b = middle, out = 0;
    while (a < middle || b < n) {
        bool left = b >= n || (a < middle && before(m->s, m->numbers[a], m->numbers[b]));
        size_t *at = left ? &a : &b;
        size_t end = block_end(m->depths, left ? middle : n, *at);
        memcpy(m->spare + out, m->numbers + *at, (end - *at) * sizeof *m->numbers);
        memcpy(m->spare_depths + out, m->depths + *at, (end - *at) * sizeof *m->depths);
        out += end - *at;
        *at = end;
    }
    memcpy(m->numbers + from, m->spare, out * sizeof *m->numbers);
    memcpy(m->depths + from, m->spare_depths, out * sizeof *m->depths);
}

static void merge_sort(struct merging *m, size_t from, size_t n)
{
    while (from < n) {
        size_t first = block_end(m->depths, n, from), middle = first;
        if (first >= n) { /* one block: its children */
            from++;
            continue;
        }
        while (middle < from + (n - from) / 2)
            middle = block_end(m->depths, n, middle);
        if (middle >= n)
            middle = first;
        merge_sort(m, from, middle);
        merge_sort(m, middle, n);
        merge(m, from, middle, n);
        return;
    }
}

static void sort_by_merging(struct sorting *s, const int *depths, size_t n)
{
    struct merging m = {.s = s,
                        .numbers = s->numbers,
                        .spare = s->spare,
                        .depths = mem_array(n + 1, sizeof(int)),
                        .spare_depths = mem_array(n + 1, sizeof(int))};
    if (depths)
        memcpy(m.depths, depths, n * sizeof *depths);
    merge_sort(&m, 0, n);
    free(m.depths);
    free(m.spare_depths);
}

/* ---- by keys ---- */

static uint64_t int_key(int64_t v)
{
    return (uint64_t)v ^ UINT64_C(1) << 63;
}

static uint64_t real_key(double v)
{
    uint64_t bits;
    v += 0.0; /* -0 is 0 */
    memcpy(&bits, &v, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* Eight bytes of a text, its end and what is behind it 0. */
static uint64_t text_key(const char *text)
{
    uint64_t key = 0;
    int i = 0;
    for (; i < 8 && text[i]; i++)
        key = key << 8 | (unsigned char)text[i];
    return i == 0 ? 0 : key << 8 * (8 - i);
}

/* Sorts n numbers by their keys; both move. */
static void radix(struct sorting *s, uint32_t *numbers, uint64_t *keys, size_t n)
{
    enum { BITS = 11, DIGITS = 1 << BITS };
    uint64_t any = 0, all = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        any |= keys[i];
        all &= keys[i];
    }
    uint32_t *from = numbers, *to = s->spare;
    uint64_t *keys_from = keys, *keys_to = s->spare_keys;
    for (unsigned shift = 0; shift < 64; shift += BITS) {
        if (!((any ^ all) >> shift & (DIGITS - 1)))
            continue; /* the same in all */
        size_t start[DIGITS + 1] = {0};
        for (size_t i = 0; i < n; i++)
            start[(keys_from[i] >> shift & (DIGITS - 1)) + 1]++;
        for (size_t d = 0; d < DIGITS; d++)
            start[d + 1] += start[d];
        for (size_t i = 0; i < n; i++) {
            size_t at = start[keys_from[i] >> shift & (DIGITS - 1)]++;
            to[at] = from[i];
            keys_to[at] = keys_from[i];
        }
        uint32_t *swap = from;
        uint64_t *swap_keys = keys_from;
        from = to;
        to = swap;
        keys_from = keys_to;
        keys_to = swap_keys;
    }
    if (from != numbers) {
        memcpy(numbers, from, n * sizeof *numbers);
        memcpy(keys, keys_from, n * sizeof *keys);
    }
}

static void insertion(const struct sorting *s, uint32_t *numbers, size_t n, size_t at)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t v = numbers[i];
        const char *text = cell_of(s, v).s + at;
        size_t k = i;
        for (; k > 0; k--) {
            int c = strcmp(cell_of(s, numbers[k - 1]).s + at, text);
            if (s->reverse ? c >= 0 : c <= 0)
                break;
            numbers[k] = numbers[k - 1];
        }
        numbers[k] = v;
    }
}

/* Numbers whose texts are equal up to byte `at`; keyed: the keys are those of what follows. */
static void sort_texts(struct sorting *s, uint32_t *numbers, uint64_t *keys, size_t n, size_t at, bool keyed)
{
    enum { FEW = 24 };
    bool one = true; /* all equal so far: they go on in this loop */
    for (; one && n > FEW; at += 8, keyed = false) {
        for (size_t i = 0; i < n && !keyed; i++) {
            uint64_t key = text_key(cell_of(s, numbers[i]).s + at);
            keys[i] = s->reverse ? ~key : key;
        }
        radix(s, numbers, keys, n);
        one = false;
        for (size_t from = 0, to; from < n; from = to) {
            uint64_t plain = s->reverse ? ~keys[from] : keys[from];
            for (to = from + 1; to < n && keys[to] == keys[from];)
                to++;
            bool ends = !(plain & 0xFF); /* their texts ended: they are equal */
            one = !ends && to - from == n;
            if (!ends && !one && to - from > 1)
                sort_texts(s, numbers + from, keys + from, to - from, at + 8, false);
        }
    }
    if (one)
        insertion(s, numbers, n, at);
}

struct kinds {
    size_t unknown, whole, real, text, list;
    const char *first; /* text, and its bytes that all texts begin with: eight of a name tell little */
    size_t common;
};

static void common_start(struct kinds *k, const char *text)
{
    if (!k->first) {
        k->first = text;
        k->common = strlen(text);
    }
    size_t i = 0;
    while (i < k->common && text[i] == k->first[i])
        i++;
    k->common = i;
}

static void count_kind(struct kinds *k, enum cell_type type)
{
    static const size_t offsets[] = {
        [CELL_UNKNOWN] = offsetof(struct kinds, unknown), [CELL_INT] = offsetof(struct kinds, whole),
        [CELL_BOOL] = offsetof(struct kinds, whole),      [CELL_REAL] = offsetof(struct kinds, real),
        [CELL_TEXT] = offsetof(struct kinds, text),       [CELL_LIST] = offsetof(struct kinds, list),
        [CELL_LEVELS] = offsetof(struct kinds, unknown),  [CELL_PIECES] = offsetof(struct kinds, unknown),
    };
    ++*(size_t *)((char *)k + offsets[type]);
}

static uint64_t key_of(struct cell c, const struct kinds *k)
{
    bool real = k->real > 0;
    switch (c.type) {
    case CELL_TEXT:
        return text_key(c.s + k->common);
    case CELL_INT:
    case CELL_BOOL:
        return real ? real_key((double)c.i) : int_key(c.i);
    case CELL_REAL:
        return real_key(c.f);
    case CELL_LIST:
        return c.list->n_rows;
    default:
        return 0;
    }
}

static void sort_by_keys(struct sorting *s, size_t n, const struct kinds *k)
{
    size_t known = 0, unknown = 0;
    s->keys = mem_array(n + 1, sizeof *s->keys);
    s->spare_keys = mem_array(n + 1, sizeof *s->spare_keys);
    for (size_t i = 0; i < n; i++) {
        struct cell c = cell_of(s, s->numbers[i]);
        if (c.type == CELL_UNKNOWN) {
            s->spare[unknown++] = s->numbers[i];
            continue;
        }
        s->numbers[known] = s->numbers[i];
        s->keys[known++] = key_of(c, k) ^ (s->reverse ? UINT64_MAX : 0);
    }
    memcpy(s->numbers + known, s->spare, unknown * sizeof *s->numbers);
    if (k->text)
        sort_texts(s, s->numbers, s->keys, known, k->common, true);
    else
        radix(s, s->numbers, s->keys, known);
    free(s->keys);
    free(s->spare_keys);
}

/* What the known cells are, and the depths if it is a tree. True: they are sorted by keys. */
static bool has_keys(const struct sorting *s, size_t n, struct kinds *k, int **depths)
{
    *depths = NULL;
    for (size_t i = 0; i < n; i++) {
        int depth;
        struct cell c = read_cell(s, s->numbers[i], &depth);
        count_kind(k, c.type);
        if (c.type == CELL_TEXT)
            common_start(k, c.s);
        if (depth > 0 && !*depths)
            *depths = mem_array(n + 1, sizeof **depths);
        if (*depths)
            (*depths)[i] = depth;
    }
    return !*depths && (k->whole + k->real > 0) + (k->text > 0) + (k->list > 0) <= 1;
}

void table_sort_numbers(const struct table *t, int column, bool reverse, uint32_t *numbers, size_t n)
{
    struct sorting s = {.t = t, .column = column, .reverse = reverse, .numbers = numbers};
    struct kinds k = {0};
    int *depths;
    if (n < 2)
        return;
    bool keys = has_keys(&s, n, &k, &depths);
    s.spare = mem_array(n + 1, sizeof *s.spare);
    if (keys)
        sort_by_keys(&s, n, &k);
    else
        sort_by_merging(&s, depths, n);
    free(s.spare);
    free(depths);
}
