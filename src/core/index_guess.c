#include "core/index_guess.h"

#include <math.h>

#include "core/index_size.h"

/* The planner's defaults: costs, and shares where nothing is known (selfuncs.h). */
#define SEQ_PAGE    1.0
#define RANDOM_PAGE 4.0
#define ROW         0.0125
#define RANGE_SHARE 0.1
#define MATCH_SHARE 0.005
#define WORTH       0.1 /* an index for more of the rows than this is not guessed at */

static double share_of(const struct table_use *u, const struct pred *p)
{
    double distinct = p->key.column >= 0 ? db_catalog_distinct(u->rel, p->key.column) : 200;
    distinct = isnan(distinct) ? 200 : distinct;
    switch (p->kind) {
    case PRED_EQUAL:
        return 1 / distinct;
    case PRED_IN:
        return MIN(1, 3 / distinct);
    case PRED_NULL:
        return p->key.column >= 0 ? u->rel->columns[p->key.column].null_frac : 1;
    case PRED_RANGE:
        return RANGE_SHARE;
    case PRED_PREFIX:
    case PRED_CONTAINS:
    case PRED_JSON:
    case PRED_SEARCH:
        return MATCH_SHARE;
    default:
        return 1;
    }
}

double index_guess(const struct table_use *u, const struct index_def *d, double cost)
{
    double share = 1, rows = u->rel->rows, pages = MAX(u->rel->pages, 1);
    double whole = MIN(pages * SEQ_PAGE + rows * ROW, cost); /* workers may share the rows */
    if (u->rel != d->rel || d->predicate || d->method == INDEX_BRIN || !(rows > 0) || cost < pages * SEQ_PAGE)
        return 0;
    for (size_t k = 0; k < d->n_keys; k++) {
        const struct pred *best = NULL;
        for (size_t i = 0; i < u->n_preds; i++) {
            const struct pred *p = &u->preds[i];
            bool same = p->key.column == d->keys[k].column &&
                        (p->key.column >= 0 || str_eq(p->key.expr, d->keys[k].expr));
            bool gin = p->kind == PRED_CONTAINS || p->kind == PRED_JSON || p->kind == PRED_SEARCH;
            if (same && !p->in_or && p->kind != PRED_JOIN && gin == (d->method == INDEX_GIN) &&
                (!best || share_of(u, p) < share_of(u, best)))
                best = p;
        }
        if (!best)
            break;
        share *= share_of(u, best);
        if (best->kind == PRED_RANGE || best->kind == PRED_PREFIX)
            break;
    }
    if (!(share <= WORTH))
        return 0;
    double found = MAX(1, share * rows), size = index_size(d);
    double with =
        RANDOM_PAGE * (3 + share * (isnan(size) ? 0 : size / 8192) + MIN(found, pages)) + found * ROW;
    return MAX(0, whole - with);
}
