/* redis_more.c - what a server offers beside INFO: slow commands, spikes of latency, clients, memory. Each is
 * asked for until the server says that it has it not, or not for us. */
#include <stdlib.h>

#include "base/num.h"
#include "base/units.h"
#include "format/caches/redis_clients.h"
#include "format/caches/redis_cluster.h"
#include "format/caches/redis_slowlog.h"
#include "source/redis/redis.h"

enum {
    SLOW_REPLY_MAX = 2 << 20,
    CLIENTS_MOST = 1000, /* the list costs the server time for each */
    TROUBLE_BYTES = 32 << 20,
    OLD_S = 60,
};

static const char *const LOGS[REDIS_LOGS + 1] = {"slow", "large-request", "large-reply", NULL};

/* One command. *reply NULL: the server does not offer it, which is noted. */
static enum sd_result offered(struct redis_node *n, unsigned lack, const char *what, size_t words,
                              const char *const *command, struct redis_reply **reply, struct sd_error *err)
{
    *reply = NULL;
    if (n->lacks & lack)
        return SD_OK;
    redis_send(n->conn, words, command, NULL);
    enum sd_result r = redis_read(n->conn, what, SLOW_REPLY_MAX, reply, err);
    if (r != SD_OK)
        return r;
    if ((*reply)->type != REPLY_ERROR)
        return SD_OK;
    struct sd_error why = {""};
    if (redis_refused(n->conn, what, *reply, &why) != SD_RETRY) {
        n->lacks |= lack;
        if (lack == LACKS_SLOWLOG) {
            free(n->lack);
            n->lack = mem_strdup(why.text);
        }
    }
    redis_reply_free(*reply);
    *reply = NULL;
    return SD_OK;
}
#define OFFERED(n, lack, reply, err, what, ...)                                                              \
    offered(n, lack, what, sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *),                       \
            (const char *[]){__VA_ARGS__}, reply, err)

/* ---- slow commands ---- */

/* COMMANDLOG since Valkey 8.1, SLOWLOG everywhere. */
static enum sd_result read_log(struct redis_node *n, const char *log, const char *count,
                               struct redis_reply **reply, struct sd_error *err)
{
    *reply = NULL;
    if (!str_eq(n->info.cache.product, "valkey"))
        n->lacks |= LACKS_COMMANDLOG;
    enum sd_result r =
        OFFERED(n, LACKS_COMMANDLOG, reply, err, "COMMANDLOG", "COMMANDLOG", "GET", count, log);
    if (r != SD_OK || *reply || str_find(LOGS, log) > 0)
        return r;
    return OFFERED(n, LACKS_SLOWLOG, reply, err, "SLOWLOG", "SLOWLOG", "GET", count);
}

/* The newest number of a log; SD_UNKNOWN: it is empty. */
static int64_t newest_of(const struct redis_reply *reply)
{
    const struct redis_reply *e = reply->type == REPLY_ARRAY && reply->n ? reply->items[0] : NULL;
    return e && e->type == REPLY_ARRAY && e->n && e->items[0]->type == REPLY_INTEGER ? e->items[0]->integer
                                                                                     : SD_UNKNOWN;
}

/* The last entries of each log, one of each is asked for first: mostly there is nothing new. */
static enum sd_result find_news(struct redis_node *n, bool *any, struct sd_error *err)
{
    *any = false;
    for (size_t i = 0; i < REDIS_LOGS; i++) {
        struct redis_reply *reply;
        enum sd_result r = read_log(n, LOGS[i], "1", &reply, err);
        if (r != SD_OK)
            return r;
        int64_t newest = reply ? newest_of(reply) : SD_UNKNOWN;
        *any |= newest != n->slow_seen[i];
        n->slow_seen[i] = newest;
        redis_reply_free(reply);
        if (n->lacks & LACKS_COMMANDLOG)
            break;
    }
    return SD_OK;
}

enum sd_result redis_slow_collect(struct redis *x, struct redis_node *n, struct sd_error *err)
{
    bool any;
    char count[24];
    /* Twice as many are read as are kept: some are our own. */
    size_t per_log = n->lacks & LACKS_COMMANDLOG ? REDIS_SLOW_MAX : REDIS_SLOW_MAX / REDIS_LOGS;
    (void)x;
    enum sd_result r = find_news(n, &any, err);
    if (r != SD_OK || !any)
        return r;
    arena_free(n->slow_arena);
    n->slow_arena = arena_new();
    n->n_slow = 0;
    n->slow_changed = true;
    snprintf(count, sizeof count, "%zu", 2 * per_log);
    for (size_t i = 0; i < REDIS_LOGS; i++) {
        struct redis_reply *reply;
        int64_t newest;
        r = read_log(n, LOGS[i], count, &reply, err);
        if (r != SD_OK)
            return r;
        int64_t read =
            reply ? redis_slowlog_read(reply, LOGS[i], "slowdive", n->slow_arena, n->slow + n->n_slow,
                                       MIN(per_log, REDIS_SLOW_MAX - n->n_slow), &newest)
                  : 0;
        n->n_slow += (size_t)MAX(read, 0);
        redis_reply_free(reply);
        if (n->lacks & LACKS_COMMANDLOG)
            break;
    }
    return SD_OK;
}

/* ---- spikes of latency ---- */

struct spikes {
    const struct redis *x;
    struct redis_node *n;
    struct sd_batch *b;
    sd_time seen;
};

