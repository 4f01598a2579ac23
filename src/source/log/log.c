/* log.c - the access-log source: a file, a growing file, a .gz, a pipe. I/O only; lines
 * are read in format/accesslog*. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "format/endpoints/accesslog_agg.h"
#include "source/log/log_cache.h"
#include "source/log/log_decode.h"
#include "source/log/log_examine.h"
#include "source/log/log_parts.h"
#include "source/log/log_intake.h"
#include "source/log/log_refuse.h"
#include "source/log/log_state.h"
#include "source/log/log_trail.h"
#include "source/log/log_unpack.h"
#include "source/log/tail.h"

#define TICK         (250 * SD_MS)
#define ROOM_TICK    (5 * SD_MS)   /* between two looks whether the console has room */
#define REST         (100 * SD_MS) /* where poll says that there is something, and there is not */
#define FLUSH_EVERY  (500 * SD_MS)
#define INTAKE_EVERY SD_S
#define ROUTES_EVERY (5 * SD_S)
#define PLACE_EVERY  SD_S /* so often it is told how far a log was read */
/* So much of a file that is read to its end may pass without one line that fits. */
#define GIVE_UP_BYTES ((int64_t)4 << 20)
#define GIVE_UP_LINES 2000
/* A clock is so far off before it is said. */
#define SKEW_NS (60 * SD_S)

#define AT(member) offsetof(struct log_options, member)
static const struct sd_option OPTIONS[] = {
    {.name = "format",
     .type = SD_OPTION_TEXT,
     .offset = AT(format),
     .fallback = "",
     .help =
         "the log's format: common, combined, ingress-nginx, haproxy, haproxy-clf, json, ltsv, logfmt, w3c, "
         "alb, elb, s3, envoy, istio, squid, uwsgi, django, a name of GoAccess (COMBINED, AWSALB, ...), or a "
         "string in nginx's, Apache's, gunicorn's or GoAccess's notation; empty: detected from the first "
         "lines"},
    {.name = "date_format",
     .type = SD_OPTION_TEXT,
     .offset = AT(date_format),
     .fallback = "",
     .help = "of %d in GoAccess's notation, as strftime has it; empty: %d/%b/%Y or %Y-%m-%d"},
    {.name = "time_format",
     .type = SD_OPTION_TEXT,
     .offset = AT(time_format),
     .fallback = "",
     .help = "of %t in GoAccess's notation, as strftime has it; empty: %H:%M:%S"},
    {.name = "fields",
     .type = SD_OPTION_LIST,
     .offset = AT(fields),
     .fallback = "",
     .help =
         "of a JSON log, which key is what: time=KEY, and so method, path, request, status, duration, "
         "duration_unit (s, ms, us, ns), bytes, upstream, upstream_time, host, trace_id, request_id, cache; "
         "a.b is b in the object a"},
    {.name = "state",
     .type = SD_OPTION_TEXT,
     .offset = AT(state),
     .fallback = "",
     .help = "a file that keeps how far the log was read, so that the next run goes on there"},
    {.name = "places",
     .type = SD_OPTION_LIST,
     .offset = AT(places),
     .fallback = "",
     .help =
         "how far earlier runs have read files, a line PLACE FILE each; a recorder of a history gives them"},
    {.name = "unit",
     .type = SD_OPTION_TEXT,
     .offset = AT(unit),
     .fallback = "",
     .help = "the unit of the durations: s, ms, us or ns; none: the log has no durations; empty: what the "
             "format says, or what is plausible, which is then said"},
    {.name = "routes",
     .type = SD_OPTION_LIST,
     .offset = AT(routes),
     .fallback = "",
     .help = "route patterns such as /users/:name or /files/*; the first match is used"},
    {.name = "max_routes",
     .type = SD_OPTION_INT,
     .offset = AT(max_routes),
     .fallback = "1000",
     .min = 1,
     .max = 60000,
     .help = "maximum number of endpoints; further ones are counted as (other)"},
    {.name = "backlog",
     .type = SD_OPTION_BYTES,
     .offset = AT(backlog),
     .fallback = "16MiB",
     .min = 0,
     .max = 1e15,
     .help = "how much of an existing file is read before following it"},
    {.name = NULL},
};

