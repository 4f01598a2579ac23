/* cache_rules.c - what of a cache needs a look: a row for each kind of trouble, its limits in one table. */
#include <stdlib.h>

#include "view/caches/cache_facts.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(HIT_LOW, 0.8, "hit rate below which it is worth a line, when the misses cost something")               \
    X(MISSES_PER_S, 20, "misses per second that cost something where no latency is known")                   \
    X(MISS_COST, 0.1, "seconds of waiting per second that misses take more than hits would")                 \
    X(LOOKUPS, 200, "lookups of the span below which its hit rate says little")                              \
    X(EVICTED_PER_S, 1, "evictions per second that matter")                                                  \
    X(EVICTED_OF_WRITES, 0.1, "and their share of what was stored")                                          \
    X(PREFIX_BYTES_SHARE, 0.05, "share of the memory from which a prefix matters")                           \
    X(NO_TTL_SHARE, 0.9, "share of the keys of a prefix without an end")                                     \
    X(GROWTH, 0.05, "growth of a prefix's keys in the span")                                                 \
    X(BIG_KEY, 1e6, "bytes of a key that is big")                                                            \
    X(HUGE_KEY, 50e6, "bytes of a key that stops the server when it is read or deleted")                     \
    X(HOT_KEY, 0.1, "share of all lookups that go to one key")                                               \
    X(SLOW_COMMAND_NS, 1e6, "mean time of a command that walks all members")                                 \
    X(SLOW_COMMAND_SHARE, 0.1, "and its share of all time in commands")                                      \
    X(FRAGMENTATION, 1.5, "memory of the process over memory used")                                          \
    X(FRAGMENTED_BYTES, 100e6, "and their difference")                                                       \
    X(FULL, 0.9, "share of the limit at which a cache without eviction is nearly full")                      \
    X(HERD, 10, "misses of one key within a second")                                                         \
    X(CONNECTIONS_PER_S, 20, "new connections per second")                                                   \
    X(COMMANDS_A_CONNECTION, 50, "commands for each, below which connections are not kept")                  \
    X(LAG_BYTES, 10e6, "bytes that a replica is behind")                                                     \
    X(FORK_NS, 100e6, "time that a fork stops the server")                                                   \
    X(LESS_MISSES, 0.2, "share of the misses that twice the memory spares")                                  \
    X(DROP, 0.15, "fall of the hit rate within the span")                                                    \
    X(MOST_MISSES, 0.3, "share of all misses from which a prefix is named for its misses")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

/* What a rule is about, and where its finding goes. */
struct asked {
    struct doc *d;
    const struct view_ctx *c;
    const struct cache_facts *f;
    struct cache_finding *out;
    size_t n;
};

static void found(struct asked *a, const char *kind, enum severity severity, double rank, const char *text)
{
    if (a->n < CACHE_FINDINGS_MAX)
        a->out[a->n++] =
            (struct cache_finding){.kind = kind, .severity = severity, .rank = rank, .text = text};
}

static const char *bytes(int64_t n, char buf[UNIT_TEXT_MAX])
{
    return unit_format_int(UNIT_BYTES, n, buf);
}
static const char *share(double v, char buf[UNIT_TEXT_MAX])
{
    return unit_format(UNIT_SHARE, v, buf);
}

/* Seconds of waiting per second that misses take more than hits; 0 unknown. */
static double miss_cost(const struct cache_facts *f)
{
    if (!f->e.hit || !f->e.miss || !f->e.hit->count || !f->e.miss->count)
        return 0;
    double hit = (double)f->e.hit->sum / (double)f->e.hit->count,
           miss = (double)f->e.miss->sum / (double)f->e.miss->count;
    double cost = (miss - hit) / 1e9 * f->misses_per_s;
    return cost > 0 ? cost : 0;
}

