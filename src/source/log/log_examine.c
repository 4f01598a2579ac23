#include "source/log/log_examine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "source/log/log_files.h"

#define HEAD_BYTES ((size_t)256 << 10)

/* How a server writes the duration, by the name of the format that was found (its beginning); the last is for
 * all others. */
static const struct {
    const char *format, *mend;
} ADD_DURATION[] = {
    {"ingress-nginx", "add $request_time to log-format-upstream of the controller's ConfigMap, or remove "
                      "log-format-upstream: the default has it"},
    {"json", "add the duration to the object, such as nginx: log_format timed escape=json "
             "'{\"time\":\"$time_iso8601\",\"method\":\"$request_method\",\"uri\":\"$request_uri\","
             "\"status\":$status,\"request_time\":$request_time}'; or name its key: "
             "slowdive sources log, option fields"},
    {"ltsv", "add reqtime:$request_time (nginx) or reqtime_microsec:%D (Apache) to the format"},
    {"logfmt", "add duration=... to what the program writes of a request"},
    {"w3c", "IIS: tick \"Time Taken\" (time-taken) in Logging, Select Fields; CloudFront: log the field "
            "time-taken"},
    {"haproxy", "option httplog in the frontend, whose lines have the times"},
    {"envoy", "add %DURATION% to the format of the access log"},
    {"istio", "add %DURATION% to accessLogFormat of the mesh"},
    {"uwsgi", "add \"in %(msecs) msecs\" to log-format of uWSGI"},
    {"django", "the development server writes none: log behind a server such as gunicorn with "
               "--access-logformat '%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s %(D)s'"},
    {"", "nginx: log_format timed '$remote_addr - $remote_user [$time_local] \"$request\" $status "
         "$body_bytes_sent \"$http_referer\" \"$http_user_agent\" rt=$request_time'; and access_log FILE "
         "timed; Apache: %D at the end of LogFormat; gunicorn: %(D)s at the end of --access-logformat"},
};

static const char *add_duration(const char *format)
{
    size_t i = 0;
    while (!str_starts(format ? format : "", ADD_DURATION[i].format))
        i++;
    return ADD_DURATION[i].mend;
}

struct counted {
    int64_t requests, timed;
};

static void count(void *ctx, uint32_t endpoint, sd_time at, const struct accesslog_line *l)
{
    struct counted *c = ctx;
    (void)endpoint, (void)at;
    c->requests++;
    c->timed += sd_known(l->duration_ns);
}

static void tell_lines(const struct examine *e, const char *path, const struct accesslog_intake *in,
                       const struct counted *c)
{
    if (!in->lines) {
        examine_tell(e, "format", SD_CHECK_LESS, "look again when there are requests",
                     "%.300s is empty: nothing can be said of its lines", path);
        return;
    }
    if (!c->requests) {
        examine_tell(e, "format", SD_CHECK_MISSING,
                     "name its format: log:FILE?format=...; slowdive sources log lists them",
                     "no line of the first %lld is a request%s%.200s", (long long)in->lines,
                     in->misfit[0] ? ": " : "", in->misfit);
        return;
    }
    examine_tell(e, "format", SD_CHECK_OK, NULL, "%.60s, %lld of the first %lld lines are requests",
                 in->format ? in->format : "known", (long long)c->requests, (long long)in->lines);
    if (c->timed)
        examine_tell(e, "durations", SD_CHECK_OK, NULL, "its lines tell how long requests took");
    else
        examine_tell(e, "durations", SD_CHECK_MISSING, add_duration(in->format),
                     "its lines do not tell how long requests took");
}

static void read_head(const struct examine *e, const char *path, struct accesslog_format *format,
                      int64_t unit, sd_time now)
{
    struct counted c = {0};
    struct accesslog_carry carry = {0};
    char *head = mem_alloc(HEAD_BYTES);
    errno = EIO;
    ssize_t n = log_files_head(path, head, HEAD_BYTES);
    struct accesslog_agg *a = accesslog_agg_new(&(struct accesslog_agg_options){
        .format = format, .max_routes = 1000, .unit = unit, .each = count, .ctx = &c});
    if (n < 0) {
        examine_tell(e, "format", SD_CHECK_MISSING, "name a log that is whole, packed or not",
                     "%.300s cannot be read: %s", path, strerror(errno));
    } else {
        size_t len = (size_t)n;
        while (n == (ssize_t)HEAD_BYTES && len && head[len - 1] != '\n') /* the last line is cut */
            len--;
        accesslog_agg_feed(a, &carry, head, len, now);
        accesslog_agg_end(a, &carry, now);
        accesslog_agg_flush(a);
        tell_lines(e, path, accesslog_agg_intake(a), &c);
    }
    accesslog_carry_free(&carry);
    accesslog_agg_free(a);
    free(head);
}

void log_examine(const struct examine *e, const char *target, struct accesslog_format *format, int64_t unit,
                 sd_time now)
{
    struct log_files all = {0};
    struct stat st;
    const char *path = target;
    if (strpbrk(target, "*?[") && stat(target, &st) < 0 && log_files_match(&all, target) && all.n)
        path = all.files[all.n - 1].path;
    enum examine_path is = examine_path(e, path, false);
    if (is == EXAMINE_FILE || is == EXAMINE_EMPTY)
        read_head(e, path, format, unit, now);
    else
        accesslog_format_free(format);
    log_files_free(&all);
}

void log_examine_entries(struct sd_source *s, const struct sd_source_ops *ops, const char *name,
                         const char *mend, const struct examine *e)
{
    enum examine_path is = examine_path(e, s->target, false);
    struct sd_error err = {""};
    if (is == EXAMINE_EMPTY)
        examine_tell(e, name, SD_CHECK_LESS, mend, "it is empty: nothing can be said of its entries");
    if (is != EXAMINE_FILE)
        return;
    char *head = mem_alloc(HEAD_BYTES);
    ssize_t n = log_files_head(s->target, head, HEAD_BYTES);
    struct sd_batch *b = s->host->batch(s, s->host->now(s));
    if (n >= 0 && ops->decode(s->host, head, (size_t)n, b, &err) == SD_OK)
        examine_tell(e, name, SD_CHECK_OK, NULL, "its beginning has what is read of such a log");
    else
        examine_tell(e, name, SD_CHECK_LESS, mend,
                     "its beginning, %lld bytes, has nothing that is read%s%.200s", (long long)MAX(n, 0),
                     *err.text ? ": " : "", err.text);
    s->host->discard(b);
    free(head);
}
