/* accesslog.h - access-log lines of nginx, Apache and others, one at a time.
 *
 * A format is compiled once from nginx's log_format notation, from Apache's LogFormat
 * notation, from a built-in name, or found by looking at lines. It keeps caches (the
 * last time stamp, scratch memory): one format belongs to one thread.
 *
 * What counts as a parsed line: it has the form of the format, its time can be read and
 * its status is a number or "-". What stands where the request should be need not be
 * a request: "-", a TLS hello or other junk is a parsed line without a method whose
 * target is "-", because the server did serve it (with 400 or 408, mostly). */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_H
#define FORMAT_ENDPOINTS_ACCESSLOG_H

#include "base/base.h"

/* What a cache in front did with a request. */
enum accesslog_cache {
    ACCESSLOG_NO_CACHE,  /* the line does not tell */
    ACCESSLOG_NO_LOOKUP, /* "-" */
    ACCESSLOG_HIT,
    ACCESSLOG_STALE,
    ACCESSLOG_UPDATING,
    ACCESSLOG_REVALIDATED,
    ACCESSLOG_MISS,
    ACCESSLOG_EXPIRED,
    ACCESSLOG_BYPASS,
    ACCESSLOG_PASS, /* Varnish: neither a hit nor a miss */
    ACCESSLOG_CACHE_END
};

struct accesslog_line {
    sd_time at;         /* SD_UNKNOWN: the format has no time */
    const char *method; /* not NUL-terminated; points into the line or the format */
    size_t method_len;  /* 0: none */
    const char *target; /* as requested, escapes of the log undone; "-" for junk */
    size_t target_len;
    int status;          /* 0: unknown */
    int64_t bytes;       /* body bytes sent ("-" is 0, as Apache has it); SD_UNKNOWN */
    int64_t duration_ns; /* SD_UNKNOWN: the line tells none */
    enum accesslog_cache cache;
    /* Of the duration: before a server took the request, and of the servers behind; SD_UNKNOWN. */
    int64_t queue_ns, upstream_ns;
    /* Who answered, the name that was asked for, and what the request can be looked up by: 0 bytes, the line
     * does not tell. Of a list the last, as it stands in the line. */
    const char *upstream, *host, *trace, *request_id;
    size_t upstream_len, host_len, trace_len, request_id_len;
    /* Who asked; 0 bytes: the line does not tell. The client is an address, with or without its port, or as a
     * combined log has it: address, identity and user with blanks between (accesslog_asker). */
    const char *client, *user, *agent;
    size_t client_len, user_len, agent_len;
    /* A query string that the line has apart from the target, without its "?". */
    const char *query;
    size_t query_len;
};

/* Who asked, taken apart: the address without its port and the user; 0 bytes: not told. */
struct accesslog_asker {
    const char *address, *user;
    size_t address_len, user_len;
};

struct accesslog_format;

/* `text` is one of
 *   - a built-in name: common, combined, ingress-nginx, haproxy-clf, json, ltsv;
 *   - nginx's notation, `$remote_addr [$time_local] "$request" $status ...`, with ${name}
 *     too, as a bare string or as it stands in nginx.conf (log_format NAME 'a' 'b';),
 *     escape=json objects included;
 *   - Apache's notation, `%h %l %u %t \"%r\" %>s %b %D`, also as gunicorn has it, `%(h)s ... %(D)s`.
 * Variables that slowdive has no use for are skipped over. The duration is $request_time
 * (%D, %T), otherwise the sum of $upstream_response_time ("0.1, 0.2 : 0.3"; "-" adds
 * nothing; only "-" is unknown). NULL and a sentence when it cannot work. */
struct accesslog_format *accesslog_format_new(const char *text, struct sd_error *err);
/* The same in GoAccess's notation as well (a %d or %x is in it, or one of its predefined names), whose dates
 * and times are as strftime writes `date` and `time`; NULL or "": the usual ones, recognised. */
struct accesslog_format *accesslog_format_timed(const char *text, const char *date, const char *time,
                                                struct sd_error *err);
/* Of JSON: which key is what, each "time=KEY", "duration=took", "duration_unit=ms"; "a.b" is b in the object
 * a. What is not named is told by the usual names. */
bool accesslog_format_map(struct accesslog_format *f, const char *const *fields, struct sd_error *err);
void accesslog_format_free(struct accesslog_format *f);
const char *accesslog_format_name(const struct accesslog_format *f); /* for people */
/* Whose cache the statuses in its lines are of: "nginx", "varnish". */
const char *accesslog_format_cache(const struct accesslog_format *f);

struct accesslog_asker accesslog_asker(const struct accesslog_line *l);

/* One line without its line end. False: it does not fit, *reason is a static sentence; NULL: it is a line of
 * the format, but not of a request, as the header that names its fields. */
bool accesslog_parse(struct accesslog_format *f, const char *line, size_t len, struct accesslog_line *out,
                     const char **reason);

/* The built-in format that fits most of the first lines (at most 200) of `bytes`; NULL
 * when none fits any. *fits and *lines (may be NULL) tell how many were tried. Only whole
 * lines count, unless `all` says that the bytes end with the file. What containers and syslog
 * write around each line is taken off. `unit` as in accesslog_format_unit, 0: none given.
 *
 * Which number behind a combined line, under which key or label, is the duration, and in which
 * unit: rules in accesslog_spot.h. accesslog_format_said tells what was assumed. */
struct accesslog_format *accesslog_detect(const char *bytes, size_t len, bool all, int64_t unit, size_t *fits,
                                          size_t *lines);
/* The same for a format that is given: what is around its lines, and what its numbers look like. */
void accesslog_format_learn(struct accesslog_format *f, const char *bytes, size_t len, bool all);
/* No more will be learned: the file is over. */
void accesslog_format_settle(struct accesslog_format *f);
/* Durations are numbers of `ns`, whatever the format says; -1: there are none. False: the format has no place
 * for one. */
bool accesslog_format_unit(struct accesslog_format *f, int64_t ns);
/* What was assumed of the durations, or why there are none, in a sentence without its full stop; NULL:
 * nothing. */
const char *accesslog_format_said(const struct accesslog_format *f);
/* The same, "" for nothing: stays valid, and changes as more is learned. */
const char *accesslog_format_assumptions(const struct accesslog_format *f);
/* Nothing is learned from the lines read meanwhile. */
void accesslog_format_pause(struct accesslog_format *f, bool pause);
/* accesslog_parse in two steps, for several formats of one file: takes off what stands around the line
 * (false: that is no line, or only a part of one), then reads it. The time around it is that of `wrapped`. */
bool accesslog_take_off(struct accesslog_format *f, const char **line, size_t *len);
bool accesslog_parse_inner(struct accesslog_format *f, const struct accesslog_format *wrapped,
                           const char *line, size_t len, struct accesslog_line *out, const char **reason);
/* What stands around the lines, a sentence without its full stop; NULL: nothing. */
const char *accesslog_format_wrapped(const struct accesslog_format *f);
/* Which value of the line that was refused last does not fit, and what stands there; "" when it is not known.
 */
void accesslog_format_misfit(const struct accesslog_format *f, const char *line, size_t len, char *out,
                             size_t size);

/* What keeps a line from being one of a combined or common log, or a request in JSON, as the end of a
 * sentence; NULL: it does not look like any of them. Static. */
const char *accesslog_near_miss(const char *line, size_t len);

/* The built-in formats, for trying one after the other: NULL past the last. */
struct accesslog_format *accesslog_builtin(size_t i);

#endif
