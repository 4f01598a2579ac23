/* rum.c - vitals of real users: a receiver of the beacons that pages send, or a file of them, one a line. I/O
 * only; beacons are read in format/pages, and counted in core/pages/field_tally.h. */
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/schema.h"
#include "format/pages/beacon.h"
#include "source/rum/rum_file.h"
#include "source/rum/rum_server.h"
#include "source/shared/examine.h"

enum { READ_SIZE = 256 << 10, SAMPLE_MAX = 60, TURNS = 16 };

/* What has come is published once a second, and as soon as no more comes for a moment. Making the records may
 * take a part of the time only, however many they are. */
#define PUBLISH_EVERY SD_S
#define PUBLISH_QUIET (250 * SD_MS)
#define QUIET         (100 * SD_MS)
enum { PUBLISH_SHARE = 20 };

struct rum_options {
    int64_t rate;
};

static const struct sd_option OPTIONS[] = {
    {.name = "rate",
     .type = SD_OPTION_INT,
     .offset = offsetof(struct rum_options, rate),
     .fallback = "200000",
     .min = 1,
     .max = 1e9,
     .unit = "count",
     .help = "beacons a second the receiver takes; what is beyond is answered 429 and counted as rejected"},
    {.name = NULL},
};

struct rum {
    struct rum_server *server; /* NULL: it is a file */
    struct rum_file file;
    struct field_tally *tally;
    sd_time published, came; /* the last time; SD_UNKNOWN: nothing since then */
    int64_t making;          /* what the last publishing took */
    /* of a file */
    char *line;
    size_t len;
    bool skipping; /* the rest of a line that is too long */
    int64_t lines, bad, bytes;
    const char *reason;
    char sample[SAMPLE_MAX + 1];
};

static bool is_address(const char *target)
{
    return str_starts(target, "rum://") || str_starts(target, "//");
}

static enum sd_result rum_open(struct sd_source *s, struct sd_error *err)
{
    const struct rum_options *o = s->opts;
    struct rum *x = s->priv;
    uint64_t seed = 0;
    *x = (struct rum){.file = {.fd = -1}, .came = SD_UNKNOWN, .published = SD_UNKNOWN};
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint64_t)s->host->now(s);
    x->tally = field_tally_new(&FIELD_LIMITS, seed);
    if (is_address(s->target)) {
        x->server = rum_server_open(s->target, o->rate, x->tally, err);
        return x->server ? SD_OK : SD_CONFIG;
    }
    x->line = mem_alloc(BEACON_BODY_MAX + 1);
    return rum_file_open(s, &x->file, "rum:beacons.ndjson or rum://127.0.0.1:8125", err);
}

static void rum_close(struct sd_source *s)
{
    struct rum *x = s->priv;
    rum_server_close(x->server);
    rum_file_close(&x->file);
    field_tally_free(x->tally);
    free(x->line);
    *x = (struct rum){.file = {.fd = -1}};
}

/* ---- what is known ---- */

/* What was folded or forgotten, in sentences. */
static char *note_of(const struct rum *x)
{
    struct strbuf all = {0};
    char *notes[FIELD_NOTES_MAX];
    size_t n = field_tally_notes(x->tally, notes);
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(&all, "%s%s", i ? " " : "", notes[i]);
        free(notes[i]);
    }
    return n ? strbuf_detach(&all) : NULL;
}

static void add_intake(struct sd_source *s, struct sd_batch *b)
{
    struct rum *x = s->priv;
    const struct field_counts *c = field_tally_counts(x->tally);
    struct sd_intake in;
    char *note = note_of(x);
    schema_clear(schema_of(SD_INTAKE), &in);
    in.unit = x->server ? "beacons" : "lines";
    in.unparsed = x->server ? c->rejected + c->too_large : x->bad;
    in.total = x->server ? c->accepted + c->duplicates + c->ignored + in.unparsed : x->lines;
    in.bytes = x->server ? SD_UNKNOWN : x->bytes;
    in.sample = x->bad ? x->sample : NULL;
    in.reason = x->reason;
    in.note = note;
    s->host->add(b, SD_INTAKE, &in);
    free(note);
}

static void publish(struct sd_source *s)
{
    struct rum *x = s->priv;
    sd_time now = s->host->now(s);
    struct sd_batch *b = s->host->batch(s, now);
    field_tally_records(x->tally, s->host, b);
    add_intake(s, b);
    s->host->publish(s, b);
    x->published = now;
    x->came = SD_UNKNOWN;
    x->making = s->host->now(s) - now;
}

/* ---- the receiver ---- */

/* When to publish, if nothing more comes; SD_UNKNOWN: there is nothing to publish. */
static sd_time due_at(const struct rum *x)
{
    if (!sd_known(x->came))
        return SD_UNKNOWN;
    int64_t pause = MAX(x->making, 0) * PUBLISH_SHARE;
    sd_time quiet = MAX(x->came + QUIET, x->published + MAX(PUBLISH_QUIET, pause));
    return MIN(quiet, x->published + MAX(PUBLISH_EVERY, pause));
}

