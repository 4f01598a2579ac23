#include "format/endpoints/accesslog_agg.h"
#include "format/endpoints/accesslog_buckets.h"
#include "format/endpoints/accesslog_parts.h"
#include "base/num.h"

#include <stdlib.h>

enum {
    SLOTS = 64,        /* open seconds; second s lives in slot s % SLOTS */
    LONG_SLOTS = 4,    /* the same of longer steps, in each of which there may be every endpoint */
    LONG_STEP = 3600,  /* seconds, where nobody asks when */
    LOG_MAX = 1 << 18, /* durations kept per second before they are handed out */
    BUILTINS_MAX = 32,
    HELD_MAX = 256 << 10, /* bytes of first lines */
};

/* One endpoint in one open step. */
struct acc {
    uint32_t endpoint;
    uint32_t n_log;
    int64_t count, with_status, status[6], bytes, with_bytes, timed, total, min, max, first, last;
    int64_t upgraded, upgraded_ns;
    int64_t queued, upstream; /* of the timed ones, ns; SD_UNKNOWN */
};

/* A second, or LONG_STEP of them. */
struct slot {
    int64_t step; /* its number since 1970 */
    bool used;
    struct acc *accs;
    size_t n, cap;
    uint16_t *index; /* endpoint -> acc + 1 */
    uint32_t *log;   /* acc << 12 | bucket, one for each duration */
    size_t n_log, log_cap;
    struct cache_second *cache; /* NULL: no line told of one */
};
_Static_assert(SD_HIST_BUCKETS <= 1 << 12, "a bucket fits 12 bits");

struct accesslog_agg {
    struct accesslog_agg_options o;
    struct accesslog_format *format;
    struct accesslog_format *wrapped; /* takes off what stands around the lines */
    bool automatic;
    struct accesslog_format *builtins[BUILTINS_MAX]; /* when automatic */
    struct accesslog_intake intake;
    bool learning;      /* the format is not known yet: lines are held */
    struct strbuf held; /* whole lines */
    size_t held_lines;
    sd_time held_at;

    struct accesslog_endpoints *endpoints;
    struct cache_route *cached; /* by endpoint */
    size_t n_cached;
    bool lookups;                  /* a line told of one */
    struct accesslog_parts *parts; /* NULL: nobody wants them */
    unsigned ticks;                /* since they were handed out */

    int64_t n_slots;
    struct slot slots[SLOTS];
    struct slot *last_slot; /* where the last line went */
    size_t open;
    struct sd_http *records;
    struct sd_hist *hists;
    struct sd_bucket *buckets;
    size_t records_cap, hists_cap, buckets_cap;
    uint32_t *sorted;
    size_t sorted_cap;
    struct bucket_counts counts;
};

static void flush_slots(struct accesslog_agg *a);

static struct parts_name name_of(void *ctx, uint32_t endpoint)
{
    struct accesslog_endpoint e = accesslog_agg_endpoint(ctx, endpoint);
    return (struct parts_name){.method = e.method, .route = e.route};
}

static void hand_endpoints(void *ctx)
{
    flush_slots(ctx);
}

static void hand_parts(void *ctx, sd_time at, const struct sd_http_part *records, size_t n)
{
    const struct accesslog_agg *a = ctx;
    a->o.emit_parts(a->o.ctx, at, records, n);
}

static void hand_exemplars(void *ctx, sd_time at, const struct sd_exemplar *records, size_t n)
{
    const struct accesslog_agg *a = ctx;
    a->o.emit_exemplars(a->o.ctx, at, records, n);
}

struct accesslog_agg *accesslog_agg_new(const struct accesslog_agg_options *o)
{
    struct accesslog_agg *a = mem_alloc(sizeof *a);
    a->o = *o;
    a->o.max_routes = MAX((size_t)1, MIN(o->max_routes, (size_t)60000));
    a->format = o->format;
    a->automatic = !o->format;
    a->learning = true;
    a->intake.said = "";
    if (o->format && o->unit)
        accesslog_format_unit(o->format, o->unit);
    a->n_slots = o->totals ? LONG_SLOTS : SLOTS;
    a->endpoints = accesslog_endpoints_new(o->rules, a->o.max_routes);
    if (o->emit_parts && !(o->totals && o->parts_unread))
        a->parts =
            accesslog_parts_new(&(struct accesslog_parts_to){.before = hand_endpoints,
                                                             .name = name_of,
                                                             .parts = o->parts_unread ? NULL : hand_parts,
                                                             .exemplars = hand_exemplars,
                                                             .ctx = a});
    a->intake.first = a->intake.last = a->intake.newest = SD_UNKNOWN;
    return a;
}