/* ---- handing out ---- */

/* What is read of a file need not be lost when the console lags, as it does while it begins: the rest waits
 * in the file. */
void log_wait_for_room(struct sd_source *s, const struct log *l, struct sd_batch *b)
{
    const struct sd_host *h = s->host;
    while (l->n_tails && h->fits && !h->fits(s, b) && h->wait(s, -1, 0, h->now(s) + ROOM_TICK) >= 0)
        ;
}

static void hand_out(struct sd_source *s, struct sd_batch *b)
{
    const struct sd_host *h = s->host;
    struct log *l = s->priv;
    if (l->n_tails && h->place)
        h->place(b, NULL, NULL); /* until tell_places */
    l->untold = true;
    log_wait_for_room(s, l, b);
    h->publish(s, b);
}

static void emit(void *ctx, sd_time at, const struct sd_http *records, size_t n)
{
    struct sd_source *s = ctx;
    struct sd_batch *b = s->host->batch(s, at);
    for (size_t i = 0; i < n; i++) {
        if (!s->host->add(b, SD_HTTP, &records[i])) { /* full: the rest of the second goes separately */
            hand_out(s, b);
            b = s->host->batch(s, at);
            s->host->add(b, SD_HTTP, &records[i]);
        }
    }
    hand_out(s, b);
}

static void emit_cache(void *ctx, sd_time at, struct sd_cache *record)
{
    struct sd_source *s = ctx;
    struct log *l = s->priv;
    struct log_cache room;
    struct sd_batch *b = s->host->batch(s, at);
    log_cache_name(&room, l->agg, s->target, record);
    s->host->add(b, SD_CACHE, record);
    hand_out(s, b);
    l->cached = true;
}

/* What there is of ten seconds goes into one batch: there may be many endpoints. */
static void add_part(struct sd_source *s, sd_time at, enum sd_kind kind, const void *record)
{
    struct log *l = s->priv;
    if (!l->parts)
        l->parts = s->host->batch(s, at);
    if (s->host->add(l->parts, kind, record))
        return;
    hand_out(s, l->parts); /* full */
    l->parts = s->host->batch(s, at);
    s->host->add(l->parts, kind, record);
}

static void emit_parts(void *ctx, sd_time at, const struct sd_http_part *records, size_t n)
{
    struct sd_source *s = ctx;
    struct log *l = s->priv;
    for (size_t i = 0; i < n; i++)
        add_part(s, at, SD_HTTP_PART, &records[i]);
    if (!n && l->parts) {
        hand_out(s, l->parts);
        l->parts = NULL;
    }
}

static void emit_exemplars(void *ctx, sd_time at, const struct sd_exemplar *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_part(ctx, at, SD_EXEMPLAR, &records[i]);
}

static bool parts_are_unread(struct sd_source *s)
{
    const sd_kinds parts = SD_KIND_BIT(SD_HTTP_PART) | SD_KIND_BIT(SD_EXEMPLAR);
    return s->host->unread && (s->host->unread(s) & parts) == parts;
}

static bool totals_are_enough(struct sd_source *s)
{
    return s->host->totals && (s->host->totals(s) & SD_KIND_BIT(SD_HTTP));
}

/* In whole minutes. A line that comes now was written now, if the log grows; what was there before may be
 * old, but not of the future. */
static void compare_clocks(struct log *l, sd_time now, bool fresh)
{
    sd_time newest = accesslog_agg_intake(l->agg)->newest;
    if (!sd_known(newest))
        return;
    int64_t skew = newest - now;
    if (skew > SKEW_NS || (fresh && skew < -SKEW_NS))
        l->skew_ns = (skew + (skew > 0 ? 30 : -30) * SD_S) / (60 * SD_S) * (60 * SD_S);
    else if (fresh)
        l->skew_ns = 0;
}

/* Stamped with the log's own time: a window over an old log is the log's, not today's, and what could not be
 * read belongs to it. */
