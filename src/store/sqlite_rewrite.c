/* sqlite_rewrite.c - a chunk's old rows move into the next step; the others stay in a new one.
 *
 * Chunks are gone through side by side, series by series, so that one series is in memory at a time. What
 * moves is added to what the coarser chunk has, which is then written anew. All of it is one transaction. */
#include <stdlib.h>

#include "store/sqlite_rewrite.h"

enum { INPUTS_MAX = 40, OUTPUTS_MAX = 40 };

struct input {
    struct chunk_cursor at;
    int64_t id;
    bool on, coarse; /* coarse: it has the rows that moved before */
};
struct rewriting {
    struct sqlite_store *s;
    const struct rewrite *what;
    struct input inputs[INPUTS_MAX];
    size_t n_inputs;
    struct chunk_writer *outputs[OUTPUTS_MAX], *rest;
    size_t n_outputs;
    struct history_fold *fold; /* of what moves; NULL: it is dropped */
    struct arena *arena;       /* of the series at work */
    struct blob_row *rows;     /* of what stays */
    size_t n, cap;
    int64_t moved;
};

static void add_input(struct rewriting *r, int64_t id, bool coarse)
{
    if (r->n_inputs == INPUTS_MAX)
        return;
    struct input *in = &r->inputs[r->n_inputs++];
    in->id = id;
    in->coarse = coarse;
    in->on = cursor_open(&in->at, r->s, id, r->what->kind);
}

/* The chunks that what moves is added to: of each block one that has room. */
static void add_coarse(struct rewriting *r, sd_time first, sd_time last)
{
    const struct rewrite *w = r->what;
    int64_t length = block_length(w->to_step);
    sd_time end = history_step_start(last, length);
    for (sd_time block = history_step_start(first, length); block <= end && r->s->rc == SQLITE_OK;
         block += length) {
        int64_t id = sql_int(
            r->s,
            sql_bind(r->s,
                     "SELECT id FROM chunk WHERE step = ? AND block = ? AND owner = ? AND kind = ? AND "
                     "bytes <= ? ORDER BY bytes LIMIT 1",
                     "iiiii", w->to_step, block, w->owner, (int64_t)w->kind, (int64_t)REWRITE_BYTES_MAX),
            0);
        if (id)
            add_input(r, id, true);
    }
}

static void take(struct rewriting *r, struct input *in)
{
    size_t n = 0;
    const struct blob_row *rows = cursor_rows(&in->at, r->arena, &n);
    for (size_t i = 0; rows && i < n; i++) {
        bool moves = in->coarse || add_sat(rows[i].at, rows[i].length_ns) <= r->what->until;
        r->moved += moves && !in->coarse;
        if (moves && r->fold) {
            struct history_row row = row_of(r->s, r->what->kind, &rows[i]);
            history_fold_add(r->fold, &row);
        } else if (!moves) {
            if (r->n == r->cap)
                r->rows = mem_grow(r->rows, r->n, &r->cap, sizeof *r->rows);
            r->rows[r->n++] = rows[i];
        }
    }
}

static struct chunk_writer *output_of(struct rewriting *r, sd_time block)
{
    for (size_t i = 0; i < r->n_outputs; i++)
        if (chunk_block(r->outputs[i]) == block)
            return r->outputs[i];
    if (r->n_outputs == OUTPUTS_MAX) { /* it may be closed: a block can have several chunks */
        chunk_close(r->outputs[0]);
        memmove(r->outputs, r->outputs + 1, (OUTPUTS_MAX - 1) * sizeof *r->outputs);
        r->n_outputs--;
    }
    return r->outputs[r->n_outputs++] =
               chunk_new(r->s, r->what->owner, r->what->kind, r->what->to_step, block);
}

static int by_at(const void *pa, const void *pb)
{
    const struct blob_row *a = pa, *b = pb;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (a->length_ns > b->length_ns) - (a->length_ns < b->length_ns);
}

static int by_end(const void *pa, const void *pb)
{
    const struct blob_row *a = pa, *b = pb;
    sd_time x = add_sat(a->at, a->length_ns), y = add_sat(b->at, b->length_ns);
    return x != y ? (x < y ? -1 : 1) : by_at(pa, pb);
}

static void write_moved(struct rewriting *r, uint32_t series)
{
    size_t n = history_fold_len(r->fold);
    int64_t length = block_length(r->what->to_step);
    struct blob_row *rows = arena_alloc(r->arena, n * sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        struct history_row row = history_fold_row(r->fold, i);
        rows[i] = (struct blob_row){series, row.at, row.length_ns, row.record};
    }
    if (n)
        qsort(rows, n, sizeof *rows, by_end);
    for (size_t from = 0, to; from < n; from = to) {
        sd_time block = history_step_start(add_sat(rows[from].at, rows[from].length_ns), length);
        for (to = from + 1;
             to < n && history_step_start(add_sat(rows[to].at, rows[to].length_ns), length) == block; to++)
            ;
        qsort(rows + from, to - from, sizeof *rows, by_at);
        chunk_add(output_of(r, block), rows + from, to - from);
    }
    history_fold_clear(r->fold);
}

static void write_rest(struct rewriting *r)
{
    if (!r->n)
        return;
    qsort(r->rows, r->n, sizeof *r->rows, by_at);
    if (!r->rest)
        r->rest = chunk_new(r->s, r->what->owner, r->what->kind, r->what->step, r->what->block);
    chunk_add(r->rest, r->rows, r->n);
    r->n = 0;
}

/* The next series of all inputs. False: there is none. */
static bool one_series(struct rewriting *r)
{
    uint32_t series = 0;
    bool any = false;
    for (size_t i = 0; i < r->n_inputs; i++) {
        if (r->inputs[i].on && (!any || r->inputs[i].at.series < series))
            series = r->inputs[i].at.series;
        any |= r->inputs[i].on;
    }
    if (!any || r->s->rc != SQLITE_OK)
        return false;
    r->arena = arena_new();
    for (size_t i = 0; i < r->n_inputs; i++) {
        struct input *in = &r->inputs[i];
        while (in->on && in->at.series == series && r->s->rc == SQLITE_OK) {
            take(r, in);
            in->on = cursor_next(&in->at);
        }
    }
    if (r->fold && r->s->rc == SQLITE_OK)
        write_moved(r, series);
    if (r->s->rc == SQLITE_OK)
        write_rest(r);
    arena_free(r->arena);
    return r->s->rc == SQLITE_OK;
}

static void finish(struct rewriting *r)
{
    for (size_t i = 0; i < r->n_outputs; i++)
        chunk_close(r->outputs[i]);
    if (r->rest)
        chunk_close(r->rest);
    for (size_t i = 0; i < r->n_inputs; i++) {
        cursor_close(&r->inputs[i].at);
        chunk_delete(r->s, r->inputs[i].id);
    }
    history_fold_free(r->fold);
    free(r->rows);
}

int64_t rewrite_chunks(struct sqlite_store *s, const struct rewrite *what, const int64_t *ids, size_t n,
                       sd_time first, sd_time last)
{
    struct rewriting *r = mem_alloc(sizeof *r);
    struct history_steps steps = {.step_ns = what->to_step};
    r->s = s;
    r->what = what;
    if (what->to_step)
        r->fold = history_fold_new(&steps, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    for (size_t i = 0; i < n; i++)
        add_input(r, ids[i], false);
    if (what->to_step && first <= what->until)
        add_coarse(r, first, MIN(last, what->until));
    while (one_series(r))
        ;
    finish(r);
    int64_t moved = r->moved;
    free(r);
    return moved;
}