static void low_hit_rate(struct asked *a)
{
    const struct cache_facts *f = a->f;
    char rate[UNIT_TEXT_MAX], per_s[UNIT_TEXT_MAX];
    double cost = miss_cost(f);
    bool costs = cost >= LIMIT[T_MISS_COST] || (cost <= 0 && f->misses_per_s >= LIMIT[T_MISSES_PER_S]);
    if (!(f->hit_ratio < LIMIT[T_HIT_LOW]) || !costs ||
        (double)f->e.r.hits + (double)f->e.r.misses < LIMIT[T_LOOKUPS])
        return;
    const char *why = cache_miss_reasons(a->d, &f->e.r);
    const char *waits = cost > 0 ? doc_printf(a->d, "; %.1f requests wait for misses at any time", cost) : "";
    found(a, "low_hit_rate", SEVERITY_WARN, cost,
          doc_printf(a->d, "%s of the lookups hit, %s miss%s%s%s%s", share(f->hit_ratio, rate),
                     unit_format(UNIT_PER_S, f->misses_per_s, per_s), waits, why ? " (" : "", why ? why : "",
                     why ? ")" : ""));
}

static void fell(struct asked *a)
{
    enum { STEPS = 12 };
    const struct cache_facts *f = a->f;
    struct cache_point p[STEPS];
    char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX];
    struct span covered = common_covered(a->c);
    double early = 0, late = 0;
    size_t n = 0, m = 0;
    if (f->e.whole || !sd_known(covered.from) || covered.to <= covered.from)
        return;
    model_cache_series(a->c->model, f->e.origin, f->e.r.name, covered, STEPS, p);
    for (size_t i = 0; i < STEPS; i++) {
        bool first = i < STEPS / 2;
        if (!(p[i].hit_ratio >= 0) || !(p[i].lookups_per_s * f->seconds / STEPS >= LIMIT[T_LOOKUPS] / STEPS))
            continue;
        *(first ? &early : &late) += p[i].hit_ratio;
        *(first ? &n : &m) += 1;
    }
    if (n < 3 || m < 3 || !(early / (double)n - late / (double)m >= LIMIT[T_DROP]))
        return;
    found(a, "hit_rate_fell", SEVERITY_WARN, miss_cost(f),
          doc_printf(a->d,
                     "the hit rate fell from %s to %s in this time window: after a deploy or a restart the "
                     "cache has to be filled again; warm it before traffic comes",
                     share(early / (double)n, was), share(late / (double)m, is)));
}

static void evicted_early(struct asked *a)
{
    const struct sd_cache *r = &a->f->e.r;
    char per_s[UNIT_TEXT_MAX], limit[UNIT_TEXT_MAX];
    double rate = cache_rate(a->f, r->evictions);
    bool many = r->writes > 0 ? (double)r->evictions >= LIMIT[T_EVICTED_OF_WRITES] * (double)r->writes
                              : r->evictions > 0 &&
                                    (double)r->evictions >= LIMIT[T_EVICTED_OF_WRITES] * (double)r->misses;
    if (!(rate >= LIMIT[T_EVICTED_PER_S]) || !many)
        return;
    found(a, "evicted_before_expiry", SEVERITY_WARN, 0,
          doc_printf(a->d, "%s entries are evicted to make room%s%s: entries go before their time is over",
                     unit_format(UNIT_PER_S, rate, per_s), r->bytes_max > 0 ? ", the limit is " : "",
                     r->bytes_max > 0 ? bytes(r->bytes_max, limit) : ""));
}

static void more_memory(struct asked *a)
{
    const struct sd_cache_curve *x = a->f->curve;
    char now_text[UNIT_TEXT_MAX], then[UNIT_TEXT_MAX], spared[UNIT_TEXT_MAX];
    if (!x || !(x->now > 0))
        return;
    double now = cache_curve_at(x, x->now), twice = cache_curve_at(x, 2 * x->now);
    if (!(now > 0) || !((now - twice) / now >= LIMIT[T_LESS_MISSES]))
        return;
    found(a, "more_memory", SEVERITY_INFO, 0,
          doc_printf(a->d,
                     "twice the memory would bring misses from %s to %s of the lookups: the layer below is "
                     "spared %s of what reaches it",
                     share(now, now_text), share(twice, then), share((now - twice) / now, spared)));
}

