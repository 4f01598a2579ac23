/* store.h - a history on disk (SQLite) or in an engine (ClickHouse): put rows in, read a span, keep house.
 *
 * A handle belongs to one thread. Every function that fails gives one sentence without secrets. SD_RETRY: it
 * may work later (locked, unreachable, disk full); SD_CONFIG: somebody must change something (rights, damage,
 * a schema newer than this program).
 *
 * Whatever happens - kill -9, a full disk, an engine that restarts - a put is in it wholly or not at all, and
 * the same put again changes nothing. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "core/batch.h"
#include "core/history/history.h"
#include "slowdive/source.h"

struct store;

struct store_options {
    bool write;                 /* else it is only read, and nothing of it is changed */
    struct history_tiers tiers; /* n 0: those it was created with, else the default */
    int64_t max_bytes;          /* 0: no limit; SQLite */
    const char *cluster;        /* ClickHouse: tables are Distributed over it; NULL */
    const char *password;       /* ClickHouse; NULL: none */
    const char *ca_file;        /* ClickHouse with TLS; NULL: CLICKHOUSE_CA_FILE, else the system's */
    bool (*stop)(void *ctx);    /* asked now and then; true ends what runs with SD_RETRY; NULL */
    void *stop_ctx;
};

/* "history:PATH" (a "~/" at its start is the home), "clickhouse://USER@HOST:8123/DATABASE", "clickhouses://".
 * Is it one of these? */
bool store_is_url(const char *url);
/* Do these first bytes of a file say that it is a history? */
bool store_is_file(const void *head, size_t len);
/* Of what was named, a URL or the path of a file that is a history: the URL. NULL: neither. Caller frees. */
char *store_url_of(const char *target);
/* Creates it when it is not there and `write` is set: a file 0600, tables. */
enum sd_result store_open(const char *url, const struct store_options *o, struct store **out,
                          struct sd_error *err);
void store_close(struct store *s);            /* NULL is fine */
const char *store_url(const struct store *s); /* as it may be shown */
/* Ends what another thread waits for in it. Any thread. */
void store_interrupt(struct store *s);

/* May who logs in record into it? Of an engine; of a file (SD_UNSUPPORTED) the system tells. Nothing is made,
 * changed or read of it. */
enum store_right { STORE_WRITES, STORE_READS /* only */, STORE_NOT_MADE /* there is none yet */ };
enum sd_result store_right(const char *url, const struct store_options *o, enum store_right *out,
                           struct sd_error *err);

/* ---- writing ---- */
/* Who writes. A recorder is a new run each time it starts; an import of the same SOURCE of the same host is
 * always the same run. */
struct store_run {
    const char *id;      /* unique; of an import made of SOURCE and host */
    const char *host;    /* of those rows that name none, and whose the gaps are */
    const char *version; /* of the program */
    sd_time began;
    bool import; /* what it puts is seen once it has ended, and takes the place of what the same run had */
};
/* What a run has gathered: of (from, to] nothing more will come but what is late. */
struct store_put {
    uint64_t number; /* 1, 2, ... in a run: the same number again is the same put */
    sd_time from, to;
    sd_time sent;                   /* the clock of who sends */
    int64_t lost;                   /* records that could not be kept since the put before */
    const struct history_row *rows; /* in steps of the first tier that suits each (history_tier_of) */
    size_t n;
    /* One that belongs to it, with a smaller number: a file has both or neither. NULL: none. */
    const struct store_put *before;
    /* How far files were read: everything up to these places is in it or in puts before it. A file of the
     * run's host has one place; "" removes it. An engine has none: they are kept in the spool. */
    const struct batch_place *places;
    size_t n_places;
};
/* The places of a host's files, in order of when they were put. */
typedef void store_place(void *ctx, const char *file, const char *place);
enum sd_result store_places(struct store *s, const char *host, store_place *each, void *ctx,
                            struct sd_error *err);
enum sd_result store_put(struct store *s, const struct store_run *run, const struct store_put *put,
                         struct sd_error *err);
