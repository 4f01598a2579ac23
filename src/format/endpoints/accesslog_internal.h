/* accesslog_internal.h - between the accesslog_*.c files only. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_INTERNAL_H
#define FORMAT_ENDPOINTS_ACCESSLOG_INTERNAL_H

#include "format/endpoints/accesslog.h"
#include "format/endpoints/accesslog_cache.h"
#include "format/endpoints/accesslog_spot.h"
#include "base/num.h"

enum accesslog_field {
    FIELD_SKIP,
    FIELD_TIME_LOCAL, /* 20/Nov/2026:15:51:38 +0000 */
    FIELD_TIME_ISO,
    FIELD_EPOCH, /* a decimal number of `scale` ns since 1970 */
    FIELD_REQUEST,
    FIELD_METHOD,
    FIELD_URI,
    FIELD_STATUS,
    FIELD_BYTES,
    FIELD_STAMP,    /* a piece of a time, as strftime writes `pattern` */
    FIELD_DURATION, /* a decimal number of `scale` ns; a list is summed */
    FIELD_TAIL,     /* whatever may follow a combined line */
    FIELD_CACHE,    /* what a cache did with the request */
    FIELD_TOOK,     /* a duration with its unit behind it: 254 msecs */
    /* Parts of the duration, which is their sum; one that is -1 makes it unknown. */
    FIELD_PART,
    FIELD_PART_QUEUE,
    FIELD_PART_UPSTREAM,
    FIELD_UPSTREAM_TIME,
    FIELD_QUEUE,
    FIELD_UPSTREAM, /* who answered; of a list the last */
    FIELD_HOST,
    FIELD_REQUEST_ID,
    FIELD_TRACE,
    FIELD_CLIENT,
    FIELD_USER,
    FIELD_AGENT,
    FIELD_COUNT
};

/* What a value ends at; chosen when all of the format is known (accesslog_format.c). */
enum accesslog_until {
    UNTIL_END,       /* of the line */
    UNTIL_LITERAL,   /* where its literal stands first */
    UNTIL_QUOTE,     /* the same, of one in "": at a quote without a backslash */
    UNTIL_LIST_ENDS, /* of lists, and requests without quotes, which have blanks */
    UNTIL_SLASH,     /* that begins the next value */
};

/* A value and the literal text behind it; an empty literal is the end of the line. */
struct accesslog_op {
    char name[28]; /* as the format has it */
    enum accesslog_field field;
    int64_t scale;
    int rank; /* of several values for the same thing the highest is read */
    enum accesslog_until until;
    bool plain;      /* of a line that is whole, without blanks before it, and no piece of a time */
    bool quoted;     /* stands in "" */
    bool list;       /* may hold ", " and " : " */
    bool to_path;    /* ends at the slash that begins the next value */
    bool number_end; /* the last of a line: what follows its digits is left alone */
    bool padded;     /* blanks may stand before it */
    bool here;       /* of FIELD_STAMP: without a zone it is this machine's local time */
    char *pattern;   /* of FIELD_STAMP */
    char *literal;
    size_t literal_len;
    size_t seek; /* the byte of the literal that a search looks for: no blank, if there is such a one */
    uint64_t word, mask; /* a literal of at most eight bytes, and where it has any, as they lie in memory */
};

/* A time in pieces, gathered over a line. */
struct accesslog_stamp {
    int64_t year, month, day, hour, minute, second, ns, east, epoch;
    bool has_epoch, zoned;
    bool here; /* without a zone it is this machine's local time, otherwise UTC */
};

/* What stands around each line. */
enum accesslog_wrap {
    WRAP_NONE,
    WRAP_DOCKER, /* {"log":"...\n","stream":"stdout","time":"..."} */
    WRAP_JOURNAL_JSON,
    WRAP_JOURNAL, /* journalctl -o export */
    WRAP_CRI,
    WRAP_SYSLOG,
    WRAP_STAMP, /* only a time: kubectl logs --timestamps, docker logs -t */
    WRAP_NAME,  /* of the container: docker compose, kubectl logs --prefix */
};

/* What was met while taking it off. {0}: nothing stands around the lines. */
struct wrapper {
    enum accesslog_wrap wrap[2]; /* the outer one first */
    struct strbuf line;          /* taken out, when it does not stand in the text as it is */
    struct strbuf part[2];       /* of a line that came in parts: of the output, of the errors */
    struct strbuf moment;        /* of the journal's entry */
    bool message_comes;
    const char *time; /* of the line taken out last; NULL: none */
    size_t time_len;
};

typedef bool accesslog_reader(struct accesslog_format *f, const char *line, size_t len,
                              struct accesslog_line *out, const char **reason);

/* What a column of a log with a header is. */
enum { W3C_COLUMNS = 64 };

