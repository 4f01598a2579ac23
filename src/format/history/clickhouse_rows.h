/* clickhouse_rows.h - rows of a history as ClickHouse takes them (a block of its Native format) and gives
 * them (RowBinary). The columns are those of the tables in src/store/clickhouse_schema.c.
 *
 * What adds up stands in arrays that the server adds item by item or by key (sumForEach, minForEach, sumMap):
 * `adds`, `lows`, `highs` in order of the kind's fields of that role, and the buckets of histograms as two
 * arrays, `bucket` and `n`. Everything else is text (record_line.h): what a row is of in `thing`, what is
 * kept as it is in `record`. */
#ifndef FORMAT_HISTORY_CLICKHOUSE_ROWS_H
#define FORMAT_HISTORY_CLICKHOUSE_ROWS_H

#include "core/history/history.h"

/* How a row adds up on the server: its column `how`. */
enum clickhouse_how {
    CLICKHOUSE_MARK,  /* a part of a put, see clickhouse_mark */
    CLICKHOUSE_SUM,   /* HISTORY_SUM */
    CLICKHOUSE_GAUGE, /* HISTORY_GAUGE that is no counter */
    CLICKHOUSE_TOTAL, /* the last of each step, and each before a fall of `total` */
    CLICKHOUSE_LAST,  /* the last of each step */
    CLICKHOUSE_EACH,
    CLICKHOUSE_TOGETHER /* requests of all endpoints of a machine as one, beside those of each (SUM) */
};
enum clickhouse_how clickhouse_how_of(const struct history_row *row);

/* ---- writing: one block is one INSERT ---- */
struct clickhouse_block;
struct clickhouse_block *clickhouse_block_new(uint64_t run, bool import, uint64_t put);
void clickhouse_block_free(struct clickhouse_block *b);
/* Rows that are alike must follow each other: they are numbered. */
void clickhouse_block_add(struct clickhouse_block *b, const struct history_row *row);
/* Requests of all endpoints, added up by interval, machine and source (a row of a fold with
 * HISTORY_TOGETHER): with all buckets from the first to the last one that has some, so that the server adds
 * them item by item (sumForEach) instead of by key, which takes 20 times as long. `bucket` is where they
 * begin, a multiple of CLICKHOUSE_DENSE. */
enum { CLICKHOUSE_DENSE = 64 };
void clickhouse_block_add_together(struct clickhouse_block *b, const struct history_row *row);
/* Of each block the last row: which part of a put it is, and in the last part what the put tells of itself.
 */
struct clickhouse_mark {
    const char *host, *version;
    sd_time from, to, sent, began;
    int64_t lost, rows, part, parts; /* part 1 .. parts; rows of this one */
    sd_time newest; /* when the last interval of the put ends: it may lie behind `to`; 0: none */
    sd_time oldest; /* when the first one of this part begins: it may lie before `from`; 0: none */
};
/* Bits of the column `known` of marks. */
enum {
    CLICKHOUSE_LAST_PART = 1,
    CLICKHOUSE_HAS_TOGETHER = 2 /* for its requests there are rows TOGETHER; of older programs not */
};
void clickhouse_block_mark(struct clickhouse_block *b, const struct clickhouse_mark *mark, uint16_t day);
size_t clickhouse_block_len(const struct clickhouse_block *b);
void clickhouse_block_encode(struct clickhouse_block *b, struct strbuf *out);
/* "(`day`, `how`, ...)": its columns. */
void clickhouse_block_columns(struct strbuf *out);

/* The day that a row ends in, since 1970; a moment before 1970 or after 2106 is in the first or last there
 * is. */
uint16_t clickhouse_day(sd_time ended);

/* ---- reading ---- */
/* A place in RowBinary. After what is not there or not so, every value is 0 and one of the two is set. */
struct rowbinary {
    const char *at, *end;
    bool more; /* it goes on behind the end */
    bool bad;  /* this is no RowBinary */
};
uint64_t rowbinary_int(struct rowbinary *r, size_t bytes); /* 1, 2, 4 or 8, little-endian */
double rowbinary_real(struct rowbinary *r);
/* A text without NUL in the arena. */
const char *rowbinary_text(struct rowbinary *r, struct arena *a);
size_t rowbinary_count(struct rowbinary *r); /* of an array */

enum clickhouse_form { CLICKHOUSE_FORM_SUM, CLICKHOUSE_FORM_GAUGE, CLICKHOUSE_FORM_RECORD };
/* Takes one row of an answer. Its columns: kind UInt8, thing, host, source String, length, ended Int64, then
 *   SUM: known UInt64, adds, lows, highs Array(Int64), bucket Array(UInt16), n Array(UInt64);
 *   GAUGE: samples Int64, sum, min, max, value Float64;   RECORD: record String.
 * A histogram with counts beyond 32 bits comes as several rows. False: look at r->more and r->bad; it went on
 * by nothing, or `row` did not want any more (then neither is set). */
bool clickhouse_row_decode(enum clickhouse_form form, struct rowbinary *r, struct arena *a,
                           bool (*row)(void *ctx, const struct history_row *row), void *ctx);

#endif