static void one_prefix(struct asked *a, const struct record_entry *e, int64_t all_bytes)
{
    const struct sd_cache_prefix *x = e->r, *was = e->before;
    const char *name = doc_text(a->d, x->prefix ? x->prefix : "?");
    char b[UNIT_TEXT_MAX], ttl[UNIT_TEXT_MAX], reuse[UNIT_TEXT_MAX];
    bool large =
        x->bytes > 0 && all_bytes > 0 && (double)x->bytes >= LIMIT[T_PREFIX_BYTES_SHARE] * (double)all_bytes;
    int64_t of = sd_known(x->sampled) ? x->sampled : x->keys;
    bool forever =
        of > 0 && x->with_ttl >= 0 && (double)x->with_ttl <= (1 - LIMIT[T_NO_TTL_SHARE]) * (double)of;
    bool grows = was && was->keys > 0 && (double)(x->keys - was->keys) >= LIMIT[T_GROWTH] * (double)was->keys;
    if (large && forever && grows)
        found(a, "no_ttl", SEVERITY_WARN, 0,
              doc_printf(a->d, "%s grows and its keys have no end: %s; give them a TTL", name,
                         bytes(x->bytes, b)));
    if (x->ttl_p50_ns > 0 && x->reuse_p50_ns > x->ttl_p50_ns && x->misses_expired > 0)
        found(a, "ttl_too_short", SEVERITY_WARN, 0,
              doc_printf(a->d, "%s ends after %s, but is read again after %s: a longer TTL", name,
                         unit_format_int(UNIT_NS, x->ttl_p50_ns, ttl),
                         unit_format_int(UNIT_NS, x->reuse_p50_ns, reuse)));
}

/* The prefix that has most of the misses, and what they are made of. */
static void most_misses(struct asked *a)
{
    const struct sd_cache_prefix *worst = NULL;
    int64_t all = 0;
    char of[UNIT_TEXT_MAX], hit[UNIT_TEXT_MAX];
    for (size_t i = 0; i < a->f->n_prefixes; i++) {
        const struct sd_cache_prefix *x = a->f->prefixes[i].r;
        if (x->misses <= 0)
            continue;
        all = add_sat(all, x->misses);
        if (!worst || x->misses > worst->misses)
            worst = x;
    }
    if (!worst || a->f->n_prefixes < 2 || (double)all < LIMIT[T_LOOKUPS] / 4 ||
        (double)worst->misses < LIMIT[T_MOST_MISSES] * (double)all)
        return;
    struct sd_cache r = {.misses = worst->misses,
                         .misses_cold = worst->misses_cold,
                         .misses_expired = worst->misses_expired,
                         .misses_evicted = worst->misses_evicted,
                         .misses_invalidated = worst->misses_invalidated,
                         .bypassed = SD_UNKNOWN};
    const char *why = cache_miss_reasons(a->d, &r);
    double ratio = (double)worst->hits / ((double)worst->hits + (double)worst->misses);
    if (!(ratio < LIMIT[T_HIT_LOW]))
        return;
    found(a, "prefix_misses", SEVERITY_INFO, 0,
          doc_printf(a->d, "%s has %s of all misses, its hit rate is %s%s%s",
                     worst->prefix ? worst->prefix : "?", share((double)worst->misses / (double)all, of),
                     share(ratio, hit), why ? ": " : "", why ? why : ""));
}

static void prefixes(struct asked *a)
{
    int64_t all = 0;
    for (size_t i = 0; i < a->f->n_prefixes; i++)
        all = add_sat(all, MAX(((const struct sd_cache_prefix *)a->f->prefixes[i].r)->bytes, 0));
    for (size_t i = 0; i < a->f->n_prefixes; i++)
        one_prefix(a, &a->f->prefixes[i], all);
    most_misses(a);
}

