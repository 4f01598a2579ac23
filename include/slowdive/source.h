/* source.h - the source ABI: the interface between a source of data and slowdive.
 *
 * A source is a constant table of functions, `struct sd_source_ops`. It is
 * either built in, a shared object that exports
 *
 *     const struct sd_source_ops *slowdive_source(void);
 *
 * (or, of several kinds, a function `slowdive_sources` that returns a list of them), or
 * (without any C) a program run by the exec source.
 *
 * Threads. Every instance has a worker thread of its own. `open`, `collect`,
 * `run`, `request` and `close` are called on it, one at a time; blocking code
 * is fine there. `probe` and `decode` may be called on any thread and keep no
 * state. `interrupt` is the only function called from another thread while the
 * worker is inside the source: it unblocks and frees nothing.
 *
 * Memory. The host allocates `priv_size` zeroed bytes before `open`, with the
 * parsed options beside it, and frees both after `close`. What `open` allocated
 * `close` frees, also after a failed `open`.
 */
#ifndef SLOWDIVE_SOURCE_H
#define SLOWDIVE_SOURCE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "slowdive/types.h"

/* A module is loaded when its major equals the host's and its minor is not
 * newer. Minor versions only append fields, kinds and host functions. */
#define SD_ABI_MAJOR 2
#define SD_ABI_MINOR 1
#define SD_ABI       ((SD_ABI_MAJOR << 16) | SD_ABI_MINOR)

/* Why something failed: one sentence a user can act on, without secrets.
 * Untouched on success. */
struct sd_error {
    char text[512];
};

/* How a call ended, and what the host does next. */
enum sd_result {
    SD_OK,          /* done */
    SD_NODATA,      /* nothing new; still fine */
    SD_RETRY,       /* failed for now: close, back off, open again (when not `follow`: failed) */
    SD_CONFIG,      /* the user must change something: failed until reloaded */
    SD_UNSUPPORTED, /* this source cannot do that, here or at all */
    SD_GONE,        /* the input ended for good (end of file, program ended) */
    SD_OTHER        /* what answered is for another kind, whose name is in the error: the host opens that
                       one in its place, once. Only while nothing was published */
};

#if defined(__GNUC__)
#define SD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SD_PRINTF(fmt, args)
#endif

/* ---- options ----------------------------------------------------------
 * One row per option. The same rows parse `kind:target?name=value`, YAML and
 * the command line, and make `slowdive sources KIND` and the manual. */
enum sd_option_type {
    SD_OPTION_BOOL,     /* bool: yes/no, true/false, on/off, 1/0 */
    SD_OPTION_INT,      /* int64_t */
    SD_OPTION_REAL,     /* double */
    SD_OPTION_DURATION, /* int64_t, nanoseconds: 250ms, 10s, 15m */
    SD_OPTION_BYTES,    /* int64_t: 64MiB, 500MB, 4096 */
    SD_OPTION_TEXT,     /* const char *, owned by the host */
    SD_OPTION_LIST      /* const char *const *, NULL-terminated, owned by the host;
                           "" is no items, otherwise one item per line */
};

enum {
    SD_OPTION_SECRET = 1 /* never printed, logged or recorded */
};

struct sd_option {
    const char *name;
    enum sd_option_type type;
    size_t offset;        /* into the options struct */
    const char *fallback; /* the default, as a user would write it */
    double min, max;      /* of numbers, durations (ns), sizes; both 0: any */
    unsigned flags;
    const char *unit;
    const char *help; /* one sentence */
};

/* ---- requests: work on demand, such as EXPLAIN ------------------------- */

/* A job and its arguments: `args` is a struct sd_job_<name>, valid during the call. */
struct sd_request {
    enum sd_job job;
    const void *args;
};

/* ---- the host ----------------------------------------------------------- */
struct sd_batch;
struct sd_source;

struct sd_host {
    uint32_t abi;
    uint32_t size;

    /* True once the instance is to stop; any thread. */
    bool (*should_stop)(struct sd_source *s);

    /* Sleeps until `deadline` (host clock as by `now`), until `fd` (or -1) has
     * one of the poll(2) `events`, or until the instance is cancelled or, within
     * `run`, has a request waiting. Returns 1 when fd is ready, 0 at the deadline, -1 when
     * `run` should look at should_stop, or return SD_OK to let a queued request
     * be served (it is then called again). Worker only. */
    int (*wait)(struct sd_source *s, int fd, int events, sd_time deadline);

