/* redis_node.c - one server: its connection, its figures, and when its counters began anew. */
#include <stdlib.h>

#include "base/units.h"
#include "source/redis/keyspace.h"

enum { INFO_MAX = 4 << 20, DETAIL_EVERY_S = 10 };

struct redis_login redis_login_of(const struct redis *x)
{
    const struct redis_options *o = x->o;
    return (struct redis_login){
        .user = x->user,
        .password = x->password,
        .tls_ca = o->tls_ca,
        .tls_cert = o->tls_cert,
        .tls_key = o->tls_key,
        .tls_name = o->tls_name,
        .tls_verify = o->tls_verify,
        .timeout = o->timeout,
    };
}

struct redis_node *redis_node_new(const struct redis_address *a)
{
    struct redis_node *n = mem_alloc(sizeof *n);
    n->address = redis_address_copy(a);
    n->place = redis_address_name(a);
    n->since = n->latest_seen = SD_UNKNOWN;
    for (size_t i = 0; i < REDIS_COUNTERS; i++)
        n->last[i] = SD_UNKNOWN;
    for (size_t i = 0; i < REDIS_LOGS; i++)
        n->slow_seen[i] = SD_UNKNOWN;
    return n;
}

void redis_node_free(struct redis_node *n)
{
    keyspace_free(n->keyspace);
    redis_close(n->conn);
    redis_address_free(&n->address);
    if (n->info.arena)
        redis_info_free(&n->info);
    arena_free(n->slow_arena);
    free(n->place);
    free(n->name);
    free(n->run_id);
    free(n->role);
    free(n->lack);
    free(n->client_trouble);
    free(n->problem);
    free(n);
}

void redis_own_lookup(struct redis_node *n, bool found)
{
    if (found)
        n->own_hits++;
    else
        n->own_misses++;
}

/* ---- when counters begin anew ---- */

static void counters_of(const struct redis_info *i, int64_t out[REDIS_COUNTERS])
{
    out[REDIS_HITS] = i->cache.hits;
    out[REDIS_MISSES] = i->cache.misses;
    out[REDIS_COMMANDS] = i->cache.requests;
    out[REDIS_CONNECTIONS] = i->cache.connections;
    out[REDIS_EXPIRED] = i->cache.expired;
}

static bool fell(const struct redis_node *n, const int64_t now[REDIS_COUNTERS])
{
    for (size_t i = 0; i < REDIS_COUNTERS; i++)
        if (n->last[i] >= 0 && now[i] >= 0 && now[i] < n->last[i])
            return true;
    return false;
}

static void set_text(char **to, const char *text)
{
    if (str_eq(*to, text))
        return;
    free(*to);
    *to = mem_strdup(text);
}

/* What must outlive a connection to a server: its uptime is in whole seconds, and a beginning of counting
 * that wavers would look like a reset. */
static struct redis_kept *kept_of(struct redis *x, const struct redis_node *n)
{
    uint64_t place = str_hash(n->place, strlen(n->place));
    size_t i = 0;
    while (i < x->n_kept && x->kept[i].place != place)
        i++;
    if (i == x->n_kept) {
        i = x->n_kept < REDIS_NODES_MAX ? x->n_kept++ : place % REDIS_NODES_MAX;
        x->kept[i] = (struct redis_kept){.place = place};
    }
    return &x->kept[i];
}

static uint64_t run_of(const char *run_id)
{
    return run_id ? str_hash(run_id, strlen(run_id)) : 0;
}

static void keep(struct redis *x, const struct redis_node *n)
{
    struct redis_kept *k = kept_of(x, n);
    k->run = run_of(n->run_id);
    k->since = n->since;
    k->own_hits = n->own_hits;
    k->own_misses = n->own_misses;
    memcpy(k->last, n->last, sizeof k->last);
}

static void begin_counting(struct redis *x, struct redis_node *n, bool first)
{
    const struct redis_kept *k = kept_of(x, n);
    const struct redis_info *i = &n->info;
    if (first && k->run && k->run == run_of(i->run_id)) {
        n->since = k->since;
        n->own_hits = k->own_hits;
        n->own_misses = k->own_misses;
        memcpy(n->last, k->last, sizeof n->last);
        return;
    }
    n->since = sd_known(i->uptime_ns) ? x->s->host->now(x->s) - i->uptime_ns : SD_UNKNOWN;
}

