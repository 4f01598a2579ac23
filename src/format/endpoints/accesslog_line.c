/* accesslog_line.c - a line against a compiled format; which built-in format fits. */
#include "format/endpoints/accesslog_internal.h"

#include <math.h>

#include "base/find.h"

/* Literals are a few bytes: calling memcmp costs more than comparing. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* Does the literal stand at q? */
static inline bool is_literal(const struct accesslog_op *op, const char *q, const char *end)
{
    uint64_t word;
    if ((size_t)(end - q) < sizeof word || op->literal_len > sizeof word)
        return (size_t)(end - q) >= op->literal_len && same_bytes(q, op->literal, op->literal_len);
    memcpy(&word, q, sizeof word);
    return !((word ^ op->word) & op->mask);
}

/* Of a value that ends where its literal stands for the first time. */
static inline const char *literal_at(const struct accesslog_op *op, const char *p, const char *end)
{
    if ((size_t)(end - p) <= op->seek)
        return NULL;
    for (const char *q = p + op->seek; (q = find_byte(q, end, op->literal[op->seek])); q++)
        if (is_literal(op, q - op->seek, end))
            return q - op->seek;
    return NULL;
}

/* Is there an odd number of backslashes before q? */
static bool is_escaped(const char *p, const char *q)
{
    const char *b = q;
    while (b > p && b[-1] == '\\')
        b--;
    return (q - b) % 2;
}

static inline const char *quote_at(const struct accesslog_op *op, const char *p, const char *end)
{
    for (const char *q = p; (q = find_byte(q, end, '"')); q++)
        if (is_literal(op, q, end) && (q == p || q[-1] != '\\' || !is_escaped(p, q)))
            return q;
    return NULL;
}

/* A list has blanks of its own, "0.1, 0.2 : 0.3", and so has a request without quotes. */
static const char *list_end(const struct accesslog_op *op, const char *p, const char *end)
{
    const char *from = p;
    if (op->field == FIELD_REQUEST) {
        const char *http = memmem(p, (size_t)(end - p), " HTTP/", 6);
        from = http ? http + 6 : p;
    }
    for (const char *q = from; (q = memchr(q, op->literal[0], (size_t)(end - q))); q++) {
        if (op->list && op->literal[0] == ' ' && q > p &&
            (q[-1] == ',' || q[-1] == ':' || (end - q > 2 && q[1] == ':' && q[2] == ' ')))
            continue;
        if (is_literal(op, q, end))
            return q;
    }
    return NULL;
}

/* Two callers keep the compiler from taking them into the loop over the values, which is nearly all that is
 * done for a line. */
#define INLINE static inline __attribute__((always_inline))

/* Where the value at p ends, or NULL. */
INLINE const char *value_end(const struct accesslog_op *op, const char *p, const char *end)
{
    switch (op->until) {
    case UNTIL_LITERAL:
        return literal_at(op, p, end);
    case UNTIL_QUOTE:
        return quote_at(op, p, end);
    case UNTIL_LIST_ENDS:
        return list_end(op, p, end);
    case UNTIL_SLASH:
        return memchr(p, '/', (size_t)(end - p));
    default:
        return end;
    }
}

static bool read_time(struct accesslog_format *f, enum accesslog_field field, const char *p, size_t n,
                      sd_time *at)
{
    if (n == f->time_len && n && !memcmp(p, f->time_text, n)) { /* most lines share their second */
        *at = f->time_value;
        return true;
    }
    if (n == 1 && *p == '-')
        return true;
    if (!(field == FIELD_TIME_LOCAL ? accesslog_time_local(p, n, at) : accesslog_time_iso(p, n, at)))
        return false;
    if (n <= sizeof f->time_text) {
        memcpy(f->time_text, p, n);
        f->time_len = n;
        f->time_value = *at;
    }
    return true;
}

static bool read_epoch(const char *p, size_t n, int64_t scale, sd_time *at)
{
    int64_t v;
    if (!accesslog_decimal(p, n, scale, &v) || v >= (int64_t)9223372035 * SD_S)
        return false;
    *at = v;
    return true;
}