static void tell_intake(struct sd_source *s, struct log *l, bool last)
{
    const struct accesslog_intake *in = accesslog_agg_intake(l->agg);
    sd_time now = s->host->now(s);
    log_tell_format(s, in, ((const struct log_options *)s->opts)->format, &l->said_format);
    if (!last && (in->lines == l->lines_told || now - l->intake_at < INTAKE_EVERY))
        return;
    l->intake_at = now;
    l->lines_told = in->lines;
    sd_time at = sd_known(in->last) ? in->last : now;
    struct intake_lists lists;
    compare_clocks(l, now, false);
    struct sd_intake record = log_intake_record(in, l->skew_ns, &lists);
    struct sd_batch *b = s->host->batch(s, at);
    s->host->add(b, SD_INTAKE, &record);
    if (l->cached && (last || now - l->routes_at >= ROUTES_EVERY || now < l->routes_at)) {
        log_cache_routes(s->host, b, l->agg, s->target);
        l->routes_at = now;
    }
    hand_out(s, b);
}

/* ---- opening ---- */

static enum sd_result add_tail(struct sd_source *s, struct log *l, const char *path, struct sd_error *err)
{
    const struct log_options *o = s->opts;
    int64_t offset = -1;
    l->tails = mem_realloc(l->tails, (l->n_tails + 1) * sizeof *l->tails);
    struct tail *t = &l->tails[l->n_tails];
    enum sd_result r = tail_open(t, path, o->backlog, err) ? SD_OK : SD_RETRY;
    if (r == SD_OK)
        r = log_resume(s, l, path, t->now.fd, &offset, err);
    if (r != SD_OK) {
        tail_close(t);
        return r;
    }
    l->n_tails++;
    if (offset >= 0) {
        t->now.offset = offset;
        t->now.carry.skipping = false;
    } else if (t->now.offset) { /* a header may stand at its beginning */
        ssize_t n = log_files_head_fd(t->now.fd, l->buffer, READ_SIZE / 4);
        accesslog_agg_prime(l->agg, l->buffer, n > 0 ? (size_t)n : 0, false);
    }
    return SD_OK;
}

/* The files that a pattern names: packed ones are read, the others followed. */
static enum sd_result open_many(struct sd_source *s, struct log *l, struct sd_error *err)
{
    struct log_files all = {0};
    enum sd_result r = SD_OK;
    if (!log_files_match(&all, s->target))
        return sd_fail(err, s->follow ? SD_RETRY : SD_CONFIG, "no file matches %.300s", s->target);
    l->many = true;
    for (size_t i = 0; i < all.n && r == SD_OK; i++) {
        const char *path = all.files[i].path;
        /* What a log was renamed to does not grow, and its name will be that of the next. */
        if (s->follow && !log_is_packed(path) && !log_files_is_rotated(&all, path)) {
            r = add_tail(s, l, log_files_keep(&l->files, path), err);
        } else {
            log_files_add(&l->files, mem_strdup(path), 0);
        }
    }
    log_files_free(&all);
    return r;
}

static enum sd_result open_stream(struct sd_source *s, struct log *l, const struct stat *st,
                                  struct sd_error *err)
{
    const struct log_options *o = s->opts;
    const char *path = s->target;
    int64_t offset = -1;
    if (*o->state && (!S_ISREG(st->st_mode) || log_is_packed(path)))
        return sd_fail(err, SD_CONFIG, "--state keeps a place in a plain file, and %.200s is none", path);
    l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (l->fd < 0)
        return sd_fail(err, s->follow ? SD_RETRY : SD_CONFIG, "cannot open %.300s: %s", path,
                       strerror(errno));
    l->own_fd = true;
    enum sd_result r = S_ISREG(st->st_mode) ? log_resume(s, l, path, l->fd, &offset, err) : SD_OK;
    if (r != SD_OK)
        return r;
    if (offset > 0)
        lseek(l->fd, offset, SEEK_SET);
    l->pollable = !S_ISREG(st->st_mode);
    return SD_OK;
}