static void note_begin(struct redis *x, struct redis_node *n, struct sd_batch *b)
{
    const struct redis_info *i = &n->info;
    int64_t now[REDIS_COUNTERS];
    sd_time clock = x->s->host->now(x->s);
    counters_of(i, now);
    bool first = !n->run_id && !sd_known(n->since);
    bool restarted = !first && i->run_id && n->run_id && !str_eq(i->run_id, n->run_id);
    if (first || restarted)
        begin_counting(x, n, first);
    bool reset = !restarted && fell(n, now);
    if (reset)
        n->since = clock;
    if (restarted || reset) {
        n->own_hits = n->own_misses = 0;
        redis_event(x, b, restarted ? "warn" : "info",
                    restarted ? "Redis was restarted" : "counters were reset",
                    restarted ? "%.200s was started again; its counters begin at 0"
                              : "the counters of %.200s were set to 0 (CONFIG RESETSTAT)",
                    n->name);
    }
    if (restarted)
        for (size_t k = 0; k < REDIS_LOGS; k++)
            n->slow_seen[k] = SD_UNKNOWN;
    memcpy(n->last, now, sizeof n->last);
    set_text(&n->run_id, i->run_id);
    keep(x, n);
}

static void note_role(struct redis *x, struct redis_node *n, struct sd_batch *b)
{
    const char *role = n->info.cache.role;
    if (n->role && role && strcmp(role, n->role) != 0) {
        redis_event(x, b, "warn", "failover", "%.200s is now %s, and was %s before", n->name,
                    role[0] == 'm' ? "the master" : "a replica",
                    n->role[0] == 'm' ? "the master" : "a replica");
        x->look_again = true;
    }
    set_text(&n->role, role);
}

/* ---- reading ---- */

static enum sd_result connect_node(struct redis *x, struct redis_node *n, struct sd_error *err)
{
    struct redis_login login = redis_login_of(x);
    return n->conn ? SD_OK : redis_open(x->s, &n->address, &login, &n->conn, err);
}

static enum sd_result read_info(struct redis_node *n, struct sd_error *err)
{
    struct redis_reply *reply;
    struct redis_info info;
    enum sd_result r = REDIS_ASK(n->conn, INFO_MAX, &reply, err, "INFO", "all");
    if (r != SD_OK)
        return r;
    if (reply->type != REPLY_STRING) {
        r = redis_refused(n->conn, "INFO", reply, err);
        if (r == SD_UNSUPPORTED)
            r = sd_fail(
                err, SD_CONFIG,
                "%.150s does not know the command INFO: it is renamed or switched off, and nothing can be "
                "read without it",
                n->place);
    } else if (!redis_info_read(reply->text, reply->len, &info)) {
        r = sd_fail(err, SD_RETRY, "%.150s answers INFO with nothing that is known", n->place);
    } else {
        if (n->info.arena)
            redis_info_free(&n->info);
        n->info = info;
    }
    redis_reply_free(reply);
    return r;
}

static enum sd_result read_once(struct redis *x, struct redis_node *n, struct sd_error *err)
{
    enum sd_result r = connect_node(x, n, err);
    return r == SD_OK ? read_info(n, err) : r;
}

static void disconnect(struct redis_node *n)
{
    redis_close(n->conn);
    n->conn = NULL;
}

/* The server may have closed a connection that was idle, or was started again: once more, on a new one. */
static enum sd_result read_twice(struct redis *x, struct redis_node *n, struct sd_error *err)
{
    bool idle = n->conn;
    sd_time began = x->s->host->now(x->s);
    enum sd_result r = read_once(x, n, err);
    bool closed =
        r == SD_RETRY && idle && redis_is_lost(n->conn) && x->s->host->now(x->s) - began < x->o->timeout;
    if (closed) {
        disconnect(n);
        err->text[0] = 0;
        r = read_once(x, n, err);
    }
    if (r != SD_OK)
        disconnect(n);
    return r;
}

enum sd_result redis_node_info(struct redis *x, struct redis_node *n, struct sd_batch *b,
                               struct sd_error *err)
{
    enum sd_result r = read_twice(x, n, err);
    if (r != SD_OK)
        return r;
    char *name = mem_printf("%.60s %.300s", n->info.cache.product, n->place);
    set_text(&n->name, name);
    free(name);
    note_begin(x, n, b);
    note_role(x, n, b);
    return SD_OK;
}

/* What it does not offer or allow stays away, until it is opened anew. A lost connection is the end of this
 * round for the server, and nothing that was read before is lost by it. */
enum sd_result redis_node_more(struct redis *x, struct redis_node *n, struct sd_batch *b,
                               struct sd_error *err)
{
    sd_time now = x->s->host->now(x->s);
    if (n->info.loading == 1)
        return SD_OK; /* it answers nothing else */
    enum sd_result r = redis_slow_collect(x, n, err);
    if (r == SD_OK && (now >= n->next_detail || n->next_detail > now + 2 * DETAIL_EVERY_S * SD_S)) {
        n->next_detail = now + DETAIL_EVERY_S * SD_S;
        r = redis_detail_collect(x, n, b, err);
    }
    if (r != SD_OK)
        disconnect(n);
    return r;
}