static inline bool read_status(const char *p, size_t n, int *status)
{
    if (n == 3 && p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' && p[2] >= '0' && p[2] <= '9') {
        *status = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
        return true;
    }
    /* Nothing was answered: HAProxy's -1, Envoy's 0. */
    return n == 1 ? *p == '-' || *p == '0' : n == 2 && p[0] == '-' && p[1] == '1';
}

static void read_uri(struct accesslog_format *f, struct accesslog_line *out)
{
    if (find_byte(out->target, out->target + out->target_len, '\\')) {
        accesslog_unescape(out->target, out->target_len, &f->scratch);
        out->target = strbuf_text(&f->scratch);
        out->target_len = f->scratch.len;
    }
}

static bool read_bytes(const char *p, size_t n, struct accesslog_line *out)
{
    int64_t v;
    if (n == 1 && *p == '-')
        out->bytes = 0;
    else if (accesslog_decimal(p, n, 1, &v))
        out->bytes = v;
    else
        return n == 0 || *p == '-'; /* -1: nothing was sent */
    return true;
}

static bool read_duration(const struct accesslog_op *op, const char *p, size_t n, struct accesslog_line *out)
{
    int64_t v;
    if (op->list) {
        out->duration_ns = accesslog_sum(p, n, op->scale);
        return sd_known(out->duration_ns) || !n || *p == '-' || (n > 1 && p[1] == '-'); /* "-" in quotes */
    } else if (accesslog_decimal(p, n, op->scale, &v))
        out->duration_ns = v;
    else
        return n == 0 || *p == '-'; /* -1: it did not come so far */
    return true;
}

/* A part of the duration; what all of them give. */
static bool read_part(const struct accesslog_op *op, const char *p, size_t n, struct accesslog_line *out)
{
    int64_t v;
    if (!accesslog_decimal(p, n, op->scale, &v)) {
        if (n && *p != '-')
            return false;
        v = SD_UNKNOWN;
    }
    if (!sd_known(v))
        out->duration_ns = INT64_MAX; /* until the line ends */
    else if (out->duration_ns != INT64_MAX)
        out->duration_ns = add_known(out->duration_ns, v);
    if (op->field == FIELD_PART_QUEUE)
        out->queue_ns = v;
    else if (op->field == FIELD_PART_UPSTREAM)
        out->upstream_ns = v;
    return true;
}

/* "254 msecs", "1 msecs via sendfile()" */
static int64_t took(const char *p, size_t n)
{
    int64_t v;
    const char *end = p + n, *blank = memchr(p, ' ', n);
    if (!blank)
        return SD_UNKNOWN;
    const char *word = blank + 1, *stop = memchr(word, ' ', (size_t)(end - word));
    int64_t unit = spot_unit(word, (size_t)((stop ? stop : end) - word));
    return unit && accesslog_decimal(p, (size_t)(blank - p), unit, &v) ? v : SD_UNKNOWN;
}

/* What is not needed to count the line. */
static void read_extra(const struct accesslog_op *op, const char *p, size_t n, struct accesslog_line *out)
{
    if (n == 1 && *p == '-')
        return;
    switch (op->field) {
    case FIELD_UPSTREAM_TIME:
        out->upstream_ns = accesslog_sum(p, n, op->scale);
        break;
    case FIELD_QUEUE:
        out->queue_ns = accesslog_sum(p, n, op->scale);
        break;
    case FIELD_UPSTREAM:
        accesslog_last(&p, &n);
        out->upstream = p;
        out->upstream_len = n;
        break;
    case FIELD_HOST:
        out->host = p;
        out->host_len = n;
        break;
    case FIELD_REQUEST_ID:
        out->request_id = p;
        out->request_id_len = n;
        break;
    case FIELD_CLIENT:
        out->client = p;
        out->client_len = n;
        break;
    case FIELD_USER:
        out->user = p;
        out->user_len = n;
        break;
    case FIELD_AGENT:
        out->agent = p;
        out->agent_len = n;
        break;
    default:
        out->trace = p;
        out->trace_len = n;
    }
}