static enum sd_result open_input(struct sd_source *s, struct log *l, struct sd_error *err)
{
    const struct log_options *o = s->opts;
    const char *path = s->target;
    enum sd_result bad = s->follow ? SD_RETRY : SD_CONFIG;
    struct stat st;
    if (!*path)
        return sd_fail(err, SD_CONFIG,
                       "log: needs a file, as in log:/var/log/nginx/access.log, or log:- for standard input");
    if (!strcmp(path, "-") && *o->state)
        return sd_fail(err, SD_CONFIG, "--state keeps a place in a file, and standard input is none");
    if (!strcmp(path, "-")) {
        l->fd = STDIN_FILENO;
        l->pollable = fstat(l->fd, &st) == 0 && !S_ISREG(st.st_mode);
        return SD_OK;
    }
    if (stat(path, &st) < 0) {
        int why = errno;
        if (strpbrk(path, "*?["))
            return open_many(s, l, err);
        return sd_fail(err, bad, "cannot open %.300s: %s", path, strerror(why));
    }
    if (S_ISDIR(st.st_mode))
        return sd_fail(err, SD_CONFIG, "%.300s is a folder; name a file in it", path);
    if (S_ISREG(st.st_mode) && s->follow && !log_is_packed(path))
        return add_tail(s, l, path, err);
    return open_stream(s, l, &st, err);
}

/* As accesslog_format_unit has it; 0: not given. */
static bool unit_given(const struct log_options *o, int64_t *unit, struct sd_error *err)
{
    static const struct {
        const char *name;
        int64_t ns;
    } UNITS[] = {{.name = "", .ns = 0},       {.name = "s", .ns = SD_S}, {.name = "ms", .ns = SD_MS},
                 {.name = "us", .ns = SD_US}, {.name = "ns", .ns = 1},   {.name = "none", .ns = -1}};
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (str_eq(o->unit ? o->unit : "", UNITS[i].name)) {
            *unit = UNITS[i].ns;
            return true;
        }
    return fail(err, "The unit \"%.20s\" is none of s, ms, us, ns and none.", o->unit);
}

/* *format stays NULL: it is to be detected. */
static bool format_given(const struct log_options *o, struct accesslog_format **format, struct sd_error *err)
{
    bool fields = o->fields && o->fields[0];
    const char *text = o->format && *o->format && strcmp(o->format, "auto") != 0 ? o->format
                       : fields                                                  ? "json"
                                                                                 : NULL;
    if (!text)
        return true;
    *format = accesslog_format_timed(text, o->date_format, o->time_format, err);
    if (*format && fields && !accesslog_format_map(*format, o->fields, err)) {
        accesslog_format_free(*format);
        return false;
    }
    return *format != NULL;
}

static enum sd_result log_open_source(struct sd_source *s, struct sd_error *err)
{
    const struct log_options *o = s->opts;
    struct log *l = s->priv;
    *l = (struct log){.fd = -1};
    struct accesslog_format *format = NULL;
    int64_t unit = 0;
    if (!unit_given(o, &unit, err))
        return SD_CONFIG;
    if (!format_given(o, &format, err))
        return SD_CONFIG;
    l->rules = o->routes && o->routes[0] ? route_rules_new(o->routes, err) : NULL;
    if (o->routes && o->routes[0] && !l->rules) {
        accesslog_format_free(format);
        return SD_CONFIG;
    }
    l->agg = accesslog_agg_new(&(struct accesslog_agg_options){.format = format,
                                                               .rules = l->rules,
                                                               .max_routes = (size_t)o->max_routes,
                                                               .unit = unit,
                                                               .emit = emit,
                                                               .emit_cache = emit_cache,
                                                               .emit_parts = emit_parts,
                                                               .parts_unread = parts_are_unread(s),
                                                               .totals = totals_are_enough(s),
                                                               .emit_exemplars = emit_exemplars,
                                                               .ctx = s});
    l->buffer = mem_alloc(READ_SIZE);
    l->flushed_at = l->intake_at = s->host->now(s);
    return open_input(s, l, err);
}

static void log_close_source(struct sd_source *s)
{
    struct log *l = s->priv;
    if (l->agg) { /* zeroed when open was never entered */
        for (size_t i = 0; i < l->n_tails; i++)
            tail_close(&l->tails[i]);
        if (l->own_fd)
            close(l->fd);
    }
    free(l->tails);
    log_files_free(&l->files);
    log_unpack_free(l->unpack);
    accesslog_agg_free(l->agg);
    accesslog_carry_free(&l->carry);
    route_rules_free(l->rules);
    free(l->buffer);
    free(l->said_format);
    *l = (struct log){.fd = -1};
}

