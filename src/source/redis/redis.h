/* redis.h - the Redis source: its servers, and what is kept of each. On its worker thread. */
#ifndef SOURCE_REDIS_REDIS_H
#define SOURCE_REDIS_REDIS_H

#include "format/caches/redis_info.h"
#include "source/redis/redis_conn.h"

struct redis_options {
    int64_t interval, timeout;
    const char *user, *password, *sentinel, *sentinel_password;
    const char *tls_ca, *tls_cert, *tls_key, *tls_name;
    bool tls_verify;
    const char *sample; /* what may be looked into: none, keys, monitor */
    double budget;
    const char *const *prefixes;
};

enum {
    REDIS_NODES_MAX = 256,
    REDIS_SLOW_MAX = 64, /* slow commands that are kept of a server */
    REDIS_LOGS = 3,      /* slow, large-request, large-reply */
};

/* Of a server: what it does not offer, or not to us. */
enum {
    LACKS_COMMANDLOG = 1,
    LACKS_SLOWLOG = 2,
    LACKS_LATEST = 4,
    LACKS_HISTOGRAM = 8,
    LACKS_CLIENTS = 16,
    LACKS_MEMORY = 32,
};

enum { REDIS_HITS, REDIS_MISSES, REDIS_COMMANDS, REDIS_CONNECTIONS, REDIS_EXPIRED, REDIS_COUNTERS };

struct keyspace;
struct redis_node {
    struct redis_address address;
    char *place;             /* "127.0.0.1:6379" */
    char *name;              /* "redis 127.0.0.1:6379"; NULL: not read yet */
    struct redis_conn *conn; /* NULL: none now */
    struct redis_info info;  /* the newest; its arena is NULL before the first */
    char *run_id, *role;
    sd_time since;                /* where its counters begin */
    int64_t last[REDIS_COUNTERS]; /* as read; a fall is a reset */
    /* Our own lookups since then: the server counts them, too. */
    int64_t own_hits, own_misses;
    struct keyspace *keyspace; /* its keys are looked into; NULL: not */
    bool sampled;              /* its keys are looked into: the note that tells how is not needed */

    unsigned lacks;
    char *lack; /* of the slow log: why, in a sentence */
    struct arena *slow_arena;
    struct sd_cache_slow slow[REDIS_SLOW_MAX];
    size_t n_slow;
    int64_t slow_seen[REDIS_LOGS]; /* the newest number of each log */
    bool slow_changed;
    sd_time next_detail, latest_seen;
    char *client_trouble;

    char *problem; /* why it is not read; NULL: it is */
    unsigned failures;
    sd_time retry_at;
    bool listed; /* while the list of nodes is compared */
};

/* Of a server, between two openings of the source. */
struct redis_kept {
    uint64_t place, run; /* hashes; run 0: none */
    sd_time since;
    int64_t own_hits, own_misses, last[REDIS_COUNTERS];
};

enum redis_kind { REDIS_UNKNOWN, REDIS_SINGLE, REDIS_CLUSTER, REDIS_SENTINEL };

struct redis {
    struct sd_source *s;
    const struct redis_options *o;
    struct redis_address seed; /* what the target names */
    char *user, *password;     /* of the target or the options; NULL */
    enum redis_kind kind;
    struct redis_node **nodes;
    size_t n;
    struct redis_conn *sentinel;
    char *sentinel_problem, *cluster_trouble;
    sd_time next, next_nodes;
    bool look_again; /* for the list of nodes: something has changed */
    char *noted;
    struct redis_kept kept[REDIS_NODES_MAX];
    size_t n_kept;
};

/* redis_target.c. Reads the target; its parts are for the caller to free. False and a sentence that repeats
 * no part of it: any may be the password. */
bool redis_target_read(const char *target, struct redis_address *to, char **user, char **password,
                       struct sd_error *err);
int redis_target_score(const char *target); /* 0..100, as sd_source_ops.recognise */

/* redis_node.c: one server. */
struct redis_login redis_login_of(const struct redis *x);
struct redis_node *redis_node_new(const struct redis_address *a);
void redis_node_free(struct redis_node *n);
/* A look-up of ours has found a key, or not, on a connection of any kind: the figures are corrected by it. */
void redis_own_lookup(struct redis_node *n, bool found);
/* Connects if need be, and reads INFO into n->info. A connection that was closed while idle is made anew. */
enum sd_result redis_node_info(struct redis *x, struct redis_node *n, struct sd_batch *b,
                               struct sd_error *err);
/* Whatever else it offers, when it is due; a failure is in the node. */
enum sd_result redis_node_more(struct redis *x, struct redis_node *n, struct sd_batch *b,
                               struct sd_error *err);
/* redis_more.c: the parts of that. */
enum sd_result redis_slow_collect(struct redis *x, struct redis_node *n, struct sd_error *err);
enum sd_result redis_detail_collect(struct redis *x, struct redis_node *n, struct sd_batch *b,
                                    struct sd_error *err);
/* redis_records.c: what is known of the server into the batch. */
void redis_node_records(const struct redis *x, struct redis_node *n, struct sd_batch *b);
void redis_slow_records(struct redis *x, struct sd_batch *b); /* of all servers, when one has new ones */
void redis_event(const struct redis *x, struct sd_batch *b, const char *severity, const char *title,
                 const char *fmt, ...) SD_PRINTF(5, 6);
void redis_metric(const struct redis *x, struct sd_batch *b, const char *name, const char *labels,
                  const char *unit, double value);

/* redis_nodes.c: which servers there are. The first connection to the target, and what it is. */
enum sd_result redis_nodes_begin(struct redis *x, struct sd_error *err);
/* Again, when it is due: nodes come and go. */
enum sd_result redis_nodes_follow(struct redis *x, struct sd_batch *b, struct sd_error *err);
void redis_nodes_free(struct redis *x);

/* redis_examine.c: tells `slowdive doctor` what became of opening it, and what its servers let us see. */
void redis_look(struct redis *x, enum sd_result opened, const struct sd_error *err, sd_check_tell *tell,
                void *ctx);

#endif