/* One value of the line; NULL, or why it cannot be read. */
INLINE const char *read_value(struct accesslog_format *f, const struct accesslog_op *op, const char *p,
                              size_t n, struct accesslog_line *out)
{
    switch (op->field) {
    case FIELD_SKIP:
        return NULL;
    case FIELD_TIME_LOCAL:
    case FIELD_TIME_ISO:
        return read_time(f, op->field, p, n, &out->at) ? NULL : "The time cannot be read.";
    case FIELD_EPOCH:
        return read_epoch(p, n, op->scale, &out->at) ? NULL
                                                     : "The time is not a number of seconds since 1970.";
    case FIELD_REQUEST:
        accesslog_request(p, n, out);
        return NULL;
    case FIELD_METHOD:
        out->method = p;
        out->method_len = accesslog_method(p, n) ? n : 0;
        return NULL;
    case FIELD_URI:
        out->target = p;
        out->target_len = n;
        return NULL;
    case FIELD_STATUS:
        return read_status(p, n, &out->status) ? NULL : "The status is not a number of three digits.";
    case FIELD_BYTES:
        return read_bytes(p, n, out) ? NULL : "The number of bytes is not a number.";
    case FIELD_STAMP: /* read where it stands: its end is not searched for */
        return NULL;
    case FIELD_DURATION:
        return read_duration(op, p, n, out) ? NULL : "The duration is not a number.";
    case FIELD_TAIL:
        accesslog_tail(f, p, p + n, out);
        return NULL;
    case FIELD_CACHE:
        out->cache = accesslog_cache_word(p, n);
        return NULL;
    case FIELD_TOOK:
        out->duration_ns = took(p, n);
        return sd_known(out->duration_ns) ? NULL : "The duration is not a number with its unit.";
    case FIELD_PART:
    case FIELD_PART_QUEUE:
    case FIELD_PART_UPSTREAM:
        return read_part(op, p, n, out) ? NULL : "A part of the duration is not a number.";
    default:
        read_extra(op, p, n, out);
        return NULL;
    }
}

/* Apache's %D is microseconds, Tomcat 9's milliseconds: a log of microseconds whose requests take less than
 * a tenth of a millisecond is more likely the other. */
static void doubt_unit(struct accesslog_format *f, const struct accesslog_line *out)
{
    struct spots *s = &f->spots;
    double us = sd_known(out->duration_ns) ? (double)out->duration_ns / 1e3 : -1;
    spots_see(s, &(struct spot_number){.key = "%D", .key_len = 2, .rank = SPOT_REQUEST, .value = us});
    spots_line(s, SD_UNKNOWN);
    s->settled = s->lines >= SPOT_LINES;
    s->said[0] = 0;
    const struct spot *p = &s->spot[0];
    if (!s->n || p->n == p->zeros)
        return;
    if (exp(p->log_sum / (double)(p->n - p->zeros)) < 100)
        snprintf(s->said, sizeof s->said,
                 "Durations: %%D is assumed to be microseconds, as Apache writes it (%.10g to %.10g). Tomcat "
                 "before version 10 writes milliseconds: log:PATH?unit=ms",
                 p->min, p->max);
}

/* Past the number at the end of a line, or a list of them; what follows it is left alone. Without a number
 * all of the rest is the value. */
static const char *number_end(const struct accesslog_op *op, const char *p, const char *end)
{
    const char *q = p;
    for (;;) {
        while (q < end && ((*q >= '0' && *q <= '9') || *q == '.'))
            q++;
        if (q == p)
            return end;
        size_t gap = end - q > 2 && !memcmp(q, ", ", 2) ? 2 : end - q > 3 && !memcmp(q, " : ", 3) ? 3 : 0;
        if (!op->list || !gap || !(q[gap] >= '0' && q[gap] <= '9'))
            return q;
        q += gap;
    }
}

static const char NO_MATCH[] = "The line does not match the log format.";

/* One value at *at that is not plain, and the literal behind it; NULL, or why not. */
static const char *take_value(struct accesslog_format *f, const struct accesslog_op *op, const char **at,
                              const char *end, struct accesslog_line *out)
{
    const char *p = *at, *q;
    if (op->padded)
        while (p < end && *p == ' ')
            p++;
    q = p;
    if (op->field != FIELD_STAMP) {
        if (!(q = value_end(op, p, end)) &&
            !(f->cut_short && !memchr(p, ' ', (size_t)(end - p)) && (q = end)))
            return NO_MATCH;
        if (op->number_end)
            q = number_end(op, p, end);
        const char *why = read_value(f, op, p, (size_t)(q - p), out);
        if (why)
            return why;
    } else {
        f->stamp.here = op->here;
        if (!accesslog_stamp_read(op->pattern, &q, end, &f->stamp))
            return "The time cannot be read.";
        if ((size_t)(end - q) < op->literal_len || !same_bytes(q, op->literal, op->literal_len))
            return NO_MATCH;
    }
    *at = MIN(q + op->literal_len, end);
    return NULL;
}