void accesslog_agg_free(struct accesslog_agg *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < BUILTINS_MAX; i++)
        accesslog_format_free(a->builtins[i]);
    accesslog_format_free(a->o.format);
    for (size_t i = 0; i < SLOTS; i++) {
        free(a->slots[i].accs);
        free(a->slots[i].index);
        free(a->slots[i].log);
        if (a->slots[i].cache)
            free(a->slots[i].cache->log);
        free(a->slots[i].cache);
    }
    free(a->cached);
    accesslog_parts_free(a->parts);
    strbuf_free(&a->held);
    accesslog_endpoints_free(a->endpoints);
    free(a->records);
    free(a->hists);
    free(a->buckets);
    free(a->sorted);
    free(a);
}

/* ---- handing out ---- */

static void *room(void *items, size_t *cap, size_t need, size_t size)
{
    if (items && need <= *cap)
        return items;
    *cap = MAX(MAX(need, *cap * 2), (size_t)64);
    free(items);
    return mem_array(*cap, size);
}

/* From the second of the first request to the end of that of the last. */
static sd_time slot_begins(const struct slot *s, int64_t *length)
{
    sd_time first = s->accs[0].first, last = s->accs[0].last;
    for (size_t i = 1; i < s->n; i++) {
        first = MIN(first, s->accs[i].first);
        last = MAX(last, s->accs[i].last);
    }
    first = first / SD_S * SD_S;
    *length = add_sat(last / SD_S * SD_S - first, SD_S);
    return first;
}

static void flush_cache(struct accesslog_agg *a, struct slot *s, sd_time at, int64_t length)
{
    struct sd_hist hists[2];
    struct sd_cache record;
    a->buckets = room(a->buckets, &a->buckets_cap, s->cache->n_log, sizeof *a->buckets);
    a->lookups |= accesslog_cache_record(s->cache, &a->counts, hists, a->buckets, &record);
    record.interval_ns = length;
    if (a->lookups && record.requests && a->o.emit_cache)
        a->o.emit_cache(a->o.ctx, at, &record);
}

static void slot_flush(struct accesslog_agg *a, struct slot *s)
{
    if (!s->used)
        return;
    int64_t length;
    sd_time begins = slot_begins(s, &length);
    a->records = room(a->records, &a->records_cap, s->n, sizeof *a->records);
    a->hists = room(a->hists, &a->hists_cap, s->n, sizeof *a->hists);
    a->buckets = room(a->buckets, &a->buckets_cap, s->n_log, sizeof *a->buckets);
    a->sorted = room(a->sorted, &a->sorted_cap, s->n_log + s->n, sizeof *a->sorted);

    /* Counting sort by endpoint; start[] is kept behind the sorted values. */
    uint32_t *start = a->sorted + s->n_log, at = 0;
    for (size_t i = 0; i < s->n; i++) {
        start[i] = at;
        at += s->accs[i].n_log;
    }
    for (size_t i = 0; i < s->n_log; i++)
        a->sorted[start[s->log[i] >> 12]++] = s->log[i] & 0xfff;

    size_t k = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct acc *c = &s->accs[i];
        struct accesslog_endpoint e = accesslog_endpoints_name(a->endpoints, c->endpoint);
        uint32_t *v = a->sorted + start[i] - c->n_log;
        size_t n = accesslog_buckets(&a->counts, v, c->n_log, a->buckets + k);
        a->hists[i] = (struct sd_hist){.n = (uint32_t)n, .buckets = a->buckets + k};
        k += n;
        bool status = c->with_status > 0, timed = c->timed > 0;
        a->records[i] = (struct sd_http){
            .method = e.method,
            .route = e.route,
            .interval_ns = length,
            .count = c->count,
            .errors = status ? c->status[5] : SD_UNKNOWN,
            .status_1xx = status ? c->status[1] : SD_UNKNOWN,
            .status_2xx = status ? c->status[2] : SD_UNKNOWN,
            .status_3xx = status ? c->status[3] : SD_UNKNOWN,
            .status_4xx = status ? c->status[4] : SD_UNKNOWN,
            .status_5xx = status ? c->status[5] : SD_UNKNOWN,
            .bytes = c->with_bytes ? c->bytes : SD_UNKNOWN,
            .timed = c->timed,
            .total_ns = timed ? c->total : SD_UNKNOWN,
            .min_ns = timed ? c->min : SD_UNKNOWN,
            .max_ns = timed ? c->max : SD_UNKNOWN,
            .first_at = c->first,
            .last_at = c->last,
            .latency = timed ? &a->hists[i] : NULL,
            .upgraded = c->upgraded ? c->upgraded : SD_UNKNOWN,
            .upgraded_ns = c->upgraded ? c->upgraded_ns : SD_UNKNOWN,
            .queue_ns = c->queued,
            .upstream_ns = c->upstream,
        };
        s->index[c->endpoint] = 0;
    }
    a->o.emit(a->o.ctx, begins, a->records, s->n);
    if (s->cache)
        flush_cache(a, s, begins, length);
    s->used = false;
    s->n = s->n_log = 0;
    a->open--;
    if (a->last_slot == s)
        a->last_slot = NULL;
}

