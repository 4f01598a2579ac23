/* exposition.h - metrics as text: Prometheus text (0.0.4, and names in quotes) and OpenMetrics 1.0.
 *
 * The text is read as a stream, in pieces of any size, one scrape after the other. What is kept is a row for
 * each series: memory follows their number, up to a limit, and not the length of the text. A line that cannot
 * be trusted gives no figure: it is counted, with the reason. Pure; on one thread. */
#ifndef FORMAT_METRICS_EXPOSITION_H
#define FORMAT_METRICS_EXPOSITION_H

#include "base/base.h"

enum {
    EXPOSITION_LINE_MAX = 65536,   /* bytes; longer lines are left out */
    EXPOSITION_SERIES_BYTES = 4096 /* of a name with its labels; longer series are left out */
};

/* A series, with its newest point in this scrape. Texts live until the next exposition_begin. */
struct exposition_series {
    const char *name;   /* as written, without quotes: "redis_keyspace_hits_total", "http.server.duration" */
    const char *labels; /* "key=value" sorted by key, comma separated; "" when there is none. A comma, an
                           equals sign, a backslash and a line feed in a value are \, \= \\ and \n */
    const char *unit;   /* ns, bytes, share, count, time; NULL: the name has none */
    double value; /* in that unit. NAN: it has none, was given twice with different values, or is gone */
    sd_time at;   /* of the point, by the text; SD_UNKNOWN: of the scrape */
    bool counter;
    bool gone; /* it was in the scrape before, and is not in this one: told once */
};

/* What is remarkable about a scrape. */
struct exposition_counts {
    int64_t bytes, lines, samples, series;
    int64_t unparsed;  /* lines without a figure because they are broken */
    int64_t conflicts; /* series given twice with different values */
    int64_t repeated;  /* samples given twice with the same value */
    int64_t too_long;  /* lines whose series has too long labels, or that are too long */
    int64_t left_out;  /* samples of series beyond the limit */
    int64_t gone;
    bool ended; /* by "# EOF" */
};

struct exposition;
/* At most `series` are kept. */
struct exposition *exposition_new(size_t series);
void exposition_free(struct exposition *x); /* NULL is fine */

/* Gets the points of a series before its newest, where a text has several, in no order. */
typedef void exposition_earlier(void *ctx, const struct exposition_series *s);
/* Gets what a point says of one measurement in it. Before exposition_begin; NULL: nobody does. */
struct exposition_exemplar {
    const char *labels; /* as of a series */
    double value;       /* as written, in the unit of the name */
    sd_time at;         /* SD_UNKNOWN: it has none */
};
typedef void exposition_on_exemplar(void *ctx, const struct exposition_series *s,
                                    const struct exposition_exemplar *e);
void exposition_exemplars(struct exposition *x, exposition_on_exemplar *on, void *ctx);
/* A new scrape. `now` is the latest time a point may have, with an hour of grace. */
void exposition_begin(struct exposition *x, sd_time now, exposition_earlier *earlier, void *ctx);
void exposition_feed(struct exposition *x, const void *bytes, size_t n);
/* The end of the text; `openmetrics`: it says so, and has to end with "# EOF". */
void exposition_end(struct exposition *x, bool openmetrics);

/* The series of the scrape, by *i from 0; false: there are no more. */
bool exposition_each(const struct exposition *x, size_t *i, struct exposition_series *out);
const struct exposition_counts *exposition_counts(const struct exposition *x);
/* What is said of the scrape: counts, lines that were not understood and why, and in `note`, which goes into
 * `b`, what was left out. Lists live until the next exposition_begin. */
void exposition_intake(const struct exposition *x, struct strbuf *b, struct sd_intake *out);

const char *
exposition_first_reason(const struct exposition *x); /* why a line has no figure; "": each has one */

/* How sure it is that a text which begins so is one of metrics: 0 to 100. The text may be cut anywhere. */
int exposition_sure(const void *head, size_t len);

/* The value of a label, as in `labels`, with its escapes; *len. NULL: there is none. */
const char *exposition_label(const char *labels, const char *key, size_t *len);

#endif