    /* The current time; the only clock a source uses. */
    sd_time (*now)(struct sd_source *s);

    /* A new, empty batch stamped `at`; owned by the caller until published. */
    struct sd_batch *(*batch)(struct sd_source *s, sd_time at);

    /* Copies `record`, a struct sd_<kind>, into the batch. False when the batch
     * is full (64 MiB) or the kind unknown. */
    bool (*add)(struct sd_batch *b, enum sd_kind kind, const void *record);

    /* Hands the batch over. For an instance that follows it never blocks: when the
     * console lags the oldest unread batch is dropped and counted. For one that
     * reads to an end (follow is false: a verb, which may lose nothing) it waits
     * for room, or until the instance is to stop. An empty batch is discarded. */
    void (*publish)(struct sd_source *s, struct sd_batch *b);

    /* Frees a batch that will not be published. */
    void (*discard)(struct sd_batch *b);

    /* Tells the user where the source stands. The host sets CONNECTING, LIVE,
     * STALE, BACKOFF, FAILED and ENDED by itself from the results; a source
     * notes only what it alone knows ("pg_stat_statements is not installed").
     * One that watches what seldom changes notes LIVE now and then: it is not
     * stale for having nothing new. */
    void (*note)(struct sd_source *s, enum sd_state state, const char *fmt, ...) SD_PRINTF(3, 4);

    /* A line in the log file. */
    void (*log)(struct sd_source *s, const char *fmt, ...) SD_PRINTF(2, 3);

    /* True when the caller has withdrawn the request that is being served: stop it (on the server, too) and
     * return. `wait` then returns -1. Worker only. */
    bool (*withdrawn)(struct sd_source *s);

    /* Would `publish` take the batch now, with nothing dropped and no waiting? For a source that can make who
     * sends to it wait. NULL in a host that does not know. Worker only. */
    bool (*fits)(struct sd_source *s, const struct sd_batch *b);

    /* As `batch`, of what another source has told once: its counters are not those of others. `machine`: of
     * its records that name none; NULL: not known. For a source that keeps or passes on what several bring.
     * NULL in a host that does not know. */
    struct sd_batch *(*batch_of)(struct sd_source *s, const char *origin, const char *machine, sd_time at);

    /* Of what a source reads of a file as it grows. `file` NULL: the batch is a part of what a later one
     * closes with its places. Else everything of that file up to the place, an opaque text of the source, is
     * in this batch and those before it; once for each file, also in a batch without records. `place` "":
     * nothing is to be kept of the file any more. A recorder keeps the place together with the data, and the
     * next run gets it as the option "places", a line "PLACE FILE" each. NULL in a host that does not know.
     */
    void (*place)(struct sd_batch *b, const char *file, const char *place);

    /* Kinds of records that nobody takes of this instance, as when a verb prints one table: they need not be
     * made, and may be. The same as long as it runs. NULL in a host that does not know: none. */
    sd_kinds (*unread)(struct sd_source *s);

    /* Kinds of records of which nobody asks when, only for the sum of all: what a source adds up itself it
     * may hand out in intervals of any length. The same as long as it runs. NULL in a host that does not
     * know: none. */
    sd_kinds (*totals)(struct sd_source *s);
};

struct sd_source {
    const struct sd_host *host;
    const char *name;   /* unique name of the instance, for people */
    const char *target; /* what follows "kind:", or the URL or path given */
    const void *opts;   /* the options struct, parsed */
    void *priv;         /* priv_size bytes, zeroed before the first open, kept between opens */
    bool follow;        /* false: read what is there and end (a verb on a file) */
    int64_t watch_ns;   /* with `follow`: it is watched for so long only; 0: without an end */
};

/* ---- checks: what a source needs, for `slowdive doctor` ------------------ */

enum sd_check_state {
    SD_CHECK_OK,     /* it is there */
    SD_CHECK_LESS,   /* the source works without it, and shows less */
    SD_CHECK_MISSING /* without it the source does not work, or lacks what it is mainly for */
};
/* Texts are copied. No secrets. */
struct sd_check {
    const char *name; /* a few words, the same each time: "pg_stat_statements" */
    enum sd_check_state state;
    const char *text; /* what is so, in a sentence */
    const char *mend; /* the one line that mends it, such as a command; NULL: none, or it is OK */
};
typedef void sd_check_tell(void *ctx, const struct sd_check *check);