static void flush_slots(struct accesslog_agg *a)
{
    while (a->open) { /* oldest first, so that what is handed out is in order */
        struct slot *oldest = NULL;
        for (size_t i = 0; i < SLOTS; i++)
            if (a->slots[i].used && (!oldest || a->slots[i].step < oldest->step))
                oldest = &a->slots[i];
        slot_flush(a, oldest);
    }
}

bool accesslog_agg_pending(const struct accesslog_agg *a)
{
    return a->open > 0 || a->held_lines || (a->parts && accesslog_parts_pending(a->parts));
}

/* ---- lines ---- */

static struct slot *slot_of(struct accesslog_agg *a, int64_t step)
{
    struct slot *s = &a->slots[step % a->n_slots];
    if (s->used && s->step != step) {
        /* Everything older goes first: seconds come out in order when they can. */
        int64_t limit = s->step;
        for (int64_t k = limit > a->n_slots ? limit - a->n_slots : 0; k < limit; k++) {
            struct slot *older = &a->slots[k % a->n_slots];
            if (older->used && older->step == k)
                slot_flush(a, older);
        }
        slot_flush(a, s);
    }
    if (!s->used) {
        s->used = true;
        s->step = step;
        a->open++;
        if (!s->index)
            s->index = mem_array(a->o.max_routes + ENDPOINTS_SPARE + 1, sizeof *s->index);
    }
    return a->last_slot = s;
}

static void count_cache(struct accesslog_agg *a, struct slot *s, uint32_t e, const struct accesslog_line *l)
{
    if (!s->cache)
        s->cache = mem_alloc(sizeof *s->cache);
    if (e >= a->n_cached) {
        size_t want = MAX(accesslog_endpoints_count(a->endpoints), a->n_cached * 2);
        a->cached = mem_realloc(a->cached, want * sizeof *a->cached);
        memset(a->cached + a->n_cached, 0, (want - a->n_cached) * sizeof *a->cached);
        a->n_cached = want;
    }
    accesslog_cache_count(s->cache, l);
    accesslog_cache_route(&a->cached[e], l);
}

