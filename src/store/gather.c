#include "store/gather.h"

#include "core/history/forms.h"
#include "core/history/thin.h"

#include <stdlib.h>

#define CUT_BYTES  ((size_t)16 << 20)
#define MAX_BYTES  ((size_t)64 << 20)
#define HELD_BYTES ((size_t)32 << 20) /* of one origin */
#define LATE_NS    (60 * SD_S) /* what comes later than this is no part of the time since the last cut */

/* Batches of an origin that wait for their place. */
struct held {
    char *origin;
    const struct sd_batch **batches;
    size_t n, cap, bytes;
};

/* What is added up until a cut, and after it the put. */
struct gathered {
    struct batch_place *places; /* one for each file; texts are its own */
    size_t n_places, places_cap;
    struct history_fold *folds[HISTORY_TIERS_MAX];  /* NULL: nothing in that tier */
    struct history_fold *stacks[HISTORY_TIERS_MAX]; /* of the put: those of profiles, cut; NULL: none */
    struct history_row *rows;                       /* of the puts */
    struct store_put puts[2];                       /* what came late, and the rest */
    size_t n_puts;
    uint64_t records; /* in them, taken */
    size_t bytes;
    struct gathered *next;
};

struct gather {
    struct gather_options o;
    char *host;
    struct gathered *now;            /* what comes is added to it */
    struct gathered *first, **after; /* those cut and not done, oldest first */
    size_t first_bytes;              /* of these */
    uint64_t number;                 /* of the last put */
    sd_time covered;                 /* until when */
    int64_t lost_since;              /* since the last put */
    struct gather_stats stats;
    struct held *held;
    size_t n_held, held_cap;
    struct history_thin *thin;
    struct history_copy copy; /* of the record that is looked at */
};

static void gathered_free(struct gathered *x, size_t tiers)
{
    for (size_t i = 0; i < tiers; i++) {
        history_fold_free(x->folds[i]);
        history_fold_free(x->stacks[i]);
    }
    for (size_t i = 0; i < x->n_places; i++) {
        free((char *)x->places[i].file);
        free((char *)x->places[i].place);
    }
    free(x->places);
    free(x->rows);
    free(x);
}

static void drop_held(struct held *h)
{
    while (h->n)
        batch_unref(h->batches[--h->n]);
    h->bytes = 0;
}

struct gather *gather_new(const struct gather_options *o, sd_time began)
{
    struct gather *g = mem_alloc(sizeof *g);
    g->o = *o;
    if (!g->o.tiers.n)
        g->o.tiers = HISTORY_TIERS_DEFAULT;
    g->o.cut_bytes = o->cut_bytes ? o->cut_bytes : CUT_BYTES;
    g->o.max_bytes = o->max_bytes ? o->max_bytes : MAX_BYTES;
    g->host = mem_strdup(o->host ? o->host : "");
    g->thin = history_thin_new();
    g->now = mem_alloc(sizeof *g->now);
    g->after = &g->first;
    g->covered = began;
    return g;
}

void gather_free(struct gather *g)
{
    if (!g)
        return;
    for (struct gathered *x = g->first, *next; x; x = next) {
        next = x->next;
        gathered_free(x, g->o.tiers.n);
    }
    gathered_free(g->now, g->o.tiers.n);
    for (size_t i = 0; i < g->n_held; i++) {
        drop_held(&g->held[i]);
        free(g->held[i].batches);
        free(g->held[i].origin);
    }
    free(g->held);
    history_thin_free(g->thin);
    free(g->host);
    free(g);
}

/* ---- in ---- */

void gather_lost(struct gather *g, int64_t records)
{
    g->stats.lost += (uint64_t)records;
    g->lost_since = add_sat(g->lost_since, records);
}

/* A row as of `now`. */
struct taking {
    struct gather *g;
    sd_time now;
};

