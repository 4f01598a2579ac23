/* jtl_csv.c - JTL of JMeter as CSV: any columns, any delimiter, also without a header. Whole milliseconds. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "format/loads/jtl.h"
#include "format/loads/readers.h"

/* X(UPPER, column, place without a header) */
#define COLUMNS(X)                                                                                           \
    X(TIME, "timeStamp", 0)                                                                                  \
    X(ELAPSED, "elapsed", 1)                                                                                 \
    X(LABEL, "label", 2)                                                                                     \
    X(CODE, "responseCode", 3)                                                                               \
    X(MESSAGE, "responseMessage", 4)                                                                         \
    X(THREAD, "threadName", 5)                                                                               \
    X(SUCCESS, "success", 7)                                                                                 \
    X(BYTES, "bytes", 9)                                                                                     \
    X(URL, "URL", -1)
enum {
#define COLUMN_ENUM(UPPER, name, place) COLUMN_##UPPER,
    COLUMNS(COLUMN_ENUM)
#undef COLUMN_ENUM
        COLUMN_N,
    FIELDS_MAX = 64
};

struct jtl_csv {
    struct jtl common;
    int place[COLUMN_N]; /* -1: the column is switched off */
    size_t n_fields;     /* 0: the first line is still to come */
    char delimiter;
};

static bool is_flag(struct load_span f)
{
    return span_is(f, "true") || span_is(f, "false");
}

/* "1721893500123,45,label,..." with true or false further on. */
static bool headless(struct load_span line)
{
    struct load_span first = span_until(&line, csv_delimiter(line)), rest = line;
    int64_t elapsed = span_int(span_until(&rest, csv_delimiter(line)));
    return first.n == 13 && sd_known(span_int(first)) && sd_known(elapsed) &&
           (span_has(rest, "true") || span_has(rest, "false"));
}

static int csv_sure(struct load_span head, bool named)
{
    struct load_span line = span_until(&head, '\n');
    if (span_has(line, "elapsed") && (span_has(line, "timeStamp") || span_has(line, "label")))
        return 95;
    if (named && span_has(line, "elapsed"))
        return 50;
    return headless(line) ? 85 : 0;
}

/* The first line: names of columns, or, where they are left out, a request. False: it is a request. */
static bool header(struct jtl_csv *c, struct load_span line)
{
    struct load_span f[FIELDS_MAX];
    bool named = span_has(line, "elapsed") && !headless(line);
    c->delimiter = csv_delimiter(line);
    if (!named) {
        struct load_span rest = line;
        while (rest.n)
            c->n_fields += span_until(&rest, c->delimiter).at != NULL;
#define PLACE(UPPER, name, column) c->place[COLUMN_##UPPER] = column;
        COLUMNS(PLACE)
#undef PLACE
        return false;
    }
    c->n_fields = csv_fields(line, c->delimiter, f, FIELDS_MAX);
    static const char *const NAMES[] = {
#define NAME(UPPER, name, column) name,
        COLUMNS(NAME)
#undef NAME
    };
    for (size_t i = 0; i < COLUMN_N; i++) {
        c->place[i] = -1;
        for (size_t k = 0; k < MIN(c->n_fields, (size_t)FIELDS_MAX); k++)
            if (span_is(span_trim(f[k]), NAMES[i]))
                c->place[i] = (int)k;
    }
    return true;
}

static struct load_span field(const struct jtl_csv *c, const struct load_span *f, size_t n, int column)
{
    int place = c->place[column];
    return place >= 0 && (size_t)place < n ? f[place] : load_span(NULL, 0);
}

static bool csv_take(struct load_draft *d, struct load_span line)
{
    struct jtl_csv *c = d->state;
    struct load_span f[FIELDS_MAX];
    if (!c->n_fields && header(c, line))
        return c->place[COLUMN_ELAPSED] >= 0 || load_broken(d, "has no column elapsed");
    size_t n = csv_fields(line, c->delimiter, f, FIELDS_MAX), all = n;
    n = MIN(n, (size_t)FIELDS_MAX);
    struct load_span elapsed = field(c, f, n, COLUMN_ELAPSED), success = field(c, f, n, COLUMN_SUCCESS);
    /* A last column that was cut is not missed, but one that is not there is. */
    if (all < MIN(c->n_fields, 3) || !sd_known(span_int(elapsed)) || (success.at && !is_flag(success)) ||
        (c->place[COLUMN_SUCCESS] >= 0 && !success.at))
        return load_broken(d, "is no sample of JMeter");
    if (all < c->n_fields)
        return load_broken(d, "has %zu of %zu fields", all, c->n_fields);
    struct load_span message = field(c, f, n, COLUMN_MESSAGE), url = field(c, f, n, COLUMN_URL);
    struct jtl_sample s = {.label = field(c, f, n, COLUMN_LABEL),
                           .start_ns = span_time(field(c, f, n, COLUMN_TIME)),
                           .elapsed = elapsed,
                           .code = field(c, f, n, COLUMN_CODE),
                           .thread = field(c, f, n, COLUMN_THREAD),
                           .failed = span_is(success, "false"),
                           .bytes = span_int(field(c, f, n, COLUMN_BYTES))};
    s.is_transaction = message.at ? span_starts(message, JTL_TRANSACTION)
                                  : c->place[COLUMN_URL] >= 0 && (!url.n || span_is(url, "null"));
    jtl_add(d, &c->common, &s);
    return true;
}

static bool csv_end(struct load_draft *d, struct sd_error *err)
{
    struct jtl_csv *c = d->state;
    (void)err;
    jtl_end(d, &c->common);
    return true;
}

static void csv_drop(void *state)
{
    jtl_drop(&((struct jtl_csv *)state)->common);
}

const struct load_form LOAD_JTL_CSV = {
    .tool = "jmeter",
    .what = "a JTL of JMeter",
    .shape = LOAD_RECORDS,
    .values = LOAD_VALUES_ROUNDED,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_MS,
    .state = sizeof(struct jtl_csv),
    .sure = csv_sure,
    .take = csv_take,
    .end = csv_end,
    .drop = csv_drop,
};
