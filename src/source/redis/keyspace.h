/* keyspace.h - looking into the keys and lookups of one server, within a budget of its time. On the source's
 * worker thread.
 *
 * `keys`: SCAN lists keys until the prefixes are known, and of some of each prefix MEMORY USAGE, TYPE, PTTL
 * and OBJECT are asked, in pipelines. `monitor`: also MONITOR, in bursts, on a connection of its own, which
 * is closed at the end of each. Notifications are subscribed to on the same connection when the server sends
 * them, so that both come in one order; they are never switched on. Values are never asked for.
 *
 * The budget: the time that our commands took, by the server's own statistics and at most that of the round
 * trip beyond an empty one, and what MONITOR costs by its lines and bytes, those that were not read among
 * them; at most the time that the server's processor has worked at all. A burst ends when the budget is used
 * up, when the server answers PING late, or when its output is not read as fast as it comes. */
#ifndef SOURCE_REDIS_KEYSPACE_H
#define SOURCE_REDIS_KEYSPACE_H

#include "core/caches/key_sample.h"
#include "core/caches/key_watch.h"
#include "core/caches/miss_curve.h"
#include "format/caches/monitor_feed.h"
#include "source/redis/redis.h"

enum {
    KEYSPACE_DBS = KEY_SAMPLE_DBS,
    KEYSPACE_QUESTIONS = 4096,
    KEYSPACE_OWN = 8192, /* commands of ours that are remembered, where addresses do not tell them */
};

struct keyspace_question {
    int64_t db;
    char *key;
    size_t n;
    bool there;
    sd_time end;
};

struct keyspace {
    struct redis *x;
    struct redis_node *node;
    struct redis_conn *conn, *mon;
    bool monitor;
    double budget;
    sd_time began, until; /* SD_UNKNOWN: no end */
    sd_time next;         /* when something is to be done */
    int64_t spent;
    int64_t recent,
        busy_seen; /* of that, since the newest reading of the server's processor time, and that */
    int64_t ping;  /* the fastest answer */
    int64_t selected;
    char *problem;

    struct key_watch *watch;
    struct key_sample *sample, *next_sample; /* shown, and in the making; the first is both */
    struct miss_curve *curve;

    struct {
        int64_t number, keys;
    } dbs[KEYSPACE_DBS];
    size_t n_dbs, db;
    char cursor[32];
    bool listing, from_start, seeded; /* seeded: all keys are given to `watch` */
    sd_time list_again;
    int64_t listed_ns; /* spent on it */

    struct monitor_feed *feed;
    char own[128];
    bool own_known, own_unix, told, asked_told, by_space;
    uint64_t own_commands[KEYSPACE_OWN];
    size_t n_own;
    struct keyspace_question questions[KEYSPACE_QUESTIONS];
    size_t q_first, q_sent, q_n; /* in a ring: seen, asked, of all */
    sd_time burst_began, last_ping, least_lag;
    sd_time line_at; /* of the burst's newest line, by the server's clock; SD_UNKNOWN */
    unsigned late;
    int64_t watched, lines, lines_before;            /* the burst */
    double counted[KEY_REASONS], total[KEY_REASONS]; /* misses: of the bursts; of all time, estimated */
    sd_time counted_at;
    int64_t counted_watched;
};

/* keyspace.c */
struct keyspace *keyspace_new(struct redis *x, struct redis_node *n, bool monitor, double budget,
                              sd_time until, const char *const *patterns);
void keyspace_free(struct keyspace *k); /* NULL is fine */
/* Does what is due, and says when to call it again. */
sd_time keyspace_step(struct keyspace *k);
int64_t keyspace_credit(struct keyspace *k); /* ns of the server's time that may be used now */
void keyspace_pay(struct keyspace *k, int64_t ns);
/* Sends nothing but what is in the pipeline, and counts its time. */
bool keyspace_read(struct keyspace *k, const char *what, struct redis_reply **reply);
bool keyspace_select(struct keyspace *k, int64_t db);
void keyspace_give_up(struct keyspace *k, const char *fmt, ...) SD_PRINTF(2, 3);

/* keyspace_list.c: keys and what they are. */
sd_time keyspace_list(struct keyspace *k);
/* keyspace_burst.c: lookups. */
sd_time keyspace_burst(struct keyspace *k);
void keyspace_burst_end(struct keyspace *k);
/* A command of ours with a key, which MONITOR will show. */
void keyspace_own(struct keyspace *k, const char *command, const char *key, size_t n);

/* keyspace_records.c */
void keyspace_records(struct keyspace *k, struct sd_batch *b);
void keyspace_cache(struct keyspace *k, struct sd_cache *c); /* what it knows of the whole */

#endif
