/* keytrace.c - a recorded trace of a cache's lookups: read once, to its end. I/O only; lines are read in
 * format/caches/key_trace.h, and the curve is core/caches/miss_curve.h. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/caches/miss_curve.h"
#include "core/schema.h"
#include "format/caches/key_trace.h"
#include "source/shared/examine.h"
#include "source/shared/open_file.h"

/* Traces of so many keys give the exact curve; of more, an estimate. */
enum { KEYS_MOST = 1 << 18, READ_SIZE = 256 << 10 };

struct keytrace_options {
    int64_t size;
};

static const struct sd_option OPTIONS[] = {
    {.name = "size",
     .type = SD_OPTION_BYTES,
     .offset = offsetof(struct keytrace_options, size),
     .fallback = "0",
     .min = 0,
     .max = 1e15,
     .help = "the cache's memory, such as 64MiB: hits and misses of a cache of that size are then given"},
    {.name = NULL},
};

struct keytrace {
    int fd; /* -1: none */
    bool pollable, inflating, gz, begun;
    z_stream z;
    char *in, *text;
    size_t len; /* of the text: the beginning of a line */
    int64_t bytes;
    struct miss_curve *curve;
    struct key_trace_counts counts;
};

static enum sd_result keytrace_open(struct sd_source *s, struct sd_error *err)
{
    struct keytrace *x = s->priv;
    struct stat st;
    *x = (struct keytrace){.fd = -1};
    enum sd_result result = open_target(s, "keytrace:lookups.txt", &x->fd, &st, err);
    if (result != SD_OK)
        return result;
    x->pollable = !S_ISREG(st.st_mode);
    x->in = mem_alloc(READ_SIZE);
    x->text = mem_alloc(READ_SIZE + KEY_TRACE_LINE_MAX + 1);
    x->curve = miss_curve_new(1, KEYS_MOST);
    return SD_OK;
}

static void keytrace_close(struct sd_source *s)
{
    struct keytrace *x = s->priv;
    if (x->fd >= 0)
        close(x->fd);
    if (x->inflating)
        inflateEnd(&x->z);
    miss_curve_free(x->curve);
    free(x->in);
    free(x->text);
    *x = (struct keytrace){.fd = -1};
}

/* ---- reading ---- */

static void lookup(void *ctx, const char *key, size_t n, int64_t bytes)
{
    miss_curve_lookup(ctx, key_hash(key, n), bytes);
}

/* What has come behind the beginning of a line. */
static void take(struct keytrace *x, size_t n, bool end)
{
    x->len += n;
    size_t used = key_trace_read(x->text, x->len, end, lookup, x->curve, &x->counts);
    x->len -= used;
    memmove(x->text, x->text + used, x->len);
}

static bool inflate_some(struct sd_source *s, struct keytrace *x, size_t n, struct sd_error *err)
{
    x->z.next_in = (Bytef *)x->in;
    x->z.avail_in = (uInt)n;
    while (x->z.avail_in && !s->host->should_stop(s)) {
        int r;
        do {
            x->z.next_out = (Bytef *)x->text + x->len;
            x->z.avail_out = READ_SIZE;
            r = inflate(&x->z, Z_NO_FLUSH);
            take(x, READ_SIZE - x->z.avail_out, false);
        } while (r == Z_OK && !x->z.avail_out && !s->host->should_stop(s));
        if (r == Z_STREAM_END)
            inflateReset(&x->z);
        else if (r != Z_OK && r != Z_BUF_ERROR)
            return fail(err, "cannot unpack %.300s: it is damaged", s->target);
    }
    return true;
}

static bool feed(struct sd_source *s, struct keytrace *x, size_t n, struct sd_error *err)
{
    if (!x->begun) {
        x->begun = true;
        x->gz = n >= 2 && (unsigned char)x->in[0] == 0x1f && (unsigned char)x->in[1] == 0x8b;
        if (x->gz && inflateInit2(&x->z, 15 + 16) != Z_OK)
            return fail(err, "cannot unpack %.300s: out of memory", s->target);
        x->inflating = x->gz;
    }
    if (x->gz)
        return inflate_some(s, x, n, err);
    memcpy(x->text + x->len, x->in, n);
    take(x, n, false);
    return true;
}