static void count_line(struct accesslog_agg *a, const struct accesslog_line *l, sd_time now, const char *line,
                       size_t len)
{
    sd_time at = MAX(sd_known(l->at) ? l->at : now, 0);
    uint32_t e = accesslog_endpoints_of(a->endpoints, l);
    if (a->intake.first == SD_UNKNOWN || at < a->intake.first)
        a->intake.first = at;
    a->intake.last = MAX(a->intake.last, at);
    a->intake.newest = l->at;
    if (a->o.each) {
        a->o.each(a->o.ctx, e, at, l);
        return;
    }
    bool latency = sd_known(l->duration_ns) && l->status != 101;
    uint32_t bucket = latency ? sd_hist_index(l->duration_ns) : SD_HIST_BUCKETS;
    if (a->parts)
        accesslog_parts_count(a->parts, e, at, bucket, l, line, len);
    int64_t step = a->o.totals ? at / (LONG_STEP * SD_S) : at / SD_S;
    struct slot *s = a->last_slot && a->last_slot->step == step ? a->last_slot : slot_of(a, step);
    if (!s->index[e]) {
        s->accs = mem_grow(s->accs, s->n, &s->cap, sizeof *s->accs);
        s->accs[s->n] = (struct acc){.endpoint = e,
                                     .min = INT64_MAX,
                                     .max = INT64_MIN,
                                     .first = at,
                                     .last = at,
                                     .queued = SD_UNKNOWN,
                                     .upstream = SD_UNKNOWN};
        s->index[e] = (uint16_t)++s->n;
    }
    uint32_t i = s->index[e] - 1u;
    struct acc *c = &s->accs[i];
    c->count++;
    if (l->status) {
        c->with_status++;
        c->status[MIN(l->status / 100, 5)]++; /* 600 and above are not valid */
    }
    if (sd_known(l->bytes)) {
        c->with_bytes++;
        c->bytes = add_sat(c->bytes, l->bytes);
    }
    c->first = MIN(c->first, at);
    c->last = MAX(c->last, at);
    if (l->cache)
        count_cache(a, s, e, l);
    if (!sd_known(l->duration_ns))
        return;
    if (l->status == 101) { /* how long a connection was open: no latency */
        c->upgraded++;
        c->upgraded_ns = add_sat(c->upgraded_ns, l->duration_ns);
        return;
    }
    c->timed++;
    c->total = add_sat(c->total, l->duration_ns);
    c->min = MIN(c->min, l->duration_ns);
    c->max = MAX(c->max, l->duration_ns);
    c->n_log++;
    if (s->n_log == s->log_cap)
        s->log = mem_grow(s->log, s->n_log, &s->log_cap, sizeof *s->log);
    s->log[s->n_log++] = i << 12 | bucket;
    if (sd_known(l->queue_ns))
        c->queued = add_known(c->queued, l->queue_ns);
    if (sd_known(l->upstream_ns))
        c->upstream = add_known(c->upstream, l->upstream_ns);
    if (s->n_log >= LOG_MAX)
        slot_flush(a, s);
}

/* Of a format that is given: which of its values the first such line does not have. */
static void note_misfit(struct accesslog_agg *a, const char *line, size_t len)
{
    if (!a->automatic && !*a->intake.misfit && a->format)
        accesslog_format_misfit(a->format, line, len, a->intake.misfit, sizeof a->intake.misfit);
}

static void unparsed(struct accesslog_agg *a, const char *line, size_t len, const char *reason)
{
    struct accesslog_intake *in = &a->intake;
    in->unparsed++;
    for (size_t i = 0; i < in->n_samples; i++)
        if (in->samples[i].reason == reason)
            return;
    if (in->n_samples == ARRAY_LEN(in->samples))
        return;
    size_t n = MIN(len, sizeof in->samples[0].text - 1);
    char *text = in->samples[in->n_samples].text;
    memcpy(text, line, n);
    text[n] = 0;
    for (char *nul = text; (nul = memchr(nul, 0, (size_t)(text + n - nul)));)
        *nul = '.';
    in->samples[in->n_samples++].reason = reason;
}

static void note_format(struct accesslog_agg *a)
{
    a->intake.format = accesslog_format_name(a->format);
    if (accesslog_format_said(a->format) || !*a->intake.said)
        a->intake.said = accesslog_format_assumptions(a->format);
}

/* A found format takes its place among the built-in ones: it keeps what was learned. */
static void adopt(struct accesslog_agg *a, struct accesslog_format *f)
{
    for (size_t i = 0; f && i < BUILTINS_MAX && !a->builtins[i]; i++) {
        if (!(a->builtins[i] = accesslog_builtin(i)))
            break;
        if (a->o.unit)
            accesslog_format_unit(a->builtins[i], a->o.unit);
    }
    for (size_t i = 0; f && i < BUILTINS_MAX && a->builtins[i]; i++) {
        if (!strcmp(accesslog_format_name(a->builtins[i]), accesslog_format_name(f))) {
            accesslog_format_free(a->builtins[i]);
            a->builtins[i] = a->format = f;
            return;
        }
    }
}

/* The format changed in mid-file (a reload), or two formats share it. */
static bool try_others(struct accesslog_agg *a, const char *line, size_t len, struct accesslog_line *out,
                       const char **reason)
{
    const char *why = "";
    for (size_t i = 0; i < BUILTINS_MAX && a->builtins[i] && why; i++)
        if (a->builtins[i] != a->format &&
            accesslog_parse_inner(a->builtins[i], a->wrapped, line, len, out, &why)) {
            a->format = a->builtins[i];
            note_format(a);
            return true;
        }
    if (!why) /* a header: other lines follow */
        *reason = NULL;
    return false;
}