static void take_row(void *ctx, const struct history_row *row)
{
    const struct taking *t = ctx;
    struct gather *g = t->g;
    struct gathered *x = g->now;
    size_t tier = history_tier_of(&g->o.tiers, row, t->now);
    g->stats.records++;
    if (tier == g->o.tiers.n) {
        g->stats.too_old++;
        return;
    }
    const struct history_steps steps = {.step_ns = g->o.tiers.items[tier].step_ns};
    if (!x->folds[tier])
        x->folds[tier] = history_fold_new(&steps, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    if (history_fold_add(x->folds[tier], row))
        x->records++;
    else
        gather_lost(g, 1);
}

static void take_records(struct gather *g, const struct sd_batch *b, sd_time now)
{
    size_t n = batch_len(b);
    struct gathered *x = g->now;
    struct taking t = {g, now};
    for (size_t i = 0; i < n; i++) {
        enum sd_kind kind;
        struct history_row row;
        const void *record = batch_record(b, i, &kind);
        if (history_row_of(kind, record, batch_time(b), g->host, batch_origin(b), &g->copy, &row) &&
            history_thin_takes(g->thin, &row))
            take_row(&t, &row);
    }
    history_stacks(b, g->host, take_row, &t);
    x->bytes = 0;
    for (size_t i = 0; i < g->o.tiers.n; i++)
        x->bytes += x->folds[i] ? history_fold_bytes(x->folds[i]) : 0;
}

static struct held *held_of(struct gather *g, const char *origin)
{
    for (size_t i = 0; i < g->n_held; i++)
        if (!strcmp(g->held[i].origin, origin))
            return &g->held[i];
    g->held = mem_grow(g->held, g->n_held, &g->held_cap, sizeof *g->held);
    g->held[g->n_held] = (struct held){.origin = mem_strdup(origin)};
    return &g->held[g->n_held++];
}

static void take_place(struct gathered *x, const struct batch_place *p)
{
    size_t i = 0;
    while (i < x->n_places && strcmp(x->places[i].file, p->file) != 0)
        i++;
    if (i == x->n_places) {
        x->places = mem_grow(x->places, i, &x->places_cap, sizeof *x->places);
        x->places[x->n_places++] = (struct batch_place){.file = mem_strdup(p->file), .place = NULL};
    }
    free((char *)x->places[i].place);
    x->places[i].place = mem_strdup(p->place);
}

/* Beyond the bound they are taken without their place: better twice than not at all. */
void gather_take(struct gather *g, const struct sd_batch *b, sd_time now)
{
    const struct batch_place *places;
    size_t n = batch_places(b, &places);
    /* One without a place, as the state of the source that the runtime tells, closes nothing. */
    struct held *h = batch_is_part(b) || (n && g->n_held) ? held_of(g, batch_origin(b)) : NULL;
    if (h && batch_is_part(b) && h->bytes + batch_bytes(b) <= HELD_BYTES) {
        h->batches = mem_grow(h->batches, h->n, &h->cap, sizeof *h->batches);
        h->batches[h->n++] = batch_ref(b);
        h->bytes += batch_bytes(b);
        return;
    }
    for (size_t i = 0; h && i < h->n; i++)
        take_records(g, h->batches[i], now);
    if (h)
        drop_held(h);
    take_records(g, b, now);
    for (size_t i = 0; i < n; i++)
        take_place(g->now, &places[i]);
}

bool gather_full(const struct gather *g)
{
    return g->now->bytes >= g->o.cut_bytes;
}

/* ---- cuts ---- */

static size_t fold_len(struct history_fold *f)
{
    return f ? history_fold_len(f) : 0;
}

/* What is put of what was added up in a tier. Count. Stacks give at most as many rows as there were. */
static size_t collect_tier(const struct gather *g, struct gathered *x, size_t tier, struct history_row *rows)
{
    int64_t step_ns = g->o.tiers.items[tier].step_ns;
    size_t all = fold_len(x->folds[tier]);
    for (size_t k = 0; k < all; k++)
        rows[k] = history_fold_row(x->folds[tier], k);
    size_t n = history_thin_rows(rows, all, step_ns);
    x->stacks[tier] =
        history_fold_new(&(struct history_steps){.step_ns = step_ns}, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    n = history_stacks_cut(rows, n, step_ns, x->stacks[tier]);
    for (size_t k = 0; k < fold_len(x->stacks[tier]) && n < all; k++)
        rows[n++] = history_fold_row(x->stacks[tier], k);
    return n;
}

/* The same of all, in the order of the tiers. */
static size_t collect_rows(const struct gather *g, struct gathered *x)
{
    size_t all = 0, n = 0;
    for (size_t i = 0; i < g->o.tiers.n; i++)
        all += fold_len(x->folds[i]);
    x->rows = mem_array(all + 1, sizeof *x->rows);
    for (size_t i = 0; i < g->o.tiers.n; i++)
        if (x->folds[i])
            n += collect_tier(g, x, i, x->rows + n);
    return n;
}

/* The rows that ended by then come first; how many they are. */
static size_t late_first(struct history_row *rows, size_t n, sd_time late)
{
    struct history_row *rest = mem_array(n + 1, sizeof *rest);
    size_t n_late = 0, n_rest = 0;
    for (size_t i = 0; i < n; i++)
        if (history_row_end(&rows[i]) <= late)
            rows[n_late++] = rows[i];
        else
            rest[n_rest++] = rows[i];
    memcpy(rows + n_late, rest, n_rest * sizeof *rest);
    free(rest);
    return n_late;
}

static void span_of(const struct history_row *rows, size_t n, sd_time *from, sd_time *to)
{
    *from = INT64_MAX;
    *to = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        *from = MIN(*from, rows[i].at);
        *to = MAX(*to, history_row_end(&rows[i]));
    }
}

static struct store_put *add_put(struct gather *g, struct gathered *x, const struct history_row *rows,
                                 size_t n, sd_time now)
{
    struct store_put *p = &x->puts[x->n_puts++];
    *p = (struct store_put){.number = ++g->number, .sent = now, .rows = rows, .n = n};
    span_of(rows, n, &p->from, &p->to);
    return p;
}

/* Beyond the bound the oldest goes, but never the one that was cut last. */
static void keep_bound(struct gather *g)
{
    while (g->first && g->first->next && g->first_bytes + g->now->bytes > g->o.max_bytes) {
        struct gathered *x = g->first;
        gather_lost(g, (int64_t)x->records);
        g->lost_since = add_sat(g->lost_since, x->puts[x->n_puts - 1].lost); /* counted already, not told */
        g->first = x->next;
        g->first_bytes -= x->bytes;
        g->stats.waiting -= x->n_puts;
        gathered_free(x, g->o.tiers.n);
    }
}

static void cut(struct gather *g, bool data, sd_time from, sd_time now)
{
    struct gathered *x = g->now;
    size_t n = collect_rows(g, x);
    size_t late = late_first(x->rows, n, data ? INT64_MAX : sub_sat(from, LATE_NS));
    if (data && !n)
        return;
    if (late)
        add_put(g, x, x->rows, late, now);
    if (!data) {
        struct store_put *p = add_put(g, x, x->rows + late, n - late, now);
        p->from = MIN(from, now);
        p->to = now;
    }
    struct store_put *last = &x->puts[x->n_puts - 1];
    last->lost = g->lost_since;
    last->before = x->n_puts > 1 ? &x->puts[0] : NULL;
    last->places = x->places;
    last->n_places = x->n_places;
    g->lost_since = 0;
    x->bytes += n * sizeof *x->rows + sizeof *x;
    *g->after = x;
    g->after = &x->next;
    g->first_bytes += x->bytes;
    g->stats.waiting += x->n_puts;
    g->now = mem_alloc(sizeof *g->now);
    keep_bound(g);
}

void gather_cut(struct gather *g, sd_time from, sd_time now)
{
    cut(g, false, sd_known(from) ? from : g->covered, now);
    g->covered = now;
}

void gather_cut_data(struct gather *g, sd_time now)
{
    cut(g, true, SD_UNKNOWN, now);
}

/* ---- out ---- */

const struct store_put *gather_first(const struct gather *g)
{
    return g->first ? &g->first->puts[g->first->n_puts - 1] : NULL;
}

void gather_done(struct gather *g)
{
    struct gathered *x = g->first;
    g->stats.waiting -= x->n_puts;
    g->first = x->next;
    g->first_bytes -= x->bytes;
    if (!g->first)
        g->after = &g->first;
    gathered_free(x, g->o.tiers.n);
}

struct gather_stats gather_stats(const struct gather *g)
{
    struct gather_stats s = g->stats;
    s.bytes = g->first_bytes + g->now->bytes;
    return s;
}