/* All values of a line; behind the last of them, or NULL and *reason. */
static const char *take_values(struct accesslog_format *f, const char *line, const char *end,
                               struct accesslog_line *out, const char **reason)
{
    const char *p = line + f->prefix_len;
    for (const struct accesslog_op *op = f->ops, *stop = op + f->n; op < stop; op++) {
        const char *why = NO_MATCH, *at = p;
        if (op->plain) {
            if ((at = value_end(op, p, end))) {
                why = read_value(f, op, p, (size_t)(at - p), out);
                at += op->literal_len;
            }
        } else {
            if (f->cut_short && p == end && op > f->ops)
                break;
            why = take_value(f, op, &at, end, out);
        }
        if (why) {
            *reason = why;
            f->misfit = op;
            f->misfit_at = (size_t)(p - line);
            return NULL;
        }
        p = at;
    }
    return p;
}

static bool parse_text(struct accesslog_format *f, const char *line, size_t len, struct accesslog_line *out,
                       const char **reason)
{
    const char *end = line + len;
    *reason = NO_MATCH;
    f->misfit = NULL;
    f->misfit_at = 0;
    if (f->cut_short && len && *line == '#') { /* GoAccess takes these for comments */
        *reason = NULL;
        return false;
    }
    if (len < f->prefix_len || !same_bytes(line, f->prefix, f->prefix_len))
        return false;
    if (f->stamped)
        f->stamp = (struct accesslog_stamp){.month = 0};
    const char *p = take_values(f, line, end, out, reason);
    if (!p)
        return false;
    if (p != end && !f->lenient) {
        *reason = "The line has more text after the end of the log format.";
        f->misfit_at = (size_t)(p - line);
        return false;
    }
    if (f->stamped && !accesslog_stamp_time(&f->stamp, &out->at)) {
        *reason = "The time cannot be read.";
        return false;
    }
    if (out->duration_ns == INT64_MAX)
        out->duration_ns = SD_UNKNOWN;
    read_uri(f, out);
    if (f->apache_us && !f->spots.settled)
        doubt_unit(f, out);
    return true;
}

bool accesslog_take_off(struct accesslog_format *f, const char **line, size_t *len)
{
    f->w.time = NULL;
    return !f->w.wrap[0] || accesslog_unwrap(&f->w, line, len);
}

/* Member by member: of the whole at once the compiler makes one instruction that is slower than all of these.
 */
static inline void nothing_told(struct accesslog_line *out)
{
    out->at = out->bytes = out->duration_ns = out->queue_ns = out->upstream_ns = SD_UNKNOWN;
    out->method = out->upstream = out->host = out->trace = out->request_id = NULL;
    out->client = out->user = out->agent = out->query = NULL;
    out->method_len = out->upstream_len = out->host_len = out->trace_len = out->request_id_len = 0;
    out->client_len = out->user_len = out->agent_len = out->query_len = 0;
    out->target = "-";
    out->target_len = 1;
    out->status = 0;
    out->cache = ACCESSLOG_NO_CACHE;
}

bool accesslog_parse_inner(struct accesslog_format *f, const struct accesslog_format *wrapped,
                           const char *line, size_t len, struct accesslog_line *out, const char **reason)
{
    bool fits = false;
    for (int i = 0; i < 1 + (f->other != NULL) && !fits; i++) {
        struct accesslog_format *g = f->other && (i == 0) == f->other_fits ? f->other : f;
        const char *why = NULL;
        nothing_told(out);
        fits = (g->read ? g->read : parse_text)(g, line, len, out, &why);
        f->other_fits = fits ? g == f->other : f->other_fits;
        *reason = g == f || fits ? why : *reason;
    }
    if (!fits)
        return false;
    if (!sd_known(out->at) && wrapped->w.time) {
        sd_time at;
        if (accesslog_time_any(wrapped->w.time, wrapped->w.time_len, &at))
            out->at = at;
    }
    return true;
}