/* SD_NODATA: it is to stop. */
static enum sd_result read_all(struct sd_source *s, struct sd_error *err)
{
    struct keytrace *x = s->priv;
    while (!s->host->should_stop(s)) {
        if (x->pollable && s->host->wait(s, x->fd, POLLIN, s->host->now(s) + SD_S) <= 0)
            continue;
        ssize_t n = read(x->fd, x->in, READ_SIZE);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return sd_fail(err, SD_CONFIG, "cannot read %.300s: %s", s->target, strerror(errno));
        if (n == 0) {
            take(x, 0, true);
            return SD_OK;
        }
        x->bytes += n;
        if (!feed(s, x, (size_t)n, err))
            return SD_CONFIG;
    }
    return SD_NODATA;
}

/* ---- what is known then ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_eq(path, "-") ? "standard input" : slash && slash[1] ? slash + 1 : path;
}

static void add_curve(struct sd_source *s, struct sd_batch *b, const char *name, enum miss_curve_unit unit)
{
    const struct keytrace_options *o = s->opts;
    struct keytrace *x = s->priv;
    struct miss_curve_record c;
    if (!miss_curve_record(x->curve, unit, &c))
        return;
    c.r.cache = name;
    c.r.now = unit == MISS_CURVE_BYTES && o->size ? (double)o->size : (double)NAN;
    s->host->add(b, SD_CACHE_CURVE, &c.r);
}

static void add_cache(struct sd_source *s, struct sd_batch *b, const char *name, sd_time at)
{
    const struct keytrace_options *o = s->opts;
    struct keytrace *x = s->priv;
    const char *note = "Hits and misses are unknown: a trace says what was asked for, not what a cache held; "
                       "with ?size=64MiB they are those of a cache of that size.";
    struct sd_texts notes = {.n = 1, .items = &note};
    struct miss_curve_result r;
    struct sd_cache c;
    schema_clear(schema_of(SD_CACHE), &c);
    c.layer = "application";
    c.name = name;
    c.product = "keytrace";
    c.since = at;
    c.requests = x->counts.lines - x->counts.unread;
    if (o->size && x->counts.sized) {
        double miss = miss_curve_at(x->curve, MISS_CURVE_BYTES, (double)o->size);
        c.misses = (int64_t)llround(miss * (double)c.requests);
        c.hits = c.requests - c.misses;
        if (miss_curve_read(x->curve, MISS_CURVE_BYTES, &r))
            c.misses_cold =
                MIN((int64_t)llround(r.points[r.n - 1].miss_ratio * (double)c.requests), c.misses);
        c.misses_evicted = c.misses - c.misses_cold;
        c.bytes_max = o->size;
        c.policy = "lru";
        note =
            "Hits and misses are those that a cache of the given size would have, which evicts what was not "
            "asked for longest.";
    }
    c.notes = &notes;
    s->host->add(b, SD_CACHE, &c);
}

static void add_intake(struct sd_source *s, struct sd_batch *b)
{
    struct keytrace *x = s->priv;
    struct sd_intake in;
    schema_clear(schema_of(SD_INTAKE), &in);
    in.unit = "lines";
    in.total = x->counts.lines;
    in.unparsed = x->counts.unread;
    in.bytes = x->bytes;
    if (x->counts.unread) {
        in.sample = x->counts.sample;
        in.reason = x->counts.reason;
    }
    s->host->add(b, SD_INTAKE, &in);
}

static enum sd_result keytrace_run(struct sd_source *s, struct sd_error *err)
{
    struct keytrace *x = s->priv;
    enum sd_result r = read_all(s, err);
    if (r != SD_OK)
        return r == SD_NODATA ? SD_OK : r;
    if (x->counts.lines == x->counts.unread)
        return sd_fail(err, SD_CONFIG, "%.200s holds no lookup: each line is a key and its size in bytes. %s",
                       s->target, x->counts.reason);
    sd_time at = s->host->now(s);
    char *name = mem_printf("trace %.200s", base_name(s->target));
    struct sd_batch *b = s->host->batch(s, at);
    add_cache(s, b, name, at);
    add_curve(s, b, name, MISS_CURVE_KEYS);
    if (x->counts.sized)
        add_curve(s, b, name, MISS_CURVE_BYTES);
    add_intake(s, b);
    s->host->publish(s, b);
    free(name);
    return SD_GONE;
}

extern const struct sd_source_ops keytrace_source_ops;
const struct sd_source_ops keytrace_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "keytrace",
    .summary = "a recorded trace of a cache's lookups: what caches of every size would miss",
    .targets = "keytrace:FILE (a line: KEY BYTES; plain or gzip), keytrace:- (standard input)",
    .provides = SD_KIND_BIT(SD_CACHE) | SD_KIND_BIT(SD_CACHE_CURVE) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct keytrace_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct keytrace),
    .open = keytrace_open,
    .run = keytrace_run,
    .close = keytrace_close,
    .examine = examine_file,
};