enum {
    SD_SOURCE_COMMAND = 1, /* the target is a shell's command: only its program is shown */
    SD_SOURCE_RECEIVES =
        2, /* others send to it: what comes while it is watched belongs to it, of whatever time */
    SD_SOURCE_KEEPS = 4 /* it takes requests, but what it has is of the past: a verb reads it to an end */
};

struct sd_source_ops {
    uint32_t abi;  /* SD_ABI */
    uint32_t size; /* sizeof(struct sd_source_ops) */

    const char *name;    /* the kind: "log" */
    const char *summary; /* one line */
    const char *targets; /* how a target is written: "log:PATH, PATH, -" */
    sd_kinds provides;   /* SD_KIND_BIT(SD_HTTP) for each record kind */

    size_t opts_size;
    const struct sd_option *options; /* ends with a row whose name is NULL; or NULL */
    size_t priv_size;

    /* Between collects; 0 for a streaming source. An option named "interval"
     * (or "every", of a streaming source that reads in turns) of type
     * SD_OPTION_DURATION takes its place for an instance. */
    int64_t interval_ns;

    /* How sure the source is that `target` (no "kind:" in front) is its own,
     * 0..100; for a file, `head` holds its first bytes, otherwise NULL.
     * Quick, no network, no state. May be NULL: only "kind:" selects it. */
    int (*recognise)(const char *target, const void *head, size_t len);

    /* Could it work here? `why` says what is missing. Quick, no network. NULL: yes. */
    enum sd_result (*probe)(const char *target, const void *opts, struct sd_error *why);

    enum sd_result (*open)(struct sd_source *s, struct sd_error *err);

    /* Exactly one of the two. `collect` is called every interval and fills the
     * batch it is given. `run` streams until should_stop or the end of input. */
    enum sd_result (*collect)(struct sd_source *s, struct sd_batch *b, struct sd_error *err);
    enum sd_result (*run)(struct sd_source *s, struct sd_error *err);

    /* Serves one request into `reply`; NULL: none. A job it does not know: SD_UNSUPPORTED.
     * When it returns anything but SD_OK, the caller gets the sentence in `err`. */
    enum sd_result (*request)(struct sd_source *s, const struct sd_request *req, struct sd_batch *reply,
                              struct sd_error *err);

    /* Unblocks the worker, wherever it is: PQcancel, shutdown(2), kill(2).
     * Any thread, any time from the start of open to the end of close,
     * repeatedly. Frees nothing. NULL: nothing in it blocks for long. */
    void (*interrupt)(struct sd_source *s);

    void (*close)(struct sd_source *s);

    /* The pure parser: bytes in, records out. For tests, fuzzing and replay.
     * NULL when the source has no bytes of its own. */
    enum sd_result (*decode)(const struct sd_host *host, const void *bytes, size_t len, struct sd_batch *b,
                             struct sd_error *err);

    unsigned flags; /* SD_SOURCE_...; a table that ends before it has none */

    /* Tells what the source needs and whether it is there, a check each. Without a target (NULL): of this
     * machine only, at once and without a network. With one: of that target, as it would be opened. It
     * changes nothing and starts nothing, asks a few short questions, and ends by itself when should_stop
     * says so. On a thread of its own, with `priv` as before `open`; the host calls neither `open` nor
     * `close`, the source may. What it publishes is thrown away, unseen. NULL: probe says all. Since 2.1. */
    void (*examine)(struct sd_source *s, sd_check_tell *tell, void *ctx);
};

/* What a module exports under the name `slowdive_source`. */
typedef const struct sd_source_ops *sd_source_entry(void);
/* The same under the name `slowdive_sources`, for several kinds: ends with NULL. Where a module exports both,
 * this one counts. */
typedef const struct sd_source_ops *const *sd_sources_entry(void);

/* Puts a sentence into err and gives `result` back, so that a caller can
 * `return sd_fail(err, SD_RETRY, "cannot open %s: %s", ...)`. */
SD_PRINTF(3, 4)
static inline enum sd_result sd_fail(struct sd_error *err, enum sd_result result, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return result;
}

#endif