bool accesslog_parse(struct accesslog_format *f, const char *line, size_t len, struct accesslog_line *out,
                     const char **reason)
{
    *reason = NULL;
    return accesslog_take_off(f, &line, &len) && accesslog_parse_inner(f, f, line, len, out, reason);
}

const char *accesslog_format_wrapped(const struct accesslog_format *f)
{
    return accesslog_wrap_said(f->w.wrap[0]);
}

void accesslog_format_misfit(const struct accesslog_format *f, const char *line, size_t len, char *out,
                             size_t size)
{
    char what[60];
    size_t at = MIN(f->misfit_at, len), n = MIN(len - at, (size_t)40), k = 0;
    *out = 0;
    if (f->read || (!f->misfit && !at))
        return;
    for (; k < n; k++)
        what[k] = (unsigned char)line[at + k] < ' ' || line[at + k] == 0x7f ? '.' : line[at + k];
    what[k] = 0;
    if (f->misfit)
        snprintf(out, size, "%s%s cannot be read at byte %zu, where the line has \"%s\"", f->sigil,
                 f->misfit->name, at + 1, what);
    else
        snprintf(out, size, "the line goes on where the format ends, at byte %zu, with \"%s\"", at + 1, what);
}

/* ---- detection ---- */

typedef void on_line(void *ctx, const char *line, size_t len);

static void each_line(const char *bytes, size_t len, bool all, on_line *on, void *ctx)
{
    const char *p = bytes, *end = bytes + len;
    for (int i = 0; p < end && i < SPOT_LINES;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop && !all)
            break;
        if (!stop)
            stop = end;
        size_t n = (size_t)(stop - p);
        if (n && p[n - 1] == '\r')
            n--;
        if (n) {
            on(ctx, p, n);
            i++;
        }
        p = stop + 1;
    }
}

struct fitting {
    struct accesslog_format *f;
    size_t lines, fits, wraps[WRAP_NAME + 1];
    enum accesslog_wrap outer;
};

static void count_fit(void *ctx, const char *line, size_t len)
{
    struct fitting *x = ctx;
    struct accesslog_line out;
    const char *reason;
    bool fits = accesslog_parse(x->f, line, len, &out, &reason);
    x->fits += fits;
    x->lines += fits || reason; /* a header is no line to judge by */
}

static void count_wrap(void *ctx, const char *line, size_t len)
{
    struct fitting *x = ctx;
    struct wrapper w = {.wrap = {x->outer}};
    if (!x->outer || accesslog_unwrap(&w, &line, &len))
        x->wraps[accesslog_wrap_of(line, len)]++;
    accesslog_wrapper_free(&w);
}

static enum accesslog_wrap usual_wrap(const char *bytes, size_t len, bool all, enum accesslog_wrap outer)
{
    struct fitting x = {.outer = outer};
    enum accesslog_wrap best = WRAP_NONE;
    each_line(bytes, len, all, count_wrap, &x);
    for (enum accesslog_wrap w = WRAP_NONE; w <= WRAP_NAME; w++)
        if (x.wraps[w] > x.wraps[best])
            best = w;
    return best;
}

/* The built-in format that fits most lines when what is around them is taken off. */
static struct fitting best_fit(const char *bytes, size_t len, bool all, const enum accesslog_wrap wrap[2],
                               int64_t unit)
{
    struct fitting best = {.f = NULL};
    struct accesslog_format *f;
    for (size_t i = 0; (f = accesslog_builtin(i)); i++) {
        struct fitting x = {.f = f};
        f->w.wrap[0] = wrap[0];
        f->w.wrap[1] = wrap[1];
        if (unit)
            accesslog_format_unit(f, unit);
        each_line(bytes, len, all, count_fit, &x);
        accesslog_wrapper_reset(&f->w);
        best.lines = MAX(best.lines, x.lines);
        if (x.fits > best.fits) {
            accesslog_format_free(best.f);
            best.f = f;
            best.fits = x.fits;
        } else {
            accesslog_format_free(f);
        }
    }
    return best;
}