struct accesslog_format {
    char *name;
    const char *sigil; /* before the names of its values: "$" or "%" */
    char *prefix;      /* literal text in front of the first value */
    size_t prefix_len;
    struct accesslog_op *ops;
    size_t n, cap;
    accesslog_reader *read; /* of a form that is no list of values and literals; NULL */
    bool lenient;           /* text behind the last value is left alone */
    bool cut_short;         /* GoAccess's notation: values at the end may be missing */
    bool stamped;           /* has FIELD_STAMP, gathered in `stamp` */
    struct accesslog_stamp stamp;
    bool apache_us; /* has %D, which Tomcat 9 writes in milliseconds */
    struct wrapper w;
    uint8_t columns[W3C_COLUMNS]; /* enum of accesslog_w3c.c */
    size_t n_columns;
    bool other_fits;                /* the last line was the other's: it is tried first */
    bool cloudfront, assumed;       /* the columns before a header: CloudFront's; they were taken */
    struct accesslog_format *other; /* read where a line does not fit this one; NULL: none */
    struct json_scan *scan;         /* of JSON; NULL: none was read */
    struct strbuf mended;           /* an object that was none */
    int64_t map_duration;           /* unit of the duration under the key that the user names; 0: not given */
    char map_key[SPOT_KEY + 1];
    const struct accesslog_op *misfit; /* the value of the last line that did not fit; NULL: none */
    size_t misfit_at;                  /* where in the line it should stand */
    int64_t taken_unit;                /* of time-taken, as the header tells */

    struct spots spots; /* which number is the duration, where the format does not say */
    struct cache_column cache;

    char time_text[40]; /* the last time stamp and what it meant */
    size_t time_len;
    sd_time time_value;
    struct strbuf scratch; /* of the target */
};

/* ---- values (accesslog_value.c) ---- */
bool accesslog_time_local(const char *s, size_t n, sd_time *t);
bool accesslog_time_iso(const char *s, size_t n, sd_time *t);
/* The same, a time without a zone is this machine's local one. */
bool accesslog_time_here(struct accesslog_format *f, const char *s, size_t n, sd_time *t);
/* Any of the forms of a time: [..] around it, ISO 8601, of a combined log, seconds since 1970. */
bool accesslog_time_any(const char *s, size_t n, sd_time *t);
/* "10.0.0.1:80, 10.0.0.2:80": the last one. */
void accesslog_last(const char **s, size_t *n);
/* Seconds since 1970 within 1970..2262 and a fraction in ns. */
bool accesslog_time_make(int64_t seconds, int64_t ns, sd_time *t);
/* A plain decimal number times `scale`, saturating at INT64_MAX; false when it is not one. */
bool accesslog_decimal(const char *s, size_t n, int64_t scale, int64_t *v);
/* "0.1, 0.2 : 0.3": the sum; SD_UNKNOWN when no number is in it. */
int64_t accesslog_sum(const char *s, size_t n, int64_t scale);
/* Splits "GET /x HTTP/1.1"; junk gives no method and "-". */
void accesslog_request(const char *s, size_t n, struct accesslog_line *out);
/* Method token or not. */
bool accesslog_method(const char *s, size_t n);
/* Undoes \" \\ \xHH \uHHHH ... of the log into `b`. */
void accesslog_unescape(const char *s, size_t n, struct strbuf *b);

/* What follows a combined line (accesslog_tail.c): the duration, and the status of the cache. */
void accesslog_tail(struct accesslog_format *f, const char *s, const char *end, struct accesslog_line *out);
/* The text of a number that may be a duration; fills value, decimals, and unit when it stands there. */
bool accesslog_number(const char *s, size_t n, struct spot_number *v);
/* The same in ns, by its own unit or `scale`; a list is summed. SD_UNKNOWN. */
int64_t accesslog_number_ns(const char *s, size_t n, int64_t scale);
/* ---- times as strftime writes them (accesslog_stamp.c) ---- */
bool accesslog_stamp_known(const char *pattern); /* can it be read? */
bool accesslog_stamp_read(const char *pattern, const char **s, const char *end, struct accesslog_stamp *t);
bool accesslog_stamp_time(const struct accesslog_stamp *t, sd_time *at);

/* ---- what is around a line (accesslog_wrap.c) ---- */
enum accesslog_wrap accesslog_wrap_of(const char *line, size_t len);
const char *accesslog_wrap_said(enum accesslog_wrap w); /* NULL: nothing to say */
/* The line inside, valid until the next call; a line without it stays as it is. False: it is no line, or its
 * rest is still to come. */
bool accesslog_unwrap(struct wrapper *w, const char **line, size_t *len);
/* The lines are read from their beginning again: a part of one is not its beginning. */
void accesslog_wrapper_reset(struct wrapper *w);
void accesslog_wrapper_free(struct wrapper *w);

/* A line of labels (accesslog_ltsv.c), a JSON object (accesslog_json.c), HAProxy's (accesslog_haproxy.c),
 * key=value (accesslog_logfmt.c), one whose fields a header names (accesslog_w3c.c). */
accesslog_reader accesslog_parse_ltsv, accesslog_parse_json, accesslog_parse_haproxy, accesslog_parse_logfmt,
    accesslog_parse_w3c;

#endif