static void keys(struct asked *a)
{
    for (size_t i = 0; i < a->f->n_keys; i++) {
        const struct sd_cache_key *x = a->f->keys[i].r;
        const char *name = doc_text(a->d, x->key ? x->key : x->prefix ? x->prefix : "?");
        char b[UNIT_TEXT_MAX], of[UNIT_TEXT_MAX];
        if ((double)x->bytes >= LIMIT[T_BIG_KEY])
            found(a, "big_key", (double)x->bytes >= LIMIT[T_HUGE_KEY] ? SEVERITY_WARN : SEVERITY_INFO, 0,
                  doc_printf(a->d,
                             "the %s %s has %s: it stops the server while it is read or deleted; split it",
                             x->type ? x->type : "key", name, bytes(x->bytes, b)));
        if (x->lookup_share >= LIMIT[T_HOT_KEY])
            found(a, "hot_key", SEVERITY_WARN, 0,
                  doc_printf(a->d, "%s gets %s of all lookups: keep it in the application for a second", name,
                             share(x->lookup_share, of)));
        if ((double)x->most_at_once >= LIMIT[T_HERD])
            found(a, "herd", SEVERITY_WARN, 0,
                  doc_printf(a->d,
                             "%s was missed %lld times within a second: many rebuild it at once; let one do "
                             "so, or renew it before it ends",
                             name, (long long)x->most_at_once));
    }
}