/* What may stand around the lines, the likeliest first: it may also be a part of them. */
static size_t wraps_to_try(const char *bytes, size_t len, bool all, enum accesslog_wrap out[3][2])
{
    size_t n = 0;
    enum accesslog_wrap outer = usual_wrap(bytes, len, all, WRAP_NONE);
    enum accesslog_wrap inner = outer ? usual_wrap(bytes, len, all, outer) : WRAP_NONE;
    if (inner && inner != outer)
        out[n][0] = outer, out[n++][1] = inner;
    if (outer)
        out[n][0] = outer, out[n++][1] = WRAP_NONE;
    out[n][0] = out[n][1] = WRAP_NONE;
    return n + 1;
}

struct accesslog_format *accesslog_detect(const char *bytes, size_t len, bool all, int64_t unit, size_t *fits,
                                          size_t *lines)
{
    enum accesslog_wrap wraps[3][2];
    size_t n = wraps_to_try(bytes, len, all, wraps);
    struct fitting best = {.f = NULL};
    for (size_t i = 0; i < n && (!i || best.fits * 2 < best.lines); i++) {
        struct fitting x = best_fit(bytes, len, all, wraps[i], unit);
        bool better = !i || x.fits > best.fits;
        accesslog_format_free(better ? best.f : x.f);
        if (better)
            best = x;
    }
    if (best.f)
        spots_choose(&best.f->spots, all);
    if (fits)
        *fits = best.fits;
    if (lines)
        *lines = best.lines;
    return best.f;
}

void accesslog_format_learn(struct accesslog_format *f, const char *bytes, size_t len, bool all)
{
    enum accesslog_wrap wraps[3][2], used[2] = {WRAP_NONE, WRAP_NONE};
    size_t n = wraps_to_try(bytes, len, all, wraps), most = 0, lines = 0;
    for (size_t i = n; i-- > 0 && (i == n - 1 || most * 2 < lines);) { /* as it stands first */
        struct fitting x = {.f = f};
        memcpy(f->w.wrap, wraps[i], sizeof f->w.wrap);
        each_line(bytes, len, all, count_fit, &x);
        accesslog_wrapper_reset(&f->w);
        if (x.fits > most) {
            most = x.fits;
            memcpy(used, wraps[i], sizeof used);
        }
        lines = MAX(lines, x.lines);
    }
    memcpy(f->w.wrap, used, sizeof used);
    if (all)
        accesslog_format_settle(f);
}

/* ---- lines that almost fit ---- */

/* Behind the time in brackets; NULL: there is none. */
static const char *behind_time(const char *s, const char *end)
{
    sd_time t;
    for (const char *open = s; (open = memchr(open, '[', (size_t)(end - open))); open++) {
        const char *close = memchr(open, ']', (size_t)(end - open));
        if (close && accesslog_time_local(open + 1, (size_t)(close - open) - 1, &t))
            return close + 1;
    }
    return NULL;
}

/* The quote before a request such as "GET / HTTP/1.1". */
static const char *quoted_request(const char *s, const char *end, const char **behind)
{
    for (const char *q = s; (q = memchr(q, '"', (size_t)(end - q))); q++) {
        const char *close = memchr(q + 1, '"', (size_t)(end - q - 1));
        struct accesslog_line l = {.method_len = 0};
        if (close)
            accesslog_request(q + 1, (size_t)(close - q) - 1, &l);
        if (l.method_len) {
            *behind = close + 1;
            return q;
        }
    }
    return NULL;
}

const char *accesslog_near_miss(const char *line, size_t len)
{
    const char *end = line + len, *behind, *time = behind_time(line, end);
    const char *request = quoted_request(line, end, &behind);
    if (len && *line == '{') {
        struct accesslog_format *json = accesslog_format_new("json", NULL);
        struct accesslog_line l;
        const char *reason = NULL;
        accesslog_parse(json, line, len, &l, &reason);
        accesslog_format_free(json);
        return reason;
    }
    if (!request)
        return NULL;
    if (!time || time > request)
        return "no time such as [20/Nov/2026:15:51:38 +0000] stands before the request";
    if (request - time != 1)
        return "more than a blank stands between the time and the request";
    if (end - behind < 5 || *behind != ' ' || behind[1] < '1' || behind[1] > '9' || behind[4] != ' ')
        return "the request is not followed by a blank and the status";
    return "what follows the status is not the number of bytes";
}