/* The import is whole. */
enum sd_result store_end(struct store *s, const struct store_run *run, struct sd_error *err);

/* ---- reading ---- */
struct store_ask {
    struct history_steps steps; /* rows come added up in these; none: in those in which they are kept */
    sd_time from, to;           /* what ends in (from, to] */
    sd_kinds kinds;             /* 0: all */
    const char *host;           /* NULL: all */
    unsigned apart;             /* HISTORY_BY_HOST, HISTORY_BY_SOURCE, HISTORY_TOGETHER (with steps) */
    const char *route;          /* of http and its parts only this one; NULL: all */
    int64_t if_long_ns;         /* nothing need be read when no interval can be that long; 0: all is */
    bool times; /* without steps: only when there are rows; one may stand for all of its kind and time, and
                   its record and host be NULL; the answer's oldest and newest may be unknown */
};
struct store_answer {
    sd_time from, to;       /* which span was read: where an interval is cut by the asked one, not the same;
                               SD_UNKNOWN: nothing is there */
    int64_t coarsest_ns;    /* the longest interval in it */
    sd_time oldest, newest; /* of all there is; SD_UNKNOWN: empty */
    uint64_t rows;          /* read */
};
/* Rows in order of time; good during the call. False from `row` ends the reading, which is no error. */
enum sd_result store_read(struct store *s, const struct store_ask *ask,
                          bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                          struct store_answer *out, struct sd_error *err);
/* What changed since the last call with this mark (0 at first: from now on): for who follows. Rows as they
 * were put. */
enum sd_result store_follow(struct store *s, uint64_t *mark, const struct store_ask *ask,
                            bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                            struct sd_error *err);

/* Which nodes of a cluster could not be reached in the readings since the last call (store_read,
 * store_follow, store_state, store_hosts), so that what they keep is missing: "1 of 2 nodes", malloc'd; NULL:
 * none. */
char *store_partial(struct store *s);

/* ---- its state ---- */
struct store_tier {
    int64_t step_ns, keep_ns, rows, bytes; /* bytes: SD_UNKNOWN: the engine does not tell */
    sd_time oldest, newest;                /* SD_UNKNOWN: empty */
};
struct store_gap {
    const char *host;
    sd_time from, to; /* nobody recorded it */
};
struct store_host {
    const char *name, *version; /* of the newest run */
    int64_t runs, rows, lost, gaps, gap_ns;
    sd_time oldest, newest;
    int64_t skew_ns; /* its clock against the engine's; SD_UNKNOWN: not known */
};
struct store_state {
    const char *url;
    int64_t schema, bytes, endpoints, lost; /* bytes: SD_UNKNOWN as in tiers */
    sd_time oldest, newest;
    size_t n_tiers, n_gaps, n_hosts;
    const struct store_tier *tiers;
    const struct store_gap *gaps;   /* by host and time */
    const struct store_host *hosts; /* by name */
    const char *damage;             /* of verify: the first thing wrong; NULL: none */
};
/* Arrays and texts in the arena. `verify`: every row is looked at. */
enum sd_result store_state(struct store *s, bool verify, struct arena *a, struct store_state *out,
                           struct sd_error *err);
/* Of this only the hosts (an engine of many leaves out their numbers of rows), their gaps, lost, oldest and
 * newest: for who looks every few minutes. */
enum sd_result store_hosts(struct store *s, struct arena *a, struct store_state *out, struct sd_error *err);

/* ---- keeping house ---- */
struct store_compaction {
    int64_t moved, dropped;   /* rows into the next tier; past the last one */
    int64_t dropped_for_size; /* of these, for max_bytes */
    sd_time dropped_to;       /* what ended before is gone for size; SD_UNKNOWN */
};
/* As of `now`. */
enum sd_result store_compact(struct store *s, sd_time now, struct store_compaction *out,
                             struct sd_error *err);

/* ClickHouse: the statements that make its tables; SQLite likewise. malloc'd. */
char *store_schema(const char *url, const struct store_options *o, struct sd_error *err);

#endif