static bool parse_line(struct accesslog_agg *a, const char *line, size_t len, struct accesslog_line *out,
                       const char **reason)
{
    *reason = NULL;
    if (!accesslog_take_off(a->wrapped, &line, &len))
        return false;
    return accesslog_parse_inner(a->format, a->wrapped, line, len, out, reason) ||
           (*reason && a->automatic && try_others(a, line, len, out, reason));
}

/* What may stand before a line that is read otherwise: a byte order mark, a torn line and NUL bytes, colours.
 */
static bool skip_noise(const char **line, size_t *len)
{
    const char *s = *line, *nul = memrchr(s, 0, *len);
    if (nul)
        s = nul + 1;
    const char *end = *line + *len;
    if (end - s >= 3 && !memcmp(s, "\xef\xbb\xbf", 3))
        s += 3;
    if (end - s > 2 && *s == 0x1b && s[1] == '[') { /* colours */
        const char *m = memchr(s, 'm', (size_t)MIN(end - s, 12)),
                   *off = memrchr(s, 0x1b, *len - (size_t)(s - *line));
        if (m)
            s = m + 1;
        if (off && off > s && end - off < 8)
            end = off;
    }
    bool any = s > *line;
    *len = (size_t)(end - s);
    *line = s;
    return any && *len;
}

static void read_line(struct accesslog_agg *a, const char *line, size_t len, sd_time now)
{
    struct accesslog_line l;
    const char *reason, *clean = line;
    size_t rest = len;
    if (len && line[len - 1] == '\r')
        rest = --len;
    a->intake.lines++;
    if (!a->format) {
        static const char UNKNOWN[] = "The line does not match any known access log format.";
        static const char BINARY[] = "The line holds NUL bytes: this is binary data, not an access log.";
        unparsed(a, line, len, memchr(line, 0, len) ? BINARY : UNKNOWN);
        return;
    }
    if (parse_line(a, line, len, &l, &reason))
        count_line(a, &l, now, line, len);
    else if (!reason)
        a->intake.lines--; /* a header */
    else if (skip_noise(&clean, &rest) && parse_line(a, clean, rest, &l, &(const char *){NULL}))
        count_line(a, &l, now, line, len);
    else {
        note_misfit(a, line, len);
        unparsed(a, line, len, len ? reason : "The line is empty.");
    }
}

static const char TOO_LONG[] = "The line is longer than 1 MiB.";

static void know_format(struct accesslog_agg *a, const char *bytes, size_t len, bool all)
{
    if (a->format)
        accesslog_format_learn(a->format, bytes, len, all);
    else
        adopt(a, accesslog_detect(bytes, len, all, a->o.unit, NULL, NULL));
    a->learning = !a->format;
    a->wrapped = a->format;
    a->intake.wrapped = a->format ? accesslog_format_wrapped(a->format) : NULL;
}

void accesslog_agg_prime(struct accesslog_agg *a, const char *bytes, size_t len, bool all)
{
    if (!a->learning || a->held_lines || !len)
        return;
    know_format(a, bytes, len, all);
    if (a->format)
        note_format(a);
}

/* Finds the format by the lines held, and reads them. `all`: no more will come. */
static void settle(struct accesslog_agg *a, bool all)
{
    if (!a->held_lines)
        return;
    struct strbuf held = a->held;
    a->held = (struct strbuf){0};
    a->held_lines = 0;
    know_format(a, held.text, held.len, all);
    if (a->format)
        accesslog_format_pause(a->format, true); /* these lines are learned from already */
    for (const char *s = held.text, *end = s + held.len, *stop; s < end; s = stop + 1) {
        stop = memchr(s, '\n', (size_t)(end - s));
        read_line(a, s, (size_t)(stop - s), a->held_at);
    }
    if (a->format) {
        accesslog_format_pause(a->format, false);
        note_format(a);
    }
    strbuf_free(&held);
}

