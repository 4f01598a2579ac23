/* keyspace.c - the budget, the connection and the order of work. */
#include "source/redis/keyspace.h"

#include <stdlib.h>

enum { FOLLOWED = 1 << 17, CURVE_KEYS = 1 << 15, REPLY_MAX = 1 << 20 };
/* What may be saved up: then it is spent at once. */
#define CREDIT_MAX (50 * SD_MS)

static void merged(void *ctx, uint32_t from, uint32_t into)
{
    struct keyspace *k = ctx;
    key_sample_merge(k->sample, from, into);
    if (k->next_sample != k->sample)
        key_sample_merge(k->next_sample, from, into);
}

struct keyspace *keyspace_new(struct redis *x, struct redis_node *n, bool monitor, double budget,
                              sd_time until, const char *const *patterns)
{
    struct keyspace *k = mem_alloc(sizeof *k);
    k->x = x;
    k->node = n;
    k->monitor = monitor;
    k->budget = budget;
    k->began = x->s->host->now(x->s);
    k->until = until;
    k->ping = INT64_MAX;
    k->busy_seen = SD_UNKNOWN;
    k->sample = k->next_sample = key_sample_new();
    k->watch = key_watch_new(patterns, FOLLOWED, merged, k);
    k->curve = miss_curve_new(1, CURVE_KEYS);
    k->feed = mem_alloc(sizeof *k->feed);
    k->listing = k->from_start = true;
    k->counted_at = SD_UNKNOWN;
    n->sampled = true;
    return k;
}

static void disconnect(struct keyspace *k)
{
    keyspace_burst_end(k);
    redis_close(k->conn);
    k->conn = NULL;
}

void keyspace_free(struct keyspace *k)
{
    if (!k)
        return;
    disconnect(k);
    if (k->next_sample != k->sample)
        key_sample_free(k->next_sample);
    key_sample_free(k->sample);
    key_watch_free(k->watch);
    miss_curve_free(k->curve);
    free(k->feed);
    free(k->problem);
    k->node->sampled = false;
    free(k);
}

/* ---- the budget ---- */

void keyspace_pay(struct keyspace *k, int64_t ns)
{
    k->spent += MAX(ns, 0);
    k->recent += MAX(ns, 0);
}

/* Since the last reading of its processor time we cannot have cost it more than it worked. Not before there
 * is a new reading: a server that was idle when it was read may be busy by now. */
static void settle(struct keyspace *k)
{
    int64_t busy = k->node->info.cache.busy_ns;
    if (!sd_known(busy) || busy == k->busy_seen)
        return;
    if (sd_known(k->busy_seen) && busy > k->busy_seen)
        k->spent -= MAX(k->recent - (busy - k->busy_seen), 0);
    k->recent = 0;
    k->busy_seen = busy;
}

int64_t keyspace_credit(struct keyspace *k)
{
    double earned = (double)(k->x->s->host->now(k->x->s) - k->began) * k->budget;
    settle(k);
    return (int64_t)earned - k->spent;
}

/* Nothing is saved up over a long rest. */
static void cap_credit(struct keyspace *k)
{
    int64_t more = keyspace_credit(k) - CREDIT_MAX;
    if (more > 0)
        k->spent += more;
}

void keyspace_give_up(struct keyspace *k, const char *fmt, ...)
{
    va_list ap;
    char text[300];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    free(k->problem);
    k->problem = mem_strdup(text);
    disconnect(k);
    k->next = k->x->s->host->now(k->x->s) + 10 * SD_S;
}

/* ---- the connection ---- */

bool keyspace_read(struct keyspace *k, const char *what, struct redis_reply **reply)
{
    struct sd_error err = {""};
    enum sd_result r = redis_read(k->conn, what, REPLY_MAX, reply, &err);
    if (r == SD_OK)
        return true;
    keyspace_give_up(k, "%s", r == SD_NODATA ? "it was stopped" : err.text);
    return false;
}

bool keyspace_select(struct keyspace *k, int64_t db)
{
    char text[24];
    struct redis_reply *reply;
    if (k->selected == db)
        return true;
    snprintf(text, sizeof text, "%lld", (long long)db);
    REDIS_SEND(k->conn, "SELECT", text);
    if (!keyspace_read(k, "SELECT", &reply))
        return false;
    bool good = reply->type == REPLY_STATUS;
    redis_reply_free(reply);
    if (good)
        k->selected = db;
    return good;
}

static bool connect(struct keyspace *k)
{
    struct redis_login login = redis_login_of(k->x);
    struct sd_error err = {""};
    struct redis_reply *reply;
    if (k->conn)
        return true;
    if (redis_open(k->x->s, &k->node->address, &login, &k->conn, &err) != SD_OK) {
        k->conn = NULL;
        keyspace_give_up(k, "%s", err.text);
        return false;
    }
    k->selected = 0;
    k->own_known = false;
    if (k->x->kind == REDIS_CLUSTER) { /* a replica would send us elsewhere */
        REDIS_SEND(k->conn, "READONLY");
        if (!keyspace_read(k, "READONLY", &reply))
            return false;
        redis_reply_free(reply);
    }
    for (int i = 0; i < 5; i++) {
        sd_time before = k->x->s->host->now(k->x->s);
        REDIS_SEND(k->conn, "PING");
        if (!keyspace_read(k, "PING", &reply))
            return false;
        redis_reply_free(reply);
        k->ping = MIN(k->ping, k->x->s->host->now(k->x->s) - before);
    }
    free(k->problem);
    k->problem = NULL;
    return true;
}

static sd_time work(struct keyspace *k, sd_time now)
{
    sd_time next = k->monitor ? keyspace_burst(k) : now + SD_S;
    bool wait = k->monitor && !k->mon && !k->watched; /* keys are listed while their lookups are watched */
    if (k->conn && !wait && (k->listing || now >= k->list_again))
        next = MIN(next, keyspace_list(k));
    return next;
}

sd_time keyspace_step(struct keyspace *k)
{
    sd_time now = k->x->s->host->now(k->x->s);
    if (k->next > now && k->next < now + 20 * SD_S)
        return k->next;
    if (sd_known(k->until) && now >= k->until) {
        disconnect(k);
        return k->next = now + 10 * SD_S;
    }
    if (k->node->problem || !k->node->name || k->node->info.loading == 1 || !connect(k))
        return k->next = now + SD_S;
    if (!sd_known(k->busy_seen))
        k->busy_seen = k->node->info.cache.busy_ns;
    cap_credit(k);
    k->next = now;
    sd_time next = work(k, now);
    k->next = MAX(k->next, next); /* when it was given up, it rests */
    return k->next;
}