static void spike(void *ctx, const char *event, sd_time at, int64_t latest_ns, int64_t max_ns)
{
    struct spikes *p = ctx;
    char text[UNIT_TEXT_MAX];
    sd_time now = p->x->s->host->now(p->x->s);
    (void)max_ns;
    bool is_new = sd_known(p->n->latest_seen) ? at > p->n->latest_seen : at > now - OLD_S * SD_S;
    p->seen = MAX(p->seen, at);
    if (is_new)
        redis_event(p->x, p->b, "info", "Redis was held up", "%.200s: %.60s took %s", p->n->name, event,
                    unit_format_int(UNIT_NS, latest_ns, text));
}

static enum sd_result latencies(struct redis *x, struct redis_node *n, struct sd_batch *b,
                                struct sd_error *err)
{
    struct redis_reply *reply;
    enum sd_result r = OFFERED(n, LACKS_LATEST, &reply, err, "LATENCY LATEST", "LATENCY", "LATEST");
    if (r != SD_OK)
        return r;
    if (reply) {
        struct spikes p = {.x = x, .n = n, .b = b, .seen = n->latest_seen};
        redis_latest_read(reply, spike, &p);
        n->latest_seen = MAX(p.seen, 0);
        redis_reply_free(reply);
    }
    if (n->info.percentiles || !n->info.n_commands)
        return SD_OK;
    r = OFFERED(n, LACKS_HISTOGRAM, &reply, err, "LATENCY HISTOGRAM", "LATENCY", "HISTOGRAM");
    if (r == SD_OK && reply)
        redis_histogram_read(reply, &n->info);
    redis_reply_free(reply);
    return r;
}

/* ---- clients ---- */

static void publish_clients(struct redis *x, struct redis_node *n, const struct redis_clients *c,
                            struct sd_batch *b)
{
    char text[UNIT_TEXT_MAX];
    char *cache = mem_printf("cache=%s", n->name);
    redis_metric(x, b, "redis.clients.idle", cache, "count", (double)c->idle);
    redis_metric(x, b, "redis.clients.unread_bytes", cache, "bytes", (double)c->waiting_bytes);
    for (size_t i = 0; i < c->n_names; i++) {
        char *labels = mem_printf("cache=%s,client=%s", n->name, c->names[i].name);
        if (c->names[i].count)
            redis_metric(x, b, "redis.clients.by_name", labels, "count", (double)c->names[i].count);
        free(labels);
    }
    free(cache);
    free(n->client_trouble);
    n->client_trouble = c->most_bytes < TROUBLE_BYTES
                            ? NULL
                            : mem_printf("%s of answers wait for the client %s, which does not read them",
                                         unit_format_int(UNIT_BYTES, c->most_bytes, text), c->most);
}

static enum sd_result clients(struct redis *x, struct redis_node *n, struct sd_batch *b, struct sd_error *err)
{
    struct redis_reply *reply;
    struct redis_clients sum;
    if (n->info.cache.clients < 0 || n->info.cache.clients > CLIENTS_MOST)
        return SD_OK;
    enum sd_result r = OFFERED(n, LACKS_CLIENTS, &reply, err, "CLIENT LIST", "CLIENT", "LIST");
    if (r != SD_OK || !reply)
        return r;
    if (reply->type == REPLY_STRING) {
        redis_clients_read(reply->text, reply->len, &sum);
        publish_clients(x, n, &sum, b);
    }
    redis_reply_free(reply);
    return SD_OK;
}

/* ---- memory ---- */

static const struct {
    const char *theirs, *unit;
} MEMORY[] = {
    {"peak.allocated", "bytes"},   {"startup.allocated", "bytes"},  {"replication.backlog", "bytes"},
    {"clients.slaves", "bytes"},   {"clients.normal", "bytes"},     {"cluster.links", "bytes"},
    {"aof.buffer", "bytes"},       {"lua.caches", "bytes"},         {"functions.caches", "bytes"},
    {"overhead.total", "bytes"},   {"dataset.bytes", "bytes"},      {"keys.bytes-per-key", "bytes"},
    {"allocator.active", "bytes"}, {"allocator.resident", "bytes"}, {"allocator-fragmentation.ratio", ""},
};

static double figure(const struct redis_reply *r)
{
    double v;
    if (r->type == REPLY_INTEGER)
        return (double)r->integer;
    return r->type == REPLY_STRING && num_parse_real(r->text, &v) ? v : (double)NAN;
}

static enum sd_result memory(struct redis *x, struct redis_node *n, struct sd_batch *b, struct sd_error *err)
{
    struct redis_reply *reply;
    enum sd_result r = OFFERED(n, LACKS_MEMORY, &reply, err, "MEMORY STATS", "MEMORY", "STATS");
    if (r != SD_OK || !reply)
        return r;
    char *labels = mem_printf("cache=%s", n->name);
    for (size_t i = 0; reply->type == REPLY_ARRAY && i + 1 < reply->n; i += 2)
        for (size_t k = 0; k < ARRAY_LEN(MEMORY); k++)
            if (reply->items[i]->text && !strcmp(reply->items[i]->text, MEMORY[k].theirs)) {
                char name[80];
                snprintf(name, sizeof name, "redis.memory.%s", MEMORY[k].theirs);
                redis_metric(x, b, name, labels, MEMORY[k].unit, figure(reply->items[i + 1]));
            }
    free(labels);
    redis_reply_free(reply);
    return SD_OK;
}

enum sd_result redis_detail_collect(struct redis *x, struct redis_node *n, struct sd_batch *b,
                                    struct sd_error *err)
{
    enum sd_result r = latencies(x, n, b, err);
    if (r == SD_OK)
        r = clients(x, n, b, err);
    return r == SD_OK ? memory(x, n, b, err) : r;
}