static void line_taken(struct accesslog_agg *a, const char *line, size_t len, sd_time now)
{
    if (!a->learning) {
        read_line(a, line, len, now);
        return;
    }
    if (!a->intake.lines && !a->held_lines && len >= 3 && !memcmp(line, "\xef\xbb\xbf", 3)) {
        line += 3; /* a byte order mark */
        len -= 3;
    }
    strbuf_add(&a->held, line, len);
    strbuf_char(&a->held, '\n');
    a->held_at = now;
    if (++a->held_lines >= SPOT_LINES || a->held.len >= HELD_MAX)
        settle(a, a->held_lines >= SPOT_LINES);
}

void accesslog_agg_flush(struct accesslog_agg *a)
{
    settle(a, false);
    flush_slots(a);
    if (a->parts)
        accesslog_parts_flush(a->parts);
    a->ticks = 0;
}

void accesslog_agg_tick(struct accesslog_agg *a)
{
    enum { TICKS = 10 }; /* of half a second */
    settle(a, false);
    flush_slots(a);
    if (a->parts && ++a->ticks >= TICKS) {
        accesslog_parts_flush(a->parts);
        a->ticks = 0;
    }
}

/* A hole of NUL bytes where a line should begin: log rotation by copytruncate, and a writer that keeps its
 * place. */
static const char *skip_hole(struct accesslog_agg *a, const char *p, const char *end)
{
    const char *s = p;
    while (s < end && !*s)
        s++;
    if (s < end && *s == '\n') /* not a hole: a line of NUL bytes */
        return p;
    a->intake.holes += s - p;
    return s;
}

void accesslog_agg_feed(struct accesslog_agg *a, struct accesslog_carry *c, const char *bytes, size_t len,
                        sd_time now)
{
    const char *p = bytes, *end = bytes + len;
    a->intake.bytes += (int64_t)len;
    while (p < end) {
        bool begins = !c->text.len || !c->text.text[c->text.len - 1];
        if (!*p && begins && !c->skipping && (p = skip_hole(a, p, end)) == end)
            break;
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((stop ? stop : end) - p);
        if (c->skipping) {
            c->skipping = !stop;
        } else if (c->text.len + n > ACCESSLOG_LINE_MAX) {
            strbuf_add(&c->text, p, MIN(n, (size_t)256));
            a->intake.lines++;
            unparsed(a, c->text.text, c->text.len, TOO_LONG);
            strbuf_free(&c->text); /* gives the megabyte back */
            c->skipping = !stop;
        } else if (!stop) {
            while (n > 1 && !p[n - 1] && !p[n - 2]) /* a hole behind a torn line: one NUL marks it */
                n--;
            strbuf_add(&c->text, p, n);
        } else if (c->text.len) {
            strbuf_add(&c->text, p, n);
            line_taken(a, c->text.text, c->text.len, now);
            strbuf_clear(&c->text);
        } else {
            line_taken(a, p, n, now);
        }
        p = stop ? stop + 1 : end;
    }
}

void accesslog_agg_end(struct accesslog_agg *a, struct accesslog_carry *c, sd_time now)
{
    if (c->text.len && !c->skipping)
        line_taken(a, c->text.text, c->text.len, now);
    settle(a, true);
    accesslog_carry_free(c);
}

void accesslog_carry_free(struct accesslog_carry *c)
{
    strbuf_free(&c->text);
    c->skipping = false;
}

const struct accesslog_intake *accesslog_agg_intake(const struct accesslog_agg *a)
{
    return &a->intake;
}

struct accesslog_endpoint accesslog_agg_endpoint(const struct accesslog_agg *a, uint32_t endpoint)
{
    return accesslog_endpoints_name(a->endpoints, endpoint);
}

size_t accesslog_agg_cached(const struct accesslog_agg *a,
                            void (*each)(void *ctx, const char *route, const struct cache_route *r),
                            void *ctx)
{
    size_t n = 0;
    struct strbuf text = {0};
    for (size_t i = 0; i < MIN(a->n_cached, accesslog_endpoints_count(a->endpoints)); i++) {
        struct accesslog_endpoint e = accesslog_endpoints_name(a->endpoints, (uint32_t)i);
        if (!a->cached[i].hits && !a->cached[i].misses)
            continue;
        strbuf_clear(&text);
        strbuf_printf(&text, "%s%s%s", e.method ? e.method : "", e.method ? " " : "", e.route);
        each(ctx, strbuf_text(&text), &a->cached[i]);
        n++;
    }
    strbuf_free(&text);
    return n;
}

const char *accesslog_agg_cache(const struct accesslog_agg *a)
{
    return a->format ? accesslog_format_cache(a->format) : "nginx";
}
