/* series_table.h - the series of an exposition, found by how they are written and by what they are. A row
 * stays as long as the series is in the text. */
#ifndef FORMAT_METRICS_SERIES_TABLE_H
#define FORMAT_METRICS_SERIES_TABLE_H

#include "format/metrics/exposition.h"

enum metric_type {
    TYPE_NONE, /* no such word */
    TYPE_UNKNOWN,
    TYPE_COUNTER,
    TYPE_GAUGE,
    TYPE_HISTOGRAM,
    TYPE_GAUGE_HISTOGRAM,
    TYPE_SUMMARY,
    TYPE_INFO,
    TYPE_STATE_SET
};
enum metric_type metric_type_named(const char *word, size_t n);

/* What "# TYPE" said last: of series whose name begins so. */
struct family {
    const char *name;
    size_t len;
    enum metric_type type;
};

struct series_row {
    uint64_t raw_hash, own_hash;
    size_t raw, name; /* in the table's text; labels stand behind the name and a NUL */
    uint32_t raw_len, name_len;
    uint32_t seen; /* number of the scrape */
    uint8_t unit;  /* of UNITS */
    bool counter, conflict;
    double value; /* as written */
    sd_time at;
};

struct series_table;
struct series_table *series_table_new(size_t most);
void series_table_free(struct series_table *t);
void series_table_begin(struct series_table *t);
int64_t series_table_end(struct series_table *t); /* how many are gone */

/* The row with that number, when the line begins as its series is written; NULL. */
struct series_row *series_table_guess(const struct series_table *t, uint32_t number, const char *s, size_t n);
struct series_row *series_table_find(const struct series_table *t, const char *raw, size_t n); /* NULL */
/* Is there no room for another series that is written so? Before the work of series_table_add. */
bool series_table_full(struct series_table *t, const char *raw, size_t n);
/* The row of a series, a new one if it has none. NULL: the table is full. */
struct series_row *series_table_add(struct series_table *t, const char *raw, size_t n,
                                    const struct strbuf *name, const struct strbuf *labels,
                                    const struct family *f);

const struct series_row *series_table_row(const struct series_table *t,
                                          size_t i); /* NULL: there are no more */
uint32_t series_row_number(const struct series_table *t, const struct series_row *r);
bool series_row_seen(const struct series_table *t, const struct series_row *r);
bool series_row_gone(const struct series_table *t, const struct series_row *r);
void series_row_see(struct series_table *t, struct series_row *r);
void series_row_show(const struct series_table *t, const struct series_row *r, struct exposition_series *out);

#endif
