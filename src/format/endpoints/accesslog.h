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

struct accesslog_line {
    sd_time at;         /* SD_UNKNOWN: the format has no time */
    const char *method; /* not NUL-terminated; points into the line or the format */
    size_t method_len;  /* 0: none */
    const char *target; /* as requested, escapes of the log undone; "-" for junk */
    size_t target_len;
    int status;          /* 0: unknown */
    int64_t bytes;       /* body bytes sent ("-" is 0, as Apache has it); SD_UNKNOWN */
    int64_t duration_ns; /* SD_UNKNOWN: the line tells none */
};

struct accesslog_format;

/* `text` is one of
 *   - a built-in name: common, combined, ingress-nginx, json;
 *   - nginx's notation, `$remote_addr [$time_local] "$request" $status ...`, with ${name}
 *     too, as a bare string or as it stands in nginx.conf (log_format NAME 'a' 'b';),
 *     escape=json objects included;
 *   - Apache's notation, `%h %l %u %t \"%r\" %>s %b %D`.
 * Variables that slowdive has no use for are skipped over. The duration is $request_time
 * (%D, %T), otherwise the sum of $upstream_response_time ("0.1, 0.2 : 0.3"; "-" adds
 * nothing; only "-" is unknown). NULL and a sentence when it cannot work. */
struct accesslog_format *accesslog_format_new(const char *text, struct sd_error *err);
void accesslog_format_free(struct accesslog_format *f);
const char *accesslog_format_name(const struct accesslog_format *f); /* for people */

/* One line without its line end. False: it does not fit, *reason is a static sentence. */
bool accesslog_parse(struct accesslog_format *f, const char *line, size_t len, struct accesslog_line *out,
                     const char **reason);

/* The built-in format that fits most of the first lines (at most 200) of `bytes`; NULL
 * when none fits any. *fits and *lines (may be NULL) tell how many were tried. Only whole
 * lines count, unless `all` says that the bytes end with the file.
 *
 * What follows a combined line is searched for a duration, in this order:
 *   key=value or key="value" with a known key (rt, request_time, duration, ...; then urt,
 *     upstream_response_time, ...): seconds, unless key or value name a unit (_ms, 12ms);
 *   a last field with a unit: 22ms (Traefik);
 *   the first number with a fraction: seconds, nginx's $request_time;
 *   a last integer: microseconds, Apache's %D, unless every one of the first lines has less
 *     than 100 there: then seconds, %T. */
struct accesslog_format *accesslog_detect(const char *bytes, size_t len, bool all, size_t *fits,
                                          size_t *lines);

/* The built-in formats, for trying one after the other: NULL past the last. */
struct accesslog_format *accesslog_builtin(size_t i);

#endif