/* Commands whose time grows with the members of what they are asked about. */
static bool walks_all(const char *command)
{
    static const char *const NAMES[] = {
        "keys",   "smembers",    "hgetall",     "hkeys",       "hvals",           "lrange",
        "zrange", "sort",        "sunion",      "sinter",      "sdiff",           "zunionstore",
        "zinter", "flushall",    "flushdb",     "zrevrange",   "zrangebyscore",   "lrem",
        "xrange", "sunionstore", "sinterstore", "zinterstore", "zrevrangebyscore"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (str_eq(command, NAMES[i]))
            return true;
    return false;
}

static void commands(struct asked *a)
{
    double all = 0;
    for (size_t i = 0; i < a->f->n_commands; i++) {
        const struct sd_cache_command *x = a->f->commands[i].r, *was = a->f->commands[i].before;
        all += (double)MAX(x->total_ns, 0) - (was ? (double)MAX(was->total_ns, 0) : 0);
    }
    for (size_t i = 0; i < a->f->n_commands; i++) {
        const struct sd_cache_command *x = a->f->commands[i].r, *was = a->f->commands[i].before;
        double ns = (double)MAX(x->total_ns, 0) - (was ? (double)MAX(was->total_ns, 0) : 0),
               calls = (double)MAX(x->calls, 0) - (was ? (double)MAX(was->calls, 0) : 0);
        char mean[UNIT_TEXT_MAX], of[UNIT_TEXT_MAX];
        if (!walks_all(x->command) || !(calls > 0) || !(ns / calls >= LIMIT[T_SLOW_COMMAND_NS]) ||
            !(all > 0) || ns / all < LIMIT[T_SLOW_COMMAND_SHARE])
            continue;
        found(a, "slow_command", SEVERITY_WARN, 0,
              doc_printf(a->d,
                         "%s takes %s a call and %s of the server's time in commands: it walks all members, "
                         "and nothing else runs meanwhile",
                         x->command, unit_format(UNIT_NS, ns / calls, mean), share(ns / all, of)));
    }
}

static void memory(struct asked *a)
{
    const struct sd_cache *r = &a->f->e.r;
    char x[UNIT_TEXT_MAX], y[UNIT_TEXT_MAX];
    if (r->bytes_used > 0 && (double)r->bytes_rss >= LIMIT[T_FRAGMENTATION] * (double)r->bytes_used &&
        (double)(r->bytes_rss - r->bytes_used) >= LIMIT[T_FRAGMENTED_BYTES])
        found(a, "fragmentation", SEVERITY_WARN, 0,
              doc_printf(a->d,
                         "the process has %s of memory for %s in use: active defragmentation, or a restart, "
                         "frees it",
                         bytes(r->bytes_rss, x), bytes(r->bytes_used, y)));
    if (str_eq(r->policy, "noeviction") && r->bytes_max > 0 &&
        (double)r->bytes_used >= LIMIT[T_FULL] * (double)r->bytes_max)
        found(a, "nearly_full", SEVERITY_BAD, 0,
              doc_printf(a->d,
                         "%s of %s are in use and the policy is noeviction: writes fail when it is full",
                         bytes(r->bytes_used, x), bytes(r->bytes_max, y)));
}

static void connections(struct asked *a)
{
    const struct sd_cache *r = &a->f->e.r;
    char x[UNIT_TEXT_MAX];
    double rate = cache_rate(a->f, r->connections);
    if (rate >= LIMIT[T_CONNECTIONS_PER_S] && r->connections > 0 && r->requests >= 0 &&
        (double)r->requests / (double)r->connections < LIMIT[T_COMMANDS_A_CONNECTION])
        found(a, "connection_churn", SEVERITY_WARN, 0,
              doc_printf(a->d, "%s new connections, with %.1f commands each: keep connections open (a pool)",
                         unit_format(UNIT_PER_S, rate, x), (double)r->requests / (double)r->connections));
    if (r->rejected > 0 && !a->f->e.whole)
        found(a, "rejected", SEVERITY_BAD, 0,
              doc_printf(a->d,
                         "%lld connections were refused in this time window: the limit of clients is reached",
                         (long long)r->rejected));
}

static void server(struct asked *a)
{
    const struct sd_cache *r = &a->f->e.r;
    char x[UNIT_TEXT_MAX];
    if (sd_known(r->link_down_ns) && str_eq(r->role, "replica"))
        found(a, "replica_without_master", SEVERITY_BAD, 0,
              doc_printf(a->d, "the replica has no connection to its master for %s: it serves old data",
                         unit_format_int(UNIT_SINCE, r->link_down_ns, x)));
    if ((double)r->lag_bytes >= LIMIT[T_LAG_BYTES])
        found(a, "replica_lag", SEVERITY_WARN, 0,
              doc_printf(a->d, "%s is %s behind", str_eq(r->role, "replica") ? "this replica" : "a replica",
                         bytes(r->lag_bytes, x)));
    if ((double)r->fork_ns >= LIMIT[T_FORK_NS])
        found(a, "fork_pause", SEVERITY_WARN, 0,
              doc_printf(a->d, "the last fork, for a save or a replica, stopped the server for %s",
                         unit_format_int(UNIT_NS, r->fork_ns, x)));
    for (uint32_t i = 0; r->troubles && i < r->troubles->n; i++)
        if (r->troubles->items[i])
            found(a, "trouble", SEVERITY_WARN, 0, doc_text(a->d, r->troubles->items[i]));
}

static void (*const RULES[])(struct asked *a) = {
    server, memory, low_hit_rate, fell, evicted_early, more_memory, prefixes, keys, commands, connections,
};

static int graver_first(const void *x, const void *y)
{
    const struct cache_finding *a = x, *b = y;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    return a->rank > b->rank ? -1 : a->rank < b->rank;
}

size_t cache_findings(struct doc *d, const struct view_ctx *c, const struct cache_facts *f,
                      struct cache_finding out[CACHE_FINDINGS_MAX])
{
    struct asked a = {.d = d, .c = c, .f = f, .out = out};
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++)
        RULES[i](&a);
    qsort(out, a.n, sizeof *out, graver_first);
    return a.n;
}
