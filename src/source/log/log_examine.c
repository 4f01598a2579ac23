#include "source/log/log_examine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/log/log_files.h"

#define HEAD_BYTES ((size_t)256 << 10)

#define ADD_DURATION                                                                                         \
    "add the duration to the format: nginx: log_format timed '$remote_addr - $remote_user [$time_local] "    \
    "\"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\" rt=$request_time'; and "   \
    "access_log FILE timed; Apache: %D at the end of LogFormat"

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

/* A path as a shell reads it; what is not plain is quoted. Caller frees. */
static char *quoted(const char *path)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,@%";
    struct strbuf b = {0};
    if (!path[strspn(path, PLAIN)])
        return mem_strdup(path);
    strbuf_char(&b, '\'');
    for (const char *p = path; *p; p++)
        *p == '\'' ? strbuf_str(&b, "'\\''") : strbuf_char(&b, *p);
    strbuf_char(&b, '\'');
    return strbuf_detach(&b);
}

static void not_readable(const char *path, int why, sd_check_tell *tell, void *ctx)
{
    char *file = quoted(path), *text = mem_printf("%.300s cannot be read: %s", path, strerror(why));
    char *mend =
        why == EACCES   ? mem_printf("sudo setfacl -m u:$(id -un):r %s (and x for folders above it)", file)
        : why == ENOENT ? mem_printf("name a log that is there: ls \"$(dirname %s)\" shows what is", file)
                        : mem_printf("name a file that can be read; ls -l %s shows what this is", file);
    tell(ctx, &(struct sd_check){"readable", SD_CHECK_MISSING, text, mend});
    free(file);
    free(text);
    free(mend);
}

static void tell_lines(const char *path, const struct accesslog_intake *in, const struct counted *c,
                       sd_check_tell *tell, void *ctx)
{
    char *text;
    if (!in->lines) {
        text = mem_printf("%.300s is empty: nothing can be said of its lines", path);
        tell(ctx, &(struct sd_check){"format", SD_CHECK_LESS, text, "look again when there are requests"});
        free(text);
        return;
    }
    if (!c->requests) {
        text = mem_printf("no line of the first %lld is a request%s%s", (long long)in->lines,
                          in->misfit[0] ? ": " : "", in->misfit);
        tell(ctx,
             &(struct sd_check){"format", SD_CHECK_MISSING, text,
                                "name its format: log:FILE?format=...; slowdive sources log lists them"});
        free(text);
        return;
    }
    text = mem_printf("%.60s, %lld of the first %lld lines are requests", in->format ? in->format : "known",
                      (long long)c->requests, (long long)in->lines);
    tell(ctx, &(struct sd_check){"format", SD_CHECK_OK, text, NULL});
    free(text);
    if (c->timed)
        tell(ctx,
             &(struct sd_check){"durations", SD_CHECK_OK, "its lines tell how long requests took", NULL});
    else
        tell(ctx, &(struct sd_check){"durations", SD_CHECK_MISSING,
                                     "its lines do not tell how long requests took", ADD_DURATION});
}

static void read_head(const char *path, struct accesslog_format *format, int64_t unit, sd_time now,
                      sd_check_tell *tell, void *ctx)
{
    struct counted c = {0};
    struct accesslog_carry carry = {0};
    char *head = mem_alloc(HEAD_BYTES);
    errno = EIO;
    ssize_t n = log_files_head(path, head, HEAD_BYTES);
    struct accesslog_agg *a = accesslog_agg_new(&(struct accesslog_agg_options){
        .format = format, .max_routes = 1000, .unit = unit, .each = count, .ctx = &c});
    if (n < 0) {
        not_readable(path, errno, tell, ctx);
    } else {
        size_t len = (size_t)n;
        while (n == (ssize_t)HEAD_BYTES && len && head[len - 1] != '\n') /* the last line is cut */
            len--;
        accesslog_agg_feed(a, &carry, head, len, now);
        accesslog_agg_end(a, &carry, now);
        accesslog_agg_flush(a);
        tell_lines(path, accesslog_agg_intake(a), &c, tell, ctx);
    }
    accesslog_carry_free(&carry);
    accesslog_agg_free(a);
    free(head);
}

void log_examine(const char *target, struct accesslog_format *format, int64_t unit, sd_time now,
                 sd_check_tell *tell, void *ctx)
{
    struct log_files all = {0};
    struct stat st = {0};
    const char *path = target;
    if (strpbrk(target, "*?[") && stat(target, &st) < 0 && log_files_match(&all, target) && all.n)
        path = all.files[all.n - 1].path;
    bool there = strcmp(path, "-") != 0;
    int why = !there                                          ? 0
              : stat(path, &st) < 0 || access(path, R_OK) < 0 ? errno
              : S_ISDIR(st.st_mode)                           ? EISDIR
                                                              : 0;
    if (why) {
        not_readable(path, why, tell, ctx);
        accesslog_format_free(format);
    } else if (!there || !S_ISREG(st.st_mode)) {
        tell(ctx, &(struct sd_check){"readable", SD_CHECK_OK,
                                     "it is no file: what it holds is not taken out to look at it", NULL});
        accesslog_format_free(format);
    } else {
        tell(ctx, &(struct sd_check){"readable", SD_CHECK_OK, "the file can be read", NULL});
        read_head(path, format, unit, now, tell, ctx);
    }
    log_files_free(&all);
}