/* ---- reading ---- */

static void flush_when_due(struct sd_source *s, struct log *l)
{
    sd_time now = s->host->now(s);
    if (accesslog_agg_pending(l->agg) && (now - l->flushed_at >= FLUSH_EVERY || now < l->flushed_at)) {
        if (*((const struct log_options *)s->opts)->state)
            accesslog_agg_flush(l->agg);
        else
            accesslog_agg_tick(l->agg);
        l->flushed_at = now;
        log_save_state(s, l);
    }
    tell_intake(s, l, false);
}

static void place_when_due(struct sd_source *s, struct log *l, bool at_once)
{
    sd_time now = s->host->now(s);
    if (!s->host->place || !l->untold || (!at_once && now - l->told_at < PLACE_EVERY && now >= l->told_at))
        return;
    accesslog_agg_flush(l->agg);
    log_tell_places(s, l);
}

static bool read_file(struct sd_source *s, struct log *l, struct log_file *one, struct sd_error *err);

/* The log was rotated twice since it was looked at, and what is between is packed already. */
static void read_packed(struct sd_source *s, struct log *l, struct tail *t)
{
    struct sd_error err;
    struct log_file one = {.path = t->packed.path, .of = (char *)(uintptr_t)t->path, .fd = t->packed.fd};
    if (!read_file(s, l, &one, &err))
        s->host->log(s, "%s", err.text);
    log_files_close(&one);
    free(t->packed.path);
    t->packed = (struct log_sibling){.fd = -1};
    tell_intake(s, l, false);
}

/* What a followed file has new; false: nothing. *full: there is more. */
static bool read_tail(struct sd_source *s, struct log *l, struct tail *t, bool *full)
{
    struct accesslog_carry *whose, *ended;
    sd_time now = s->host->now(s);
    size_t n = tail_read(t, l->buffer, READ_SIZE, now, &whose, &ended);
    if (n)
        accesslog_agg_feed(l->agg, whose, l->buffer, n, now);
    if (n && n < READ_SIZE && l->caught_up)
        compare_clocks(l, now, true);
    l->caught_up |= n < READ_SIZE;
    if (ended)
        accesslog_agg_end(l->agg, ended, now);
    if (t->packed.fd >= 0)
        read_packed(s, l, t);
    const char *why = t->missing ? t->why : NULL;
    if (l->n_tails == 1 && !str_eq(why, l->said_missing)) {
        l->said_missing = why;
        if (why) { /* first what is pending: data makes a source live again */
            tell_intake(s, l, true);
            place_when_due(s, l, true);
        }
        if (why)
            s->host->note(s, SD_STATE_STALE, "%s %s; waiting for a new file", s->target, why);
        else
            s->host->note(s, SD_STATE_LIVE, "%s exists again", s->target);
    }
    *full |= n == READ_SIZE || ended;
    return n || ended;
}

static enum sd_result follow(struct sd_source *s, struct log *l)
{
    bool keeps = *((const struct log_options *)s->opts)->state;
    while (!s->host->should_stop(s)) {
        bool any = false, full = false;
        for (size_t i = 0; i < l->n_tails; i++)
            any |= read_tail(s, l, &l->tails[i], &full);
        if (any) {
            l->untold = true;
            if (keeps) { /* what was read is handed out at once, and the place kept right behind it */
                accesslog_agg_flush(l->agg);
                log_save_state(s, l);
            }
            tell_intake(s, l, false);
            if (full) {
                place_when_due(s, l, true);
                continue;
            }
        }
        flush_when_due(s, l);
        place_when_due(s, l, false);
        if (s->host->wait(s, -1, 0, s->host->now(s) + TICK) < 0)
            break;
    }
    if (s->host->should_stop(s)) {
        accesslog_agg_flush(l->agg);
        log_save_state(s, l);
        tell_intake(s, l, true);
        log_tell_places(s, l);
    }
    return SD_OK;
}

