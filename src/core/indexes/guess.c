#include "core/indexes/guess.h"

#include <math.h>

#include "core/indexes/size.h"

/* The planner's defaults: costs (cost.h), and shares where nothing is known (selfuncs.h). */
#define SEQ_PAGE    1.0
#define RANDOM_PAGE 4.0
#define TUPLE       0.015 /* a row from the index, and from the table */
#define OPERATOR    0.0025
#define RANGE_SHARE 0.1
#define MATCH_SHARE 0.005
#define GIN_ENTRY   8.0 /* a descent for each word: two pages of the usual tree */

static double share_of(const struct table_use *u, const struct pred *p)
{
    double distinct = p->key.column >= 0 ? db_catalog_distinct(u->rel, p->key.column) : 200;
    distinct = isnan(distinct) ? 200 : distinct;
    if (!isnan(p->share))
        return MAX(p->share, 1e-9);
    switch (p->kind) {
    case PRED_EQUAL:
    case PRED_JOIN:
        return 1 / distinct;
    case PRED_IN:
        return MIN(1, 3 / distinct);
    case PRED_TRUE:
        return 0.5;
    case PRED_NULL:
        return p->key.column >= 0 ? u->rel->columns[p->key.column].null_frac : 1;
    case PRED_RANGE:
        return RANGE_SHARE;
    case PRED_PREFIX:
    case PRED_CONTAINS:
    case PRED_JSON:
    case PRED_SEARCH:
    case PRED_SPACE:
        return MATCH_SHARE;
    default:
        return 1;
    }
}

static bool same_target(const struct index_key *a, const struct index_key *b)
{
    return a->column == b->column && (a->column >= 0 || str_eq(a->expr, b->expr)) &&
           str_eq(a->collation, b->collation);
}

/* What an index does for a use. */
struct service {
    double share; /* of the index that is read */
    double kept;  /* of the table's rows that conditions beside it keep */
    size_t words; /* GIN: searched for */
    size_t join;
    bool any, by_join, ordered;
};

/* Do the keys from `at` on come in an order whose first rows are wanted? */
static bool gives_order(const struct table_use *u, const struct index_def *d, size_t at)
{
    for (size_t o = 0; o < u->n_orders; o++) {
        const struct ordering *want = &u->orders[o];
        bool forward = want->limit && want->n > 0 && want->n <= d->n_keys - at, backward = forward;
        for (size_t i = 0; i < want->n && (forward || backward); i++) {
            const struct index_key *have = &d->keys[at + i], *key = &want->keys[i];
            bool same = same_target(have, key);
            forward = forward && same && have->desc == key->desc && have->nulls_first == key->nulls_first;
            backward = backward && same && have->desc != key->desc && have->nulls_first != key->nulls_first;
        }
        if (forward || backward)
            return true;
    }
    return false;
}

static const struct pred *best_for(const struct table_use *u, const struct index_key *key, bool gin,
                                   bool join)
{
    const struct pred *best = NULL;
    for (size_t i = 0; i < u->n_preds; i++) {
        const struct pred *p = &u->preds[i];
        bool is_gin = pred_inside(p->kind);
        if (same_target(&p->key, key) && !p->in_or && p->kind != PRED_NOT_NULL && is_gin == gin &&
            (p->kind == PRED_JOIN) == join && (!best || share_of(u, p) < share_of(u, best)))
            best = p;
    }
    return best;
}

/* Does the other side of the scan's join have the table of that use? */
static bool other_side(const struct statement_use *use, const struct pred *p, const struct guess_scan *scan)
{
    if (!scan->others || p->other_use >= use->n)
        return true;
    const char *name = use->items[p->other_use].rel->name;
    size_t len = strlen(name);
    for (const char *s = scan->others; (s = strstr(s, name)); s++)
        if (s > scan->others && s[-1] == '|' && s[len] == '|')
            return true;
    return false;
}

