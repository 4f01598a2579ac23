#include "core/indexes/unused_space.h"

#include <math.h>

#include "core/indexes/size.h"

#define PAGE         8192.0
#define PAGE_HEADER  24.0
#define ROW_HEADER   23.0
#define LINE_POINTER 4.0
#define SHORT_VALUE                                                                                          \
    126 /* bytes up to which a value of variable length has one of length and no alignment                   \
         */

/* By tests/source/test_bloat.sh: tables and indexes of different shapes, newly written. */
static const double TABLE_ERROR = 0.05, INDEX_ERROR = 0.10,
                    INDEX_ERROR_VARYING = 0.20, /* where a value ends within its 8 bytes is not known */
    INDEX_ERROR_GUESSED = 0.30;

static double aligned(double at, double align)
{
    return ceil(at / align) * align;
}

static struct space_estimate unknown(const char *why)
{
    return (struct space_estimate){.needed = (double)NAN, .error = (double)NAN, .why = why};
}

/* Of the values of a row, from the end of its header; NAN: a column has no statistics. */
static double row_bytes(const struct catalog_relation *r)
{
    bool nulls = false, varies = false;
    for (size_t i = 0; i < r->n_columns; i++)
        nulls |= r->columns[i].dropped || r->columns[i].null_frac > 0;
    double at = aligned(ROW_HEADER + (nulls ? ceil((double)r->n_columns / 8) : 0), 8);
    for (size_t i = 0; i < r->n_columns; i++) {
        const struct catalog_column *c = &r->columns[i];
        if (c->dropped || c->null_frac >= 1)
            continue;
        if (isnan(c->null_frac) || (c->length <= 0 && isnan(c->avg_width)))
            return (double)NAN;
        double width = c->length > 0 ? c->length : c->avg_width, there = 1 - c->null_frac;
        double align = c->length > 0 ? c->align : width > SHORT_VALUE ? 4 : 1;
        bool loose = varies || c->null_frac > 0; /* on average half of the alignment is lost */
        at = loose ? at + there * (width + (align - 1) / 2) : aligned(at, align) + width;
        varies |= c->length <= 0 || c->null_frac > 0;
    }
    return varies ? at + 3.5 : aligned(at, 8);
}

struct space_estimate space_of_table(const struct catalog_relation *r, int fillfactor)
{
    double row = row_bytes(r);
    if (isnan(r->rows) || isnan(r->pages))
        return unknown("it was never analysed: ANALYZE it");
    if (isnan(row))
        return unknown("the role sees no statistics of its columns, or it was never analysed");
    double room = (PAGE - PAGE_HEADER) * (fillfactor > 0 ? fillfactor : 100) / 100;
    double per_page = fmax(room / (row + LINE_POINTER), 1);
    if (row == aligned(row, 8)) /* rows of one size: none is cut */
        per_page = fmax(floor(per_page), 1);
    return (struct space_estimate){.needed = ceil(r->rows / per_page) * PAGE, .error = TABLE_ERROR};
}

struct space_estimate space_of_index(const struct catalog_relation *r, const struct catalog_index *x,
                                     double entries, int fillfactor)
{
    bool varies = false;
    struct index_def d = {.rel = r, .method = INDEX_BTREE, .predicate_share = 1};
    if (isnan(r->rows))
        return unknown("its table was never analysed: ANALYZE it");
    if (x->n_keys > INDEX_KEYS || x->n_columns - x->n_keys > INDEX_INCLUDES)
        return unknown("it has too many columns");
    for (size_t i = 0; i < x->n_columns; i++) {
        if (x->keys[i] < 0)
            return unknown("it holds an expression, whose width is not known");
        if (isnan(r->columns[x->keys[i]].null_frac))
            return unknown("the role sees no statistics of its columns, or the table was never analysed");
        varies |= r->columns[x->keys[i]].length <= 0;
        if (i < x->n_keys)
            d.keys[d.n_keys++] = (struct index_key){.column = x->keys[i]};
        else
            d.include[d.n_include++] = x->keys[i];
    }
    d.predicate = x->predicate;
    if (x->predicate && !(entries >= 0))
        return unknown("it is partial, and how many rows it holds is not known");
    if (entries >= 0 && r->rows > 0)
        d.predicate_share = fmin(entries / r->rows, 1);
    double size = index_size(&d);
    if (isnan(size))
        return unknown("its size cannot be told from statistics");
    double fill = fillfactor > 0 ? 90.0 / fillfactor : 1;
    return (struct space_estimate){.needed = size * fill,
                                   .error = !index_size_sure(&d) ? INDEX_ERROR_GUESSED
                                            : varies             ? INDEX_ERROR_VARYING
                                                                 : INDEX_ERROR};
}