struct feeding {
    struct sd_source *s;
    struct log *l;
    int64_t skip;            /* bytes that were counted before */
    const char *of;          /* the log whose place moves on; NULL: none does */
    struct log_trail *trail; /* with `of` */
    int64_t told;            /* up to here */
};

static void feed(void *ctx, const char *bytes, size_t n)
{
    struct feeding *f = ctx;
    size_t skip = (size_t)MIN(f->skip, (int64_t)n);
    f->skip -= (int64_t)skip;
    accesslog_agg_feed(f->l->agg, &f->l->carry, bytes + skip, n - skip, f->s->host->now(f->s));
    if (!f->of)
        return;
    log_trail_add(f->trail, bytes, n);
    if (!f->skip && f->trail->at - f->told >= (int64_t)READ_SIZE) {
        f->told = f->trail->at;
        log_tell_place_before(f->s, f->l, f->of, f->trail);
    }
}

static bool is_over(void *ctx)
{
    const struct feeding *f = ctx;
    return f->s->host->should_stop(f->s);
}

/* Unpacks `n` bytes of l->buffer. */
static bool feed_packed(struct sd_source *s, struct log *l, size_t n, struct sd_error *err)
{
    const char *wrong = "";
    struct feeding f = {.s = s, .l = l};
    if (log_unpack_feed(l->unpack, l->buffer, n, feed, &f, is_over, &wrong))
        return true;
    return fail(err, "%.300s is not a complete %s file: %s", s->target,
                str_ends(s->target, ".zst") ? "zstd" : "gzip", wrong);
}

static bool read_file(struct sd_source *s, struct log *l, struct log_file *one, struct sd_error *err)
{
    const char *wrong = "";
    struct feeding f = {.s = s, .l = l, .skip = one->offset, .of = one->of};
    int fd = log_files_open(one, &wrong);
    if (fd < 0)
        return fail(err, "cannot read %.300s: %s", one->path, wrong);
    f.trail = mem_alloc(sizeof *f.trail);
    if (f.skip) {
        ssize_t n = log_files_head_fd(fd, l->buffer, READ_SIZE);
        accesslog_agg_prime(l->agg, l->buffer, n > 0 ? (size_t)MIN((int64_t)n, f.skip) : 0, false);
    }
    bool read = log_unpack_fd(fd, feed, &f, &wrong);
    log_files_close(one);
    if (read && l->carry.text.len)
        accesslog_agg_feed(l->agg, &l->carry, "\n", 1, s->host->now(s));
    if (read && f.of)
        log_tell_place_before(s, l, f.of, f.trail);
    free(f.trail);
    return read || fail(err, "cannot read %.300s: %s", one->path, wrong);
}

/* The files that come before what is followed, each to its end. */
static bool read_files(struct sd_source *s, struct log *l, struct sd_error *err)
{
    for (size_t i = 0; i < l->files.n && !s->host->should_stop(s); i++) {
        if (l->files.files[i].done)
            continue;
        l->files.files[i].done = true;
        if (!read_file(s, l, &l->files.files[i], err))
            return false;
        tell_intake(s, l, false);
    }
    return true;
}

static enum sd_result not_a_log(struct sd_source *s, struct log *l, struct sd_error *err)
{
    struct accesslog_format *given = NULL;
    tell_intake(s, l, true);
    format_given(s->opts, &given, NULL);
    return log_refuse(s->target, accesslog_agg_intake(l->agg), given, err);
}

static enum sd_result finish(struct sd_source *s, struct log *l, struct sd_error *err)
{
    const struct accesslog_intake *in = accesslog_agg_intake(l->agg);
    if (*((const struct log_options *)s->opts)->state && l->fd >= 0) {
        accesslog_agg_flush(l->agg); /* a line without its end comes again */
        log_save_state(s, l);
    } else {
        accesslog_agg_end(l->agg, &l->carry, s->host->now(s));
    }
    if (in->lines && in->unparsed == in->lines)
        return not_a_log(s, l, err);
    accesslog_agg_flush(l->agg);
    tell_intake(s, l, true);
    if (l->unpack && log_unpack_open(l->unpack)) {
        s->host->note(s, SD_STATE_ENDED, "%s is truncated; the data before that place is shown", s->target);
        s->host->log(s, "%s is a truncated packed file", s->target);
    }
    return SD_GONE;
}

