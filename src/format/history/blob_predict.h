/* blob_predict.h - what a number of a row is likely to be, by the numbers of the row that are known already.
 *
 * The rules go by the names of fields, which mean the same in every kind of record. Only for the columns. */
#ifndef FORMAT_HISTORY_BLOB_PREDICT_H
#define FORMAT_HISTORY_BLOB_PREDICT_H

#include "format/history/blob.h"

/* The numbers are on disk. */
enum predictor {
    BY_ZERO,
    BY_BEFORE,     /* the same column of the row before */
    BY_NEXT,       /* the end of the row before, of the same series */
    BY_AT,         /* the row's time */
    BY_END,        /* its end */
    BY_LENGTH,     /* its length */
    BY_FIELD,      /* the field `arg` */
    BY_REST,       /* the count without the other status classes */
    BY_HIST_COUNT, /* of the histogram: how many it has */
    BY_HIST_LOW,   /* where its first bucket begins */
    BY_HIST_HIGH,  /* where its last bucket begins; of one value that value */
    BY_HIST_SUM,   /* by the middles of its buckets, the smallest and the largest value */
    BY_RATE,       /* as much for each of the count as in the rows before */
    BY_END_OF_LIST
};

/* Of a histogram. */
struct hist_facts {
    uint64_t count;
    int64_t low, high, first_mid, last_mid;
    uint64_t mids; /* of all, added up; wraps as the others do: it only predicts */
};
struct predict {
    const struct sd_schema *sc;
    const struct blob_row *rows;
    const struct hist_facts *facts; /* NULL: no histogram */
    int min, max, count, status[5]; /* fields; -1 */
};
enum { COLUMN_SERIES, COLUMN_LENGTH, COLUMN_AT, COLUMN_FIELDS };

int field_named(const struct sd_schema *sc, const char *name); /* -1 */
void predict_begin(struct predict *p, const struct sd_schema *sc, const struct blob_row *rows);
/* NULL is fine. `sums`: with `mids`, which takes the longest. */
struct hist_facts hist_facts_of(const struct sd_hist *h, bool sums);
/* Column `id` of row i. */
int64_t column_value(const struct predict *p, unsigned id, size_t i);
/* What is expected of it; any number. */
int64_t column_expected(const struct predict *p, unsigned id, enum predictor by, unsigned arg, size_t i);
/* The rule for a field by its name: BY_END_OF_LIST: none. */
enum predictor predict_rule(const struct sd_schema *sc, unsigned id, unsigned *arg);
/* The fields of the schema in the order in which they are coded: what predicts others comes first. Ends with
 * -1. `order` has room for n_fields + 1. */
void predict_order(const struct sd_schema *sc, int *order);

#endif