static struct service serve(const struct statement_use *use, const struct table_use *u,
                            const struct index_def *d, const struct guess_scan *scan)
{
    struct service s = {.share = 1, .kept = 1, .words = 1, .join = SIZE_MAX};
    bool taken[USE_PREDS] = {false}, gin = index_method_unsized(d->method), narrowed = false;
    for (size_t k = 0; k < d->n_keys && !narrowed; k++) {
        const struct pred *p = best_for(u, &d->keys[k], gin, false);
        if (!p && !s.by_join && scan->other_rows > 0 && (p = best_for(u, &d->keys[k], gin, true)) &&
            other_side(use, p, scan)) {
            s.by_join = true;
            s.join = p->other_use;
        } else if (p && p->kind == PRED_JOIN) {
            p = NULL;
        }
        if (!p) {
            s.ordered = !s.by_join && d->method == INDEX_BTREE && gives_order(u, d, k);
            break;
        }
        taken[p - u->preds] = true;
        if (p->kind == PRED_NEAREST) { /* gives the nearest first, and finds none by itself */
            s.ordered = true;
            break;
        }
        s.any = true;
        s.share *= share_of(u, p);
        narrowed = p->kind == PRED_RANGE || p->kind == PRED_PREFIX;
        s.ordered = k == 0 && narrowed && d->method == INDEX_BTREE && gives_order(u, d, 0);
    }
    for (size_t i = 0; i < u->n_preds; i++) {
        const struct pred *p = &u->preds[i];
        if (d->predicate && p->sql && !strcmp(p->sql, d->predicate))
            taken[i] = s.any = true;
        if (!taken[i] && !p->in_or && p->kind != PRED_JOIN && p->kind != PRED_NOT_NULL &&
            p->kind != PRED_NEAREST)
            s.kept *= share_of(u, p);
    }
    return s;
}

/* Pages read of so many, by that many rows in no order: Mackert and Lohman. */
static double pages_of(double pages, double rows)
{
    return MIN(2 * pages * rows / (2 * pages + rows), pages);
}

static bool covers(const struct table_use *u, const struct index_def *d)
{
    for (size_t i = 0; i < u->rel->n_columns; i++)
        if (u->needed[i] && !index_def_has(d, (int)i))
            return false;
    return d->method == INDEX_BTREE && !u->whole_row;
}

/* One run of a scan by the index, of `runs`, that reads so many of its rows. */
static double access(const struct table_use *u, const struct index_def *d, const struct service *s,
                     double found, double runs)
{
    double pages = MAX(u->rel->pages, 1), size = index_size(d) / 8192, rows = MAX(u->rel->rows, 1);
    double leaves = isnan(size) ? 1 : MAX(size, 1), of_index = found / MAX(rows * d->predicate_share, 1);
    double heap = pages_of(pages, found * runs) / runs, read;
    if (d->method == INDEX_BRIN)
        return RANDOM_PAGE * leaves + (MIN(1, of_index) * pages + MIN(pages, 128)) * SEQ_PAGE + found * TUPLE;
    read =
        d->method == INDEX_GIN ? GIN_ENTRY * (double)s->words : RANDOM_PAGE * MAX(1, ceil(of_index * leaves));
    if (runs > 1)
        read = MIN(read, RANDOM_PAGE * pages_of(leaves, MAX(1, of_index * leaves) * runs) / runs);
    double correlation = d->keys[0].column >= 0 ? u->rel->columns[d->keys[0].column].correlation : 0;
    double ordered = isnan(correlation) ? 0 : correlation * correlation * (d->n_keys > 1 ? 0.75 * 0.75 : 1);
    double most = heap * RANDOM_PAGE, least = MIN(most, RANDOM_PAGE + of_index * pages * SEQ_PAGE);
    double io = most + ordered * (least - most);
    double bitmap = heap * (RANDOM_PAGE - (RANDOM_PAGE - SEQ_PAGE) * sqrt(heap / pages));
    if (d->method == INDEX_GIN || (index_method_unsized(d->method) && !s->ordered))
        io = bitmap;
    else if (!s->ordered && runs <= 1)
        io = MIN(io, bitmap);
    if (covers(u, d))
        io *= 1 - (isnan(u->rel->all_visible) ? 0 : MIN(1, u->rel->all_visible));
    return read + io + found * (TUPLE + OPERATOR * (double)d->n_keys) + 50 * OPERATOR * 2;
}

double index_guess(const struct statement_use *use, size_t t, const struct index_def *d,
                   const struct guess_scan *scan, size_t *join)
{
    const struct table_use *u = &use->items[t];
    double rows = u->rel->rows, saved = 0;
    *join = SIZE_MAX;
    if (u->rel != d->rel || !(rows > 0))
        return 0;
    struct service s = serve(use, u, d, scan);
    double in_index = rows * MIN(1, d->predicate_share), found = MAX(1, s.share * in_index);
    if (!s.any && !s.ordered)
        return 0;
    if (s.by_join) {
        *join = s.join;
        saved = scan->cost * scan->loops - scan->other_rows * access(u, d, &s, found, scan->other_rows);
    } else if (s.any) {
        double now = scan->limit > 0 ? MIN(scan->cost, scan->limit_cost) : scan->cost;
        saved = scan->loops * (now - access(u, d, &s, found, 1));
    }
    if (s.ordered && scan->limit > 0) {
        double read = MIN(found, scan->limit / MAX(s.kept, 1e-9));
        double with = scan->limit_cost - access(u, d, &s, MAX(1, read), 1);
        if (with > saved) {
            saved = with;
            *join = SIZE_MAX;
        }
    }
    return MAX(0, saved);
}
