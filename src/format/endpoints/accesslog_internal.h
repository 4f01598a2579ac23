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
    FIELD_CACHE     /* what a cache did with the request */
};

/* A value and the literal text behind it; an empty literal is the end of the line. */
struct accesslog_op {
    enum accesslog_field field;
    int64_t scale;
    int rank;      /* of several values for the same thing the highest is read */
    bool quoted;   /* stands in "": ends at a quote without a backslash */
    bool list;     /* may hold ", " and " : " */
    bool to_path;  /* ends at the slash that begins the next value */
    char *pattern; /* of FIELD_STAMP */
    char *literal;
    size_t literal_len;
};

/* A time in pieces, gathered over a line. */
struct accesslog_stamp {
    int64_t year, month, day, hour, minute, second, ns, east, epoch;
    bool has_epoch;
};

/* What stands around each line. */
enum accesslog_wrap {
    WRAP_NONE,
    WRAP_DOCKER, /* {"log":"...\n","stream":"stdout","time":"..."} */
    WRAP_CRI,
    WRAP_SYSLOG,
    WRAP_NAME, /* of the container: docker compose, kubectl logs --prefix */
};

struct accesslog_format {
    char *name;
    char *prefix; /* literal text in front of the first value */
    size_t prefix_len;
    struct accesslog_op *ops;
    size_t n, cap;
    bool json;    /* one JSON object a line, read by its keys */
    bool ltsv;    /* labels and values, separated by tabs */
    bool stamped; /* has FIELD_STAMP, gathered in `stamp` */
    struct accesslog_stamp stamp;
    bool apache_us; /* has %D, which Tomcat 9 writes in milliseconds */
    enum accesslog_wrap wrap;
    struct strbuf unwrapped;

    struct spots spots; /* which number is the duration, where the format does not say */
    struct cache_column cache;

    char time_text[40]; /* the last time stamp and what it meant */
    size_t time_len;
    sd_time time_value;
    struct strbuf scratch;        /* of the target */
    struct strbuf method_scratch; /* JSON: outlives the tree */
};

/* ---- values (accesslog_value.c) ---- */
bool accesslog_time_local(const char *s, size_t n, sd_time *t);
bool accesslog_time_iso(const char *s, size_t n, sd_time *t);
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
/* The line inside, valid until the next call; false: it is not wrapped so. */
bool accesslog_unwrap(struct accesslog_format *f, const char **line, size_t *len);

/* A line of labels (accesslog_ltsv.c). */
bool accesslog_parse_ltsv(struct accesslog_format *f, const char *line, size_t len,
                          struct accesslog_line *out, const char **reason);
/* A line that is a JSON object (accesslog_json.c). */
bool accesslog_parse_json(struct accesslog_format *f, const char *line, size_t len,
                          struct accesslog_line *out, const char **reason);

#endif