static enum sd_result stream(struct sd_source *s, struct log *l, struct sd_error *err)
{
    const struct accesslog_intake *in = accesslog_agg_intake(l->agg);
    struct stat st;
    bool fifo = l->own_fd && fstat(l->fd, &st) == 0 && S_ISFIFO(st.st_mode);
    bool had = in->bytes > 0;
    while (!s->host->should_stop(s)) {
        if (l->pollable) {
            int r = s->host->wait(s, l->fd, POLLIN, s->host->now(s) + TICK);
            if (r < 0)
                return SD_OK;
            if (r == 0) {
                flush_when_due(s, l);
                continue;
            }
        }
        ssize_t n = read(l->fd, l->buffer, READ_SIZE);
        sd_time now = s->host->now(s);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            /* A FIFO whose writer has not come is readable for some kernels. */
            if (s->host->wait(s, -1, 0, now + REST) < 0)
                return SD_OK;
            continue;
        }
        if (n < 0)
            return sd_fail(err, s->follow ? SD_RETRY : SD_CONFIG, "cannot read %.300s: %s", s->target,
                           strerror(errno));
        if (n == 0 && fifo && (s->follow || !had)) { /* the next writer will come */
            flush_when_due(s, l);
            if (s->host->wait(s, -1, 0, now + TICK) < 0)
                return SD_OK;
            continue;
        }
        if (n == 0)
            return finish(s, l, err);
        /* A packed log without its .gz: from a pipe, access.log.2 of a rotation. */
        if (!had && log_is_packed_head(l->buffer, (size_t)n))
            l->unpack = log_unpack_new();
        if (!had && !l->unpack && log_is_utf16(l->buffer, (size_t)n))
            return log_refuse_utf16(s->target, err);
        had = true;
        if (!l->unpack)
            accesslog_agg_feed(l->agg, &l->carry, l->buffer, (size_t)n, now);
        else if (!feed_packed(s, l, (size_t)n, err)) {
            accesslog_agg_end(l->agg, &l->carry, now);
            accesslog_agg_flush(l->agg);
            tell_intake(s, l, true);
            return SD_CONFIG;
        }
        if (!in->format && (in->bytes - in->holes > GIVE_UP_BYTES || in->lines > GIVE_UP_LINES) &&
            !(fifo && s->follow))
            return not_a_log(s, l, err);
        if (s->follow)
            flush_when_due(s, l);
    }
    accesslog_agg_flush(l->agg);
    tell_intake(s, l, true);
    return SD_OK;
}

static enum sd_result log_run(struct sd_source *s, struct sd_error *err)
{
    struct log *l = s->priv;
    if (!read_files(s, l, err))
        return SD_CONFIG;
    return l->n_tails ? follow(s, l) : l->many ? finish(s, l, err) : stream(s, l, err);
}

static void log_examine_source(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    struct accesslog_format *format = NULL;
    struct sd_error err;
    int64_t unit = 0;
    if (!s->target)
        return;
    if (unit_given(s->opts, &unit, &err) && format_given(s->opts, &format, &err))
        log_examine(&e, s->target, format, unit, s->host->now(s));
    else
        examine_tell(&e, "options", SD_CHECK_MISSING, "slowdive sources log explains its options", "%s",
                     err.text);
}

extern const struct sd_source_ops log_source_ops;
const struct sd_source_ops log_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "log",
    .summary = "access logs of nginx, Apache and others",
    .targets = "PATH, PATH.gz, PATH.zst, log:PATH, log:PATTERN, - (standard input)",
    .provides = SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_INTAKE) | SD_KIND_BIT(SD_CACHE) |
                SD_KIND_BIT(SD_CACHE_PREFIX) | SD_KIND_BIT(SD_HTTP_PART) | SD_KIND_BIT(SD_EXEMPLAR),
    .opts_size = sizeof(struct log_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct log),
    .recognise = log_recognise,
    .open = log_open_source,
    .run = log_run,
    .close = log_close_source,
    .decode = log_decode,
    .examine = log_examine_source,
};