static enum sd_result receive(struct sd_source *s)
{
    struct rum *x = s->priv;
    sd_time now = s->host->now(s), swept = now;
    if (!sd_known(x->published))
        publish(s);
    while (!s->host->should_stop(s)) {
        sd_time due = due_at(x);
        int ready = s->host->wait(s, rum_server_fd(x->server), POLLIN, sd_known(due) ? due : now + SD_S);
        if (ready < 0)
            return SD_OK;
        now = s->host->now(s);
        /* Several turns for one wait, which costs more than a turn where beacons come fast. */
        for (int i = 0; ready && i < TURNS && rum_server_turn(x->server, now); i++)
            x->came = now;
        due = due_at(x);
        if (sd_known(due) && (now >= due || now < x->published))
            publish(s);
        if (now - swept >= SD_S || now < swept) {
            rum_server_sweep(x->server, now);
            swept = now;
        }
    }
    return SD_OK;
}

/* ---- a file ---- */

static void take_beacon(void *ctx, const struct field_beacon *b)
{
    field_tally_add(ctx, b);
}

static void take_line(struct rum *x, const char *line, size_t n)
{
    struct field_counts *c = field_tally_counts(x->tally);
    while (n && (line[n - 1] == '\r' || line[n - 1] == ' '))
        n--;
    if (!n)
        return;
    x->lines++;
    struct beacon_found found = beacon_read(line, n, NULL, take_beacon, x->tally);
    c->rejected += found.rejected;
    c->ignored += found.ignored;
    if (found.rejected && !x->bad++) {
        x->reason = found.reason;
        snprintf(x->sample, sizeof x->sample, "%.*s", (int)MIN(n, (size_t)SAMPLE_MAX), line);
    }
}

static void too_long(struct rum *x)
{
    field_tally_counts(x->tally)->too_large++;
    x->lines++;
    if (!x->bad++) {
        x->reason = "the line has more than 64 KiB";
        snprintf(x->sample, sizeof x->sample, "%.*s", SAMPLE_MAX, x->line);
    }
    x->len = 0;
    x->skipping = true;
}

/* Whole lines are read where they stand; what is left of one is kept. */
static void take_bytes(struct rum *x, const char *bytes, size_t n)
{
    while (n) {
        const char *newline = memchr(bytes, '\n', n);
        size_t part = newline ? (size_t)(newline - bytes) : n;
        if (!x->skipping && x->len + part > BEACON_BODY_MAX) {
            memcpy(x->line + x->len, bytes, BEACON_BODY_MAX - x->len);
            too_long(x);
        } else if (!x->skipping && newline && !x->len) {
            take_line(x, bytes, part);
        } else if (!x->skipping) {
            memcpy(x->line + x->len, bytes, part);
            x->len += part;
            if (newline)
                take_line(x, x->line, x->len);
        }
        if (newline) {
            x->skipping = false;
            x->len = 0;
        }
        part += newline != NULL;
        bytes += part;
        n -= part;
    }
}

static enum sd_result read_file(struct sd_source *s, struct sd_error *err)
{
    struct rum *x = s->priv;
    char *bytes = mem_alloc(READ_SIZE);
    size_t n = 0;
    enum sd_result r;
    while ((r = rum_file_read(s, &x->file, bytes, READ_SIZE, &n, err)) == SD_OK) {
        x->bytes += (int64_t)n;
        take_bytes(x, bytes, n);
    }
    free(bytes);
    if (r != SD_GONE)
        return r == SD_NODATA ? SD_OK : r;
    if (x->len)
        take_line(x, x->line, x->len);
    if (field_tally_counts(x->tally)->accepted) {
        publish(s);
        return SD_GONE;
    }
    if (x->reason)
        return sd_fail(err, SD_CONFIG, "%.200s holds no beacon of a vital: in the first bad line %s",
                       s->target, x->reason);
    return sd_fail(err, SD_CONFIG, "%.200s holds no beacon of LCP, INP, CLS, FCP or TTFB", s->target);
}

static enum sd_result rum_run(struct sd_source *s, struct sd_error *err)
{
    struct rum *x = s->priv;
    return x->server ? receive(s) : read_file(s, err);
}

static int rum_recognise(const char *target, const void *head, size_t len)
{
    if (!head)
        return str_starts(target, "rum://") ? 100 : 0;
    return beacon_sure(head, len);
}

static void rum_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    struct sd_error err = {""};
    if (!s->target)
        return;
    if (!is_address(s->target))
        examine_file(s, tell, ctx);
    else if (rum_server_may_open(s->target, &err))
        examine_tell(&e, "port", SD_CHECK_OK, NULL, "the port of it is free");
    else
        examine_tell(&e, "port", SD_CHECK_MISSING,
                     "ss -ltnp shows who has the port: stop it, or receive at another one of 127.0.0.1", "%s",
                     err.text);
}

extern const struct sd_source_ops rum_source_ops;
const struct sd_source_ops rum_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "rum",
    .summary = "vitals of real users: a receiver of the beacons of pages, or a file of them: pages",
    .targets = "rum://127.0.0.1:PORT (a receiver), rum:FILE (a beacon a line), FILE, rum:- (standard input)",
    .provides = SD_KIND_BIT(SD_PAGE_FIELD) | SD_KIND_BIT(SD_PAGE_ATTRIBUTION) |
                SD_KIND_BIT(SD_PAGE_RECEIVER) | SD_KIND_BIT(SD_PAGE_TREND) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct rum_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct rum),
    .recognise = rum_recognise,
    .open = rum_open,
    .run = rum_run,
    .close = rum_close,
    .examine = rum_examine,
};
